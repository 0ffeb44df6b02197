"""t-SNE by openTSNE: neighbours as probabilities, matched between the two spaces."""

from typing import Any

import numpy as np

from latentscape.projection.neighbour_map import NeighbourMap
from latentscape.projection.projector import quietly
from latentscape.records import Neighbours


class TSNE(NeighbourMap):
    """The most faithful to close neighbours and the slowest; distances between groups mean little.

    Args:
        seed: Seed of neighbours and layout.
        perplexity: About how many neighbours count; at most a third of the points.

    Reference: van der Maaten & Hinton 2008, eq. 5; Poličar et al. 2024 (openTSNE).
    """

    name = "tsne"
    title = "t-SNE"
    fewest = 5

    def __init__(self, *, seed: int = 0, perplexity: float = 30.0):
        super().__init__(seed=seed)
        self.perplexity = perplexity

    @property
    def asked(self) -> dict[str, Any]:
        """Perplexity and seed."""
        return {"perplexity": self.perplexity, "seed": self.seed}

    def neighbours_wanted(self, n: int) -> int:
        """Three times the perplexity: further ones count for nothing."""
        return min(n - 1, int(3 * self.perplexity))

    def _lay_out(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        assert graph is not None
        perplexity = self._used["perplexity"] = min(self.perplexity, (len(rows) - 1) / 3)
        with quietly("openTSNE"):
            from openTSNE.affinity import PerplexityBasedNN
            from openTSNE.nearest_neighbors import PrecomputedNeighbors

            known = PrecomputedNeighbors(graph.indices, graph.distances.astype(np.float64))
            affinities = PerplexityBasedNN(
                knn_index=known,  # pyright: ignore[reportArgumentType]
                # The library's annotation says int; its formula takes any number.
                perplexity=perplexity,  # pyright: ignore[reportArgumentType]
                n_jobs=1,
            )
            return np.asarray(self._library().fit(rows, affinities=affinities))

    def _place_new(self, rows: np.ndarray) -> np.ndarray:
        # The library moves a map's middle to the origin before it places anything on it.
        middle = (self._positions.max(0) + self._positions.min(0)) / 2
        with quietly("openTSNE"):
            fitted = self._library().prepare_initial(
                affinities=_affinities(self),
                initialization=(self._positions - middle).astype(np.float64),
            )
            placed: Any = fitted.transform(rows, perplexity=min(5.0, self.parameters["perplexity"]))
        return np.asarray(placed) + middle

    def _library(self) -> Any:
        from openTSNE import TSNE as Library  # noqa: N811 - the library's class has our name

        # One job: sums taken in another order would give another map.
        return Library(random_state=self.seed, n_jobs=1)


def _affinities(tsne: TSNE) -> Any:
    """Affinities to the fitted latents, without the fitted latents' own."""
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import KNNIndex
    from scipy.sparse import csr_matrix

    class Fitted(KNNIndex):
        def __init__(self):
            self.n_samples, self.k = len(tsne._rows), len(tsne._rows)

        def query(self, query: np.ndarray, k: int) -> Any:
            indices, distances = tsne._near(query, k)
            return indices, distances.astype(np.float64)

    class ToFitted(PerplexityBasedNN):
        def __init__(self):
            self.knn_index, self.perplexity = Fitted(), tsne.parameters["perplexity"]
            self.P = csr_matrix((len(tsne._rows),) * 2)
            self.n_jobs, self.verbose = 1, False

    return ToFitted()
