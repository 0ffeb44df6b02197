"""Where a map lies: the trustworthiness of every single point, not only their mean."""

import numpy as np

from latentscape.errors import ShapeError, UsageError

N_REFERENCE = 2_000
CHUNK_VALUES = 1 << 20


def point_trust(X: np.ndarray, Y: np.ndarray, *, k: int = 10, seed: int = 0) -> np.ndarray:
    """Trustworthiness of each point: how few of its k neighbours on the map are strangers.

    1 − 2/(k(2n − 3k − 1)) Σ (r − k) over the point's neighbours on the map whose rank r in the
    space exceeds k. Up to 2,000 points ranks are counted among all; above, among 2,000 seeded
    ones, which puts a rank within a few hundredths of n. The mean is the map's trustworthiness.

    Args:
        X: (n, d) points in the space; d may come as ``n *latent``.
        Y: (n, 2) their positions on the map.
        k: Neighbours a point has; less than n / 2.
        seed: Of the points that ranks are counted among.

    Returns:
        (n,) float32, 1 where all neighbours are true, about .5 where the map is blind.

    Raises:
        ShapeError: If X and Y are of unequal numbers of points.
        UsageError: If k is out of range.

    Reference:
        Venna and Kaski 2006, Local multidimensional scaling, eq. 1, one term of the outer sum.
    """
    points = np.asarray(X, np.float64).reshape(len(X), -1)
    n = len(points)
    if len(Y) != n:
        raise ShapeError(f"{n} points cannot have {len(Y)} positions on a map")
    if not 1 <= k < n / 2:
        raise UsageError(f"k = {k} neighbours of {n} points", "choose k from 1 to under n / 2")
    points = points - points.mean(0)
    shown = _shown(np.asarray(Y, np.float64), k)
    asked = np.arange(n)
    if n > N_REFERENCE:
        asked = np.sort(np.random.default_rng(seed).choice(n, N_REFERENCE, replace=False))
    excess = np.empty(n)
    step = max(1, CHUNK_VALUES // max(len(asked), points.shape[1]))
    for start in range(0, n, step):
        rows = np.arange(start, min(n, start + step))
        excess[rows] = _excess(points, rows, shown[rows], asked)
    return np.clip(1 - 2 * excess / (k * (2 * n - 3 * k - 1)), 0, 1).astype(np.float32)


def _shown(Y: np.ndarray, k: int) -> np.ndarray:
    """(n, k) neighbours on the map: without the point itself, or else without the last found."""
    from scipy.spatial import KDTree

    found = np.asarray(KDTree(Y).query(Y, k + 1)[1])
    itself = found == np.arange(len(found))[:, None]
    itself[~itself.any(1), -1] = True
    return found[~itself].reshape(len(found), k)


def _excess(
    points: np.ndarray, rows: np.ndarray, shown: np.ndarray, asked: np.ndarray
) -> np.ndarray:
    """(m,) sum of max(0, r − k), ranks r counted among the points asked and scaled up to all."""
    n, k = len(points), shown.shape[1]
    squares = np.square(points).sum(1)
    others = squares[asked] + squares[rows, None] - 2 * points[rows] @ points[asked].T
    others[rows[:, None] == asked] = np.inf
    n_others = len(asked) - np.isin(rows, asked)
    slack = 1e-9 * float(squares.max())
    excess = np.zeros(len(rows))
    for column in shown.T:
        far = np.square(points[rows] - points[column]).sum(1)
        closer = np.count_nonzero(others < (far - slack)[:, None], axis=1)
        excess += np.maximum(0, 1 + closer * ((n - 1) / n_others) - k)
    return excess
