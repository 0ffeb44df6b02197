"""The few shapes everything else is written in.

Rows are samples. Images are ``batch channels height width``. Latents are ``batch *latent``:
a vector (``latent = (d,)``) or a grid (``latent = (channels, height, width)``).
"""

from math import prod
from typing import NamedTuple


class ImageShape(NamedTuple):
    """Channels, height and width of one image."""

    channels: int
    height: int
    width: int

    @property
    def size(self) -> int:
        """Number of values in one image: the D of bits per dimension."""
        return prod(self)

    def __str__(self) -> str:
        return f"{self.height}×{self.width}×{self.channels}"


LatentShape = tuple[int, ...]


def latent_size(shape: LatentShape) -> int:
    """Number of values in one latent, whatever its shape."""
    return prod(shape)
