"""latentscape encode."""

from pathlib import Path
from typing import Annotated

import typer

from latentscape.cli.options import (
    DataSettings,
    Folder,
    Json,
    Model,
    Precision,
    Size,
    sized,
    with_settings,
)
from latentscape.cli.talk import Bar, give

EncodedSplit = Annotated[
    str | None,
    typer.Option("--split", help="train, val, test or all; test if left out, all with --npy."),
]


def encode(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: EncodedSplit = None,
    size: Size = None,
    settings: DataSettings = None,
    precision: Precision = "auto",
    batch_size: Annotated[int, typer.Option(help="Images a batch.")] = 256,
    out: Folder = None,
    npy: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Also write FOLDER/TRIPLET/latent1..3.npy; may be the triplets' own folder.",
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write the latents of DATA to a store; goes on where a stopped one stood."""
    images = with_settings(sized(data, size, model=model), settings, model=model)
    split = split or ("test" if npy is None else "all")
    words = {"out": out, "split": split, "batch_size": batch_size}
    bar = Bar(f"encode {split}")
    if npy is None:
        from latentscape.workflows.encode import encode as run

        record = run(model, images, **words, progress=bar)
    else:
        from latentscape.workflows.triplet_latents import encode_triplets

        record = encode_triplets(model, images, npy=npy, **words, progress=bar)
    lines = [
        f"store    {record.folder}",
        f"latents  {record.n:,} of shape {'×'.join(map(str, record.latent_shape))}",
        f"shards   {record.n_shards} ({record.resumed_shards} of them from before)",
        f"size     {record.bytes / 1e6:.1f} MB",
        _speed(record.images_per_second),
    ]
    if npy is not None:
        lines.insert(1, f"triplets {record.n_triplets:,} as latent1..3.npy in {npy}")
    give(record, lines, as_json=json)


def _speed(images_per_second: float) -> str:
    """Of nothing there is no speed, and a slow one has a digit behind the point."""
    if not images_per_second:
        return "speed    nothing was left to encode"
    return f"speed    {images_per_second:,.{0 if images_per_second >= 10 else 1}f} images/s"
