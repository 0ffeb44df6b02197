"""latentscape motion."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from latentscape.cli.options import (
    DataSettings,
    Json,
    Model,
    Precision,
    Seed,
    Size,
    sized,
    with_settings,
)
from latentscape.cli.talk import Bar, give, row_lines

if TYPE_CHECKING:
    from latentscape.records import MotionRecord, PredictionRecord


def motion(
    model: Model,
    triplets: Annotated[
        str | None,
        typer.Argument(
            metavar="TRIPLETS",
            help="triplets:PATH, video:PATH or sprites-motion; the run's own if left out.",
        ),
    ] = None,
    size: Size = None,
    resize: Annotated[
        str | None, typer.Option(help="How --size is reached: crop, pad or squash.")
    ] = None,
    precision: Precision = "auto",
    settings: DataSettings = None,
    latents: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Read FOLDER/TRIPLET/latent1..3.npy, encode nothing."),
    ] = None,
    flow: Annotated[
        str, typer.Option(help="Optical flow: dis, farneback or python:MODULE:CALLABLE.")
    ] = "dis",
    n_shifted: Annotated[
        int, typer.Option(min=0, help="Frames moved to see whether their latents follow.")
    ] = 16,
    predict: Annotated[
        bool, typer.Option("--predict", help="Train predictors of the middle latent instead.")
    ] = False,
    predictors: Annotated[
        str, typer.Option(help="Which: linear, ridge-3x3, conv, unet, ...; all if left out.")
    ] = "",
    epochs: Annotated[int, typer.Option(min=1, help="Most passes of a trained predictor.")] = 40,
    patience: Annotated[
        int, typer.Option(min=1, help="Passes without a gain before it stops.")
    ] = 6,
    film: Annotated[
        str, typer.Option(help="Film of a test shot, predicted: gif, mp4, or both by a comma.")
    ] = "",
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to; needed where MODEL is no run."),
    ] = None,
    json: Json = False,
) -> None:
    """What latents know of motion, beside pixels and shuffled middles; goes on where it stopped."""
    from latentscape.errors import UsageError
    from latentscape.workflows.motion import motion as run
    from latentscape.workflows.motion.analysis import MotionConfig

    data = with_settings(sized(triplets, size, model=model, resize=resize), settings, model=model)
    shared: dict[str, Any] = {
        "out": out, "latents": latents, "seed": seed, "progress": Bar("motion"),
    }  # fmt: skip
    if predict:
        from latentscape.motion.predictors import FitConfig
        from latentscape.workflows.motion.predict import PredictConfig, predict_middles

        named = PredictConfig(
            predictors=tuple(filter(None, predictors.split(","))) or None,
            fit=FitConfig(epochs=epochs, patience=patience),
            flow=flow,
            film=tuple(filter(None, film.split(","))),
        )
        told = predict_middles(model, data, config=named, **shared)
        give(told, _prediction_lines(told), as_json=json)
        return
    if predictors or film:
        raise UsageError("--predictors and --film are of --predict", "add --predict")
    record = run(model, data, config=MotionConfig(flow=flow, n_shifted=n_shifted), **shared)
    give(record, _lines(record), as_json=json)


def _prediction_lines(record: "PredictionRecord") -> list[str]:
    """Every way, the ceiling last, what was fitted, and what to mind."""
    held = [row for row in record.baselines if row.name != "ceiling"]
    last = [row for row in record.baselines if row.name == "ceiling"]
    counts = ", ".join(f"{n:,} {split}" for split, n in record.n_triplets.items())
    return [
        *row_lines([*held, *record.rows, *last]),
        *(f"{fit.name}: {fit.words}, {fit.seconds:.1f} s" for fit in record.fits),
        *(f"{left.name}: does not apply, {left.why}" for left in record.left_out),
        f"triplets {counts}; {record.resampled}",
        *(f"note: {line}" for line in record.warnings),
    ]


def _lines(record: "MotionRecord") -> list[str]:
    """All triplets with what they are held against, shifts and shots, and what does not apply."""
    first = record.rows[0].name
    lines = row_lines([record.rows[0], *(row for row in record.baselines if row.beside == first)])
    for table in (record.shifts, record.shot_table):
        lines += [] if table is None else row_lines([*table.rows, *table.baselines])
    lines += [f"{missing.name}: not defined, {missing.why}" for missing in record.undefined]
    others = ", ".join(row.name for row in record.rows[1:])
    shape = "×".join(map(str, record.frame_shape))
    return [
        *lines,
        f"triplets {len(record.names):,}, frames {shape}, flow {record.flow}, "
        f"{record.latents_from}",
        f"the record and the page also have: {others}",
    ]
