"""Images whose sides a model does not take: padded before it, cropped after it."""

import torch.nn.functional as F
from torch import Tensor

from latentscape.shapes import ImageShape


def padded_shape(shape: ImageShape, step: int) -> ImageShape:
    """The smallest shape about an image whose sides are multiples of `step`."""
    height, width = (-(-side // step) * step for side in (shape.height, shape.width))
    return ImageShape(shape.channels, height, width)


def pad_to(images: Tensor, shape: ImageShape) -> Tensor:
    """Pad images below and to the right: mirrored, the edge itself not twice.

    Sides that are too short to be mirrored have their last row or column repeated.

    Args:
        images: ``batch channels height width``.
        shape: At least as large.
    """
    for axis, (have, want) in enumerate(zip(images.shape[2:], shape[1:], strict=True)):
        missing = want - have
        if missing:
            sides = (0, missing, 0, 0) if axis else (0, 0, 0, missing)
            mode = "reflect" if missing < have else "replicate"
            images = F.pad(images, sides, mode=mode)
    return images
