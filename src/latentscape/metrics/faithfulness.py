"""How much a map lies: neighbours it invents, neighbours it loses, distances it bends.

One pass over the distances of a few thousand seeded query points to all points gives the nearest
neighbours in the space and on the map and their ranks in the other; nothing of size n² is kept.
"""

import math
from functools import cache
from typing import NamedTuple

import numpy as np

from latentscape.errors import DataError, ShapeError, UndefinedError, UsageError
from latentscape.metrics.catalogue import measured, row_of
from latentscape.metrics.distances import pair_distances, squared_distances
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.metrics.stress import shepard_spearman, stresses
from latentscape.records import Measure, Neighbours, Row

LOCAL = ("trustworthiness", "continuity", "neighbour_preservation")
GLOBAL = ("shepard_spearman", "stress", "kruskal_stress")
FEWEST = 4
MAX_QUERIES, MIN_QUERIES = 2_000, 500
MAX_DISTANCES = 20_000_000
N_PAIRS = 50_000
CHUNK_VALUES = 1 << 19
ROUNDING = 1e-12


def faithfulness(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    name: str = "map",
    k: int = 10,
    neighbours: Neighbours | None = None,
    seed: int = 0,
) -> Row:
    """Trustworthiness, continuity, neighbour preservation, Shepard correlation and stress.

    Up to 2,000 points every point is asked for its neighbours; above, a seeded choice of 2,000
    is (from 10,000 points on fewer, 20 million distances' worth, never under 500), each still
    among all n points. Distances are Euclidean; points at equal distance share the better rank.

    Args:
        X: (n, d) points in the space; d may come as ``n *latent``.
        Y: (n, 2) their positions on the map, in the same order.
        name: Of the row.
        k: Neighbours a point has; less than n / 2.
        neighbours: The nearest neighbours in the space, k or more, where they are known already.
        seed: Of the query points, the pairs and the bootstrap.

    Returns:
        ``trustworthiness``, ``continuity``, ``neighbour_preservation`` with intervals over query
        points, ``shepard_spearman``, ``stress`` and ``kruskal_stress`` over 50,000 seeded pairs.
        Of fewer than four points, or of one point many times over, none is defined; of a map that
        is a single position, none of the last three.

    Raises:
        ShapeError: If X and Y hold unequal numbers of points.
        DataError: If values are not finite.
        UsageError: If k is out of range.

    Reference:
        Venna and Kaski 2006, Local multidimensional scaling, eqs. 1 and 2; Kruskal 1964 (stress-1).
    """
    X, Y = _points(X), _points(Y)
    if len(X) != len(Y):
        raise ShapeError(f"{len(X)} points cannot have {len(Y)} positions on a map")
    n = len(X)
    if n >= FEWEST and not 1 <= k < n / 2:
        raise UsageError(
            f"k = {k} neighbours of {n} points", f"choose k from 1 to {math.ceil(n / 2) - 1}"
        )
    local = cache(lambda: _neighbour_measures(X, Y, k, neighbours=neighbours, seed=seed))
    overall = cache(lambda: _distance_measures(X, Y, seed))
    return row_of(
        name,
        {
            **{one: lambda one=one: [local()[one]] for one in LOCAL},
            **{one: lambda one=one: [overall()[one]] for one in GLOBAL},
        },
    )


class NeighbourTable(NamedTuple):
    """One value a query point; each is 1 on a perfect map."""

    trustworthiness: np.ndarray
    continuity: np.ndarray
    preservation: np.ndarray


