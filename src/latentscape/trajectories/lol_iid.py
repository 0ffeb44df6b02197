"""LOL for latents whose coordinates are independent, but no Gaussians."""

from dataclasses import dataclass

import numpy as np

from latentscape.errors import ShapeError
from latentscape.trajectories.ends import kept_type, require_ends, weighted, with_ends
from latentscape.trajectories.latent_moments import ROUNDING, drawn_latents, told_by_channel


@dataclass(frozen=True)
class MarginalLaws:
    """The law F of every coordinate of some latents, each told by itself.

    A value that occurs has the share of values under it and half of those at it (ties share one
    place); between two that occur F's normal score Φ⁻¹(F) is a straight line. Beyond the least
    and the largest it goes on at the slope of a Gaussian with the coordinate's own deviation.

    Attributes:
        shape: Of one latent.
        values: For each coordinate, or each channel where `by_channel`, its values, rising.
        scores: Φ⁻¹(F) of each of them, rising.
        slopes: (coordinates,) score a unit beyond the outermost values.
        by_channel: Whether all positions of a channel have one law.
    """

    shape: tuple[int, ...]
    values: tuple[np.ndarray, ...]
    scores: tuple[np.ndarray, ...]
    slopes: np.ndarray
    by_channel: bool

    def scored(self, latents: np.ndarray) -> np.ndarray:
        """Φ⁻¹(F(x)) of each coordinate, ``n *latent`` → ``n *latent`` float64."""
        return self._mapped(latents, self.values, self.scores, self.slopes)

    def valued(self, scores: np.ndarray) -> np.ndarray:
        """F⁻¹(Φ(z)), the way back."""
        return self._mapped(scores, self.scores, self.values, 1 / self.slopes)

    def _mapped(
        self,
        points: np.ndarray,
        known: tuple[np.ndarray, ...],
        images: tuple[np.ndarray, ...],
        slopes: np.ndarray,
    ) -> np.ndarray:
        """Coordinate after coordinate through its own piecewise straight line."""
        n_positions = int(np.prod(self.shape)) // len(known)
        rows = np.asarray(points, np.float64).reshape(len(points), len(known), n_positions)
        found = np.empty_like(rows)
        with np.errstate(invalid="ignore", over="ignore"):
            for i, (at, to) in enumerate(zip(known, images, strict=True)):
                x = rows[:, i]
                beyond = np.minimum(x - at[0], 0) + np.maximum(x - at[-1], 0)
                found[:, i] = np.interp(x, at, to) + slopes[i] * beyond
        return found.reshape(points.shape)


def marginal_laws(latents: np.ndarray, *, seed: int = 0) -> MarginalLaws:
    """The law of every coordinate of a store's latents.

    Of a grid of more than 1,024 values all positions of a channel have one law, as
    `latent_moments` has it. Of very many latents a seeded draw is read.

    Args:
        latents: ``n *latent``; a memory map will do.
        seed: Of the draw.

    Raises:
        ShapeError: If they have no latent shape.
        UndefinedError: If fewer than two of them are finite.
    """
    latents = drawn_latents(latents, "law", seed=seed)
    shape = latents.shape[1:]
    by_channel = told_by_channel(shape)
    if by_channel:
        rows = np.moveaxis(latents, 1, 0).reshape(latents.shape[1], -1)
    else:
        rows = latents.reshape(len(latents), -1).T
    known = [_law(row) for row in rows]
    deviation = rows.std(1)
    varies = deviation > ROUNDING * np.abs(rows.mean(1))
    slopes = 1 / np.where(varies, deviation, 1.0)
    values, scores = zip(*known, strict=True)
    return MarginalLaws(shape, values, scores, slopes, by_channel)


def _law(row: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different values of one coordinate, rising, and the normal score of each."""
    from scipy.special import ndtri

    values, counts = np.unique(row, return_counts=True)
    return values, ndtri((np.cumsum(counts) - counts / 2) / len(row))


def lol_iid(
    starts: np.ndarray, ends: np.ndarray, *, n_steps: int, laws: MarginalLaws
) -> np.ndarray:
    """Latents on the way whose coordinates at every step have the law of the store's.

    z(t) = F⁻¹(Φ([(1−t) Φ⁻¹(F(a)) + t Φ⁻¹(F(b))] / √β)), β = (1−t)² + t², for each coordinate by
    itself: `lol` among the normal scores. If a and b are independent draws whose coordinates are
    independent, every z(t) is such a draw; where the coordinates are Gaussian it is `lol`.

    Coordinates that depend on each other keep each its own law and lose what joins them. The
    ends count as independent here too: neighbours are thrown outwards.

    Args:
        starts, ends: ``pairs *latent``; they need not be among the store's latents.
        n_steps: Latents on each way, both ends counted; at least 2.
        laws: Of the cloud of latents.

    Returns:
        ``pairs n_steps *latent``, ends exact.

    Raises:
        ShapeError: If starts, ends and laws differ in latent shape.
        UsageError: If there are fewer than two steps.

    Reference:
        Bodin et al. 2024, Linear combinations of latents in generative models, arXiv 2408.08558,
        the non-Gaussian case; METHODS §4.1.
    """
    require_ends(starts, ends, n_steps)
    if laws.shape != starts.shape[1:]:
        raise ShapeError(f"laws of latents {laws.shape}, ends {starts.shape[1:]}")
    t = np.linspace(0.0, 1.0, n_steps)
    spread = np.hypot(1 - t, t)
    weights = ((1 - t) / spread, t / spread)
    scores = weighted(laws.scored(starts), laws.scored(ends), weights)
    found = laws.valued(scores.reshape(-1, *laws.shape)).reshape(scores.shape)
    with np.errstate(over="ignore"):
        found = found.astype(kept_type(starts, ends))
    return with_ends(found, starts, ends)
