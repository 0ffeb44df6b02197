"""Latents of motion triplets, read a few at a time: memory does not grow with their number."""

from collections.abc import Callable, Iterator
from typing import Self

import numpy as np

from latentscape.errors import DataError, ShapeError

CHUNK_VALUES = 1 << 22  # of latents that are held at once


class TripletLatents:
    """Latents of first, middle and last frame of some triplets, wherever they lie.

    Args:
        read: Places of triplets, ascending, to ``k 3 *latent``.
        which: Places that belong to this set.
        latent_shape: ``(d,)`` or ``(channels, height, width)``.

    Raises:
        ShapeError: If a latent is neither a vector nor a grid.
    """

    def __init__(
        self,
        read: Callable[[np.ndarray], np.ndarray],
        which: np.ndarray,
        latent_shape: tuple[int, ...],
    ):
        if len(latent_shape) not in (1, 3):
            raise ShapeError(f"a latent of shape {latent_shape} is neither a vector nor a grid")
        self._read = read
        self.which = np.asarray(which, np.int64)
        self.latent_shape = tuple(latent_shape)

    @classmethod
    def of(cls, ends: np.ndarray, middles: np.ndarray) -> Self:
        """Of arrays in memory.

        Args:
            ends: ``n 2 *latent``, first and last.
            middles: ``n *latent``.
        """
        if ends.shape != (len(middles), 2, *middles.shape[1:]):
            raise ShapeError(f"ends {ends.shape} do not fit middles {middles.shape}")
        whole = np.stack([ends[:, 0], middles, ends[:, 1]], axis=1)
        return cls(lambda which: whole[which], np.arange(len(whole)), middles.shape[1:])

    def __len__(self) -> int:
        return len(self.which)

    def choice(self, most: int, *, seed: int) -> "TripletLatents":
        """At most that many of them, a seeded choice."""
        if len(self) <= most:
            return self
        kept = np.random.default_rng(seed).permutation(self.which)[:most]
        return TripletLatents(self._read, np.sort(kept), self.latent_shape)

    def take(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Ends ``k 2 channels height width`` and middles ``k channels height width``, float32.

        A vector of d values comes as a grid of one place with d channels.
        """
        read = np.asarray(self._read(self.which[places]), np.float32)
        grids = as_grid(read, self.latent_shape)
        return grids[:, ::2], grids[:, 1]

    def batches(self, size: int | None = None) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """All of them in order, as `take` gives them."""
        size = size or max(1, CHUNK_VALUES // (3 * int(np.prod(self.latent_shape))))
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))


def as_grid(latents: np.ndarray, latent_shape: tuple[int, ...]) -> np.ndarray:
    """Latents with a height and a width: a vector is one place with as many channels."""
    return latents if len(latent_shape) == 3 else latents[..., None, None]


def require_some(triplets: TripletLatents, what: str) -> None:
    """Check that there are triplets to learn from, or to stop by.

    Raises:
        DataError: If there are none.
    """
    if not len(triplets):
        raise DataError(
            f"there are no {what} triplets for the predictors to learn from",
            "more shots are needed, or larger fractions of them: val_fraction, test_fraction",
        )
