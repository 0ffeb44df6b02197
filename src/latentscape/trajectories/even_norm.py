"""The directions of the straight line, at lengths that go evenly from one end's to the other's."""

import numpy as np

from latentscape.trajectories.ends import require_ends, weighted
from latentscape.trajectories.latent_moments import LatentMoments
from latentscape.trajectories.spherical import Frame, angles_between, instead, origin_of


def linear_even_norm(
    starts: np.ndarray,
    ends: np.ndarray,
    *,
    n_steps: int,
    moments: LatentMoments | None = None,
    frame: Frame = "plain",
) -> np.ndarray:
    """Norm-preserving lerp: z(t) = m + [(1−t)‖a−m‖ + t‖b−m‖] u / ‖u‖, u = (1−t)(a−m) + t(b−m).

    As norm-interpolated slerp, but the angle goes fastest in the middle. Ends parallel, opposite
    or zero are joined by the straight line.

    Args:
        starts, ends: ``pairs *latent``.
        n_steps: Latents on each way, both ends counted; at least 2.
        moments: Of the cloud of latents; not needed plain.
        frame: ``plain``, ``centred`` or ``whitened``: where m is, and what measures length.

    Returns:
        ``pairs n_steps *latent``, ends exact.

    Raises:
        ShapeError: If starts and ends differ in shape.
        UsageError: If there are fewer than two steps.
    """
    require_ends(starts, ends, n_steps)
    origin = origin_of(starts, moments, frame)
    angles = angles_between(starts, ends, moments, frame)
    t = np.linspace(0.0, 1.0, n_steps)
    a, b = (np.where(angles.flat, 1.0, part)[:, None] for part in (angles.first, angles.second))
    ratio = b / a
    closing = np.where(angles.flat, 1.0, np.cos(angles.angle / 2) ** 2)[:, None]
    # ‖u‖ over ‖a‖ by the cosine rule, in a form that loses no digits near opposite ends
    length = np.sqrt(((1 - t) - t * ratio) ** 2 + 4 * t * (1 - t) * ratio * closing)
    scale = ((1 - t) + t * ratio) / length
    weights = instead(angles.flat, t, ((1 - t) * scale, t * scale))
    return weighted(starts, ends, weights, origin=origin)
