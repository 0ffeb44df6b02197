"""Who is next to whom: the nearest neighbours of every latent, found once for all who ask."""

import math
from typing import Any

import numpy as np

from latentscape.errors import DataError, UndefinedError, UsageError
from latentscape.records import Neighbours

MAX_EXACT = 20_000
N_ASKED = 300
ENOUGH = 0.98  # recall
WORTH_IT = 0.25  # share of the cells above which an exact search is as fast
SPARE = 4  # neighbours found beyond k, so that rounding in the search decides none of the k
CHUNK_VALUES = 1 << 22


def nearest_neighbours(rows: np.ndarray, k: int, *, seed: int = 0) -> Neighbours:
    """The k nearest rows of every row by Euclidean distance, never the row itself.

    Up to 20,000 rows the search is exact. Above, rows are dealt to the cells of a k-means
    clustering and the nearest cells are searched: as many as give a recall of .98 or more on 300
    seeded rows whose neighbours are also found exactly; where that takes more than a quarter of
    the cells, the search is exact after all. A row's exact duplicates are neighbours
    at distance 0. Distances are computed anew from differences, in double precision.

    Args:
        rows: (n, d) points; d may come as ``n *latent``.
        k: Neighbours a row has, from 1 to n − 1.
        seed: Of the cells and of the rows that recall is measured on.

    Returns:
        The graph; its words say how it was found and with what recall (share of the true k
        neighbours, or of as near ones, that were found; 0 to 1).

    Raises:
        UsageError: If k is under 1.
        UndefinedError: If there are not k other rows.
        DataError: If values are not finite.

    Reference:
        Johnson, Douze and Jégou 2019, Billion-scale similarity search with GPUs, §3 (cells).
    """
    points = np.asarray(rows)
    points = points.reshape(len(points), -1)
    n = len(points)
    if k < 1:
        raise UsageError(f"{k} neighbours cannot be found", "ask for 1 or more")
    if n <= k:
        raise UndefinedError(
            f"{k} neighbours need at least {k + 1} samples, not {n}", "measure more images"
        )
    centred = np.ascontiguousarray(points - points.mean(0, dtype=np.float64), np.float32)
    if not np.isfinite(centred).all():
        raise DataError(
            "points without finite values have no neighbours", "leave the rows with NaN out"
        )
    if (points == points[0]).all():
        ring = (np.arange(n)[:, None] + np.arange(1, k + 1)) % n
        return Neighbours(ring, np.zeros((n, k), np.float32), f"all {n:,} samples are one point")
    found, words = _search(centred, min(k + 1 + SPARE, n), seed)
    indices, distances = _nearest_first(centred, found, k)
    return Neighbours(indices, distances, words)


def _search(points: np.ndarray, wanted: int, seed: int) -> tuple[np.ndarray, str]:
    """(n, wanted) rows near each row, itself mostly among them, and how they were found."""
    import faiss

    n, d = points.shape
    flat: Any = faiss.IndexFlatL2(d)
    flat.add(points)
    if n <= MAX_EXACT:
        return _exact(flat, points, wanted)
    n_cells = math.isqrt(n)
    cells: Any = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, n_cells)
    cells.cp.seed, cells.cp.niter, cells.cp.max_points_per_centroid = seed, 10, 64
    cells.train(points)
    cells.add(points)
    asked = points[np.sort(np.random.default_rng(seed).choice(n, N_ASKED, replace=False))]
    reach = flat.search(asked, wanted)[0][:, -1:] * (1 + 1e-5)  # equally near ones count too
    recall, n_probed = 0.0, 4
    while recall < ENOUGH:
        n_probed *= 2
        if n_probed > WORTH_IT * n_cells:
            return _exact(flat, points, wanted)
        cells.nprobe = n_probed
        recall = float((cells.search(asked, wanted)[0] <= reach).mean())
    found = cells.search(points, wanted)[1]
    short = np.flatnonzero(found[:, -1] < 0)  # outliers, alone in cells of their own
    if len(short):
        found[short] = flat.search(points[short], wanted)[1]
    words = (
        f"approximate Euclidean search among {n:,} samples, {n_probed} of {n_cells} cells, recall "
        f"{recall:.3f} on {N_ASKED} samples searched exactly (seed {seed})"
    )
    return found, words


def _exact(flat: Any, points: np.ndarray, wanted: int) -> tuple[np.ndarray, str]:
    return flat.search(points, wanted)[1], f"exact Euclidean search among {len(points):,} samples"


def _nearest_first(points: np.ndarray, found: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of the rows found, without the row itself, and the distances to them."""
    n, wanted = found.shape
    indices, distances = np.empty((n, k), np.int64), np.empty((n, k), np.float32)
    step = max(1, CHUNK_VALUES // (wanted * points.shape[1]))
    for start in range(0, n, step):
        here = slice(start, start + step)
        rows = found[here]
        between = points[rows].astype(np.float64) - points[here, None]
        reach = np.square(between).sum(2)
        itself = np.arange(start, start + len(rows))[:, None]
        reach[rows == itself] = np.inf
        nearest = np.argsort(reach, axis=1, kind="stable")[:, :k]
        indices[here] = np.take_along_axis(rows, nearest, 1)
        distances[here] = np.sqrt(np.take_along_axis(reach, nearest, 1))
    return indices, distances
