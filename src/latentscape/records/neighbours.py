"""The nearest neighbours of every latent: found once, shared by every measure and every map."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Neighbours:
    """A graph of nearest neighbours by Euclidean distance.

    Attributes:
        indices: (n, k) rows of each point's neighbours, nearest first, never the point itself.
        distances: (n, k) float32 distances to them.
        words: How it was found, and its recall where the search was not exact.
    """

    indices: np.ndarray
    distances: np.ndarray
    words: str

    @property
    def k(self) -> int:
        """Neighbours a point."""
        return self.indices.shape[1]

    def first(self, k: int) -> "Neighbours":
        """The nearest `k` of them."""
        return Neighbours(self.indices[:, :k], self.distances[:, :k], self.words)
