"""Several exhibits side by side: the same samples, aligned maps, measures in one table."""

from collections.abc import Sequence
from functools import reduce
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from latentscape.errors import UsageError
from latentscape.records import MeasuredRun, read_run, run_records, side_by_side
from latentscape.records.comparison import ComparisonLine, ComparisonTable
from latentscape.records.exhibit import Ability, Side, SideBySide

if TYPE_CHECKING:
    from latentscape.workflows.explore.exhibit import OpenExhibit
    from latentscape.workflows.explore.exhibits import OpenExhibits
    from latentscape.workflows.explore.maps import Plane
    from latentscape.workflows.explore.stored import Stored

MOST, FEWEST_SHARED = 4, 3


def comparable(exhibits: "OpenExhibits") -> Ability:
    """Whether two exhibits share samples: of one data set, and of one identity; no torch."""
    for one, other in combinations([exhibit.stored for exhibit in exhibits], 2):
        if _same_data(one, other) and _n_shared(one, other) >= FEWEST_SHARED:
            return Ability(possible=True)
    return Ability(
        possible=False,
        why="the runs share no samples: they are of other images or of other splits",
        hint="encode the same images with each: `latentscape encode RUN DATA`",
    )


def compared(
    exhibits: "OpenExhibits", keys: Sequence[str], name: str
) -> tuple[SideBySide, dict[str, np.ndarray]]:
    """Exhibits side by side on maps of that method: ``positions-KEY`` and ``rows-KEY``.

    An exhibit that has no such map is shown on its first. All are turned, mirrored, moved and
    scaled onto the first by Procrustes' rule, which keeps their shape.

    Args:
        exhibits: All that were opened.
        keys: Two to four of them.
        name: A map's method or its name, such as ``pca``.

    Raises:
        UsageError: If fewer than two are named or one twice, one is not there, they are of
            different data sets, or share fewer than three samples.
    """
    if not 2 <= len(keys) <= MOST or len(set(keys)) < len(keys):
        raise UsageError(f"{len(keys)} runs cannot be compared", f"choose 2 to {MOST} different")
    chosen = [exhibits[key] for key in keys]
    _require_same_data(chosen)
    planes = [_plane(exhibit, name) for exhibit in chosen]
    both = list(zip(chosen, planes, strict=True))
    ids = [exhibit.stored.sample_ids[plane.rows] for exhibit, plane in both]
    shared = reduce(np.intersect1d, ids)
    if len(shared) < FEWEST_SHARED:
        told = f"the maps share {len(shared)} sample{'s' * (len(shared) != 1)}"
        raise UsageError(told, "encode and project the same images with each run")
    places = [_places(of, shared) for of in ids]
    order = np.argsort(places[0])  # as the first map has them
    arrays: dict[str, np.ndarray] = {}
    sides = []
    first = planes[0].positions[places[0][order]]
    for key, exhibit, plane, place in zip(keys, chosen, planes, places, strict=True):
        mine = plane.positions[place[order]]
        aligned, disparity = aligned_to(first, mine) if key != keys[0] else (mine, None)
        arrays[f"positions-{key}"] = aligned.astype(np.float32)
        arrays[f"rows-{key}"] = plane.rows[place[order]].astype(np.uint32)
        sides.append(Side(key=key, name=exhibit.name, map=plane.name, disparity=disparity))
    lines = _lines(chosen)
    return SideBySide(
        sides=tuple(sides),
        n=len(shared),
        measures=tuple(line.measures for line in lines),
        topics=tuple(_topic(line) for line in lines),
        best=tuple(line.best for line in lines),
        words=_words(sides, [plane.method for plane in planes], len(lines)) + _other_images(chosen),
    ), arrays


