"""`conv`: three to five strided convolutions, mirrored by transposed ones.

Any height, width and channel count: a stride rounds odd sizes up, and the mirror comes back to
the exact size through its output padding. Nothing is cropped.
"""

from collections.abc import Sequence
from math import log2, prod

from torch import nn

from latentscape.errors import ShapeError, UsageError
from latentscape.nn.blocks import (
    FromLatent,
    Grid,
    ToLatent,
    activation_named,
    grids_after,
    mirror_padding,
    refuse_narrow,
)
from latentscape.nn.transposed import TransposedConv2d
from latentscape.shapes import ImageShape, LatentShape, latent_size

FIRST_WIDTH = 32
LARGEST_WIDTH = 256


def conv_networks(
    image_shape: ImageShape,
    latent_shape: LatentShape,
    n_parameters: int,
    *,
    widths: Sequence[int] | None = None,
    kernel: int | Sequence[int] = 3,
    strides: Sequence[int] | None = None,
    activation: str = "relu",
) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder of `conv`.

    Without `widths` there are 3 layers up to 32 pixels (shorter side), 4 up to 64 and 5 above,
    of 32, 64, 128 ... at most 256 channels; the last is made wider where the latent needs it.
    Given widths are kept, and refused where a decoder layer would be narrower than the latent.

    Args:
        image_shape: Channels, height and width of the images.
        latent_shape: ``(d,)``, or ``(channels, height, width)`` with a grid the strides lead to.
        n_parameters: Parameters of the posterior per latent: 1 for a point, 2 for a Gaussian.
        widths: Channels after each of 3 to 5 layers.
        kernel: Side of the kernels, 3 or 5; one for all layers, or one a layer.
        strides: 1 or 2 for each layer; default 2 for all that an image of this size can take.
        activation: ``relu``, ``silu``, ``gelu`` or ``leaky``.

    Raises:
        UsageError: If an option is out of range, or a decoder layer narrower than the latent.
        ShapeError: If the strides do not lead to a spatial latent's grid.
    """
    n_layers = len(widths or strides or ()) or _default_depth(image_shape)
    strides = _strides(image_shape, latent_shape, n_layers) if strides is None else tuple(strides)
    kernels = (kernel,) * n_layers if isinstance(kernel, int) else tuple(kernel)
    _check_layers(n_layers, kernels, strides)
    grids = grids_after(image_shape, strides)
    if len(latent_shape) == 3 and grids[-1] != latent_shape[1:]:
        raise ShapeError(
            f"strides {strides} lead a {image_shape} image to a grid of "
            f"{grids[-1][0]}×{grids[-1][1]}, not to the latent's "
            f"{latent_shape[1]}×{latent_shape[2]}",
            "change `strides`, or the latent's shape",
        )
    if widths is None:
        widths = _default_widths(grids[1:], latent_shape)
    channels = (image_shape.channels, *_whole(widths, "widths"))
    refuse_narrow(
        [c * prod(grid) for c, grid in zip(channels[:0:-1], grids[:0:-1], strict=True)],
        latent_shape,
        option="widths",
    )
    top = (channels[-1], *grids[-1])
    encoder: list[nn.Module] = []
    decoder: list[nn.Module] = [FromLatent(latent_shape, top), activation_named(activation)]
    for i in range(n_layers):
        encoder += [
            nn.Conv2d(channels[i], channels[i + 1], kernels[i], strides[i], kernels[i] // 2),
            activation_named(activation),
        ]
    for i in reversed(range(n_layers)):
        padding = mirror_padding(grids[i], grids[i + 1], strides[i])
        decoder.append(
            TransposedConv2d(
                channels[i + 1], channels[i], kernel_size=kernels[i], stride=strides[i],
                output_padding=padding,
            )
        )  # fmt: skip
        decoder += [activation_named(activation)] if i else []
    encoder.append(ToLatent(top, latent_shape, n_parameters))
    return nn.Sequential(*encoder), nn.Sequential(*decoder)


def _default_depth(image_shape: ImageShape) -> int:
    shorter = min(image_shape.height, image_shape.width)
    return min(5, max(3, round(log2(shorter)) - 2))


def _strides(image_shape: ImageShape, latent_shape: LatentShape, n_layers: int) -> tuple[int, ...]:
    """2 in the first layers, 1 in those that would halve below 4 pixels or the latent's grid."""
    smallest = latent_shape[1:] if len(latent_shape) == 3 else (4, 4)
    strides: list[int] = []
    for _ in range(n_layers):
        height, width = grids_after(image_shape, [*strides, 2])[-1]
        strides.append(2 if height >= smallest[0] and width >= smallest[1] else 1)
    return tuple(strides)


def _default_widths(grids: Sequence[Grid], latent_shape: LatentShape) -> list[int]:
    """Doubling widths; each made wide enough that its map holds the whole latent."""
    needed = latent_size(latent_shape)
    doubling = [min(FIRST_WIDTH * 2**i, LARGEST_WIDTH) for i in range(len(grids))]
    return [max(w, -(-needed // prod(grid))) for w, grid in zip(doubling, grids, strict=True)]


def _check_layers(n_layers: int, kernels: Sequence[int], strides: Sequence[int]) -> None:
    if not 3 <= n_layers <= 5:
        raise UsageError(f"conv has 3 to 5 layers, not {n_layers}", "give 3 to 5 widths")
    for name, values, allowed in (("kernel", kernels, (3, 5)), ("strides", strides, (1, 2))):
        if len(values) != n_layers:
            raise UsageError(
                f"`{name}` has {len(values)} values for {n_layers} layers",
                "widths, strides and kernel go layer by layer",
            )
        if any(value not in allowed for value in values):
            raise UsageError(
                f"`{name}` takes {allowed[0]} and {allowed[1]}, not {tuple(values)}",
                f"e.g. {name}={','.join([str(allowed[-1])] * n_layers)}",
            )


def _whole(values: Sequence[int], option: str) -> tuple[int, ...]:
    if any(not isinstance(value, int) or value < 1 for value in values):
        raise UsageError(
            f"`{option}` takes whole numbers of at least 1, not {tuple(values)}",
            f"e.g. {option}=32,64,128",
        )
    return tuple(values)
