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
    seen = [_features(images, features) for images in (frames, line)]
    return {
        "line_decoded_ratio": _ratio(_length(frames), _length(line)),
        "line_feature_ratio": _ratio(*(_length(vectors) for vectors in seen)),
    }


def _features(frames: Tensor, features: Callable[[Tensor], Tensor]) -> Tensor:
    """``pairs steps f``."""
    with torch.no_grad():
        parts = [features(part.float()) for part in frames.flatten(0, 1).split(AT_ONCE)]
    return torch.cat(parts).cpu().unflatten(0, frames.shape[:2])


def _length(points: Tensor) -> np.ndarray:
    """(pairs,) of the chain of steps from point to point."""
    steps = torch.linalg.vector_norm(points.double().diff(dim=1).flatten(2), dim=2)
    return steps.sum(1).cpu().numpy()


def _ratio(own: np.ndarray, line: np.ndarray) -> np.ndarray:
    known = np.isfinite(own) & (line > 0)
    return np.divide(own, line, out=np.full(len(own), np.nan), where=known)
