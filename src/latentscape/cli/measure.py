"""latentscape measure."""

from typing import Annotated, get_args

import typer

from latentscape.cli.options import Json, Model, Out, Seed, SplitName, one_of
from latentscape.cli.talk import Bar, give, measure_line

app = typer.Typer(help="Numbers with unit, direction, interval and baseline.")


@app.callback()
def measure() -> None:
    """Numbers with unit, direction, interval and baseline."""


@app.command()
def reconstruction(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: SplitName = "test",
    posterior: Annotated[str, typer.Option(help="mean or sample.")] = "mean",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """How well images come back, beside mean image, PCA and JPEG of the same size."""
    from latentscape.metrics.reconstruction import Drawn
    from latentscape.workflows.measure.reconstruction import measure_reconstruction

    drawn = one_of(posterior, get_args(Drawn), "posterior")
    record = measure_reconstruction(
        model, data, split=split, posterior=drawn, seed=seed, out=out, progress=Bar("measure")
    )
    lines = []
    for row in (record.model_row, *record.baselines):
        lines += [f"{row.name}", *(f"  {measure_line(m)}" for m in row.measures)]
        lines += [f"  {row.note}"] if row.note else []
    give(record, lines, as_json=json)
