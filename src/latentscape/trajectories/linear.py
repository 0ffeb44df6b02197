"""The straight line between two latents."""

import numpy as np

from latentscape.errors import ShapeError, UsageError


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
    if starts.shape != ends.shape or starts.ndim < 2:
        raise ShapeError(f"starts {starts.shape} and ends {ends.shape} must both be pairs × latent")
    if n_steps < 2:
        raise UsageError(f"{n_steps} steps make no line", "both ends count: give at least 2")
    t = np.linspace(0.0, 1.0, n_steps).reshape(1, n_steps, *[1] * (starts.ndim - 1))
    line = (1 - t) * starts[:, None] + t * ends[:, None]
    return line.astype(np.result_type(starts, ends))
