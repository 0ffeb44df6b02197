"""Who is next to whom among the latents of a map, and the graph that ties them all together."""

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from latentscape.records import Neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

MAX_EXACT = 20_000
CELLS_SEARCHED = 16
SPARE = 4  # found beyond k, so that rounding in the search decides none of the k
CHUNK_VALUES = 1 << 22


class Nearest:
    """Fitted rows that are asked many times which of them are nearest; the search is exact.

    Args:
        fitted: (n, d) rows.
    """

    def __init__(self, fitted: np.ndarray):
        self.middle = fitted.mean(0, dtype=np.float64)
        self.points = _about(fitted, self.middle)
        self.index = _exact(self.points)

    def __call__(self, asked: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k rows, at most n, nearest to each of (m, d) rows, and distances; as `nearest`."""
        rows = _about(asked, self.middle)
        found = self.index.search(rows, min(k + SPARE, len(self.points)))[1]
        return _sorted(self.points, rows, found, k)


def nearest(fitted: np.ndarray, asked: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k fitted rows nearest to each row asked, by an exact search.

    Args:
        fitted: (n, d) rows.
        asked: (m, d) rows.
        k: At most n.

    Returns:
        (m, k) indices into `fitted`, nearest first, and their float32 distances.
    """
    return Nearest(fitted)(asked, k)


def neighbour_graph(rows: np.ndarray, k: int) -> Neighbours:
    """The k nearest rows of every row, itself left out.

    Exact up to 20,000 rows; above, the 16 nearest cells of a k-means clustering are searched.
    """
    points = _about(rows, rows.mean(0, dtype=np.float64))
    n = len(points)
    if n <= MAX_EXACT:
        index, words = _exact(points), f"exact search among {n:,} latents"
    else:
        index = _in_cells(points)
        words = f"search among {n:,} latents, {CELLS_SEARCHED} of {math.isqrt(n)} cells"
    found = index.search(points, min(k + 1 + SPARE, n))[1]
    short = np.flatnonzero(found[:, -1] < 0)  # outliers, alone in cells of their own
    if len(short):
        found[short] = _exact(points).search(points[short], found.shape[1])[1]
    indices, distances = _sorted(points, points, found, k, itself=True)
    return Neighbours(indices, distances, words)


def tied(graph: Neighbours, rows: np.ndarray) -> tuple["csr_matrix", int]:
    """The graph both ways round, its pieces joined by the shortest edges between them.

    Each piece is joined to the point nearest to it outside, until there is one; so two far
    clusters lie as far apart on the map as their closest points do, and no further.

    Returns:
        (n, n) sparse distances, and how many pieces there were.
    """
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    n, k = graph.indices.shape
    # A duplicate is a neighbour at distance 0, which a sparse matrix would drop.
    shortest = np.maximum(graph.distances.ravel().astype(np.float64), np.finfo(np.float32).tiny)
    starts = np.arange(n + 1) * k
    matrix = csr_matrix((shortest, graph.indices.ravel(), starts), shape=(n, n))
    matrix = matrix.maximum(matrix.T)
    n_pieces, piece = connected_components(matrix, directed=False)
    first_count = int(n_pieces)
    while n_pieces > 1:
        # As a dictionary: two pieces may each choose the same edge, and a matrix would add them up.
        bridges = dict(_bridge(rows, np.flatnonzero(piece == i)) for i in range(n_pieces))
        here, there = np.array(list(bridges)).T
        far = np.array(list(bridges.values()))
        ends = (np.r_[here, there], np.r_[there, here])
        matrix = matrix.maximum(csr_matrix((np.r_[far, far], ends), shape=(n, n)))
        n_pieces, piece = connected_components(matrix, directed=False)
    return matrix.tocsr(), first_count


def _bridge(rows: np.ndarray, inside: np.ndarray) -> tuple[tuple[int, int], float]:
    """The shortest edge from some rows to all others: its two ends and its length."""
    outside = np.setdiff1d(np.arange(len(rows)), inside, assume_unique=True)
    few, many = sorted((inside, outside), key=len)
    indices, distances = nearest(rows[many], rows[few], 1)
    best = int(distances[:, 0].argmin())
    ends = sorted((int(few[best]), int(many[indices[best, 0]])))
    shortest = max(float(distances[best, 0]), float(np.finfo(np.float32).tiny))
    return (ends[0], ends[1]), shortest


def _about(rows: np.ndarray, middle: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(rows - middle, np.float32)


def _exact(points: np.ndarray) -> Any:
    import faiss

    index: Any = faiss.IndexFlatL2(points.shape[1])
    index.add(points)
    return index


def _in_cells(points: np.ndarray) -> Any:
    import faiss

    d = points.shape[1]
    index: Any = faiss.IndexIVFFlat(faiss.IndexFlatL2(d), d, math.isqrt(len(points)))
    index.cp.seed, index.cp.niter, index.cp.max_points_per_centroid = 0, 10, 64
    index.train(points)
    index.add(points)
    index.nprobe = CELLS_SEARCHED
    return index


def _sorted(
    points: np.ndarray, asked: np.ndarray, found: np.ndarray, k: int, *, itself: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """The k nearest of what was found, by distances computed anew from differences."""
    m, wanted = found.shape
    indices, distances = np.empty((m, k), np.int64), np.empty((m, k), np.float32)
    step = max(1, CHUNK_VALUES // (wanted * points.shape[1]))
    for start in range(0, m, step):
        here = slice(start, start + step)
        rows = found[here]
        reach = np.square(points[rows].astype(np.float64) - asked[here, None]).sum(2)
        if itself:
            reach[rows == np.arange(start, start + len(rows))[:, None]] = np.inf
        order = np.argsort(reach, axis=1, kind="stable")[:, :k]
        indices[here] = np.take_along_axis(rows, order, 1)
        distances[here] = np.sqrt(np.take_along_axis(reach, order, 1))
    return indices, distances
