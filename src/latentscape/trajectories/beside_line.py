"""How long ways are beside the straight lines between the same latents: in pixels, in features."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from latentscape.trajectories.parts import require_frames, require_like

AT_ONCE = 128  # images in the feature net together


def beside_line(
    frames: Tensor, line: Tensor, *, features: Callable[[Tensor], Tensor]
) -> dict[str, np.ndarray]:
    """Length of each decoded way over that of the straight line, both of as many frames.

    Args:
        frames: ``pairs steps channels height width`` in [0, 1], decoded along the ways.
        line: The same of the straight lines between the same two latents.
        features: Images ``batch channels height width`` to ``batch f``.

    Returns:
        Name in the catalogue to (pairs,) values: 1 where the two are equally long; NaN where the
        line has no length or a frame is not finite.

    Raises:
        ShapeError: If the two differ in shape.
    """
    require_frames(frames)
    require_like(frames, line, "the lines' frames")
    step = max(1, AT_ONCE // frames.shape[1])
    lengths = [
        [_lengths(images[start : start + step], features) for images in (frames, line)]
        for start in range(0, len(frames), step)
    ]
    own, straight = (np.concatenate(parts, axis=1) for parts in zip(*lengths, strict=True))
    return {
        "line_decoded_ratio": _ratio(own[0], straight[0]),
        "line_feature_ratio": _ratio(own[1], straight[1]),
    }


@torch.no_grad()
def _lengths(frames: Tensor, features: Callable[[Tensor], Tensor]) -> np.ndarray:
    """(2, pairs) of a few chains of frames: in pixels, in features."""
    vectors = features(frames.flatten(0, 1).float()).cpu().unflatten(0, frames.shape[:2])
    steps = (points.double().diff(dim=1).flatten(2) for points in (frames, vectors))
    found = [torch.linalg.vector_norm(step, dim=2).sum(1) for step in steps]
    return torch.stack([part.cpu() for part in found]).numpy()


def _ratio(own: np.ndarray, line: np.ndarray) -> np.ndarray:
    known = np.isfinite(own) & (line > 0)
    return np.divide(own, line, out=np.full(len(own), np.nan), where=known)
