"""latentscape encode."""

from typing import Annotated

import typer

from latentscape.cli.options import Folder, Json, Model, Size, SplitName, sized
from latentscape.cli.talk import Bar, give


def encode(
    model: Model,
    data: Annotated[
        str | None, typer.Argument(metavar="DATA", help="Images; the run's own if left out.")
    ] = None,
    split: SplitName = "test",
    size: Size = None,
    batch_size: Annotated[int, typer.Option(help="Images a batch.")] = 256,
    out: Folder = None,
    json: Json = False,
) -> None:
    """Write the latents of DATA to a store; goes on where a stopped one stood."""
    from latentscape.workflows.encode import encode as run

    bar = Bar(f"encode {split}")
    images = sized(data, size, model=model)
    record = run(model, images, out=out, split=split, batch_size=batch_size, progress=bar)
    lines = [
        f"store    {record.folder}",
        f"latents  {record.n:,} of shape {'×'.join(map(str, record.latent_shape))}",
        f"shards   {record.n_shards} ({record.resumed_shards} of them from before)",
        f"size     {record.bytes / 1e6:.1f} MB",
        f"speed    {record.images_per_second:,.0f} images/s",
    ]
    give(record, lines, as_json=json)
