"""What a way between latents may know besides its two ends."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from latentscape.errors import UsageError
from latentscape.trajectories.latent_moments import LatentMoments, latent_moments
from latentscape.trajectories.lol_iid import MarginalLaws, marginal_laws

if TYPE_CHECKING:
    from torch import Tensor

HINTS = {
    "latents": "encode the data to a store first, or choose a method that needs only the ends",
    "decode": "give the model, or choose a method that needs no decoder",
    "features": "name a feature net, or choose a method that needs none",
}


@dataclass
class Surroundings:
    """Latents, decoder and feature net around the ends; whatever a method asks for.

    Attributes:
        latents: ``n *latent`` posterior means, rows of the store; None if there are none.
        decode: Latents ``batch *latent`` (float32) to images ``batch channels height width`` in
            [0, 1], differentiable; None if there is no decoder.
        features: Images to ``batch f`` vectors, differentiable; None if there is no feature net.
        seed: Of whatever a method draws.
    """

    latents: np.ndarray | None = None
    decode: "Callable[[Tensor], Tensor] | None" = None
    features: "Callable[[Tensor], Tensor] | None" = None
    seed: int = 0

    def require(self, *names: str, method: str) -> None:
        """Check that what a method needs is there.

        Args:
            names: Of ``latents``, ``decode`` and ``features``.
            method: Who needs it.

        Raises:
            UsageError: Naming the first that is missing.
        """
        for name in names:
            if getattr(self, name) is None:
                raise UsageError(f"{method} needs {name}, and there are none", HINTS[name])

    @cached_property
    def moments(self) -> LatentMoments:
        """Mean and shrunk covariance of the latents, taken once.

        Raises:
            UsageError: If there are no latents.
            UndefinedError: If there are fewer than two.
        """
        self.require("latents", method="centring or whitening")
        assert self.latents is not None
        return latent_moments(self.latents, seed=self.seed)

    @cached_property
    def laws(self) -> MarginalLaws:
        """The law of every coordinate of the latents, taken once.

        Raises:
            UsageError: If there are no latents.
            UndefinedError: If there are fewer than two.
        """
        self.require("latents", method="a law of each coordinate")
        assert self.latents is not None
        return marginal_laws(self.latents, seed=self.seed)
