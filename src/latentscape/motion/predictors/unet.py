"""`unet`: convolutions at up to three sizes, with skips from each size to its mirror."""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.motion.predictors.conv import Block, convolution, zeroed
from latentscape.motion.predictors.predictor import needs_places
from latentscape.motion.predictors.trained import Architecture

WIDTHS = (32, 48, 64)
SMALLEST = 2  # places along the shorter side, at the bottom
MOST_CHANNELS = 512


class UNet(nn.Module):
    """Down, and up again beside what was seen on the way down; odd sizes come back exactly."""

    def __init__(self, channels: int, widths: tuple[int, ...]):
        super().__init__()
        self.entry = convolution(2 * channels, widths[0])
        self.seen = nn.ModuleList(Block(width, 3) for width in widths)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(convolution(a, b, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(convolution(a + b, a) for a, b in pairs)
        self.mirror = nn.ModuleList(Block(a, 3) for a, _ in pairs)
        self.exit = zeroed(convolution(widths[0], channels))

    def forward(self, x: Tensor) -> Tensor:
        """``batch 2·channels height width`` to ``batch channels height width``."""
        x = self.seen[0](self.entry(x))
        skips = []
        for down, seen in zip(self.down, self.seen[1:], strict=True):
            skips.append(x)
            x = seen(down(F.silu(x)))
        for up, mirror in zip(reversed(self.up), reversed(self.mirror), strict=True):
            skip = skips.pop()
            x = F.interpolate(x, size=skip.shape[2:], mode="nearest")
            x = mirror(up(F.silu(torch.cat([x, skip], dim=1))))
        return self.exit(F.silu(x))


def _build(channels: int, grid: tuple[int, int]) -> nn.Module:
    return UNet(channels, WIDTHS[: _n_sizes(grid)])


def _n_sizes(grid: tuple[int, int]) -> int:
    side, n_sizes = min(grid), 1
    while n_sizes < len(WIDTHS) and -(-side // 2) >= SMALLEST:
        side, n_sizes = -(-side // 2), n_sizes + 1
    return n_sizes


def _refusal(latent_shape: tuple[int, ...]) -> str | None:
    refused = needs_places(latent_shape)
    if refused:
        return refused
    channels, height, width = latent_shape
    if channels > MOST_CHANNELS:
        return f"{channels:,} channels are more than {MOST_CHANNELS}"
    if _n_sizes((height, width)) == 1:
        return f"a grid of {height}×{width} is too small to be halved"
    return None


UNET = Architecture("unet", _build, _refusal, crop=32)
