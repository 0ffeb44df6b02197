"""Optical flow of each triplet, computed once: how far it moves, how linearly, and where."""

import hashlib
import inspect
from pathlib import Path
from typing import NamedTuple
from uuid import uuid4

import numpy as np

from latentscape.errors import DataError, ModelError
from latentscape.models.python import callable_named, file_sha256
from latentscape.motion.flow import (
    FLOWS,
    Flow,
    flow_between,
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


class NamedFlow(NamedTuple):
    """A flow, what it is called, and what tells it from another one of its name."""

    name: str
    flow: Flow
    code: str


def flow_table(
    subject: MotionSubject,
    flow: str | Flow | NamedFlow = "dis",
    *,
    progress: Progress | None = None,
) -> Shards:
    """The optical flow of every triplet, pooled; what was computed before is read.

    Args:
        subject: The triplets, with the grid of the model's latents.
        flow: As `flow_named` takes it.
        progress: Called with (triplets done, in all, "triplets").

    Returns:
        Columns ``flow`` and ``first_flow`` (mean length, first to last and first to middle,
        pixels), ``rrld``, ``coverage``, ``is_linear``, ``texture`` (mean squared gradient of first
        and last); where latents are a grid also ``motion_map`` (the larger of the flow that leaves
        a place and the flow that comes to it, pixels) and ``texture_map``.
    """
    name, engine, code = flow_named(flow)
    grid = _grid(subject)
    settings = {
        "version": VERSION,
        "fingerprint": subject.subject.images.fingerprint,
        "triplets": hashlib.sha256(subject.triplets.rows.tobytes()).hexdigest(),
        "flow": name,
        "code": code,
        "grid": grid,
    }

    def compute(which: np.ndarray) -> dict[str, np.ndarray]:
        told = [
            _of_triplet(frames, engine, name=name, grid=grid)
            for chunk in subject.chunks(which)
            for frames in subject.frames_of(chunk)
        ]
        return {key: np.stack([one[key] for one in told]) for key in told[0]}

    table = Shards(subject.folder / PLACE, settings, len(subject), replaces=("version", "code"))
    return table.fill(compute, progress=progress)


def flow_sizes(
    subject: MotionSubject, flow: str | Flow = "dis", *, progress: Progress | None = None
) -> np.ndarray:
    """How much moves in each triplet: (m,) mean length of the flow from first to last, pixels."""
    return flow_table(subject, flow, progress=progress).column("flow")


def flow_named(flow: str | Flow | NamedFlow) -> NamedFlow:
    """A flow by what it is called; one that is named already stays as it is.

    Its code is a hash of the file that it is written in. What holds anything of its own (an object,
    a closure, a lambda) cannot be told from what it was before: it is another one each time.

    Args:
        flow: ``dis``, ``farneback``, ``python:MODULE:CALLABLE``, ``python:FILE.py:CALLABLE``, or
            the callable itself.

    Raises:
        UsageError: If there is no such flow, module, file or callable.
        DataError: If the module fails while it is imported.
    """
    if isinstance(flow, NamedFlow):
        return flow
    if isinstance(flow, str) and flow.startswith("python:"):
        try:
            engine, module = callable_named(flow.removeprefix("python:"))
        except ModelError as error:
            raise DataError(f"the optical flow {flow}: {error.message}", error.hint) from error
        return NamedFlow(flow, engine, file_sha256(module)[:12] or uuid4().hex)
    name, engine = flow_called(flow)
    return NamedFlow(name, engine, _code(name, engine))


def _of_triplet(
    frames: np.ndarray, flow: Flow, *, name: str, grid: tuple[int, int] | None
) -> dict[str, np.ndarray]:
    first, middle, last = frames
    there = flow_between(flow, first, last, name)
    back = flow_between(flow, last, first, name)
    step = flow_between(flow, first, middle, name)
    to_first = flow_between(flow, middle, first, name)
    to_last = flow_between(flow, middle, last, name)
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


def _code(name: str, flow: Flow) -> str:
    is_plain = inspect.isfunction(flow) and name != "<lambda>"
    is_plain = is_plain and not (flow.__closure__ or flow.__defaults__ or flow.__kwdefaults__)
    file = inspect.getsourcefile(flow) if is_plain else None
    if file is None or not Path(file).is_file():
        return uuid4().hex
    code = hashlib.sha256(Path(file).read_bytes()).hexdigest()[:12]
    if name not in FLOWS:
        return code
    import cv2

    return f"{code}, OpenCV {cv2.__version__}"
