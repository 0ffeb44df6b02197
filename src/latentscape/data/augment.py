"""Augmentation of training images: after the split, never before, and always seeded.

===========  =================================================================================
``flip``     left and right exchanged, with probability ½
``rotate``   by up to ±15°
``shift``    by up to ±10 % of the side, each way
``crop``     to a square of 80–100 % of the side, brought back to full size
``colour``   contrast and brightness by up to ±20 %; saturation too, where there is colour
===========  =================================================================================

Rotation, shift and crop are one bilinear resampling; what comes in at the border is mirrored.
"""

from typing import TYPE_CHECKING, TypeVar

import numpy as np

from latentscape.errors import ShapeError, UsageError

if TYPE_CHECKING:
    from torch import Tensor

AUGMENTATIONS = ("flip", "rotate", "shift", "crop", "colour")
MAX_DEGREES, MAX_SHIFT, MIN_CROP, MAX_COLOUR = 15.0, 0.1, 0.8, 0.2
_CHUNK = 512

Batch = TypeVar("Batch", "np.ndarray", "Tensor")


def check_augmentations(names: tuple[str, ...]) -> None:
    """Refuse a name that is no augmentation, with a `UsageError` that lists them."""
    for name in names:
        if name not in AUGMENTATIONS:
            raise UsageError(f"{name!r} is no augmentation", f"known: {', '.join(AUGMENTATIONS)}")


def augment_batch(batch: Batch, names: tuple[str, ...], *, rng: np.random.Generator) -> Batch:
    """Vary each image of a batch at random, on the fly.

    Args:
        batch: uint8 ``n channels height width``; an array, or a tensor on any device.
        names: Which of `AUGMENTATIONS`; none gives the batch back as it is.
        rng: Draws every parameter, so the same generator state gives the same batch.

    Returns:
        The same kind, shape and device, uint8.

    Raises:
        UsageError: If a name is no augmentation.
        ShapeError: If the batch is not uint8 with four axes.
    """
    import torch

    check_augmentations(names)
    if batch.ndim != 4 or str(batch.dtype).removeprefix("torch.") != "uint8":
        raise ShapeError(
            f"augmentation takes uint8 images n×channels×height×width, not {batch.dtype} of"
            f" {tuple(batch.shape)}"
        )
    if not names or not len(batch):
        return batch
    if isinstance(batch, np.ndarray):
        tensor = torch.from_numpy(np.array(batch, order="C"))
        return _augmented(tensor, names, rng).numpy()
    return _augmented(batch, names, rng)


def augmented_copies(
    images: np.ndarray, names: tuple[str, ...], *, copies: int, seed: int
) -> np.ndarray:
    """Make n-fold augmented copies of training images.

    Args:
        images: uint8 ``n channels height width``: training rows only, after the split.
        names: Which of `AUGMENTATIONS`.
        copies: How many of each image.
        seed: Of all their parameters.

    Returns:
        uint8 ``copies·n channels height width``: row ``k·n + i`` is copy ``k`` of image ``i``.

    Raises:
        UsageError: If ``copies`` is negative, or a name is no augmentation, or there is none.
    """
    check_augmentations(names)
    if copies < 0 or (copies and not names):
        raise UsageError(
            f"{copies} augmented copies cannot be made by {', '.join(names) or 'no augmentation'}",
            f"name some of {', '.join(AUGMENTATIONS)}",
        )
    n = len(images)
    out = np.empty((copies * n, *images.shape[1:]), np.uint8)
    rng = np.random.default_rng(seed)
    for k in range(copies):
        for start in range(0, n, _CHUNK):
            part = np.asarray(images[start : start + _CHUNK])
            first = k * n + start
            out[first : first + len(part)] = augment_batch(part, names, rng=rng)
    return out


def _augmented(batch: "Tensor", names: tuple[str, ...], rng: np.random.Generator) -> "Tensor":
    import torch

    n = len(batch)
    if "flip" in names:
        turned = torch.from_numpy(rng.random(n) < 0.5).to(batch.device)
        batch = torch.where(turned[:, None, None, None], batch.flip(-1), batch)
    if not {"rotate", "shift", "crop", "colour"} & set(names):
        return batch
    values = batch.float()
    if {"rotate", "shift", "crop"} & set(names):
        height, width = batch.shape[-2:]
        theta = torch.from_numpy(_warps(n, names, rng, height / width)).to(batch.device)
        grid = torch.nn.functional.affine_grid(theta, list(batch.shape), align_corners=False)
        values = torch.nn.functional.grid_sample(
            values, grid, mode="bilinear", padding_mode="reflection", align_corners=False
        )
    if "colour" in names:
        values = _coloured(values, rng)
    return values.round().clamp(0, 255).to(torch.uint8)


def _warps(n: int, names: tuple[str, ...], rng: np.random.Generator, aspect: float) -> np.ndarray:
    """From output to input coordinates in [−1, 1]: (n, 2, 3) float32."""
    angle, scale, offset = np.zeros(n), np.ones(n), np.zeros((n, 2))
    if "rotate" in names:
        angle = np.deg2rad(rng.uniform(-MAX_DEGREES, MAX_DEGREES, n))
    if "crop" in names:
        scale = rng.uniform(MIN_CROP, 1, n)
        offset = rng.uniform(-1, 1, (n, 2)) * (1 - scale)[:, None]
    if "shift" in names:
        offset = offset + rng.uniform(-2 * MAX_SHIFT, 2 * MAX_SHIFT, (n, 2))
    cosine, sine = scale * np.cos(angle), scale * np.sin(angle)
    theta = np.empty((n, 2, 3), np.float32)
    theta[:, 0] = np.stack([cosine, -sine * aspect, offset[:, 0]], axis=1)
    theta[:, 1] = np.stack([sine / aspect, cosine, offset[:, 1]], axis=1)
    return theta


def _coloured(values: "Tensor", rng: np.random.Generator) -> "Tensor":
    import torch

    def draw() -> "Tensor":
        drawn = rng.uniform(1 - MAX_COLOUR, 1 + MAX_COLOUR, (len(values), 1, 1, 1))
        return torch.from_numpy(drawn.astype(np.float32)).to(values.device)

    contrast, brightness, saturation = draw(), draw(), draw()
    mean = values.mean(dim=(1, 2, 3), keepdim=True)
    values = (mean + contrast * (values - mean)) * brightness
    if values.shape[1] == 3:
        weights = torch.tensor([0.299, 0.587, 0.114], device=values.device)
        gray = (values * weights[None, :, None, None]).sum(1, keepdim=True)
        values = gray + saturation * (values - gray)
    return values
