"""Euclidean distances between rows: of all pairs of two sets, and of chosen pairs of one."""

import numpy as np

CHUNK_VALUES = 1 << 19


def squared_distances(
    X: np.ndarray, Y: np.ndarray, *, squares: np.ndarray | None = None
) -> np.ndarray:
    """(n, m) squared distances of each row of X to each of Y, by products; never below 0.

    Args:
        X: (n, d), about the same origin as Y and near it, for rounding is of the rows' own length.
        Y: (m, d).
        squares: (m,) squared lengths of the rows of Y, where they are known.
    """
    found = (-2 * X) @ Y.T
    found += np.square(X).sum(1)[:, None]
    found += np.square(Y).sum(1) if squares is None else squares
    return np.maximum(found, 0, out=found)


def pair_distances(points: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """(pairs,) distances between chosen rows, by differences."""
    found = np.empty(len(first), np.result_type(points, np.float32))
    step = max(1, CHUNK_VALUES // points.shape[1])
    for start in range(0, len(first), step):
        here = slice(start, start + step)
        found[here] = np.linalg.norm(points[first[here]] - points[second[here]], axis=1)
    return found
