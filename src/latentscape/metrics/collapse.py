"""Did the latents carry anything? Active units, rate of each unit, and the collapse signs.

All sums merge, so that a corpus is one pass however it is cut. Variances are of posterior
*means* over the whole corpus: a copy of this count in the wild reuses the last batch's mean (T2).
"""

from dataclasses import dataclass

import numpy as np

from latentscape.errors import ShapeError
from latentscape.metrics.moments import Moments
from latentscape.records import Row

ACTIVE_VARIANCE = 0.01
SMALL_KL = 0.01
SHARE = 0.01
MIN_RATE = 0.1  # nats
MIN_SPREAD = 0.01


@dataclass(frozen=True)
class LatentSums:
    """What is kept of the posteriors seen so far, one column a unit (a latent value).

    Attributes:
        means: Moments of the posterior means.
        small: Number of images on which each unit's KL is under .01 nat.
    """

    means: Moments
    small: np.ndarray

    @classmethod
    def of(cls, means: np.ndarray, kl: np.ndarray) -> "LatentSums":
        """The sums of one batch: posterior means and KL, both ``batch *latent``."""
        if means.shape != kl.shape:
            raise ShapeError(f"means {means.shape} and KL {kl.shape} must have one shape")
        flat, kl = means.reshape(len(means), -1), kl.reshape(len(kl), -1)
        return cls(Moments.of(flat), (kl < SMALL_KL).sum(0))

    def merge(self, other: "LatentSums") -> "LatentSums":
        """The sums of both sets of images together."""
        return LatentSums(self.means.merge(other.means), self.small + other.small)

    @property
    def active(self) -> np.ndarray:
        """Whether each unit's mean varies over images by more than .01.

        Reference:
            Burda et al. 2016, Importance weighted autoencoders, §5.2: Cov_x(E_q[u]) > 10⁻².
        """
        return self.means.variance > ACTIVE_VARIANCE

    @property
    def collapsed(self) -> np.ndarray:
        """Whether each unit's KL is under ε = .01 on at least 1 − δ = 99 % of images.

        Reference:
            Lucas et al. 2019, Don't blame the ELBO, definition 1.
        """
        return self.small >= (1 - SHARE) * self.means.n


def scaled_active(variance: np.ndarray, noise: np.ndarray | None) -> np.ndarray:
    """Which units are active whatever the latent's scale.

    For latents that nothing scaled (a pretrained model's, point posteriors), where .01 means
    nothing (T2): the posterior mean must make up 1 % of the unit's whole variance, noise included.
    A point has no noise: there 1 % of the average unit's variance stands in.

    Args:
        variance: (d,) of each unit's posterior mean over images.
        noise: (d,) mean posterior variance of each unit; None for point posteriors.
    """
    whole = variance.mean() if noise is None else variance + noise
    return variance > ACTIVE_VARIANCE * whole


def collapse_signs(row: Row) -> tuple[str, ...]:
    """Sentences on each sign of collapse in a row of reconstruction measures; none is good news.

    A low total loss is no sign of health: a decoder that always paints the mean image has one.
    """
    found = {measure.name: measure.value for measure in row.measures}
    return signs_in(
        rate=found.get("rate"),
        active_units=found.get("active_units"),
        spread=found.get("reconstruction_spread"),
    )


def signs_in(
    *, rate: float | None, active_units: float | None, spread: float | None
) -> tuple[str, ...]:
    """The sentences of `collapse_signs` from the numbers themselves; None where there is none.

    Args:
        rate: Mean KL to the prior, nats an image; a sign below .1.
        active_units: Latents whose posterior mean varies over images by more than .01; a sign at
            none.
        spread: Variance over images of the reconstructions ÷ of the originals; a sign below .01.
    """
    signs = []
    if rate is not None and rate < MIN_RATE:
        signs.append(f"the rate is {rate:.2g} nat: the latents carry almost nothing")
    if active_units == 0:
        signs.append("no latent is active: every image has nearly the same posterior mean")
    if spread is not None and spread < MIN_SPREAD:
        signs.append(
            f"reconstructions vary {100 * spread:.2g} % as much as the images: one mean image"
        )
    return tuple(signs)
