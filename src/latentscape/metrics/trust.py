"""Where a map lies: for every point, how many of its neighbours on the map are true ones."""

import numpy as np

from latentscape.errors import ShapeError, UsageError
from latentscape.records import Neighbours

ROUNDING = 1e-5
CHUNK_VALUES = 1 << 22


def point_trust(X: np.ndarray, Y: np.ndarray, *, neighbours: Neighbours, k: int) -> np.ndarray:
    """Share of each point's k neighbours on the map that are true neighbours, for all points.

    A neighbour on the map is true if it lies, in the space, no further than the point's k-th true
    neighbour; so copies of one latent all count as each other's neighbours. The mean over points
    is the map's neighbour preservation.

    Args:
        X: (n, d) points in the space; d may come as ``n *latent``.
        Y: (n, 2) their positions on the map.
        neighbours: The true ones, k of them or more.
        k: Neighbours a point has.

    Returns:
        (n,) float32 from 0, every neighbour a stranger, to 1; k / (n − 1) by chance.

    Raises:
        ShapeError: If X, Y and the neighbours are of unequal numbers of points.
        UsageError: If fewer than k neighbours are known.
    """
    from scipy.spatial import KDTree

    points = X.reshape(len(X), -1)
    if not len(points) == len(Y) == len(neighbours.indices):
        raise ShapeError(
            f"{len(points)} points, {len(Y)} positions and the neighbours of "
            f"{len(neighbours.indices)} do not belong together"
        )
    if neighbours.k < k:
        raise UsageError(f"{neighbours.k} neighbours are known, not {k}", "find more neighbours")
    n = len(points)
    shown = _others(np.asarray(KDTree(Y).query(Y, min(k + 1, n))[1]), k)
    reach = neighbours.distances[:, k - 1] * (1 + ROUNDING)
    trust = np.empty(n, np.float32)
    step = max(1, CHUNK_VALUES // (k * points.shape[1]))
    for start in range(0, n, step):
        here = slice(start, start + step)
        between = points[shown[here]].astype(np.float64) - points[here, None]
        far = np.sqrt(np.square(between).sum(2))
        trust[here] = (far <= reach[here, None]).mean(1)
    return trust


def _others(found: np.ndarray, k: int) -> np.ndarray:
    """(n, k) of (n, k + 1) points found: without the point itself, or else without the last."""
    itself = found == np.arange(len(found))[:, None]
    itself[~itself.any(1), -1] = True
    return found[~itself].reshape(len(found), k)
