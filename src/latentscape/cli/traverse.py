"""latentscape traverse."""

from typing import Annotated

import typer

from latentscape.cli.options import Json, Model, Out, Precision, Size, SplitName, sized
from latentscape.cli.talk import give, warn_if_lost


def traverse(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    around: Annotated[str, typer.Option(help="What is held: mean, or a sample id.")] = "mean",
    n_units: Annotated[int, typer.Option(help="Most latents shown.")] = 10,
    n_steps: Annotated[int, typer.Option(help="Images a latent.")] = 11,
    split: SplitName = "test",
    size: Size = None,
    precision: Precision = "auto",
    out: Out = None,
    json: Json = False,
) -> None:
    """Move one latent after another and decode; a film of it lies beside the record."""
    from latentscape.workflows.traverse import traverse as run

    images = sized(data, size, model=model)
    record = run(
        model, images, around=around, n_units=n_units, n_steps=n_steps, split=split, out=out
    )
    warn_if_lost(record)
    unit = "nat of KL" if record.ranked_by == "KL" else "of variance"
    lines = [
        f"{name}: {rate:.4g} {unit}, from {values[0]:.3g} to {values[-1]:.3g}"
        for name, rate, values in zip(record.unit_names, record.rate, record.values, strict=True)
    ]
    lines.append(f"{len(record.unit_names)} of {record.n_units} {record.axes}")
    give(record, lines, as_json=json)
