"""latentscape motion."""

from collections import Counter
from collections.abc import Mapping
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
    from latentscape.records import MotionRecord, PredictionRecord, Row
    from latentscape.workflows.motion.predict import PredictConfig


Triplets = Annotated[
    str | None,
    typer.Argument(
        metavar="TRIPLETS",
        help="triplets:PATH, video:PATH or sprites-motion; the run's own if left out.",
    ),
]
Resize = Annotated[str | None, typer.Option(help="How --size is reached: crop, pad or squash.")]
Latents = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Read FOLDER/TRIPLET/latent1..3.npy, encode nothing."),
]
FlowName = Annotated[
    str, typer.Option(help="Optical flow: dis, farneback or python:MODULE:CALLABLE.")
]
Shifted = Annotated[
    int | None,
    typer.Option(min=0, help="Frames moved to see whether their latents follow; 16 if left out."),
]
Predict = Annotated[
    bool, typer.Option("--predict", help="Train predictors of the middle latent instead.")
]
Predictors = Annotated[
    str, typer.Option(help="Which: linear, ridge-3x3, conv, unet, ...; all if left out.")
]
Epochs = Annotated[
    int | None, typer.Option(min=1, help="Most passes of a trained predictor; 40 if left out.")
]
Patience = Annotated[
    int | None, typer.Option(min=1, help="Passes without a gain before it stops; 6 if left out.")
]
Film = Annotated[
    str, typer.Option(help="Film of a test shot, predicted: gif, mp4, or both by a comma.")
]
Out = Annotated[
    Path | None, typer.Option("--out", help="Folder to write to; needed where MODEL is no run.")
]


def motion(
    model: Model,
    triplets: Triplets = None,
    size: Size = None,
    resize: Resize = None,
    precision: Precision = "auto",
    settings: DataSettings = None,
    latents: Latents = None,
    flow: FlowName = "dis",
    n_shifted: Shifted = None,
    predict: Predict = False,
    predictors: Predictors = "",
    epochs: Epochs = None,
    patience: Patience = None,
    film: Film = "",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """What latents know of motion, beside pixels and shuffled middles; goes on where it stopped."""
    from latentscape.workflows.motion import motion as run
    from latentscape.workflows.motion.analysis import MotionConfig

    of_predict = {
        "predictors": predictors, "epochs": epochs, "patience": patience, "film": film,
    }  # fmt: skip
    _require_effect(predict, of_predict, {"n-shifted": n_shifted})
    data = with_settings(sized(triplets, size, model=model, resize=resize), settings, model=model)
    shared: dict[str, Any] = {
        "out": out, "latents": latents, "seed": seed, "progress": Bar("motion"),
    }  # fmt: skip
    if predict:
        from latentscape.workflows.motion.predict import predict_middles

        told = predict_middles(model, data, config=_predict_config(flow, of_predict), **shared)
        give(told, _prediction_lines(told), as_json=json)
        return
    config = MotionConfig(flow) if n_shifted is None else MotionConfig(flow, n_shifted)
    record = run(model, data, config=config, **shared)
    give(record, _lines(record), as_json=json)


def _require_effect(
    predict: bool, of_predict: Mapping[str, object], of_analysis: Mapping[str, object]
) -> None:
    """Refuse options that would do nothing."""
    from latentscape.errors import UsageError

    idle = of_analysis if predict else of_predict
    named = [f"--{name}" for name, value in idle.items() if value not in (None, "")]
    if not named:
        return
    verb, hint = ("is", "leave it out") if len(named) == 1 else ("are", "leave them out")
    if predict:
        raise UsageError(f"{', '.join(named)} {verb} of the analysis, not of --predict", hint)
    raise UsageError(f"{', '.join(named)} {verb} of --predict", f"add --predict, or {hint}")


def _predict_config(flow: str, words: Mapping[str, Any]) -> "PredictConfig":
    from latentscape.motion.predictors import FitConfig
    from latentscape.workflows.motion.predict import PredictConfig

    named = {key: words[key] for key in ("epochs", "patience") if words[key] is not None}
    return PredictConfig(
        predictors=tuple(filter(None, words["predictors"].split(","))) or None,
        fit=FitConfig(**named),
        flow=flow,
        film=tuple(filter(None, words["film"].split(","))),
    )


def _prediction_lines(record: "PredictionRecord") -> list[str]:
    """Every way, the ceiling last, what was fitted, and what to mind."""
    held = [row for row in record.baselines if row.name != "ceiling"]
    last = [row for row in record.baselines if row.name == "ceiling"]
    counts = ", ".join(f"{n:,} {split}" for split, n in record.n_triplets.items())
    rows, said = _said_once([*held, *record.rows, *last])
    return [
        *row_lines(rows),
        *said,
        *(f"{fit.name}: {fit.words}, {fit.seconds:.1f} s" for fit in record.fits),
        *(f"{left.name}: does not apply, {left.why}" for left in record.left_out),
        f"triplets {counts}; {record.resampled}",
        *(f"note: {line}" for line in record.warnings),
    ]


def _said_once(rows: list["Row"]) -> tuple[list["Row"], list[str]]:
    """Rows without what is undefined in several of them for one reason, and that in a line each."""
    told = Counter((m.name, m.why) for row in rows for m in row.undefined)
    often = {about for about, n in told.items() if n > 1}
    kept = [
        row.model_copy(
            update={"undefined": tuple(m for m in row.undefined if (m.name, m.why) not in often)}
        )
        for row in rows
    ]
    return kept, [f"{name}: not defined, {why}" for name, why in told if (name, why) in often]


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
        f"intervals: {record.resampled}",
        f"the record and the page also have: {others}",
        *(f"note: {line}" for line in record.warnings),
    ]
