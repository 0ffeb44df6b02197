"""`resnet`: residual blocks with GroupNorm and SiLU, for images of 64 pixels and more.

The latent is a vector, or a grid: then the number of halvings follows from its height and width,
as in the autoencoders under diffusion pipelines.
"""

from collections.abc import Sequence
from math import prod

from torch import nn

from latentscape.errors import UsageError
from latentscape.nn.blocks import (
    FromLatent,
    ResidualBlock,
    ToLatent,
    Upsample,
    grids_after,
    group_norm,
    halvings_to,
    refuse_narrow,
)
from latentscape.shapes import ImageShape, LatentShape, latent_size

FIRST_WIDTH = 32
LARGEST_WIDTH = 128
VECTOR_GRID = 8


def resnet_networks(
    image_shape: ImageShape,
    latent_shape: LatentShape,
    n_parameters: int,
    *,
    widths: Sequence[int] | None = None,
    n_blocks: int = 1,
) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder of `resnet`.

    Args:
        image_shape: Channels, height and width of the images.
        latent_shape: ``(d,)``: halved until the shorter side is at most 8; or ``(channels,
            height, width)``: halved until that grid is reached.
        n_parameters: Parameters of the posterior per latent: 1 for a point, 2 for a Gaussian.
        widths: Channels at full size and after each halving. Default 32, 64, then 128, the last
            made wider where the latent needs it.
        n_blocks: Residual blocks at each size.

    Raises:
        UsageError: If an option is out of range, or a decoder layer narrower than the latent.
        ShapeError: If halving does not lead to the latent's grid.
    """
    n_halvings = _n_halvings(image_shape, latent_shape)
    grids = grids_after(image_shape, (2,) * n_halvings)
    if widths is None:
        needed = -(-latent_size(latent_shape) // prod(grids[-1]))
        widths = [min(FIRST_WIDTH * 2**i, LARGEST_WIDTH) for i in range(n_halvings + 1)]
        widths = [max(w, needed if i == n_halvings else 1) for i, w in enumerate(widths)]
    _check_options(widths, n_halvings, n_blocks)
    refuse_narrow(
        [w * prod(grid) for w, grid in zip(widths[::-1], grids[::-1], strict=True)],
        latent_shape,
        option="widths",
    )
    top = (widths[-1], *grids[-1])
    encoder: list[nn.Module] = [nn.Conv2d(image_shape.channels, widths[0], 3, padding=1)]
    decoder: list[nn.Module] = [FromLatent(latent_shape, top)]
    for i, width in enumerate(widths):
        if i:
            encoder.append(nn.Conv2d(widths[i - 1], width, 3, stride=2, padding=1))
        encoder += [ResidualBlock(width, width) for _ in range(n_blocks)]
    for i in reversed(range(len(widths))):
        if i < n_halvings:
            decoder += [Upsample(widths[i + 1], grids[i])]
        inside = widths[min(i + 1, n_halvings)]
        decoder.append(ResidualBlock(inside, widths[i]))
        decoder += [ResidualBlock(widths[i], widths[i]) for _ in range(n_blocks - 1)]
    encoder += [group_norm(widths[-1]), nn.SiLU(), ToLatent(top, latent_shape, n_parameters)]
    decoder += [group_norm(widths[0]), nn.SiLU()]
    decoder.append(nn.Conv2d(widths[0], image_shape.channels, 3, padding=1))
    return nn.Sequential(*encoder), nn.Sequential(*decoder)


def _n_halvings(image_shape: ImageShape, latent_shape: LatentShape) -> int:
    if len(latent_shape) != 1:
        return halvings_to(image_shape, latent_shape)
    grids = grids_after(image_shape, (2,) * 10)
    return next((i for i, grid in enumerate(grids) if min(grid) <= VECTOR_GRID), len(grids) - 1)


def _check_options(widths: Sequence[int], n_halvings: int, n_blocks: int) -> None:
    if len(widths) != n_halvings + 1:
        raise UsageError(
            f"`widths` has {len(widths)} values where this image and latent need {n_halvings + 1}",
            "one at full size and one after each halving",
        )
    if any(not isinstance(width, int) or width < 1 for width in widths):
        raise UsageError(
            f"`widths` takes whole numbers of at least 1, not {tuple(widths)}",
            "e.g. widths=32,64,128",
        )
    if n_blocks < 1:
        raise UsageError(f"`n_blocks` must be at least 1, not {n_blocks}")
