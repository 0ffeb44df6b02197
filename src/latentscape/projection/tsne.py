"""t-SNE by openTSNE: neighbours as probabilities, matched between the two spaces."""

from typing import Any

import numpy as np

from latentscape.projection.projector import Projector, quietly


class TSNE(Projector):
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
        self._library: Any = None

    @property
    def parameters(self) -> dict[str, Any]:
        """As used; after a fit those that so many points allow."""
        return {"perplexity": self.perplexity, "seed": self.seed}

    def _fit(self, rows: np.ndarray) -> np.ndarray:
        self.perplexity = min(self.perplexity, (len(rows) - 1) / 3)
        with quietly("openTSNE"):
            from openTSNE import TSNE as Library  # noqa: N811 - the library's class has our name

            # One job: sums taken in another order would give another map.
            # The library's annotation says int; its formula takes any number.
            settings = Library(
                perplexity=self.perplexity,  # pyright: ignore[reportArgumentType]
                random_state=self.seed,
                n_jobs=1,
            )
            self._library = settings.fit(rows)
        return np.asarray(self._library)

    def _place(self, rows: np.ndarray) -> np.ndarray:
        perplexity = min(5.0, self.perplexity)
        with quietly("openTSNE"):
            return np.asarray(self._library.transform(rows, perplexity=perplexity))
