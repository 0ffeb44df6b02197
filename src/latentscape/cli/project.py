"""latentscape project."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentscape.cli.options import Json, Out, Seed
from latentscape.cli.talk import give, row_lines, say, written

if TYPE_CHECKING:
    from latentscape.records import MapRecord, MapsRecord

METHODS = "pacmap, pca, umap, tsne, isomap, lle or latent; several with commas between; or all."
SLOW = {
    "umap": "UMAP compiles on its first run: about 46 s for 10,000 points, 13 s after",
    "tsne": "t-SNE takes about 26 s for 10,000 points",
}


def project(
    store: Annotated[Path, typer.Argument(metavar="STORE", help="A folder that encode wrote.")],
    method: Annotated[str, typer.Option(help=METHODS)] = "pacmap",
    limit: Annotated[int, typer.Option(help="Most points; a seeded choice.")] = 10_000,
    seed: Seed = 0,
    out: Out = None,
    keep: Annotated[
        bool, typer.Option("--keep", help="Keep the fitted map, to place further latents on it.")
    ] = False,
    json: Json = False,
) -> None:
    """Project latents to two dimensions, and say how much the map lies."""
    from latentscape.workflows import project as room

    several = method == "all" or "," in method
    names = [name.strip() for name in method.split(",") if name.strip()]
    for name in SLOW if method == "all" else names:
        if name in SLOW:
            say(f"note: {SLOW[name]}")
    settings = {"seed": seed, "limit": limit, "out": out, "keep": keep}
    if several:
        methods = None if method == "all" else names
        record = room.project_all(store, methods=methods, **settings)
        _warn_if_lost(record.maps)
        give(record, _several(record), as_json=json)
    else:
        one = room.project(store, method=method, **settings)
        _warn_if_lost((one,))
        give(one, [*row_lines((one.faithfulness, *one.baselines)), _taken(one)], as_json=json)


def _warn_if_lost(maps: "tuple[MapRecord, ...]") -> None:
    if any(one.saved_at is None for one in maps):
        say("warning: the store lies in no run and there is no --out: no map is kept")


def _several(record: "MapsRecord") -> list[str]:
    lines = []
    for one in record.maps:
        lines += [*row_lines((one.faithfulness,)), f"  {_taken(one)}"]
        lines += [f"  {line}" for line in written(one)]
    told = {one.faithfulness.name for one in record.maps}
    beside = {row.name: row for one in record.maps for row in one.baselines}
    lines += row_lines(row for name, row in beside.items() if name not in told)
    lines += [f"{one.name}: left out, {one.why}" for one in record.left_out]
    return [*lines, f"neighbours found once for all in {record.seconds:.1f} s"]


def _taken(record: "MapRecord") -> str:
    return f"{len(record.positions):,} points in {record.seconds:.1f} s"
