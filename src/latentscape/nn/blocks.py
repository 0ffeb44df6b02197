"""What the networks share: sizes after strides, activations, and the two ends of a latent."""

from collections.abc import Sequence
from math import prod

import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import ShapeError, UsageError, nearest
from latentscape.shapes import ImageShape, LatentShape, latent_size

Grid = tuple[int, int]

ACTIVATIONS: dict[str, type[nn.Module]] = {
    "relu": nn.ReLU,
    "silu": nn.SiLU,
    "gelu": nn.GELU,
    "leaky": nn.LeakyReLU,
}


def activation_named(name: str) -> nn.Module:
    """A fresh activation layer.

    Raises:
        UsageError: If there is none of that name; the nearest is named.
    """
    if name in ACTIVATIONS:
        return ACTIVATIONS[name]()
    raise UsageError(f"there is no activation {name!r}", nearest(name, ACTIVATIONS))


def grids_after(image_shape: ImageShape, strides: Sequence[int]) -> list[Grid]:
    """Height and width of the image and of the map after each stride; odd sizes round up.

    >>> grids_after(ImageShape(1, 45, 37), (2, 2))
    [(45, 37), (23, 19), (12, 10)]
    """
    grids = [(image_shape.height, image_shape.width)]
    for stride in strides:
        height, width = grids[-1]
        grids.append((-(-height // stride), -(-width // stride)))
    return grids


def halvings_to(image_shape: ImageShape, latent_shape: LatentShape) -> int:
    """How often an image is halved (rounding up) to reach a spatial latent's height and width.

    Raises:
        ShapeError: If no number of halvings gets there; the grids that can be had are named.
    """
    if len(latent_shape) != 3:
        raise ShapeError(
            f"a latent of shape {latent_shape} is neither a vector nor a grid",
            "give (size,) or (channels, height, width)",
        )
    grids = grids_after(image_shape, (2,) * 10)
    reachable = grids[: grids.index((1, 1)) + 1] if (1, 1) in grids else grids
    if latent_shape[1:] in reachable:
        return reachable.index((latent_shape[1], latent_shape[2]))
    choices = ", ".join(f"{height}×{width}" for height, width in reachable[1:])
    raise ShapeError(
        f"{image_shape} images cannot be halved to a latent grid of "
        f"{latent_shape[1]}×{latent_shape[2]}",
        f"grids that can be had: {choices}",
    )


def refuse_narrow(sizes: Sequence[int], latent_shape: LatentShape, *, option: str | None) -> None:
    """Hold the rule that no hidden layer of a decoder holds fewer values than the latent.

    A narrower layer would be the real bottleneck, and latent sizes above it would add nothing.
    The last layer, the image itself, is free.

    Args:
        sizes: Values in each hidden layer of the decoder, from the latent to the image.
        latent_shape: The latent that must pass through them.
        option: The network's option that sets these sizes, for the hint; None if there is none.

    Raises:
        UsageError: If a layer is too narrow.
    """
    needed = latent_size(latent_shape)
    widen = f"raise `{option}`, or " if option else ""
    for layer, size in enumerate(sizes, 1):
        if size < needed:
            raise UsageError(
                f"decoder layer {layer} holds {size} values, fewer than the latent's {needed}",
                f"{widen}take a latent of at most {min(sizes)}",
            )


class ToLatent(nn.Module):
    """The last map or layer to a latent's parameters, ``batch n_parameters·latent[0] *rest``.

    A vector latent gets one dense layer over the whole map, a spatial one a 1×1 convolution.
    """

    def __init__(self, features: tuple[int, ...], latent_shape: LatentShape, n_parameters: int):
        super().__init__()
        spatial = len(latent_shape) == 3 and len(features) == 3
        self.out_shape = (n_parameters * latent_shape[0], *latent_shape[1:])
        self.layer = (
            nn.Conv2d(features[0], self.out_shape[0], 1)
            if spatial
            else nn.Linear(prod(features), prod(self.out_shape))
        )

    def forward(self, features: Tensor) -> Tensor:
        """``batch *features`` to ``batch n_parameters·latent[0] *rest``."""
        if isinstance(self.layer, nn.Linear):
            features = features.flatten(1)  # batch values
        return self.layer(features).reshape(-1, *self.out_shape)


class FromLatent(nn.Module):
    """A latent to the decoder's first map or layer, ``batch *features``.

    A grid of another size than the latent's becomes a map of that size.
    """

    def __init__(self, latent_shape: LatentShape, features: tuple[int, ...]):
        super().__init__()
        spatial = len(latent_shape) == 3 and len(features) == 3
        self.features = features
        self.layer = (
            nn.Conv2d(latent_shape[0], features[0], 1)
            if spatial
            else nn.Linear(prod(latent_shape), prod(features))
        )

    def forward(self, latents: Tensor) -> Tensor:
        """``batch *latent`` to ``batch *features``."""
        if isinstance(self.layer, nn.Linear):
            return self.layer(latents.flatten(1)).reshape(-1, *self.features)
        return self.layer(latents)


class ResidualBlock(nn.Module):
    """Two 3×3 convolutions, each after GroupNorm and SiLU, added to what came in.

    The second convolution starts at zero, so that a fresh block passes its input on unchanged.

    Reference: He et al. 2016, "Identity mappings in deep residual networks", fig. 1 b.
    """

    def __init__(self, in_channels: int, out_channels: int):
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self.skip = (
            nn.Identity()
            if in_channels == out_channels
            else nn.Conv2d(in_channels, out_channels, 1)
        )
        nn.init.zeros_(self.conv2.weight)

    def forward(self, x: Tensor) -> Tensor:
        """``batch in height width`` to ``batch out height width``."""
        h = self.conv1(F.silu(self.norm1(x)))
        return self.skip(x) + self.conv2(F.silu(self.norm2(h)))


class Upsample(nn.Module):
    """Nearest neighbour to an exact size, then a 3×3 convolution: no checkerboard.

    A map of another size than the one expected is doubled.
    """

    def __init__(self, channels: int, grid: Grid):
        super().__init__()
        self.grid = grid
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """``batch channels height width`` to ``batch channels *grid``."""
        expected = tuple(-(-side // 2) for side in self.grid)
        doubled = (2 * x.shape[2], 2 * x.shape[3])
        size = self.grid if x.shape[2:] == expected else doubled
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


def group_norm(channels: int) -> nn.GroupNorm:
    """GroupNorm over at most 8 groups, as many as divide `channels`."""
    groups = next(n for n in (8, 4, 2, 1) if channels % n == 0)
    return nn.GroupNorm(groups, channels)


def mirror_padding(grid: Grid, below: Grid, stride: int) -> Grid:
    """The output padding with which a transposed convolution leads from `below` to `grid`.

    Exact for any odd kernel with padding ``kernel // 2``: the output is
    ``(below − 1)·stride + 1 + output_padding``.
    """
    return tuple(  # type: ignore[return-value]
        size - 1 - (small - 1) * stride for size, small in zip(grid, below, strict=True)
    )
