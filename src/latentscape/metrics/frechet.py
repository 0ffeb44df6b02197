"""FID: how far apart two sets of images lie in feature space, each taken for a Gaussian."""

import numpy as np

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.records import Measure

FEWEST = 2048
SMALLEST_SIDE = 32


def frechet_distance(X: np.ndarray, Y: np.ndarray) -> Measure:
    """FID: ‖μ₁ − μ₂‖² + tr(C₁ + C₂ − 2(C₁C₂)^½) of two sets of features.

    Biased upwards by an amount that falls with n and is unlike from model to model, so there is
    no interval: the row of real images against real images of the same number says what FID does
    on nothing.

    Args:
        X: (n, d) features of the generated images.
        Y: (m, d) features of the real ones.

    Returns:
        ``fid``; lower is better, 0 where means and covariances agree.

    Raises:
        ShapeError: If features differ in number.
        UndefinedError: If there are fewer than 2,048 images on a side, or no more than features.

    Reference:
        Heusel et al. 2017, GANs trained by a two time-scale update rule, eq. 6; Dowson and Landau
        1982.
    """
    if X.shape[1:] != Y.shape[1:]:
        raise ShapeError(f"features of shape {X.shape[1:]} and {Y.shape[1:]} cannot be compared")
    n, needed = min(len(X), len(Y)), max(FEWEST, X.shape[1] + 1)
    if n < needed:
        raise UndefinedError(
            f"FID's bias outweighs it under {needed:,} images a side, and here are {n:,}; see KID",
            "measure more images",
        )
    return measured("fid", gaussian_distance(X, Y), n=len(X))


def gaussian_distance(X: np.ndarray, Y: np.ndarray) -> float:
    """The squared Fréchet distance of the Gaussians fitted to two sets of rows.

    (C₁C₂)^½ has the trace of (C₁^½ C₂ C₁^½)^½, which is symmetric: no complex root, and singular
    covariances do no harm.
    """
    X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)
    first, second = np.atleast_2d(np.cov(X.T)), np.atleast_2d(np.cov(Y.T))
    values, axes = np.linalg.eigh(first)
    root = (axes * np.sqrt(values.clip(0))) @ axes.T
    cross = np.sqrt(np.linalg.eigvalsh(root @ second @ root).clip(0)).sum()
    apart = np.square(X.mean(0) - Y.mean(0)).sum()
    return max(0.0, float(apart + np.trace(first) + np.trace(second) - 2 * cross))


def require_photographs(image_shape: tuple[int, int, int], *, trained: bool) -> None:
    """Check that a net trained on photographs may judge images of this shape.

    Args:
        image_shape: Channels, height, width.
        trained: Whether the features come from trained weights.

    Raises:
        UndefinedError: If images are gray or under 32 pixels, or the net knows no photographs.
    """
    channels, height, width = image_shape
    hint = "hold KID against its baselines instead"
    if channels != 3:
        raise UndefinedError(
            "FID reads a net trained on colour photographs, and these images are not in colour",
            hint,
        )
    if min(height, width) < SMALLEST_SIDE:
        raise UndefinedError(
            f"FID reads a net trained on photographs, and {height}×{width} pixels are enlarged "
            "before it sees anything",
            hint,
        )
    if not trained:
        raise UndefinedError("FID needs a trained net, and these features are not one's", hint)
