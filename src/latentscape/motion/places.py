"""Does the latent change where the picture moves? Place by place on the latent's grid."""

from typing import NamedTuple

import numpy as np

from latentscape.errors import ShapeError
from latentscape.motion.correlation import area_under_curve, partial_spearman, spearman
from latentscape.motion.flow import RRLD_HEIGHT, RRLD_PIXELS


class PlaceScores(NamedTuple):
    """How well change on the grid follows motion, within each triplet; (k,) each.

    Attributes:
        correlation: Spearman's, of change and motion over the places; −1 to 1.
        partial: The same with texture held still.
        auc: Chance that a place that moves changes more than one that does not; ½ by chance, NaN
            where all or nothing moves.
    """

    correlation: np.ndarray
    partial: np.ndarray
    auc: np.ndarray


def change_by_place(first: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Length of each place's change over the channels: ``k channels rows columns`` to ``k rows
    columns``.

    Raises:
        ShapeError: If latents are no channels on a grid.
    """
    if first.ndim != 4 or first.shape != last.shape:
        raise ShapeError(
            f"latents of {first.shape[1:]} and {last.shape[1:]} have no places to compare"
        )
    difference = np.subtract(last, first, dtype=np.float32)
    return np.sqrt((difference**2).sum(1))


def still_below(height: int) -> float:
    """Motion, in pixels, under which a place counts as still: two pixels of a frame of 360."""
    return RRLD_PIXELS * height / RRLD_HEIGHT


def place_scores(
    change: np.ndarray, motion: np.ndarray, texture: np.ndarray, *, still: float
) -> PlaceScores:
    """Compare change with motion over the places of each triplet.

    Args:
        change: ``k rows columns``, of a latent or of the pixels of each cell.
        motion: The same shape, pixels of optical flow.
        texture: The same shape, gradient energy: where there is more of it, anything changes more.
        still: Motion up to which a place counts as still.
    """
    flat = [np.asarray(part, np.float64).reshape(len(part), -1) for part in
            (change, motion, texture)]  # fmt: skip
    return PlaceScores(
        spearman(flat[0], flat[1]),
        partial_spearman(*flat),
        area_under_curve(flat[0], flat[1] > still),
    )
