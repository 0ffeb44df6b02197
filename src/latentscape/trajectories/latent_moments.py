"""Where a cloud of latents lies and how it is stretched, to centre and whiten ways by."""

from dataclasses import dataclass
from math import prod

import numpy as np

from latentscape.errors import ShapeError, UndefinedError

MOST_TOGETHER = 1024  # values of a latent with one covariance; larger grids have one a channel
MOST_VALUES = 1 << 23
LEAST = 1e-6  # variance of standardised values along an axis, under which it is rounding
ROUNDING = 1e-7  # of float32, relative


@dataclass(frozen=True)
class LatentMoments:
    """Mean and shrunk covariance of latents, the covariance as scales and correlations' axes.

    Attributes:
        mean: ``*latent``.
        scale: (values,) standard deviation of each value of a latent, or of each channel where
            `by_channel`; 1 where it does not vary.
        axes: (values, values) principal axes of the standardised values, a column each.
        spread: (values,) standard deviation along each axis, above 0.
        by_channel: Whether mean and covariance are the channels', the same at all positions.
        shrinkage: How far correlations were shrunk towards 0, 0 to 1.
        n: Latents they were taken from.
    """

    mean: np.ndarray
    scale: np.ndarray
    axes: np.ndarray
    spread: np.ndarray
    by_channel: bool
    shrinkage: float
    n: int

    def whitened(self, latents: np.ndarray) -> np.ndarray:
        """``n *latent`` → (n, positions, values) of mean 0 and covariance I, as float64.

        Raises:
            ShapeError: If the latents are of another shape.
        """
        if latents.shape[1:] != self.mean.shape:
            raise ShapeError(f"latents {latents.shape[1:]}, moments of {self.mean.shape}")
        centred = np.asarray(latents, np.float64) - self.mean
        if self.by_channel:
            folded = centred.reshape(len(latents), len(self.scale), -1).swapaxes(1, 2)
        else:
            folded = centred.reshape(len(latents), 1, len(self.scale))
        return folded / self.scale @ self.axes / self.spread

    def coloured(self, white: np.ndarray) -> np.ndarray:
        """The way back, from what `whitened` gave to ``n *latent``, as float64."""
        centred = white * self.spread @ self.axes.T * self.scale
        if self.by_channel:
            centred = centred.swapaxes(1, 2)
        return centred.reshape(len(white), *self.mean.shape) + self.mean


def latent_moments(latents: np.ndarray, *, seed: int = 0) -> LatentMoments:
    """Mean and covariance of latents, their correlations shrunk after Ledoit and Wolf.

    Shrinking correlations leaves each latent's own variance as it is: what has been whitened
    does not depend on the units of single latents, however different they are.

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

    latents = drawn_latents(latents, "moments", seed=seed)
    n, shape = len(latents), latents.shape[1:]
    by_channel = told_by_channel(shape)
    if by_channel:
        rows = np.moveaxis(latents, 1, -1).reshape(-1, latents.shape[1])
    else:
        rows = latents.reshape(n, -1)
    centre = rows.mean(0)
    rows = rows - centre
    scale = np.sqrt(np.square(rows).mean(0))
    varies = scale > ROUNDING * np.abs(centre)
    scale = np.where(varies, scale, 1.0)
    rows /= scale
    shrinkage = float(ledoit_wolf_shrinkage(rows[:, varies], True)) if varies.any() else 0.0
    correlation = (1 - shrinkage) * (rows.T @ rows) / len(rows)
    np.fill_diagonal(correlation, 1.0)  # what does not vary is left as it is
    values, axes = eigh(correlation)
    spread = np.sqrt(np.maximum(values, LEAST))
    mean = centre.reshape(-1, *[1] * (len(shape) - 1)) if by_channel else centre.reshape(shape)
    mean = np.broadcast_to(mean, shape).copy()
    return LatentMoments(mean, scale, axes, spread, by_channel, shrinkage, n)


def drawn_latents(latents: np.ndarray, what: str, *, seed: int) -> np.ndarray:
    """The latents that a law is taken from: the finite ones, of very many a seeded draw; float64.

    Args:
        latents: ``n *latent``; a memory map will do.
        what: What is to be taken from them, for the sentence that they are too few.
        seed: Of the draw.

    Raises:
        ShapeError: If they have no latent shape.
        UndefinedError: If fewer than two of them are finite.
    """
    if latents.ndim < 2:
        raise ShapeError(f"latents {latents.shape} must be n × latent")
    few = max(2, MOST_VALUES // max(1, prod(latents.shape[1:])))
    if len(latents) > few:
        rows = np.random.default_rng(seed).choice(len(latents), few, replace=False)
        latents = latents[np.sort(rows)]
    latents = np.asarray(latents, np.float64)
    latents = latents[np.isfinite(latents).all(tuple(range(1, latents.ndim)))]
    if len(latents) < 2:
        raise UndefinedError(
            f"{len(latents)} latent has no {what}", "encode more images, or choose another method"
        )
    return latents


def told_by_channel(shape: tuple[int, ...]) -> bool:
    """Whether all positions of a channel are taken to have one law: in grids of many values."""
    return len(shape) > 1 and prod(shape) > MOST_TOGETHER
