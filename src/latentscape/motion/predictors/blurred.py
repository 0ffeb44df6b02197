"""The midpoint, blurred: what a predictor gains that knows of no motion but is unsure of it."""

from collections.abc import Mapping

import numpy as np

from latentscape.motion.predictors.predictor import Fitted, Predictor, Told, half_way, needs_places
from latentscape.motion.predictors.triplet_latents import TripletLatents, require_some

SIGMAS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.0, 1.25, 1.5, 2.0, 3.0)


class BlurredLinear(Predictor):
    """(first + last) / 2 under the Gaussian blur that fits best, out of twelve widths.

    Something that moves as often one way as the other is, on average, a blur of its midpoint:
    skill over this one is skill beyond shrinking (METHODS §7). The borders are replicated.
    """

    name = "blurred-linear"

    def __init__(self) -> None:
        self.sigma = 0.0

    def refusal(self, latent_shape: tuple[int, ...]) -> str | None:
        """Vectors cannot be blurred."""
        return needs_places(latent_shape)

    def fit(
        self, train: TripletLatents, val: TripletLatents, *, progress: Told | None = None
    ) -> Fitted:
        """Choose σ by the squared error on training and validation triplets together."""
        self._require_fit(train)
        require_some(train, "train")
        errors = np.zeros(len(SIGMAS))
        for part in (train, val):
            for ends, middles in part.batches():
                lines = half_way(ends)
                for i, sigma in enumerate(SIGMAS):
                    apart = blurred(lines, sigma) - middles
                    errors[i] += np.square(apart, dtype=np.float64).sum()
        self.sigma = SIGMAS[int(errors.argmin())]
        return Fitted(f"σ = {self.sigma:g} places", 1)

    def state(self) -> dict[str, np.ndarray]:
        """The width."""
        return {"sigma": np.array(self.sigma)}

    def restore(self, state: Mapping[str, np.ndarray], latent_shape: tuple[int, ...]) -> None:
        """With that width."""
        self.sigma = float(state["sigma"])

    def between(self, ends: np.ndarray) -> np.ndarray:
        """The blurred midpoint."""
        return blurred(half_way(ends), self.sigma)


def blurred(grids: np.ndarray, sigma: float) -> np.ndarray:
    """``n channels height width`` under a Gaussian of that many places."""
    if sigma == 0:
        return grids
    from scipy.ndimage import gaussian_filter

    return gaussian_filter(grids, (0, 0, sigma, sigma), mode="nearest")
