"""latentscape interpolate."""

from typing import Annotated

import typer

from latentscape.cli.options import Json, Model, Out, Precision, Seed, Size, SplitName, sized
from latentscape.cli.talk import give, warn_if_lost


def interpolate(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    pairs: Annotated[
        str | None,
        typer.Option(
            help="same-class, nearest, prior-prior, ...; or ID:ID,ID:ID,...; "
            "different-class if left out."
        ),
    ] = None,
    through: Annotated[
        str | None, typer.Option(help="One way through ID,ID,ID,... in place of pairs.")
    ] = None,
    n_pairs: Annotated[
        int | None, typer.Option(help="How many pairs to choose; 8 if left out.")
    ] = None,
    n_steps: Annotated[int, typer.Option(help="Frames of a trajectory, both ends counted.")] = 10,
    method: Annotated[
        str,
        typer.Option(help="linear, spherical-centred, lol, graph, ...; through: catmull-rom, ..."),
    ] = "linear",
    even: Annotated[
        bool, typer.Option("--even", help="Equal steps between decoded frames, not latents.")
    ] = False,
    film: Annotated[str, typer.Option(help="Films beside it: gif, mp4, or both by a comma.")] = "",
    split: SplitName = "test",
    size: Size = None,
    precision: Precision = "auto",
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Travel from one latent to another and decode the way."""
    from latentscape.workflows.interpolate import interpolate as run

    kinds = tuple(filter(None, film.split(",")))
    record = run(
        model,
        sized(data, size, model=model),
        pairs=pairs,
        through=through,
        n_pairs=n_pairs,
        n_steps=n_steps,
        method=method,
        even=even,
        film=kinds,
        seed=seed,
        split=split,
        out=out,
    )
    warn_if_lost(record)
    lines = [" → ".join(ids) for ids in ([record.through] if record.through else record.pairs)]
    lines.append(f"{len(record.pairs)} {record.method} trajectories of {record.n_steps} frames")
    if record.saved_at is not None:
        stem = record.saved_at.with_suffix("")
        lines += [f"film {stem}.{kind}" for kind in kinds]
    give(record, lines, as_json=json)
