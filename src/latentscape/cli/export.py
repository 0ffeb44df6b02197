"""latentscape export."""

from pathlib import Path
from typing import Annotated

import typer

from latentscape.cli.options import Json, Seed
from latentscape.cli.talk import Bar, give, say


def export(
    thing: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run; of onnx any MODEL; of npy also a store."),
    ],
    format: Annotated[
        str,
        typer.Option(
            "--format",
            help="html: the explorer as one file that opens offline; onnx: encoder.onnx and "
            "decoder.onnx; npy: latents as .npy, samples as .csv.",
        ),
    ] = "html",
    limit: Annotated[
        int | None,
        typer.Option(help="Most samples, a seeded choice; html takes 5,000 if left out, npy all."),
    ] = None,
    seed: Seed = 0,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder, or of html the file; RUN/exports if left out."),
    ] = None,
    json: Json = False,
) -> None:
    """Write a run in a form that other programs read: one HTML file, ONNX or NumPy."""
    from latentscape.workflows.export import export as run

    bar = Bar(f"export {format}")
    record = run(thing, format, out=out, limit=limit, seed=seed, progress=bar)
    for note in record.notes:
        say(f"note: {note}")
    lines = [f"{name:<24}{value}" for name, value in record.facts.items() if value != ""]
    lines += [f"{'size':<24}{record.bytes / 1e6:.1f} MB"]
    lines += [f"{'written':<24}{path}" for path in record.files]
    give(record, lines, as_json=json)
