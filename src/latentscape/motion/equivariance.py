"""Does the latent move with the picture? Shifts by whole cells of the grid and by parts of one."""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np

from latentscape.errors import UndefinedError

CROP = 4  # cells at each border that a shift may have touched
FLAT = 1 / 255  # spread of an image, below which there is nothing to see in it

Encode = Callable[[np.ndarray], np.ndarray]
Decode = Callable[[np.ndarray], np.ndarray]


class Equivariance(NamedTuple):
    """What a shift by some pixels does, one value an image; every second one is moved down, the
    others to the right.

    Attributes:
        pixels: Of the shift.
        errors: (n,) ‖E(T x) − T E(x)‖² over the latents' variance: 0 moves along exactly, 2 is
            what the latent of any other frame would have.
        unmoved: (n,) the same for the latent that was not moved at all: what it is held against.
        psnr: (n,) dB, of D(T z) against T D(z); pixels in [0, 1]. NaN where the decoded image is
            flat within its borders.
        unmoved_psnr: (n,) dB, of D(z) against T D(z).
    """

    pixels: int
    errors: np.ndarray
    unmoved: np.ndarray
    psnr: np.ndarray
    unmoved_psnr: np.ndarray


class Unmoved(NamedTuple):
    """Frames as they are, and what became of them: the same for every shift.

    Attributes:
        frames: uint8 ``n channels height width``.
        latents: ``n channels rows columns``.
        decoded: ``n channels height width``, pixels in [0, 1]; None leaves the decoder out.
        variance: ``channels rows columns``, of each entry over all frames that there are.
    """

    frames: np.ndarray
    latents: np.ndarray
    decoded: np.ndarray | None
    variance: np.ndarray


def variance_of(chunks: Iterable[np.ndarray]) -> np.ndarray:
    """Variance of each entry over rows that come a few at a time, over n − 1.

    Args:
        chunks: Each ``k *shape``; two rows or more in all.

    Reference:
        Chan et al. 1983, Algorithms for computing the sample variance.
    """
    n, mean, squares = 0, np.zeros(()), np.zeros(())
    for chunk in chunks:
        k, rows = len(chunk), np.asarray(chunk, np.float64)
        own = rows.mean(0)
        away = own - mean
        squares = squares + ((rows - own) ** 2).sum(0) + away**2 * n * k / (n + k)
        mean, n = mean + away * k / (n + k), n + k
    return squares / (n - 1)


def grid_factor(image: Sequence[int], latent: Sequence[int]) -> int:
    """Pixels of an image's side to a cell of its latent.

    Raises:
        UndefinedError: If the latent is no grid, or its cells are no whole number of pixels.
    """
    if len(latent) != 3:
        raise UndefinedError("the latent is a vector, which has no places to shift")
    factors = {side / cells for side, cells in zip(image[1:], latent[1:], strict=True)}
    (factor,) = factors if len(factors) == 1 else (0.0,)
    if factor != int(factor) or factor < 1:
        raise UndefinedError(
            f"cells of a {latent[1]}×{latent[2]} grid are no whole number of pixels of "
            f"{image[1]}×{image[2]}"
        )
    return int(factor)


