"""latentscape project."""

from pathlib import Path
from typing import Annotated

import typer

from latentscape.cli.options import Json, Out, Seed
from latentscape.cli.talk import give, measure_line, say

SLOW = {
    "umap": "UMAP compiles on its first run: about 46 s for 10,000 points, 13 s after",
    "tsne": "t-SNE takes about 26 s for 10,000 points",
}


def project(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A folder that encode wrote.")],
    method: Annotated[str, typer.Option(help="pacmap, pca, umap, tsne or latent.")] = "pacmap",
    limit: Annotated[int, typer.Option(help="Most points; a seeded choice.")] = 10_000,
    seed: Seed = 0,
    out: Out = None,
    json: Json = False,
) -> None:
    """Project latents to two dimensions, and say how much the map lies."""
    from latentscape.workflows.project import project as run

    if method in SLOW:
        say(f"note: {SLOW[method]}")
    record = run(store, method=method, seed=seed, limit=limit, out=out)
    lines = []
    for row in (record.faithfulness, *record.baselines):
        lines += [row.name, *(f"  {measure_line(m)}" for m in row.measures)]
    lines.append(f"{len(record.positions):,} points in {record.seconds:.1f} s")
    give(record, lines, as_json=json)
