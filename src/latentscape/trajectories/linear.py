"""The straight line between two latents."""

import numpy as np

from latentscape.trajectories.ends import require_ends, weighted


def linear(starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
    """Equally spaced latents on the straight line, z(t) = (1 − t) a + t b.

    Not length-preserving: ‖z‖² = (1−t)‖a‖² + t‖b‖² − t(1−t)‖a−b‖², so between two draws of
    N(0, I) in many dimensions the middle lies off the shell where latents are.

    Args:
        starts, ends: ``pairs *latent``, any latent shape.
        n_steps: Latents on each line, both ends counted; at least 2.

    Returns:
        ``pairs n_steps *latent``; the first and last step equal `starts` and `ends` exactly.

    Raises:
        ShapeError: If starts and ends differ in shape.
        UsageError: If there are fewer than two steps.
    """
    require_ends(starts, ends, n_steps)
    t = np.linspace(0.0, 1.0, n_steps)
    return weighted(starts, ends, (1 - t, t))