def neighbour_table(
    X: np.ndarray,
    Y: np.ndarray,
    *,
    queries: np.ndarray,
    k: int,
    neighbours: Neighbours | None = None,
) -> NeighbourTable:
    """What each query point keeps of its neighbours.

    1 − 2/(k(2n − 3k − 1)) Σ (r − k) over the k neighbours of one space whose rank r in the other
    exceeds k; the mean over queries is the trustworthiness (neighbours on the map) and the
    continuity (neighbours in the space). Preservation is the share of the k neighbours on the map
    that lie, in the space, no further than the k-th true neighbour.

    Args:
        X: (n, d) points.
        Y: (n, 2) positions.
        queries: (q,) rows that are asked.
        k: Neighbours.
        neighbours: Those in the space, where they are known.
    """
    n = len(X)
    X, Y = X - X.mean(0), Y - Y.mean(0)
    squares = np.square(X).sum(1), np.square(Y).sum(1)
    slack = ROUNDING * float(squares[0].max())
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for rows in np.array_split(queries, max(1, len(queries) * n // CHUNK_VALUES)):
        in_space, on_map = (
            squared_distances(points[rows], points, squares=each)
            for points, each in zip((X, Y), squares, strict=True)
        )
        for found in (in_space, on_map):
            found[np.arange(len(rows)), rows] = np.inf
        if neighbours is None or neighbours.k < k:
            true = np.argpartition(in_space, k - 1, axis=1)[:, :k]
        else:
            true = neighbours.indices[rows, :k]
        shown = np.argpartition(on_map, k - 1, axis=1)[:, :k]
        reach = np.take_along_axis(in_space, true, 1).max(1, keepdims=True) + slack
        kept = (np.take_along_axis(in_space, shown, 1) <= reach).mean(1)
        invented = _excess_rank(in_space, shown, k)
        lost = _excess_rank(on_map, true, k)
        parts.append((invented, lost, kept))
    scale = 2 / (k * (2 * n - 3 * k - 1))
    invented, lost, kept = (np.concatenate(column) for column in zip(*parts, strict=True))
    return NeighbourTable(1 - scale * invented, 1 - scale * lost, kept)


def _neighbour_measures(
    X: np.ndarray, Y: np.ndarray, k: int, *, neighbours: Neighbours | None, seed: int
) -> dict[str, Measure]:
    n = len(X)
    _require_spread(X)
    n_queries = min(MAX_QUERIES, max(MIN_QUERIES, MAX_DISTANCES // n))
    queries = np.sort(np.random.default_rng(seed).permutation(n)[:n_queries])
    table = neighbour_table(X, Y, queries=queries, k=k, neighbours=neighbours)
    columns: dict[str, np.ndarray] = dict(zip(LOCAL, table, strict=True))
    intervals = bootstrap_intervals(columns, seed=seed)
    asked = f"k = {k}, {len(queries):,} of {n:,} points asked, each among all {n:,}"
    return {
        name: measured(
            name, values.mean(), n=len(queries), interval=intervals.get(name), note=asked
        )
        for name, values in columns.items()
    }


def _distance_measures(X: np.ndarray, Y: np.ndarray, seed: int) -> dict[str, Measure]:
    n = len(X)
    _require_spread(X)
    rng = np.random.default_rng(seed)
    first = rng.integers(0, n, N_PAIRS)
    second = (first + rng.integers(1, n, N_PAIRS)) % n
    in_space, on_map = pair_distances(X, first, second), pair_distances(Y, first, second)
    if np.ptp(in_space) == 0:
        raise UndefinedError("all points are equally far apart", "map more images")
    if np.ptp(on_map) == 0:
        raise UndefinedError("the map has no distances that differ", "choose another method")
    values = (shepard_spearman(in_space, on_map), *stresses(in_space, on_map))
    note = f"{N_PAIRS:,} seeded pairs of {n:,} points"
    return {
        name: measured(name, value, n=N_PAIRS, note=note)
        for name, value in zip(GLOBAL, values, strict=True)
    }


def _require_spread(X: np.ndarray) -> None:
    if len(X) < FEWEST:
        raise UndefinedError(
            f"a map's faithfulness needs at least {FEWEST} points, not {len(X)}", "map more points"
        )
    if not (X[0] != X).any():
        raise UndefinedError("all latents are one point", "look at the model that made them")


def _excess_rank(distances: np.ndarray, neighbours: np.ndarray, k: int) -> np.ndarray:
    """(q,) sum of max(0, r − k), r the rank of each given neighbour by these distances."""
    excess = np.zeros(len(distances))
    for column in neighbours.T:
        reach = np.take_along_axis(distances, column[:, None], axis=1)
        rank = 1 + np.count_nonzero(distances < reach, axis=1)
        excess += np.maximum(0, rank - k)
    return excess


def _points(values: np.ndarray) -> np.ndarray:
    points = np.asarray(values, np.float64)
    points = points.reshape(len(points), -1)
    if not np.isfinite(points).all():
        bad = int((~np.isfinite(points)).any(1).sum())
        raise DataError(
            f"{bad} of {len(points)} points hold NaN or infinity",
            "leave them out, or look at the model that made them",
        )
    return points
