"""`transformer`: every patch of the grid looks at every other."""

import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.motion.predictors.predictor import needs_places
from latentscape.motion.predictors.trained import Architecture

WIDTH, N_LAYERS, N_HEADS = 96, 3, 4
MOST_PATCHES = 256
MOST_VALUES = 4096  # of both ends in a patch


class PatchTransformer(nn.Module):
    """Patches to vectors, with a learned place each; attention among all; vectors to patches."""

    def __init__(self, channels: int, grid: tuple[int, int], side: int):
        super().__init__()
        self.side = side
        self.patches = tuple(-(-size // side) for size in grid)
        self.padding = tuple(n * side - size for n, size in zip(self.patches, grid, strict=True))
        self.entry = nn.Conv2d(2 * channels, WIDTH, side, side)
        self.places = nn.Parameter(Tensor(1, WIDTH, *self.patches).normal_(std=0.02))
        layer = nn.TransformerEncoderLayer(
            WIDTH, N_HEADS, 2 * WIDTH, dropout=0.0, activation="gelu", batch_first=True,
            norm_first=True,
        )  # fmt: skip
        self.layers = nn.TransformerEncoder(layer, N_LAYERS, enable_nested_tensor=False)
        self.norm = nn.LayerNorm(WIDTH)
        self.exit = nn.ConvTranspose2d(WIDTH, channels, side, side)
        nn.init.zeros_(self.exit.weight)
        assert self.exit.bias is not None
        nn.init.zeros_(self.exit.bias)

    def forward(self, x: Tensor) -> Tensor:
        """``batch 2·channels height width`` to ``batch channels height width``."""
        height, width = x.shape[2:]
        x = F.pad(x, (0, self.padding[1], 0, self.padding[0]), mode="replicate")
        tokens = (self.entry(x) + self.places).flatten(2).transpose(1, 2)  # batch patches width
        tokens = self.norm(self.layers(tokens))
        grid = tokens.transpose(1, 2).unflatten(2, self.patches)
        return self.exit(grid)[..., :height, :width]


def _build(channels: int, grid: tuple[int, int]) -> nn.Module:
    return PatchTransformer(channels, grid, _side(grid))


def _side(grid: tuple[int, int]) -> int:
    side = 1 if min(grid) < 8 else 2
    while -(-grid[0] // side) * -(-grid[1] // side) > MOST_PATCHES:
        side *= 2
    return side


def _refusal(latent_shape: tuple[int, ...]) -> str | None:
    refused = needs_places(latent_shape)
    if refused:
        return refused
    channels, height, width = latent_shape
    n_values = 2 * channels * _side((height, width)) ** 2
    if n_values > MOST_VALUES:
        return f"patches of {n_values:,} values are too large"
    return None


TRANSFORMER = Architecture("transformer", _build, _refusal)
