"""Squared error, absolute error and PSNR of each image; pixels in [0, 1]."""

import math

import torch
from jaxtyping import Float
from torch import Tensor


def squared_error(
    originals: Float[Tensor, "batch channels height width"],
    reconstructions: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch"]:
    """Mean squared error of each image, over channels and pixels; 0 to 1, lower is better."""
    return (reconstructions - originals).double().square().flatten(1).mean(1)


def absolute_error(
    originals: Float[Tensor, "batch channels height width"],
    reconstructions: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch"]:
    """Mean absolute error of each image, over channels and pixels; 0 to 1, lower is better."""
    return (reconstructions - originals).double().abs().flatten(1).mean(1)


def psnr(mse: float | Tensor) -> Tensor:
    """Peak signal-to-noise ratio, dB, of a mean squared error, peak 1; higher is better.

    The mean of many images' PSNR is larger than the PSNR of their mean squared error (Jensen):
    the two are `psnr_mean` and `psnr_of_mean_mse`, and are never called by one name.

    Returns:
        −10 log₁₀ mse; infinite where the error is 0.

    Example:
        >>> psnr(0.01).item()
        20.0
    """
    return -10 * torch.log10(torch.as_tensor(mse, dtype=torch.float64))


def psnr_of(mse: float) -> float:
    """`psnr` of one number."""
    return math.inf if mse <= 0 else -10 * math.log10(mse)
