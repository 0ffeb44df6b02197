"""latentscape motion."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentscape.cli.options import Json, Model, Precision, Seed, Size, sized
from latentscape.cli.talk import Bar, give, row_lines

if TYPE_CHECKING:
    from latentscape.records import MotionRecord


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
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to; needed where MODEL is no run."),
    ] = None,
    json: Json = False,
) -> None:
    """What latents know of motion, beside pixels and shuffled middles; goes on where it stopped."""
    from latentscape.workflows.motion import motion as run
    from latentscape.workflows.motion.analysis import MotionConfig

    record = run(
        model,
        sized(triplets, size, model=model, resize=resize),
        config=MotionConfig(flow=flow, n_shifted=n_shifted),
        out=out,
        latents=latents,
        seed=seed,
        progress=Bar("motion"),
    )
    give(record, _lines(record), as_json=json)


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
