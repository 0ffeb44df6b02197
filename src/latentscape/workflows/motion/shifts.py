"""Frames moved by pixels, latents by cells: does one follow the other?"""

import numpy as np
import torch

from latentscape.errors import UndefinedError
from latentscape.motion.equivariance import (
    Equivariance,
    Unmoved,
    block_means,
    cropped_cells,
    equivariance,
    grid_factor,
    variance_of,
)
from latentscape.motion.resampled import Draws, draws_for
from latentscape.motion.summary import shift_row
from latentscape.records import Row
from latentscape.records.motion import ShiftTable
from latentscape.workflows.motion.subject import BATCH_VALUES, MotionSubject
from latentscape.workflows.opening import Progress

FEWEST_FRAMES = 2
MOST_PARTS = 8  # shifts within a cell
MOST_SPREAD = 1_000  # frames that tell the latents' variance


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
    factor = grid_factor(subject.subject.images.shape, subject.latent_shape)
    grid = subject.latent_shape[1:]
    edge = cropped_cells(grid)
    rows, draws = _chosen(subject, n_frames)
    model, simple = _unmoved(subject, rows, factor)
    pixels = shifts_of(factor, edge)
    found: list[Row] = []
    baselines: list[Row] = []
    for k, by in enumerate(pixels):
        name = f"{by} px, {by / factor:.3g} cells" if by != factor else f"{by} px, 1 cell"
        told = equivariance(
            lambda x: _encoded(subject, x), lambda z: _decoded(subject, z), model,
            factor=factor, pixels=by,
        )  # fmt: skip
        means = equivariance(
            lambda x: block_means(x, factor), None, simple, factor=factor, pixels=by
        )
        found.append(shift_row(name, _columns(told, decodes=True), draws, note=draws.note))
        columns = _columns(means, decodes=False)
        baselines.append(shift_row(f"cell means, {name}", columns, draws, beside=name))
        if progress is not None:
            progress(k + 1, len(pixels), "shifts")
    return ShiftTable(
        pixels=pixels,
        factor=factor,
        edge=edge,
        inside=tuple(cells - 2 * edge for cells in grid),
        rows=tuple(found),
        baselines=tuple(baselines),
    )


def shifts_of(factor: int, edge: int) -> tuple[int, ...]:
    """Pixels to shift by: up to eight parts of a cell, one cell, two cells.

    Args:
        factor: Pixels to a cell.
        edge: Cells left out at each border; what comes in from outside must not reach further.
    """
    parts = range(1, factor, max(1, factor // MOST_PARTS))
    return tuple(by for by in (*parts, factor, 2 * factor) if by <= edge * factor)


def _unmoved(subject: MotionSubject, rows: np.ndarray, factor: int) -> tuple[Unmoved, Unmoved]:
    """The model and cell means on the frames as they are, each with its variance over them all."""
    frames = subject.subject.as_bytes(rows)
    latents = subject.latents_of_rows(rows)
    everything = np.unique(subject.triplets.rows)
    chosen = np.random.default_rng(subject.seed).permutation(everything)[:MOST_SPREAD]
    chunks = list(subject.chunks(np.sort(chosen)))
    own = variance_of(subject.latents_of_rows(some) for some in chunks)
    simple = variance_of(block_means(subject.subject.as_bytes(some), factor) for some in chunks)
    return (
        Unmoved(frames, latents, _decoded(subject, latents), own),
        Unmoved(frames, block_means(frames, factor), None, simple),
    )


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
