"""How far each pixel moves between two frames: dense optical flow, and what is told of it."""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from latentscape.errors import DataError, LatentscapeError, UsageError, nearest

Flow = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A pair of uint8 ``channels height width`` to float32 ``height width 2``: by how many pixels
what is at each place of the first frame moves right and down."""

FLOWS = ("dis", "farneback")
SMALLEST = 16  # pixels of the shorter side, below which DIS finds nothing
RRLD_HEIGHT, RRLD_PIXELS = 360, 2.0
RRLD_KEPT, RRLD_COVERAGE, RRLD_PAN = 0.3, (0.05**2, 0.5), (0.25, 0.25)


def flow_called(name: str | Flow) -> tuple[str, Flow]:
    """A flow and what it is called.

    Args:
        name: ``dis``, ``farneback``, or the callable itself.

    Raises:
        UsageError: If there is none of that name. ``raft`` has no weights here: it comes in as a
            callable.
    """
    if callable(name):
        return str(getattr(name, "__name__", type(name).__name__)), name
    if name == "raft":
        raise UsageError(
            "RAFT is not part of this program: its published weights come with torchvision",
            "wrap it in a function of two frames and name that: --flow python:MODULE:CALLABLE",
        )
    if name not in FLOWS:
        raise UsageError(f"there is no optical flow {name!r}", nearest(name, FLOWS))
    return name, {"dis": dis, "farneback": farneback}[name]


def dis(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Dense inverse search, OpenCV's medium preset, on gray frames.

    Frames of fewer than 16 pixels a side are enlarged to that, and the flow is scaled back.

    Reference:
        Kroeger et al. 2016, Fast Optical Flow using Dense Inverse Search.
    """
    import cv2

    times = max(1, math.ceil(SMALLEST / min(first.shape[1:])))
    a, b = (_enlarged(gray(frame), times) for frame in (first, second))
    engine = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
    found = engine.calc(a, b, np.zeros((*a.shape, 2), np.float32))
    return np.asarray(found, np.float32)[::times, ::times] / times


