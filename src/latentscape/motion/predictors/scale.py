"""How large latents are, channel by channel: what learned predictors divide by."""

from collections.abc import Mapping
from typing import NamedTuple, Self

import numpy as np

from latentscape.motion.predictors.predictor import half_way
from latentscape.motion.predictors.triplet_latents import TripletLatents, require_some


class Scale(NamedTuple):
    """Statistics of the training triplets, (channels,) each; 1 in place of a deviation of 0.

    Attributes:
        mean, std: Of the midpoints of both ends.
        change: Root mean square of (last − first) / 2.
        residual: Root mean square of what the midpoints miss.
    """

    mean: np.ndarray
    std: np.ndarray
    change: np.ndarray
    residual: np.ndarray

    def arrays(self) -> dict[str, np.ndarray]:
        """By name, to be kept."""
        return {f"scale {name}": part for name, part in self._asdict().items()}

    @classmethod
    def among(cls, arrays: Mapping[str, np.ndarray]) -> Self:
        """The one that was kept among others."""
        return cls(*(arrays[f"scale {name}"] for name in cls._fields))


def scale_of(train: TripletLatents) -> Scale:
    """Read the training triplets once."""
    require_some(train, "train")
    n, origin, sums = 0, None, 0.0
    for ends, middles in train.batches():
        lines = half_way(ends).astype(np.float64)
        if origin is None:
            origin = lines.mean((0, 2, 3), keepdims=True)  # keeps the squares small
        n += lines.size // lines.shape[1]
        lean, step = lines - origin, (ends[:, 1] - ends[:, 0]) / np.float64(2)
        parts = (lean, np.square(lean), np.square(step), np.square(middles - lines))
        sums = sums + np.stack([part.sum((0, 2, 3)) for part in parts])
    assert origin is not None
    mean, square, change, residual = np.asarray(sums) / n
    std = np.sqrt(np.maximum(square - mean**2, 0))
    return Scale(
        (mean + origin.ravel()).astype(np.float32),
        *(_never_zero(one) for one in (std, np.sqrt(change), np.sqrt(residual))),
    )


def _never_zero(deviations: np.ndarray) -> np.ndarray:
    return np.where(deviations > 0, deviations, 1).astype(np.float32)
