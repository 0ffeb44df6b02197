"""PaCMAP: neighbours close, mid-near pairs for the large layout, far pairs apart. The default."""

from typing import Any

import numpy as np

from latentscape.projection.projector import Projector, quietly


class PaCMAP(Projector):
    """The quickest of the neighbour maps (10,000 latents in under three seconds).

    More than 100 numbers a latent are first brought to 100 by PCA, as the method prescribes.

    Args:
        seed: Seed of pairs and layout.
        n_neighbors: Neighbours kept close to each point; fewer where there are few points.

    Reference: Wang, Huang, Rudin & Shaposhnik 2021, algorithm 1.
    """

    name = "pacmap"
    title = "PaCMAP"
    fewest = 10

    def __init__(self, *, seed: int = 0, n_neighbors: int = 10):
        super().__init__(seed=seed)
        self.n_neighbors = n_neighbors
        self._library: Any = None
        self._basis = np.zeros((0, 0))

    @property
    def parameters(self) -> dict[str, Any]:
        """As used; after a fit those that so many points allow."""
        return {"n_neighbors": self.n_neighbors, "seed": self.seed}

    def _fit(self, rows: np.ndarray) -> np.ndarray:
        with quietly("pacmap", "pacmap.pacmap"):
            import pacmap

            self._library = pacmap.PaCMAP(
                n_components=2, n_neighbors=self.n_neighbors, random_state=self.seed
            )
            # PCA to 100 needs as many points; with fewer the rows are used as they are.
            self._library.apply_pca = len(rows) > 100
            positions = self._library.fit_transform(rows)
        self.n_neighbors = int(self._library.n_neighbors)
        self._basis = rows
        return positions

    def _place(self, rows: np.ndarray) -> np.ndarray:
        with quietly("pacmap", "pacmap.pacmap"):
            return self._library.transform(rows, basis=self._basis)