def cropped_cells(grid: Sequence[int]) -> int:
    """Cells left out at each border: four, or as many as leave two each way.

    Raises:
        UndefinedError: If fewer than three cells are there.
    """
    least = min(grid)
    if least < 3:
        raise UndefinedError(f"a grid of {grid[0]}×{grid[1]} leaves nothing within its borders")
    return max(1, min(CROP, (least - 2) // 2))


def shift(values: np.ndarray, down: float, right: float) -> np.ndarray:
    """Move the last two axes by any distance; what comes in repeats the border.

    Whole distances are exact; parts of one by cubic splines (order 3).
    """
    from scipy.ndimage import shift as moved

    by = (*(0.0,) * (values.ndim - 2), float(down), float(right))
    order = 0 if float(down).is_integer() and float(right).is_integer() else 3
    return moved(np.asarray(values, np.float32), by, order=order, mode="nearest")


def shifted_frames(frames: np.ndarray, down: float, right: float) -> np.ndarray:
    """uint8 frames moved by whole pixels; what comes in repeats the border."""
    height, width = frames.shape[-2:]
    rows = np.clip(np.arange(height) - int(down), 0, height - 1)
    columns = np.clip(np.arange(width) - int(right), 0, width - 1)
    return np.ascontiguousarray(frames[..., rows, :][..., columns])


def equivariance(
    encode: Encode, decode: Decode | None, still: Unmoved, *, factor: int, pixels: int
) -> Equivariance:
    """Encode shifted frames and decode shifted latents.

    Borders of four cells (or as many as the grid allows) are left out of every comparison.

    Args:
        encode: uint8 ``n channels height width`` to latents ``n channels rows columns``.
        decode: Back, to pixels in [0, 1]; None leaves the decoder out (NaN).
        still: The frames and their latents.
        factor: Pixels to a cell.
        pixels: Of the shift; a multiple of the factor moves the latent by whole cells.

    Raises:
        UndefinedError: If every frame has the same latent, or the shift reaches beyond the border
            that is left out.

    Reference:
        The error: METHODS §7, as Zhou et al. 2025 (AF-LDM) ask it of a VAE.
    """
    edge = cropped_cells(still.latents.shape[2:])
    if pixels > edge * factor:
        raise UndefinedError(f"{pixels} px reach beyond the {edge} cells left out at each border")
    inner = (..., slice(edge, -edge), slice(edge, -edge))
    border = edge * factor
    within = (..., slice(border, -border), slice(border, -border))
    spread = float(still.variance[inner].sum())
    if spread == 0:
        raise UndefinedError("every frame has the same latent")
    down = np.arange(len(still.frames)) % 2 == 1
    moved = _each(still.latents, pixels / factor, down)
    seen = encode(_each(still.frames, pixels, down))
    psnr = unmoved_psnr = np.full(len(still.frames), np.nan)
    if decode is not None and still.decoded is not None:
        after = _each(still.decoded, pixels, down)[within]
        psnr = _psnr(decode(moved)[within], after)
        unmoved_psnr = _psnr(still.decoded[within], after)
    errors, unmoved = (_energy((seen - one)[inner]) / spread for one in (moved, still.latents))
    return Equivariance(pixels, errors, unmoved, psnr, unmoved_psnr)


def block_means(frames: np.ndarray, factor: int) -> np.ndarray:
    """The simplest code on the same grid: each cell's mean colour, pixels in [0, 1]."""
    n, channels, height, width = frames.shape
    cells = frames.reshape(n, channels, height // factor, factor, width // factor, factor)
    return (cells.mean((3, 5)) / 255).astype(np.float32)


def _each(values: np.ndarray, by: float, down: np.ndarray) -> np.ndarray:
    """Every one moved, those of the mask down and the others to the right."""
    move = shifted_frames if values.dtype == np.uint8 else shift
    found = np.empty_like(values)
    found[down], found[~down] = move(values[down], by, 0), move(values[~down], 0, by)
    return found


def _energy(values: np.ndarray) -> np.ndarray:
    return np.square(values.reshape(len(values), -1), dtype=np.float64).sum(1)


def _psnr(a: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Of each image, where its truth has anything to see; else NaN.

    Identical ones count as an error of half a grey level, 54.15 dB.
    """
    import torch

    from latentscape.metrics.pixel import psnr, squared_error

    mse = squared_error(torch.from_numpy(truth), torch.from_numpy(a)).clamp(min=(0.5 / 255) ** 2)
    seen = truth.reshape(len(truth), -1).std(1) > FLAT
    return np.where(seen, psnr(mse).numpy(), np.nan)
