"""Where a cloud of latents lies and how it is stretched, to centre and whiten ways by."""

from dataclasses import dataclass
from math import prod

import numpy as np

from latentscape.errors import ShapeError, UndefinedError

MOST_TOGETHER = 1024  # values of a latent with one covariance; larger grids have one a channel
MOST_VALUES = 1 << 24
LEAST_SHARE = 1e-6  # of the mean variance, under which no axis is stretched


@dataclass(frozen=True)
class LatentMoments:
    """Mean and shrunk covariance of latents, the covariance by its principal axes.

    Attributes:
        mean: ``*latent``.
        axes: (values, values) principal axes, a column each; of all values of a latent, or of
            its channels where `by_channel`.
        spread: (values,) standard deviation along each axis, above 0.
        by_channel: Whether mean and covariance are the channels', the same at all positions.
        shrinkage: How far the covariance was shrunk towards a sphere, 0 to 1.
        n: Latents they were taken from.
    """

    mean: np.ndarray
    axes: np.ndarray
    spread: np.ndarray
    by_channel: bool
    shrinkage: float
    n: int

    def whitened(self, latents: np.ndarray) -> np.ndarray:
        """``n *latent`` → (n, positions, values) of mean 0 and covariance I, as float64."""
        centred = self._folded(np.asarray(latents, np.float64) - self.mean)
        return centred @ self.axes / self.spread

    def coloured(self, white: np.ndarray) -> np.ndarray:
        """The way back, from what `whitened` gave to ``n *latent``, as float64."""
        centred = white * self.spread @ self.axes.T
        if self.by_channel:
            centred = centred.swapaxes(1, 2)
        return centred.reshape(len(white), *self.mean.shape) + self.mean

    def _folded(self, latents: np.ndarray) -> np.ndarray:
        if latents.shape[1:] != self.mean.shape:
            raise ShapeError(f"latents {latents.shape[1:]} are not like the moments'")
        if self.by_channel:
            return latents.reshape(len(latents), latents.shape[1], -1).swapaxes(1, 2)
        return latents.reshape(len(latents), 1, -1)


def latent_moments(latents: np.ndarray, *, seed: int = 0) -> LatentMoments:
    """Mean and covariance of latents, shrunk after Ledoit and Wolf.

    A grid of more than 1,024 values is taken as a field whose channels have one mean and one
    covariance at all positions; there are seldom samples enough for more. Of very many latents
    a seeded draw is read.

    Args:
        latents: ``n *latent``; a memory map will do.
        seed: Of the draw.

    Raises:
        ShapeError: If they have no latent shape.
        UndefinedError: If fewer than two of them are finite.

    Reference:
        Ledoit and Wolf 2004, A well-conditioned estimator for large-dimensional covariance
        matrices, eq. 14.
    """
    from scipy.linalg import eigh
    from sklearn.covariance import ledoit_wolf_shrinkage

    if latents.ndim < 2:
        raise ShapeError(f"latents {latents.shape} must be n × latent")
    few = max(2, MOST_VALUES // max(1, prod(latents.shape[1:])))
    if len(latents) > few:
        rows = np.random.default_rng(seed).choice(len(latents), few, replace=False)
        latents = latents[np.sort(rows)]
    latents = np.asarray(latents, np.float64)
    latents = latents[np.isfinite(latents).reshape(len(latents), -1).all(1)]
    if len(latents) < 2:
        raise UndefinedError(
            f"{len(latents)} latent has no moments", "encode more images, or choose another method"
        )
    n, shape = len(latents), latents.shape[1:]
    by_channel = len(shape) > 1 and prod(shape) > MOST_TOGETHER
    if by_channel:
        rows = np.moveaxis(latents, 1, -1).reshape(-1, latents.shape[1])
    else:
        rows = latents.reshape(n, -1)
    centre = rows.mean(0)
    rows = rows - centre
    level = float(np.square(rows).mean())
    shrinkage = float(ledoit_wolf_shrinkage(rows, assume_centered=True)) if level else 0.0
    values, axes = eigh((1 - shrinkage) * (rows.T @ rows) / len(rows))
    values = values + shrinkage * level
    spread = np.sqrt(np.maximum(values, LEAST_SHARE * level)) if level else np.ones(len(values))
    mean = centre.reshape(-1, *[1] * (len(shape) - 1)) if by_channel else centre.reshape(shape)
    return LatentMoments(
        np.broadcast_to(mean, shape).copy(), axes, spread, by_channel, shrinkage, n
    )
