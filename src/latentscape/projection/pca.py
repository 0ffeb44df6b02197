"""Principal components: the two directions in which the latents vary most."""

from copy import copy
from typing import Any

import numpy as np

from latentscape.projection.projector import Projector
from latentscape.records import Neighbours

LARGE = 512
EXACT_VALUES = 500_000
CHUNK = 4_096  # rows whose single-precision sums are still good to six figures


class PCA(Projector):
    """Linear, exact and instant: the first map to look at, and the baseline of the others.

    Each axis points the way in which its largest loading is positive, so that the picture does
    not flip between runs.
    """

    name = "pca"
    title = "PCA"

    def __init__(self, *, seed: int = 0):
        super().__init__(seed=seed)
        self.mean = np.zeros(0)
        self.components = np.zeros((2, 0))

    @property
    def explained(self) -> tuple[float, float]:
        """Share of the variance along each axis; 0 without a fit, or of one point."""
        first, second = self._used.get("explained_variance", (0.0, 0.0))
        return first, second

    @property
    def parameters(self) -> dict[str, Any]:
        """Share of the variance along each axis, once fitted."""
        return {"explained_variance": list(self.explained)}

    @property
    def axes(self) -> tuple[str, str]:
        """The two components with their share of the variance."""
        first, second = (f"PC {i + 1} ({share:.0%})" for i, share in enumerate(self.explained))
        return first, second

    def turned(self, mean: np.ndarray, components: np.ndarray, *, explained: list[float]) -> "PCA":
        """This one, fitted to latents of the same shape, with the axes of another fit.

        Args:
            mean: (d,).
            components: (2, d) orthonormal.
            explained: Share of the variance along each.
        """
        other = copy(self)
        other.mean, other.components = mean, components
        other._used = {"explained_variance": explained}
        return other

    def neighbours_wanted(self, n: int) -> int:
        """None: it looks at no neighbours."""
        return 0

    def _fit(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        sums = [np.ones(len(part), np.float32) @ part for part in _parts(rows)]
        self.mean = np.asarray(np.sum(sums, axis=0, dtype=np.float64) / len(rows))
        centred = rows - self.mean.astype(np.float32)
        self.components, variances = principal_axes(centred)
        total = sum(float(np.vdot(part, part)) for part in _parts(centred)) / len(rows)
        first, second = (float(v) / total for v in variances)
        self._used["explained_variance"] = [first, second]
        return centred @ self.components.T.astype(np.float32)

    def _place(self, rows: np.ndarray) -> np.ndarray:
        return (rows - self.mean.astype(np.float32)) @ self.components.T.astype(np.float32)

    def _state(self) -> dict[str, np.ndarray]:
        return {"mean": self.mean, "components": self.components}

    def _restore(self, parameters: dict[str, Any], state: dict[str, np.ndarray]) -> None:
        self._used = {"explained_variance": parameters["explained_variance"]}
        if state:
            self.mean, self.components = state["mean"], state["components"]


def principal_axes(centred: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The two leading eigenvectors of a covariance, and the variances along them.

    Args:
        centred: ``n d`` rows whose mean is 0; d at least 2.

    Returns:
        ``2 d`` orthonormal axes, largest variance first, and their two variances (divided by n).
    """
    n, size = centred.shape
    exact = centred.astype(np.float64) if centred.size < EXACT_VALUES else centred
    if n > size:
        products = [part.T @ part for part in _parts(exact)]
        values, vectors = _leading(np.sum(products, axis=0, dtype=np.float64) / n)
        axes = vectors.T
    elif n > LARGE:
        values, weights = _leading((exact @ exact.T).astype(np.float64) / n)
        # QR, for a second axis even where the points lie on one line.
        axes = np.linalg.qr(centred.T @ weights[:, :2])[0].T
    else:
        _, singular, axes = np.linalg.svd(exact, full_matrices=False)
        values = singular**2 / n
        if n == 1:
            values, axes = np.append(values, 0.0), np.eye(2, size)
    axes, values = axes[:2], np.maximum(values[:2], 0.0)
    largest = np.abs(axes).argmax(axis=1)
    return axes * np.where(axes[[0, 1], largest] < 0, -1.0, 1.0)[:, None], values


def _parts(rows: np.ndarray) -> list[np.ndarray]:
    return [rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK)]


def _leading(covariance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues in descending order, with their vectors as columns; of large ones only two."""
    if len(covariance) <= LARGE:
        values, vectors = np.linalg.eigh(covariance)
    else:
        from scipy.sparse.linalg import eigsh

        start = np.random.default_rng(0).standard_normal(len(covariance))
        values, vectors = eigsh(covariance, k=2, v0=start)
    order = values.argsort()[::-1]
    return values[order], vectors[:, order]
