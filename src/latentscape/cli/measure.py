"""latentscape measure."""

from typing import Annotated, get_args

import typer

from latentscape.cli.options import Json, Model, Out, Seed, SplitName, one_of
from latentscape.cli.talk import Bar, give, row_lines

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
    give(record, row_lines((record.model_row, *record.baselines)), as_json=json)
