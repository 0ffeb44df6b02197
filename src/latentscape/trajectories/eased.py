"""The straight line, left and reached slowly."""

import numpy as np

from latentscape.trajectories.ends import require_ends, weighted


def eased(starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
    """Latents on the straight line whose speed is a half sine: z(t) = a + s (b − a).

    s = (1 − cos πt) / 2: speed 0 at both ends, so that films joined at their ends do not jerk.
    The way is that of `linear`, only its timing is another; a curve over steps that are not
    equally long says nothing about the way.

    Args:
        starts, ends: ``pairs *latent``.
        n_steps: Latents on each line, both ends counted; at least 2.

    Returns:
        ``pairs n_steps *latent``, ends exact.

    Raises:
        ShapeError: If starts and ends differ in shape.
        UsageError: If there are fewer than two steps.
    """
    require_ends(starts, ends, n_steps)
    share = (1 - np.cos(np.pi * np.linspace(0.0, 1.0, n_steps))) / 2
    return weighted(starts, ends, (1 - share, share))
