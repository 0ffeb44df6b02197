"""Frames moved by pixels, latents by cells: does one follow the other?"""

import numpy as np
import torch

from latentscape.errors import UndefinedError
from latentscape.motion.equivariance import (
    Equivariance,
    block_means,
    cropped_cells,
    equivariance,
    grid_factor,
)
from latentscape.motion.resampled import Draws, draws_for
from latentscape.motion.summary import shift_row
from latentscape.records.motion import ShiftTable
from latentscape.workflows.motion.subject import BATCH_VALUES, MotionSubject
from latentscape.workflows.opening import Progress

FEWEST_FRAMES = 2
MOST_PARTS = 8  # shifts within a cell


def shift_table(
    subject: MotionSubject, *, n_frames: int, progress: Progress | None = None
) -> ShiftTable:
    """Equivariance under shifts by parts of a cell, by one cell and by two.

    Args:
        subject: Whose first frames are shifted.
        n_frames: How many of them, drawn by the subject's seed.
        progress: Called with (shifts done, in all, "shifts").

    Raises:
        UndefinedError: If the latent is no grid of whole pixels, or too small for its borders.
    """
    shape = subject.subject.images.shape
    factor = grid_factor(shape, subject.latent_shape)
    edge = cropped_cells(subject.latent_shape[1:])
    rows, draws = _chosen(subject, n_frames)
    frames = subject.subject.as_bytes(rows)
    pixels = shifts_of(factor)
    model, simple = [], []
    for k, by in enumerate(pixels):
        found = equivariance(
            lambda x: _encoded(subject, x), lambda z: _decoded(subject, z), frames,
            factor=factor, pixels=by,
        )  # fmt: skip
        means = equivariance(
            lambda x: block_means(x, factor), None, frames, factor=factor, pixels=by
        )
        name = f"{by} px, {by / factor:.3g} cells" if by != factor else f"{by} px, 1 cell"
        model.append(shift_row(name, _columns(found, decodes=True), draws))
        columns = _columns(means, decodes=False)
        simple.append(shift_row(f"cell means, {name}", columns, draws, beside=name))
        if progress is not None:
            progress(k + 1, len(pixels), "shifts")
    return ShiftTable(
        pixels=pixels, factor=factor, edge=edge, rows=tuple(model), baselines=tuple(simple)
    )


def shifts_of(factor: int) -> tuple[int, ...]:
    """Pixels to shift by: up to eight parts of a cell, one cell, two cells."""
    parts = range(1, factor, max(1, factor // MOST_PARTS))
    return (*parts, factor, 2 * factor)


def _chosen(subject: MotionSubject, n_frames: int) -> tuple[np.ndarray, Draws]:
    """Rows of some first frames, one a triplet, and resamples of them by film or shot."""
    if n_frames < FEWEST_FRAMES:
        raise UndefinedError(f"{n_frames} frames are too few to shift")
    order = np.random.default_rng(subject.seed).permutation(len(subject))[:n_frames]
    told = subject.triplets.take(np.sort(order))
    return told.rows[:, 0], draws_for(told, seed=subject.seed, of="frames")


def _columns(found: Equivariance, *, decodes: bool) -> dict[str, np.ndarray]:
    columns = {"errors": found.errors, "unmoved": found.unmoved}
    decoded = {"psnr": found.psnr, "unmoved_psnr": found.unmoved_psnr}
    return columns | decoded if decodes else columns


@torch.inference_mode()
def _encoded(subject: MotionSubject, frames: np.ndarray) -> np.ndarray:
    autoencoder = subject.subject.model.autoencoder
    parts = [
        autoencoder.encode(torch.from_numpy(some.astype(np.float32) / 255).to(autoencoder.device))
        for some in _batches(subject, frames)
    ]
    return np.concatenate([part.mean.float().cpu().numpy() for part in parts])


@torch.inference_mode()
def _decoded(subject: MotionSubject, latents: np.ndarray) -> np.ndarray:
    autoencoder = subject.subject.model.autoencoder
    parts = [
        autoencoder.decode(torch.from_numpy(np.ascontiguousarray(some)).to(autoencoder.device))
        for some in _batches(subject, latents)
    ]
    return np.concatenate([part.float().clamp(0, 1).cpu().numpy() for part in parts])


def _batches(subject: MotionSubject, things: np.ndarray) -> list[np.ndarray]:
    size = int(np.clip(BATCH_VALUES // np.prod(subject.subject.images.shape), 1, len(things)))
    return [things[start : start + size] for start in range(0, len(things), size)]