def aligned_to(first: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, float | None]:
    """The other's points turned, mirrored, scaled and moved onto the first's.

    Args:
        first, other: (n, 2), the same samples.

    Returns:
        (n, 2), and the disparity: share of the first's variance that is left between both, 0 one
        shape, 1 nothing in common; None where one of them is a single point.

    Reference: Gower 1975, Generalized Procrustes analysis, two configurations.
    """
    from scipy.linalg import orthogonal_procrustes

    a, b = (points.astype(np.float64) for points in (first, other))
    here, there = a.mean(0), b.mean(0)
    a, b = a - here, b - there
    size_a, size_b = np.square(a).sum(), np.square(b).sum()
    if not (np.isfinite(size_a + size_b) and size_a > 0 and size_b > 0):
        return np.asarray(other, np.float64), None
    turn, overlap = orthogonal_procrustes(b, a)
    return b @ turn * (overlap / size_b) + here, float(1 - overlap**2 / (size_a * size_b))


def _same_data(one: "Stored", other: "Stored") -> bool:
    """Whether equal names may mean one image; where a store does not name its data, they may."""
    mine, theirs = one.provenance.data, other.provenance.data
    return not (mine and theirs) or mine == theirs


def _n_shared(one: "Stored", other: "Stored") -> int:
    return int((one.rows_of(other.ids) >= 0).sum())


def _require_same_data(chosen: Sequence["OpenExhibit"]) -> None:
    for one, other in combinations([exhibit.stored for exhibit in chosen], 2):
        if not _same_data(one, other):
            names = f"{one.provenance.data} and {other.provenance.data}"
            raise UsageError(
                f"the maps share 0 samples: they are of {names}, and equal names mean nothing",
                "encode and project the same images with each run",
            )


def _other_images(chosen: Sequence["OpenExhibit"]) -> str:
    """What is to be said where the images were not all the same ones."""
    prints = {exhibit.provenance.fingerprint for exhibit in chosen} - {""}
    if len(prints) < 2:
        return ""
    return (
        " Their images were not all the same (their fingerprints differ): samples are matched by"
        " name, and behind one name may be two pictures."
    )


def _plane(exhibit: "OpenExhibit", name: str) -> "Plane":
    """The map of that name, or of that method, or the exhibit's first."""
    planes = list(exhibit.planes.values())
    if not planes:
        raise UsageError(f"{exhibit.name} has no map", "project it: `latentscape project`")
    for found in (
        [plane for plane in planes if plane.name == name],
        [plane for plane in planes if plane.method == name],
    ):
        if found:
            return found[0]
    return planes[0]


def _places(ids: np.ndarray, shared: np.ndarray) -> np.ndarray:
    """Where each of the shared (sorted) stands among ids."""
    order = np.argsort(ids, kind="stable")
    return order[np.searchsorted(ids, shared, sorter=order)]


def _lines(chosen: Sequence["OpenExhibit"]) -> list[ComparisonLine]:
    """Lines of the table in which the first exhibit's images are, each of two runs or more."""
    runs = [
        MeasuredRun(
            name=exhibit.key,
            about=read_run(exhibit.run),
            records=tuple(record for _, record in run_records(exhibit.run, ("measures",))[0]),
            others=tuple(record for _, record in run_records(exhibit.run, ("maps",))[0]),
        )
        for exhibit in chosen
        if exhibit.run is not None
    ]
    if len(runs) < 2:
        return []
    tables, _ = side_by_side(runs)
    own = chosen[0].stored.provenance
    fitting = [table for table in tables if _is_of(table, own.data, own.split)]
    return [line for table in fitting for line in table.lines if len(line.measures) > 1]


def _is_of(table: ComparisonTable, data: str, split: str) -> bool:
    return (table.data, table.split) == (data, split) and len(table.runs) > 1


def _topic(line: ComparisonLine) -> str:
    return ", ".join(filter(None, (line.topic, line.row, line.condition)))


def _words(sides: Sequence[Side], methods: Sequence[str], n_lines: int) -> str:
    told = f"{sides[0].name} lies as its map has it; the others are turned, mirrored and scaled "
    told += "onto it (Procrustes), which keeps their shape."
    # A plane of two latents is what PCA would show of it, but for a turn.
    if len({"pca" if method == "latent" else method for method in methods}) > 1:
        told += " Not all have a map of one kind: shapes of different kinds compare badly."
    if not n_lines:
        told += " No two of them were measured on the same images."
    return told
