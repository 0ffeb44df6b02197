"""The null model of a trajectory: the plain cross-dissolve of its two decoded ends."""

import torch
from torch import Tensor

from latentscape.errors import ShapeError, UsageError


def dissolve(first: Tensor, last: Tensor, n_steps: int) -> Tensor:
    """Frames (1 − t) first + t last at equal steps of t.

    Args:
        first, last: ``pairs channels height width``: the two ends as decoded, so that what
            decoding loses is in both the trajectory and its null.
        n_steps: Frames of each dissolve, both ends counted; at least 2.

    Returns:
        ``pairs n_steps channels height width``; both ends exact.

    Raises:
        ShapeError: If the ends differ in shape.
        UsageError: If there are fewer than two steps.
    """
    if first.shape != last.shape or first.ndim != 4:
        shapes = f"{tuple(first.shape)} and {tuple(last.shape)}"
        raise ShapeError(f"ends {shapes} must both be pairs × channels × height × width")
    if n_steps < 2:
        raise UsageError(f"{n_steps} steps make no dissolve", "both ends count: give at least 2")
    t = torch.linspace(0, 1, n_steps, dtype=first.dtype, device=first.device)
    t = t.view(1, -1, 1, 1, 1)
    frames = torch.lerp(first[:, None], last[:, None], t)  # of equal ends, their very image
    frames[:, 0], frames[:, -1] = first, last
    return frames
