"""Edges between points: who is joined, how far apart they are, and ways along them."""

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from latentscape.metrics import nearest_neighbours

if TYPE_CHECKING:
    from scipy.sparse import csr_array

SPARE = 4  # neighbours looked at beyond those wanted, as the search rounds to float32
CHUNK_VALUES = 1 << 22
LEAST = 1e-300  # a sparse matrix may drop an edge of length 0


class Edges(NamedTuple):
    """Directed edges.

    Attributes:
        pairs: (edges, 2) node left and node reached.
        lengths: (edges,) at least 0.
    """

    pairs: np.ndarray
    lengths: np.ndarray

    def matrix(self, n: int) -> "csr_array":
        """The edges among n nodes as SciPy's searches take them."""
        from scipy.sparse import csr_array

        lengths = np.maximum(self.lengths, LEAST)
        return csr_array((lengths, (self.pairs[:, 0], self.pairs[:, 1])), shape=(n, n))


def joined_pairs(points: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Each point with its k nearest, and the shortest gaps between parts that remain apart.

    Args:
        points: (n, d) float32.
        k: Neighbours of each.
        seed: Of the search for neighbours, where it is not exact.

    Returns:
        (edges, 2) different rows, the lower first, each pair once; all rows hang together.
    """
    near = nearest_neighbours(points, k, seed=seed).indices
    pairs = np.stack([np.repeat(np.arange(len(points)), near.shape[1]), near.reshape(-1)], 1)
    pairs = np.concatenate([pairs, _bridges(points, pairs)])
    return np.unique(np.sort(pairs, axis=1), axis=0)


def lengths_of(first: np.ndarray, second: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Euclidean distances between rows of two sets, a chunk of (edges, 2) pairs at a time."""
    lengths = np.empty(len(pairs))
    step = max(1, CHUNK_VALUES // max(1, first.shape[1]))
    for begin in range(0, len(pairs), step):
        i, j = pairs[begin : begin + step].T
        lengths[begin : begin + step] = np.linalg.norm(
            first[i].astype(np.float64) - second[j], axis=1
        )
    return lengths


def nearest_nodes(points: np.ndarray, asked: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The k points nearest to each asked row, (asked, k), and the distance of the farthest."""
    import faiss

    centre = points.mean(0, dtype=np.float64)
    flat: Any = faiss.IndexFlatL2(points.shape[1])
    flat.add(np.ascontiguousarray(points - centre, np.float32))
    query = np.ascontiguousarray(asked - centre, np.float32)
    found = flat.search(query, min(k + SPARE, len(points)))[1]
    rows = np.stack([np.repeat(np.arange(len(asked)), found.shape[1]), found.reshape(-1)], 1)
    reach = lengths_of(asked, points, rows).reshape(found.shape)
    order = np.argsort(reach, axis=1, kind="stable")[:, :k]
    return np.take_along_axis(found, order, 1), np.take_along_axis(reach, order[:, -1:], 1)[:, 0]


def traced(before: np.ndarray, last: int) -> np.ndarray:
    """The nodes of the way that ends in `last`, from `before`, the node before each on its way."""
    way = [last]
    while before[way[-1]] >= 0:
        way.append(int(before[way[-1]]))
    return np.array(way[::-1])


def evenly(stops: np.ndarray, reach: np.ndarray, n_steps: int) -> np.ndarray:
    """(n_steps, d) points equally far along straight pieces between stops.

    Args:
        stops: (stops, d), at least two.
        reach: (stops,) how far along each stop lies, rising; where all lie at 0, stops are taken
            to be equally far apart.
        n_steps: Points wanted.
    """
    if reach[-1] <= LEAST * len(reach):
        reach = np.arange(len(stops), dtype=np.float64)
    at = np.linspace(reach[0], reach[-1], n_steps)
    piece = np.clip(np.searchsorted(reach, at, side="right") - 1, 0, len(reach) - 2)
    gap = reach[piece + 1] - reach[piece]
    share = np.where(gap > 0, (at - reach[piece]) / np.where(gap > 0, gap, 1.0), 0.0)[:, None]
    return (1 - share) * stops[piece] + share * stops[piece + 1]


def _bridges(points: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """(parts − 1, 2) shortest gaps that make one whole of the parts which pairs leave apart."""
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree

    n = len(points)
    n_parts, part = connected_components(Edges(pairs, np.ones(len(pairs))).matrix(n), False)
    if n_parts == 1:
        return np.empty((0, 2), np.int64)
    order = np.argsort(part, kind="stable")
    points, part = points[order].astype(np.float64), part[order]
    gaps, nearest = _gaps(points - points.mean(0), part, n_parts)
    tree = minimum_spanning_tree(np.maximum(gaps, LEAST)).tocoo()
    bridges = []
    for here, there in zip(tree.row, tree.col, strict=True):
        row, others = nearest[here, there], np.flatnonzero(part == there)
        far = np.square(points[others] - points[row]).sum(1)
        bridges.append((row, others[far.argmin()]))
    return order[np.array(bridges)]


def _gaps(points: np.ndarray, part: np.ndarray, n_parts: int) -> tuple[np.ndarray, np.ndarray]:
    """(parts, parts) shortest distance between parts, and the row of the first that has it.

    Rows come sorted by part. Rounding of a product of points is harmless here: it may choose
    among nearly equal gaps, no more.
    """
    begins = np.searchsorted(part, np.arange(n_parts))
    squares = np.square(points).sum(1)
    gaps = np.full((n_parts, n_parts), np.inf)
    nearest = np.zeros((n_parts, n_parts), np.int64)
    step = max(1, CHUNK_VALUES // len(points))
    for here in range(n_parts):
        rows = np.flatnonzero(part == here)
        for begin in range(0, len(rows), step):
            some = rows[begin : begin + step]
            far = squares[some, None] + squares - 2 * points[some] @ points.T
            far = np.minimum.reduceat(far, begins, axis=1)
            best = far.argmin(0)
            far = np.maximum(far[best, np.arange(n_parts)], 0)
            nearest[here] = np.where(far < gaps[here], some[best], nearest[here])
            gaps[here] = np.minimum(gaps[here], far)
    return np.sqrt(gaps), nearest
