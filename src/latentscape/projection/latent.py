"""Two latents as they are: no projection at all, and so no lie."""

from math import prod
from typing import Any

import numpy as np

from latentscape.errors import UsageError
from latentscape.projection.projector import Projector
from latentscape.records import Neighbours


class Latent(Projector):
    """The identity, for models with one or two latents."""

    name = "latent"
    title = "latent space"
    fewest = 1

    @property
    def parameters(self) -> dict[str, Any]:
        """Nothing to set."""
        return {}

    @property
    def axes(self) -> tuple[str, str]:
        """The two latents; of one latent the second axis means nothing."""
        return ("z₁", "" if self._shape is not None and prod(self._shape) == 1 else "z₂")

    def neighbours_wanted(self, n: int) -> int:
        """None: every latent stays where it is."""
        return 0

    def _fit(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        if rows.shape[1] != 2:
            raise UsageError(
                f"latents of {rows.shape[1]} numbers cannot be drawn as they are",
                "use a projection: pca, pacmap, umap or tsne",
            )
        return rows

    def _place(self, rows: np.ndarray) -> np.ndarray:
        return rows

    def _state(self) -> dict[str, np.ndarray]:
        return {}

    def _restore(self, parameters: dict[str, Any], state: dict[str, np.ndarray]) -> None:
        pass
