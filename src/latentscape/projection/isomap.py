"""Isomap: distances along the cloud, laid out on the plane by classical scaling."""

from typing import Any

import numpy as np

from latentscape.projection.landmark_map import LandmarkMap
from latentscape.projection.search import tied
from latentscape.records import Neighbours


class Isomap(LandmarkMap):
    """Keeps distances measured along the neighbour graph; unrolls what is curled up.

    Up to 1,000 latents this is Isomap itself. Above, a seeded choice of 1,000 landmarks is laid
    out by their distances through the graph of *all* latents, and every other latent by its
    distances to the landmarks. Pieces of the graph are joined by their shortest edges.

    Reference:
        Tenenbaum, de Silva & Langford 2000; de Silva & Tenenbaum 2004, Sparse multidimensional
        scaling using landmark points, §2 (y = −½ L# (δ² − mean δ²)).
    """

    name = "isomap"
    title = "Isomap"
    most_landmarks = 1_000

    def neighbours_wanted(self, n: int) -> int:
        """The graph's neighbours."""
        return min(self.n_neighbors, n - 1)

    def _lay_out(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        from scipy.sparse.csgraph import dijkstra

        assert graph is not None
        landmarks = self._choose_landmarks(len(rows))
        matrix, n_pieces = tied(graph, rows)
        self._used |= {"n_neighbors": graph.k, "n_pieces": n_pieces}
        along: Any = dijkstra(matrix, directed=False, indices=landmarks)
        squares = np.square(along[:, landmarks])
        axes = _scaling_axes(squares)
        self._kept = {
            "along": along.astype(np.float32),
            "axes": axes,
            "mean_squares": squares.mean(1),
        }
        return self._triangulated(along)

    def _place_new(self, rows: np.ndarray) -> np.ndarray:
        near, distances = self._near(rows, self.parameters["n_neighbors"])
        along = np.full((len(self._kept["along"]), len(rows)), np.inf)
        for column, first_step in zip(near.T, distances.T, strict=True):
            along = np.minimum(along, self._kept["along"][:, column] + first_step)
        return self._triangulated(along)

    def _triangulated(self, along: np.ndarray) -> np.ndarray:
        """(m, 2) positions from (landmarks, m) distances through the graph."""
        excess = np.square(along) - self._kept["mean_squares"][:, None]
        return (-0.5 * self._kept["axes"].T @ excess).T


def _scaling_axes(squares: np.ndarray) -> np.ndarray:
    """(landmarks, 2) eigenvectors of the doubly centred −½ δ², each over √ of its eigenvalue."""
    from scipy.linalg import eigh

    n = len(squares)
    centred = squares - squares.mean(0) - squares.mean(1)[:, None] + squares.mean()
    values, vectors = eigh(-0.5 * centred, subset_by_index=(n - 2, n - 1))
    values, vectors = values[::-1], vectors[:, ::-1]
    real = values > 1e-9 * max(float(values[0]), 1e-300)  # latents on a line have no second axis
    axes = np.where(real, vectors / np.sqrt(np.where(real, values, 1)), 0.0)
    largest = np.abs(axes).argmax(0)
    return axes * np.where(axes[largest, [0, 1]] < 0, -1.0, 1.0)