def farneback(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Polynomial expansion, OpenCV's usual settings, on gray frames.

    Reference:
        Farnebäck 2003, Two-Frame Motion Estimation Based on Polynomial Expansion.
    """
    import cv2

    still = np.zeros((*first.shape[1:], 2), np.float32)
    return np.asarray(
        cv2.calcOpticalFlowFarneback(gray(first), gray(second), still, 0.5, 4, 15, 3, 5, 1.2, 0),
        np.float32,
    )


def gray(frame: np.ndarray) -> np.ndarray:
    """A uint8 frame ``channels height width`` as gray ``height width``: Rec. 601 luma of RGB."""
    if len(frame) == 3:
        luma = np.tensordot(np.array([0.299, 0.587, 0.114], np.float32), frame, axes=1)
        return np.rint(luma).astype(np.uint8)
    return np.ascontiguousarray(frame[0])


class Linearity(NamedTuple):
    """How linear the motion of one triplet is, and whether its authors' filter would keep it.

    Attributes:
        rrld: 0 where all that moves goes on by as much as it came; .5 where it stops half-way;
            NaN where nothing moves; lower is more linear; from 0, unbounded; no unit.
        coverage: Share of the frame that moves.
        is_kept: By the published filter: RRLD below .3, coverage above .05² and below .5, no pan.
    """

    rrld: float
    coverage: float
    is_kept: bool


def linearity(backward: np.ndarray, forward: np.ndarray) -> Linearity:
    """Relative residual linear displacement of the pixels of a middle frame.

    With f_a the flow to the first and f_b that to the last frame, the mean of
    ‖(f_a + f_b)/2‖ / ‖f_a − f_b‖ over the pixels that move more than two pixels either way and
    stay within the frame. The published threshold is of frames 360 pixels high; here it goes with
    the frame's own height.

    Args:
        backward, forward: ``height width 2``, from the middle to the first and to the last.

    Reference:
        Chen and Zwicker 2022, Improving the Perceptual Quality of 2D Animation Interpolation
        (EISAI), and its code's filter.
    """
    height, width = backward.shape[:2]
    lengths = np.maximum(_length(backward), _length(forward))
    moving = lengths > RRLD_PIXELS * height / RRLD_HEIGHT
    down, right = np.mgrid[:height, :width]
    for flow in (backward, forward):
        to_x, to_y = right + flow[..., 0], down + flow[..., 1]
        moving &= (to_x >= 0) & (to_x <= width - 1) & (to_y >= 0) & (to_y <= height - 1)
    coverage = float(moving.mean())
    if not moving.any():
        return Linearity(math.nan, 0.0, False)
    top = _length((backward + forward)[moving]) / 2
    bottom = _length((backward - forward)[moving])
    told = bottom > 0
    rrld = float((top[told] / bottom[told]).mean()) if told.any() else math.inf
    scale = RRLD_HEIGHT / height
    fits = RRLD_COVERAGE[0] < coverage < RRLD_COVERAGE[1]
    pans = any(_pans(flow * scale) for flow in (backward, forward))
    return Linearity(rrld, coverage, rrld < RRLD_KEPT and fits and not pans)


def gradient_energy(frame: np.ndarray) -> np.ndarray:
    """How textured a frame is: squared gradient of its gray, pixels in [0, 1]; ``height width``."""
    values = gray(frame).astype(np.float32) / 255
    down = np.gradient(values, axis=0) if values.shape[0] > 1 else np.zeros_like(values)
    right = np.gradient(values, axis=1) if values.shape[1] > 1 else np.zeros_like(values)
    return down**2 + right**2


def pooled(values: np.ndarray, grid: tuple[int, int]) -> np.ndarray:
    """Means over the cells of a grid: ``... height width`` to ``... rows columns``.

    Where the sides are no multiple of the grid's, cells share the pixels on their borders.
    """
    rows, columns = grid
    over_rows = _cells(values.shape[-2], rows) @ values.astype(np.float64)
    return (over_rows @ _cells(values.shape[-1], columns).T).astype(np.float32)


def size_of(flow: np.ndarray) -> np.ndarray:
    """Length of each pixel's motion, in pixels: ``height width``."""
    return _length(flow)


def flow_between(flow: Flow, first: np.ndarray, second: np.ndarray, name: str = "") -> np.ndarray:
    """What a flow tells of two frames, ``height width 2``, once it is seen to be of their size.

    Args:
        flow: Anybody's.
        first, second: uint8 ``channels height width``.
        name: Of the flow, for what is said where it fails; its own if left out.

    Raises:
        DataError: If it raises anything, or gives anything but finite numbers of that size.
    """
    name = name or flow_called(flow)[0]
    try:
        found = np.asarray(flow(first, second), np.float32)
    except LatentscapeError:
        raise
    except Exception as error:
        raise DataError(
            f"the optical flow {name} fails on two uint8 frames of {first.shape}: "
            f"{type(error).__name__}: {error}",
            "it is called with two arrays, channels × height × width, and must give "
            "height × width × 2 numbers: pixels to the right, pixels down",
        ) from error
    return checked(found, first, name)


def checked(flow: np.ndarray, frame: np.ndarray, name: str) -> np.ndarray:
    """A flow that is of its frame's size and made of numbers.

    Raises:
        DataError: If it is not.
    """
    flow = np.asarray(flow, np.float32)
    if flow.shape != (*frame.shape[1:], 2) or not np.isfinite(flow).all():
        raise DataError(
            f"the optical flow {name} gives {flow.shape} for a frame of {frame.shape[1:]}, or "
            "values that are not finite",
            "it must give height × width × 2 numbers: pixels to the right, pixels down",
        )
    return flow


def _pans(flow: np.ndarray) -> bool:
    """Whether the whole frame moves one way, as the published filter judges it."""
    least, spread = RRLD_PAN
    means, stds = flow.mean((0, 1)), flow.std((0, 1))
    return bool(((np.abs(means) > least) & (stds < spread)).any())


def _length(vectors: np.ndarray) -> np.ndarray:
    return np.sqrt((vectors**2).sum(-1))


def _cells(n: int, cells: int) -> np.ndarray:
    """(cells, n) weights that average n pixels into cells."""
    edges = np.linspace(0, n, cells + 1)
    pixels = np.arange(n)
    over = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    weights = np.clip(over, 0, None)
    return weights / weights.sum(1, keepdims=True)


def _enlarged(gray_frame: np.ndarray, times: int) -> np.ndarray:
    import cv2

    if times == 1:
        return gray_frame
    height, width = gray_frame.shape
    size = (width * times, height * times)
    return np.asarray(cv2.resize(gray_frame, size, interpolation=cv2.INTER_CUBIC))
