"""Locally linear: each latent stays the same mixture of its neighbours on the plane."""

from typing import Any

import numpy as np

from latentscape.projection.landmark_map import LandmarkMap
from latentscape.projection.search import nearest, neighbour_graph, tied
from latentscape.records import Neighbours

REGULARISATION = 1e-3
SPARSE_FROM = 300  # latents, from which on a sparse solver is the quicker


class LLE(LandmarkMap):
    """Keeps the mixture by which neighbours make up each latent.

    Quick to collapse: where the cloud falls into clusters, each is drawn as almost one point. Up
    to 2,000 latents all are laid out together; above, a seeded choice of 2,000 is, and each other
    latent as the mixture of its nearest ones among them. Where the graph falls into pieces, they
    are joined by their shortest edges.

    Reference: Roweis & Saul 2000; weights regularised by 10⁻³ of the local trace.
    """

    name = "lle"
    title = "LLE"
    most_landmarks = 2_000

    def neighbours_wanted(self, n: int) -> int:
        """The mixture's neighbours; none where landmarks have neighbours of their own."""
        return min(self.n_neighbors, n - 1) if n <= self.n_landmarks else 0

    def _lay_out(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        n = len(rows)
        landmarks = self._choose_landmarks(n)
        k = self._used["n_neighbors"] = min(self.n_neighbors, len(landmarks) - 1)
        points = rows[landmarks]
        if graph is None:
            graph = neighbour_graph(points, k)
        laid = self._null_space(points, graph)
        self._kept = {"landmarks": points, "laid": laid}
        places = np.empty((n, 2))
        places[landmarks] = laid
        others = np.setdiff1d(np.arange(n), landmarks)
        if len(others):
            places[others] = self._place_new(rows[others])
        return places

    def _null_space(self, points: np.ndarray, graph: Neighbours) -> np.ndarray:
        """The two smoothest directions in which every mixture holds, each of unit variance."""
        from scipy.sparse import csr_matrix, identity

        n, k = graph.indices.shape
        starts = np.arange(n + 1) * k
        shares = mixtures(points, points, graph.indices)
        weights = csr_matrix((shares.ravel(), graph.indices.ravel(), starts), shape=(n, n))
        matrix, n_pieces = tied(graph, points)
        self._used["n_pieces"] = n_pieces
        if n_pieces > 1:
            weights = _bridged(weights, matrix, points)
        residual = identity(n, format="csr") - weights
        vectors = _smallest((residual.T @ residual).tocsc())[:, 1:] * np.sqrt(n)
        largest = np.abs(vectors).argmax(0)
        return vectors * np.where(vectors[largest, [0, 1]] < 0, -1.0, 1.0)

    def _place_new(self, rows: np.ndarray) -> np.ndarray:
        points, laid = self._kept["landmarks"], self._kept["laid"]
        near = nearest(points, rows, self.parameters["n_neighbors"])[0]
        return np.einsum("mk,mkc->mc", mixtures(points, rows, near), laid[near])


def _bridged(weights: Any, matrix: Any, points: np.ndarray) -> Any:
    """The mixtures once the ends of the edges that join the pieces count as neighbours too."""
    from scipy.sparse import csr_matrix

    own = csr_matrix((np.ones(weights.nnz), weights.indices, weights.indptr), weights.shape)
    joints = (matrix > 0).astype(float) - (matrix > 0).multiply((own + own.T) > 0)
    wider = weights.tolil()
    for i in np.flatnonzero(np.diff(joints.tocsr().indptr)):
        ends = joints.tocsr()[i]
        near = np.union1d(own[i].indices, ends.indices[ends.data > 0])[None]
        wider[i, near[0]] = mixtures(points, points[i : i + 1], near)[0]
    return wider.tocsr()


def _smallest(matrix: Any) -> np.ndarray:
    """(n, 3) eigenvectors of the three smallest eigenvalues of a sparse matrix, smallest first."""
    from scipy.linalg import eigh
    from scipy.sparse.linalg import ArpackError, eigsh

    n = matrix.shape[0]
    if n >= SPARSE_FROM:
        # Just beside 0, for at 0 itself the matrix is singular.
        beside = -1e-12 * float(matrix.diagonal().mean())
        start = np.random.default_rng(0).uniform(-1, 1, n)
        try:
            values, vectors = eigsh(matrix, k=3, sigma=beside, v0=start, maxiter=1000)
            return vectors[:, np.argsort(values)]
        except (ArpackError, RuntimeError):  # not converged, or singular all the same
            pass
    return eigh(matrix.toarray(), subset_by_index=(0, 2))[1]


def mixtures(points: np.ndarray, rows: np.ndarray, near: np.ndarray) -> np.ndarray:
    """(m, k) weights, summing to 1, by which the points near each row make it up best.

    Args:
        points: (n, d) points.
        rows: (m, d) rows to be made up.
        near: (m, k) indices into `points`.
    """
    m, k = near.shape
    found = np.empty((m, k))
    step = max(1, (1 << 22) // (k * points.shape[1]))
    for start in range(0, m, step):
        here = slice(start, start + step)
        between = points[near[here]].astype(np.float64) - rows[here, None]
        gram = between @ between.swapaxes(1, 2)
        trace = np.trace(gram, axis1=1, axis2=2)
        ridge = REGULARISATION * np.where(trace > 0, trace, 1.0)
        gram += ridge[:, None, None] * np.eye(k)
        weights = np.linalg.solve(gram, np.ones((*gram.shape[:2], 1)))[..., 0]
        found[here] = weights / weights.sum(1, keepdims=True)
    return found
