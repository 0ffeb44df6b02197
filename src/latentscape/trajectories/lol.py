"""Combinations that are distributed as the latents they combine."""

import numpy as np

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories.ends import kept_type, require_ends, weighted


def lol(
    starts: np.ndarray, ends: np.ndarray, *, n_steps: int, mean: np.ndarray | None = None
) -> np.ndarray:
    """Latents on the way whose law at every step is that of the ends.

    z(t) = (1 − 1/√β) μ + [(1−t) a + t b] / √β, with β = (1−t)² + t². If a and b are independent
    draws of N(μ, Σ), so is every z(t); among Gaussian laws this is the optimal transport of the
    straight line's. Nothing of Σ need be known.

    The formula takes the ends for independent: two ends nearer each other than chance has them
    (the same image twice, neighbours) are thrown outwards by up to √2 on the way. Encoder means
    are no draws of N(0, I): μ must be the mean of the aggregate posterior.

    Args:
        starts, ends: ``pairs *latent``.
        n_steps: Latents on each way, both ends counted; at least 2.
        mean: ``*latent`` μ; zero if None.

    Returns:
        ``pairs n_steps *latent``, ends exact.

    Raises:
        ShapeError: If starts, ends and mean differ in latent shape.
        UsageError: If there are fewer than two steps.

    Reference:
        Bodin et al. 2024, Linear combinations of latents in generative models, arXiv 2408.08558,
        Lemma 1; Agustsson et al. 2019, Optimal transport maps for distribution preserving
        operations, §3.
    """
    require_ends(starts, ends, n_steps)
    if mean is not None and mean.shape != starts.shape[1:]:
        raise ShapeError(f"a mean of latents {mean.shape}, ends {starts.shape[1:]}")
    t = np.linspace(0.0, 1.0, n_steps)
    spread = np.hypot(1 - t, t)
    return weighted(starts, ends, ((1 - t) / spread, t / spread), origin=mean)


def lol_of_many(
    points: np.ndarray, weights: np.ndarray, *, mean: np.ndarray | None = None
) -> np.ndarray:
    """Combinations of many latents that keep their law: centroids, sums, analogies, subspaces.

    z = (1 − α/√β) μ + Σ wᵢ xᵢ / √β, with α = Σ wᵢ and β = Σ wᵢ². If the points are independent
    draws of N(μ, Σ), z has mean μ and covariance Σ, whatever the weights.

    Args:
        points: ``points *latent``.
        weights: (points,) or (combinations, points); negative ones allowed, not all 0.
        mean: ``*latent`` μ of the aggregate posterior; zero if None.

    Returns:
        ``*latent``, or ``combinations *latent``, of the points' type. A weight alone gives its
        point exactly.

    Raises:
        ShapeError: If weights, mean and points do not fit.
        UsageError: If weights are not finite, or all 0.

    Reference:
        Bodin et al. 2024, arXiv 2408.08558, Lemma 1.
    """
    weights = np.asarray(weights, np.float64)
    if points.ndim < 2 or weights.ndim not in (1, 2) or weights.shape[-1] != len(points):
        raise ShapeError(f"weights {weights.shape} do not fit points {points.shape}")
    if mean is not None and mean.shape != points.shape[1:]:
        raise ShapeError(f"a mean of latents {mean.shape}, points {points.shape[1:]}")
    largest = np.abs(weights).max(-1, keepdims=True)
    if not np.isfinite(weights).all() or not (largest > 0).all():
        raise UsageError("weights must be finite and not all 0", "give at least one weight")
    share = weights / largest
    share = share / np.sqrt(np.square(share).sum(-1, keepdims=True))
    centre = 0.0 if mean is None else np.asarray(mean, np.float64).reshape(-1)
    rows = np.asarray(points, np.float64).reshape(len(points), -1) - centre
    found = share @ rows + centre
    kept = found.reshape(*weights.shape[:-1], *points.shape[1:]).astype(kept_type(points))
    return _alone(kept, share, points)


def _alone(found: np.ndarray, share: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Combinations of one point, weighted positively, put in exactly."""
    only = (share == 1.0).any(-1)
    if share.ndim == 1:
        return points[share.argmax()].astype(found.dtype) if only else found
    found[only] = points[share[only].argmax(-1)]
    return found
