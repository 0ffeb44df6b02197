"""How images vary about their mean image, and so how large a β their latents can be worth."""

from dataclasses import dataclass

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.elbo import LikelihoodName

MOST_VALUES = 2**25  # pixels looked at: 512 images of 256×256 gray
MOST_IMAGES = 512
RAREST = 0.01  # of Bernoulli means: a pixel that is nearly always black proves nothing


@dataclass(frozen=True)
class ImageSpread:
    """Images about their mean image.

    Attributes:
        mse: Mean squared error of painting the mean image, per value: the variance of the data.
        mae: The same by absolute errors.
        break_even: The β, in ELBO units, at which one latent just pays for itself: above it a
            linear decoder's optimum is the mean image (see `spread_of`).
        n: Images looked at.
    """

    mse: float
    mae: float
    break_even: float
    n: int


def images_for_spread(rows: np.ndarray, n_values: int, *, seed: int) -> np.ndarray:
    """Rows of the images to look at: a seeded choice, as many as 512 or 32 million values."""
    most = max(2, min(MOST_IMAGES, MOST_VALUES // n_values))
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).permutation(rows)[:most])


def spread_of(pixels: np.ndarray, *, likelihood: LikelihoodName, scale: float = 1.0) -> ImageSpread:
    """The spread of images, and the β that it can pay for.

    A linear decoder with noise σ uses a latent only where the covariance of the images has an
    eigenvalue λ > βσ²: below, the mean image is the optimum and not a trap on the way to one. So
    the break-even β is λ₁/σ². A fitted σ² is the mean image's MSE there; Laplace stands as σ² =
    b·MAE; Bernoulli's values are divided by √(p(1 − p)), the curvature of its cross-entropy. With
    few images λ₁ comes out too large, never too small by much: an upper estimate.

    Args:
        pixels: ``n *image`` in [0, 1], n at least 2.
        likelihood: p(x|z).
        scale: σ or b, where the likelihood states one.

    Raises:
        UndefinedError: If there are fewer than two images, or all are the same.

    Reference:
        Lucas et al. 2019, Don't blame the ELBO, §3–4: a local optimum of pPCA keeps the
        directions with λ > σ² (β = 1); with β the noise is βσ².
    """
    flat = pixels.reshape(len(pixels), -1).astype(np.float32)
    if len(flat) < 2:
        raise UndefinedError("one image has no spread", "give at least two images")
    mean = flat.mean(0)
    centred = flat - mean
    mse, mae = float(np.square(centred).mean()), float(np.abs(centred).mean())
    if mse == 0:
        raise UndefinedError("the images are all the same", "give images that differ")
    noise = {"gaussian": mse, "gaussian-fixed": scale**2, "laplace": scale * mae, "bernoulli": 1.0}
    if likelihood == "bernoulli":
        p = mean.clip(RAREST, 1 - RAREST)
        centred /= np.sqrt(p * (1 - p))
    largest = float(np.linalg.eigvalsh(_smaller_product(centred))[-1]) / len(flat)
    return ImageSpread(mse, mae, largest / noise[likelihood], len(flat))


def _smaller_product(rows: np.ndarray) -> np.ndarray:
    """X Xᵀ or XᵀX, whichever is smaller: their largest eigenvalue is one."""
    return rows @ rows.T if len(rows) < rows.shape[1] else rows.T @ rows
