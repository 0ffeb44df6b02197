"""UMAP: a layout whose fuzzy neighbour graph resembles that of the latents."""

from typing import Any

import numpy as np

from latentscape.projection.projector import Projector, quietly

FEW = 50


class UMAP(Projector):
    """Uniform manifold approximation; its first call compiles for half a minute.

    Args:
        seed: Seed of graph and layout (which makes it run on one core).
        n_neighbors: Neighbours each point is tied to; fewer where there are few points.
        min_dist: How closely points may lie on the map.

    Reference: McInnes, Healy & Melville 2018, algorithm 1.
    """

    name = "umap"
    title = "UMAP"
    fewest = 5

    def __init__(self, *, seed: int = 0, n_neighbors: int = 15, min_dist: float = 0.1):
        super().__init__(seed=seed)
        self.n_neighbors = n_neighbors
        self.min_dist = min_dist
        self._library: Any = None

    @property
    def parameters(self) -> dict[str, Any]:
        """As used; after a fit those that so many points allow."""
        return {"n_neighbors": self.n_neighbors, "min_dist": self.min_dist, "seed": self.seed}

    def _fit(self, rows: np.ndarray) -> np.ndarray:
        self.n_neighbors = min(self.n_neighbors, len(rows) - 1)
        with quietly():
            from umap import UMAP as Library  # noqa: N811 - the library's class has our name

            self._library = Library(
                n_neighbors=self.n_neighbors,
                min_dist=self.min_dist,
                # The spectral start fails on graphs of a few points.
                init="spectral" if len(rows) >= FEW else "pca",
                random_state=self.seed,
                n_jobs=1,
            )
            return self._library.fit_transform(rows)

    def _place(self, rows: np.ndarray) -> np.ndarray:
        with quietly():
            return self._library.transform(rows)
