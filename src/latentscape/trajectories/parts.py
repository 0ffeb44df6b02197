"""Decoded frames a few pairs at a time, in double precision, so that any number of pairs fits."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ShapeError

Frames = np.ndarray | Tensor
PART_VALUES = 1 << 21  # values in work at once: 16 MB a copy


def require_frames(frames: Frames, name: str = "frames") -> None:
    """Check that an array is ``pairs steps channels height width``.

    Raises:
        ShapeError: If it is not.
    """
    if frames.ndim != 5:
        raise ShapeError(
            f"{name} are pairs × steps × channels × height × width, not {tuple(frames.shape)}",
            "one trajectory alone is frames[None]",
        )


def require_like(frames: Frames, other: Frames, name: str) -> None:
    """Check that a second set of frames has the shape of the first.

    Raises:
        ShapeError: If it has not.
    """
    if tuple(frames.shape) != tuple(other.shape):
        raise ShapeError(
            f"{name} {tuple(other.shape)} and frames {tuple(frames.shape)} differ in shape"
        )


def spans(frames: Frames, *, n_values: int = PART_VALUES) -> Iterator[slice]:
    """The pairs of `frames` in spans of at most `n_values` values, one pair at least."""
    size = max(1, int(np.prod(frames.shape[1:])))
    step = max(1, n_values // size)
    for start in range(0, len(frames), step):
        yield slice(start, start + step)


def double(frames: Frames, rows: slice) -> Tensor:
    """Some pairs as a float64 tensor, on the device where they are."""
    part = frames[rows]
    if isinstance(part, Tensor):
        return part.detach().double()
    return torch.from_numpy(np.asarray(part, np.float64))
