"""Optical flow of each triplet, computed once: how far it moves, how linearly, and where."""

import hashlib
import inspect

import numpy as np

from latentscape.motion.flow import (
    Flow,
    checked,
    flow_called,
    gradient_energy,
    linearity,
    pooled,
    size_of,
)
from latentscape.workflows.motion.shards import Shards
from latentscape.workflows.motion.subject import MotionSubject
from latentscape.workflows.opening import Progress

PLACE = "flows"
VERSION = 1


def flow_table(
    subject: MotionSubject, flow: str | Flow = "dis", *, progress: Progress | None = None
) -> Shards:
    """The optical flow of every triplet, pooled; what was computed before is read.

    Args:
        subject: The triplets, with the grid of the model's latents.
        flow: ``dis``, ``farneback``, ``python:MODULE:CALLABLE`` or a callable.
        progress: Called with (triplets done, in all, "triplets").

    Returns:
        Columns ``flow`` and ``first_flow`` (mean length, first to last and first to middle,
        pixels), ``rrld``, ``coverage``, ``is_linear``, ``texture`` (mean squared gradient of first
        and last); where latents are a grid also ``motion_map`` (the larger of the flow that leaves
        a place and the flow that comes to it, pixels) and ``texture_map``.
    """
    name, engine = flow_called(flow)
    grid = _grid(subject)
    settings = {
        "version": VERSION,
        "fingerprint": subject.subject.images.fingerprint,
        "triplets": hashlib.sha256(subject.triplets.rows.tobytes()).hexdigest(),
        "flow": name,
        "code": _code(engine),
        "grid": grid,
    }

    def compute(which: np.ndarray) -> dict[str, np.ndarray]:
        told = [
            _of_triplet(frames, engine, name=name, grid=grid)
            for chunk in subject.chunks(which)
            for frames in subject.frames_of(chunk)
        ]
        return {key: np.stack([one[key] for one in told]) for key in told[0]}

    table = Shards(subject.folder / PLACE, settings, len(subject))
    return table.fill(compute, progress=progress)


def flow_sizes(
    subject: MotionSubject, flow: str | Flow = "dis", *, progress: Progress | None = None
) -> np.ndarray:
    """How much moves in each triplet: (m,) mean length of the flow from first to last, pixels."""
    return flow_table(subject, flow, progress=progress).column("flow")


def _of_triplet(
    frames: np.ndarray, flow: Flow, *, name: str, grid: tuple[int, int] | None
) -> dict[str, np.ndarray]:
    first, middle, last = frames
    there = checked(flow(first, last), first, name)
    back = checked(flow(last, first), last, name)
    step = checked(flow(first, middle), first, name)
    to_first = checked(flow(middle, first), middle, name)
    to_last = checked(flow(middle, last), middle, name)
    linear = linearity(to_first, to_last)
    texture = (gradient_energy(first) + gradient_energy(last)) / 2
    found = {
        "flow": np.array(size_of(there).mean(), np.float64),
        "first_flow": np.array(size_of(step).mean(), np.float64),
        "rrld": np.array(linear.rrld),
        "coverage": np.array(linear.coverage),
        "is_linear": np.array(float(linear.is_kept)),
        "texture": np.array(texture.mean(), np.float64),
    }
    if grid is not None:
        motion = np.maximum(pooled(size_of(there), grid), pooled(size_of(back), grid))
        found |= {"motion_map": motion, "texture_map": pooled(texture, grid)}
    return found


def _grid(subject: MotionSubject) -> tuple[int, int] | None:
    return (subject.latent_shape[1], subject.latent_shape[2]) if subject.is_spatial else None


def _code(flow: Flow) -> str:
    """Hash of a callable's source, so that another one of its name is not taken for it."""
    try:
        return hashlib.sha256(inspect.getsource(flow).encode()).hexdigest()[:12]
    except (OSError, TypeError):
        return ""
