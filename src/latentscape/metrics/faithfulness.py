"""How much a map lies: neighbours it invents, neighbours it loses, distances it bends.

One pass over the distances of a few thousand seeded query points to all points gives the nearest
neighbours in the space and on the map and their ranks in the other; nothing of size n² is kept.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.records import Measure

MAX_QUERIES, MIN_QUERIES = 2_000, 500
MAX_DISTANCES = 20_000_000
N_PAIRS = 50_000
CHUNK_VALUES = 1 << 19


def faithfulness(
    X: np.ndarray, Y: np.ndarray, *, k: int = 10, seed: int = 0
) -> tuple[Measure, ...]:
    """Trustworthiness, continuity, neighbour preservation, Shepard correlation and stress.

    Up to 2,000 points every point is asked for its neighbours; above, a seeded choice of 2,000
    is (from 10,000 points on fewer, 20 million distances' worth, never under 500), each still
    among all n points. Distances are Euclidean; points at equal distance share the better rank.

    Args:
        X: (n, d) points in the space; d may come as ``n *latent``.
        Y: (n, 2) their positions on the map, in the same order.
        k: Neighbours a point has; less than n / 2.
        seed: Of the query points, the pairs and the bootstrap.

    Returns:
        ``trustworthiness``, ``continuity``, ``neighbour_preservation`` with intervals over query
        points, ``shepard_spearman`` and ``stress`` over 50,000 seeded pairs. A map with no
        spread at all has neither of the last two.

    Raises:
        ShapeError: If X and Y hold unequal numbers of points.
        DataError: If values are not finite, or there are fewer than 4 points.
        UsageError: If k is out of range.

    Reference:
        Venna and Kaski 2006, Local multidimensional scaling, eqs. 1 and 2.
    """
    X, Y = _points(X), _points(Y)
    if len(X) != len(Y):
        raise ShapeError(f"{len(X)} points cannot have {len(Y)} positions on a map")
    n = len(X)
    if n < 4:
        raise DataError(f"a map's faithfulness needs at least 4 points, not {n}", "map more points")
    if not 1 <= k < n / 2:
        raise UsageError(
            f"k = {k} neighbours of {n} points", f"choose k from 1 to {math.ceil(n / 2) - 1}"
        )
    rng = np.random.default_rng(seed)
    n_queries = min(MAX_QUERIES, max(MIN_QUERIES, MAX_DISTANCES // n))
    queries = np.sort(rng.permutation(n)[:n_queries])
    table = neighbour_table(X, Y, queries=queries, k=k)
    columns = {
        "trustworthiness": table.trustworthiness,
        "continuity": table.continuity,
        "neighbour_preservation": table.preservation,
    }
    intervals = bootstrap_intervals(columns, seed=seed)
    asked = f"k = {k}, {len(queries):,} of {n:,} points asked, each among all {n:,}"
    local = [
        measured(name, values.mean(), n=len(queries), interval=intervals.get(name), note=asked)
        for name, values in columns.items()
    ]
    return (*local, *_distance_measures(X, Y, rng))


class NeighbourTable(NamedTuple):
    """One value a query point; each is 1 on a perfect map."""

    trustworthiness: np.ndarray
    continuity: np.ndarray
    preservation: np.ndarray


def neighbour_table(X: np.ndarray, Y: np.ndarray, *, queries: np.ndarray, k: int) -> NeighbourTable:
    """What each query point keeps of its neighbours.

    1 − 2/(k(2n − 3k − 1)) Σ (r − k) over the k neighbours of one space whose rank r in the other
    exceeds k; the mean over queries is the trustworthiness (neighbours on the map) and the
    continuity (neighbours in the space). Preservation is the share of k common to both.

    Args:
        X: (n, d) points.
        Y: (n, 2) positions.
        queries: (q,) rows that are asked.
        k: Neighbours.
    """
    n = len(X)
    X, Y = X - X.mean(0), Y - Y.mean(0)
    squares = np.square(X).sum(1), np.square(Y).sum(1)
    parts: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    for rows in np.array_split(queries, max(1, len(queries) * n // CHUNK_VALUES)):
        in_space = _squared_distances(X, squares[0], rows)
        on_map = _squared_distances(Y, squares[1], rows)
        true = np.argpartition(in_space, k - 1, axis=1)[:, :k]
        shown = np.argpartition(on_map, k - 1, axis=1)[:, :k]
        kept = (true[:, :, None] == shown[:, None, :]).any(2).mean(1)
        invented = _excess_rank(in_space, shown, k)
        lost = _excess_rank(on_map, true, k)
        parts.append((invented, lost, kept))
    scale = 2 / (k * (2 * n - 3 * k - 1))
    invented, lost, kept = (np.concatenate(column) for column in zip(*parts, strict=True))
    return NeighbourTable(1 - scale * invented, 1 - scale * lost, kept)


def _squared_distances(points: np.ndarray, squares: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """(q, n) squared distances of the rows to all points; infinite to themselves."""
    found = (-2 * points[rows]) @ points.T
    found += squares
    found += squares[rows, None]
    found[np.arange(len(rows)), rows] = np.inf
    return found


def _excess_rank(distances: np.ndarray, neighbours: np.ndarray, k: int) -> np.ndarray:
    """(q,) sum of max(0, r − k), r the rank of each given neighbour by these distances."""
    excess = np.zeros(len(distances))
    for column in neighbours.T:
        reach = np.take_along_axis(distances, column[:, None], axis=1)
        rank = 1 + np.count_nonzero(distances < reach, axis=1)
        excess += np.maximum(0, rank - k)
    return excess


def _distance_measures(X: np.ndarray, Y: np.ndarray, rng: np.random.Generator) -> list[Measure]:
    from scipy.stats import spearmanr

    n = len(X)
    first = rng.integers(0, n, N_PAIRS)
    second = (first + rng.integers(1, n, N_PAIRS)) % n
    in_space, on_map = _pair_distances(X, first, second), _pair_distances(Y, first, second)
    if np.ptp(in_space) == 0 or np.ptp(on_map) == 0:
        return []
    ranked: Any = spearmanr(in_space, on_map)
    scale = (in_space @ on_map) / (on_map @ on_map)
    stress = math.sqrt(np.square(in_space - scale * on_map).sum() / np.square(in_space).sum())
    note = f"{N_PAIRS:,} seeded pairs of {n:,} points"
    return [
        measured("shepard_spearman", ranked.statistic, n=N_PAIRS, note=note),
        measured("stress", stress, n=N_PAIRS, note=note),
    ]


def _pair_distances(points: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    n_chunk = max(1, CHUNK_VALUES // points.shape[1])
    starts = range(0, len(first), n_chunk)
    return np.concatenate(
        [
            np.linalg.norm(points[first[s : s + n_chunk]] - points[second[s : s + n_chunk]], axis=1)
            for s in starts
        ]
    )


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
