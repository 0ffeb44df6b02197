"""`conv`: residual convolutions at full size; on a vector, a residual multilayer perceptron."""

from torch import Tensor, nn
from torch.nn.functional import silu

from latentscape.motion.predictors.trained import Architecture

WIDTHS = (48, 32, 24, 16)
VECTOR_WIDTHS = (256, 128, 64, 32)
N_BLOCKS = 4
MOST_PARAMETERS = 500_000


class Block(nn.Module):
    """Two convolutions added to what came in; the second begins at zero. Borders are replicated.

    Without normalisation: a latent's size is part of what is to be predicted.
    """

    def __init__(self, width: int, side: int):
        super().__init__()
        self.first, self.second = (convolution(width, width, side) for _ in range(2))
        zeroed(self.second)

    def forward(self, x: Tensor) -> Tensor:
        """``batch width height width`` to the same."""
        return x + self.second(silu(self.first(silu(x))))


def convolution(inside: int, outside: int, side: int = 3, *, stride: int = 1) -> nn.Conv2d:
    """A convolution that keeps the size, or halves it, rounding up."""
    mode = "replicate" if side > 1 else "zeros"
    return nn.Conv2d(inside, outside, side, stride, side // 2, padding_mode=mode)


def zeroed(layer: nn.Conv2d) -> nn.Conv2d:
    """The layer with weights of zero."""
    nn.init.zeros_(layer.weight)
    assert layer.bias is not None
    nn.init.zeros_(layer.bias)
    return layer


def _build(channels: int, grid: tuple[int, int]) -> nn.Module:
    side = 1 if grid == (1, 1) else 3
    width = _width(channels, side)
    assert width is not None
    return nn.Sequential(
        convolution(2 * channels, width, side),
        *(Block(width, side) for _ in range(N_BLOCKS)),
        nn.SiLU(),
        zeroed(convolution(width, channels, side)),
    )


def _width(channels: int, side: int) -> int | None:
    """The largest that keeps the net under half a million parameters."""
    for width in WIDTHS if side > 1 else VECTOR_WIDTHS:
        kernels = 3 * channels * width + 2 * N_BLOCKS * width**2
        offsets = (2 * N_BLOCKS + 1) * width + channels
        if kernels * side**2 + offsets < MOST_PARAMETERS:
            return width
    return None


def _refusal(latent_shape: tuple[int, ...]) -> str | None:
    channels, *grid = latent_shape
    if _width(channels, 3 if grid and tuple(grid) != (1, 1) else 1) is None:
        return f"{channels:,} channels are too many for a net of half a million parameters"
    return None


CONV = Architecture("conv", _build, _refusal, crop=24)
