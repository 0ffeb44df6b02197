"""How far the lines of two pictures lie apart: a measure for drawn images, where lines carry all.

Squared error hardly sees a thin line that has moved or gone; animation is made of them.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from latentscape.errors import ShapeError

SIGMA, RATIO, SHARPNESS, OFFSET, THRESHOLD = 1.0, 1.6, 2.0, 0.01, 0.5
REACH = 4  # standard deviations to which a Gaussian is cut
LUMA = (0.299, 0.587, 0.114)
MIN_SIDE = 32  # below, most of an image lies within the Gaussians' reach of its border


def line_art(
    images: Float[np.ndarray, "n channels height width"],
) -> Bool[np.ndarray, "n height width"]:
    """Where the lines are: pixels darker than their surroundings.

    A pixel is on a line where ½ + t (G(kσ) − G(σ)) − ε exceeds ½, with G the image blurred,
    σ = 1 pixel, k = 1.6, t = 2 and ε = .01; colours are brought to luma first.

    Args:
        images: Pixels in [0, 1].

    Reference:
        Chen and Zwicker 2022, Improving the perceptual quality of 2D animation interpolation: the
        difference of Gaussians of their code, with its constants.
    """
    import cv2

    gray = _luma(images)
    found = np.empty(gray.shape, bool)
    for lines, image in zip(found, gray, strict=True):
        near, far = (
            cv2.GaussianBlur(image, (_size(s), _size(s)), s, borderType=cv2.BORDER_REPLICATE)
            for s in (SIGMA, SIGMA * RATIO)
        )
        np.greater(0.5 + SHARPNESS * (far - near) - OFFSET, THRESHOLD, out=lines)
    return found


def chamfer(
    originals: Float[np.ndarray, "n channels height width"],
    reconstructions: Float[np.ndarray, "n channels height width"],
) -> Float[np.ndarray, "n"]:
    """Chamfer distance of the line art of each image and its reconstruction.

    Each line pixel of one is charged its distance to the nearest line pixel of the other, the sum
    is divided by the number of pixels and the diagonal, and both directions are averaged. Where
    the other has no line the diagonal is charged; two images without lines are alike.

    Args:
        originals, reconstructions: Pixels in [0, 1].

    Returns:
        0 to 1; 0 is the same lines; lower is better. Of the order of 1e-5 to 1e-4 on animation.

    Raises:
        ShapeError: If the images differ in shape, or are under 32 pixels.

    Reference:
        Chen and Zwicker 2022, the chamfer distance of their tables and code.
    """
    if originals.shape != reconstructions.shape:
        raise ShapeError(f"images {originals.shape} and {reconstructions.shape} are no pairs")
    reason = chamfer_refusal(*originals.shape[2:])
    if reason:
        raise ShapeError(reason)
    lines = zip(line_art(originals), line_art(reconstructions), strict=True)
    return np.array([_apart(mine, theirs) for mine, theirs in lines], np.float64)


def chamfer_refusal(height: int, width: int) -> str | None:
    """Why images of this size have no chamfer distance; None where they have."""
    if min(height, width) >= MIN_SIDE:
        return None
    return f"chamfer needs {MIN_SIDE} pixels for its lines; these images are {height}×{width}"


def _apart(mine: np.ndarray, theirs: np.ndarray) -> float:
    diagonal = float(np.hypot(*mine.shape))
    ways: Sequence[tuple[np.ndarray, np.ndarray]] = ((mine, theirs), (theirs, mine))
    return sum(_charged(lines, other, diagonal) for lines, other in ways) / 2


def _charged(lines: np.ndarray, other: np.ndarray, diagonal: float) -> float:
    import cv2

    if not other.any():
        return float(lines.mean())
    away = cv2.distanceTransform((~other).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return float(away[lines].sum(dtype=np.float64)) / lines.size / diagonal


def _luma(images: np.ndarray) -> np.ndarray:
    images = np.asarray(images, np.float32)
    if images.shape[1] == 3:
        return np.einsum("nchw,c->nhw", images, np.array(LUMA, np.float32))
    return np.ascontiguousarray(images.mean(1))


def _size(sigma: float) -> int:
    return 2 * int(sigma * REACH) + 1
