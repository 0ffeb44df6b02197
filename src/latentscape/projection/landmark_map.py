"""What maps share that lay out a choice of latents, and place the others by it."""

from typing import Any

import numpy as np

from latentscape.projection.neighbour_map import NeighbourMap


class LandmarkMap(NeighbourMap):
    """A map by neighbours whose costly part is done for a seeded choice of latents.

    Args:
        seed: Seed of the choice of landmarks.
        n_neighbors: Neighbours of each latent; fewer where there are few latents.
        n_landmarks: Most landmarks; the method's own if None.
    """

    fewest = 4
    most_landmarks: int

    def __init__(self, *, seed: int = 0, n_neighbors: int = 10, n_landmarks: int | None = None):
        super().__init__(seed=seed)
        self.n_neighbors = n_neighbors
        self.n_landmarks = self.most_landmarks if n_landmarks is None else n_landmarks

    @property
    def asked(self) -> dict[str, Any]:
        """Neighbours and landmarks, which a fit tells with the pieces that the graph fell into."""
        return {
            "n_neighbors": self.n_neighbors,
            "n_landmarks": self.n_landmarks,
            "seed": self.seed,
        }

    def _choose_landmarks(self, n: int) -> np.ndarray:
        """Row numbers of the landmarks among ``n``, in order."""
        most = self._used["n_landmarks"] = min(self.n_landmarks, n)
        return np.sort(np.random.default_rng(self.seed).permutation(n)[:most])
