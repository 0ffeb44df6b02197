"""Resize: images made larger or smaller, in ONNX's own coordinates.

Each axis is resized by itself: every value of the new axis is a weighed sum of one (nearest), two
(linear) or four (cubic) values of the old one. Where nearest values are plain repetitions, torch's
own function does it.
"""

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import Node


def resize(
    node: Node,
    x: Tensor,
    roi: Tensor | None = None,
    scales: Tensor | None = None,
    sizes: Tensor | None = None,
) -> Tensor:
    """To sizes, or by scales; in opset 10 scales come second, and coordinates are plain.

    Which value is the nearest in opset 10 is left open; onnxruntime rounds up where images become
    smaller, and down where they become larger.
    """
    if node.opset < 11:
        return _resized(node, x, roi, None, coordinates="asymmetric", rounding="by factor")
    node.require(antialias=0, exclude_outside=0, keep_aspect_ratio_policy="stretch")
    return _resized(
        node, x, scales, sizes,
        coordinates=node.get("coordinate_transformation_mode", "half_pixel"),
        rounding=node.get("nearest_mode", "round_prefer_floor"),
    )  # fmt: skip


def upsample(node: Node, x: Tensor, scales: Tensor | None = None) -> Tensor:
    """Resize's predecessor: by scales, in plain coordinates."""
    if scales is None:
        scales = torch.tensor(node.get("scales"))
    return _resized(node, x, scales, None, coordinates="asymmetric", rounding="floor")


def _resized(
    node: Node,
    x: Tensor,
    scales: Tensor | None,
    sizes: Tensor | None,
    *,
    coordinates: str,
    rounding: str,
) -> Tensor:
    axes = [axis % x.dim() for axis in node.get("axes", range(x.dim()))]
    if sizes is not None and sizes.numel():
        target = [int(size) for size in sizes.tolist()]
        factors = [np.float32(size / x.shape[a]) for size, a in zip(target, axes, strict=True)]
    elif scales is not None and scales.numel():
        factors = [np.float32(factor) for factor in scales.tolist()]
        target = [int(x.shape[a] * factor) for a, factor in zip(axes, factors, strict=True)]
    else:
        raise node.unsupported("neither scales nor sizes")
    plans = {}
    for axis, n_out, factor in zip(axes, target, factors, strict=True):
        if (n_out, factor) != (x.shape[axis], 1.0):
            places = _places(node, x.shape[axis], n_out, factor, coordinates)
            by_factor = "ceil" if factor < 1 else "floor"
            rule = by_factor if rounding == "by factor" else rounding
            plans[axis] = _read(node, places, x.shape[axis], rule)
    repeats = _repeats(x, plans)
    if repeats is not None:
        return F.interpolate(x, scale_factor=repeats, mode="nearest")
    for axis, (rows, weights) in plans.items():
        x = _along(x, axis, rows, weights)
    return x


def _places(node: Node, n_in: int, n_out: int, factor: np.float32, coordinates: str) -> np.ndarray:
    """Where on the old axis each value of the new one lies; the old values lie at 0, 1, 2 ...

    In single precision, as onnxruntime does it: rounding decides which value is the nearest.
    """
    new = np.arange(n_out, dtype=np.float32)
    if coordinates == "asymmetric":
        return new / factor
    if coordinates == "align_corners":
        return new * (n_in - 1) / (n_out - 1) if n_out > 1 else np.zeros(1)
    if coordinates == "pytorch_half_pixel" and n_out == 1:
        return np.zeros(1)
    if coordinates in ("half_pixel", "pytorch_half_pixel"):
        return (new + 0.5) / factor - 0.5
    if coordinates == "half_pixel_symmetric":
        shift = n_in / 2 * (1 - n_out / (factor * n_in))
        return shift + (new + 0.5) / factor - 0.5
    raise node.unsupported(f"coordinate_transformation_mode={coordinates}")


def _read(
    node: Node, places: np.ndarray, n_in: int, rounding: str
) -> tuple[np.ndarray, np.ndarray]:
    """Which values of the old axis each place reads, (k, n_out), and by what weights."""
    mode, left = node.get("mode", "nearest"), np.floor(places)
    along = places - left
    if mode == "nearest":
        rows, weights = _rounded(node, places, rounding)[None], np.ones((1, len(places)))
    elif mode == "linear":
        rows, weights = np.stack([left, left + 1]), np.stack([1 - along, along])
    elif mode == "cubic":
        rows = left + np.arange(-1, 3)[:, None]
        weights = _cubic(np.abs(places - rows), node.get("cubic_coeff_a", -0.75))
    else:
        raise node.unsupported(f"mode={mode}")
    return rows.clip(0, n_in - 1).astype(np.int64), weights


def _rounded(node: Node, places: np.ndarray, rounding: str) -> np.ndarray:
    known = {
        "floor": np.floor,
        "ceil": np.ceil,
        "round_prefer_floor": lambda x: np.ceil(x - 0.5),
        "round_prefer_ceil": lambda x: np.floor(x + 0.5),
    }
    if rounding not in known:
        raise node.unsupported(f"nearest_mode={rounding}")
    return known[rounding](places)


def _cubic(far: np.ndarray, a: float) -> np.ndarray:
    """Keys' kernel at these distances."""
    near = ((a + 2) * far - (a + 3)) * far * far + 1
    beyond = ((a * far - 5 * a) * far + 8 * a) * far - 4 * a
    return np.where(far <= 1, near, np.where(far < 2, beyond, 0.0))


def _repeats(x: Tensor, plans: dict[int, tuple[np.ndarray, np.ndarray]]) -> list[float] | None:
    """How often each value of the last axes is repeated, where that is all."""
    if x.dim() not in (3, 4, 5) or any(axis < 2 for axis in plans):
        return None
    found = []
    for axis in range(2, x.dim()):
        if axis not in plans:
            found.append(1.0)
            continue
        rows = plans[axis][0]
        times = rows.shape[1] // x.shape[axis]
        even = np.arange(rows.shape[1]) // max(times, 1)
        if times < 1 or len(rows) > 1 or not np.array_equal(rows[0], even):
            return None
        found.append(float(times))
    return found


def _along(x: Tensor, axis: int, rows: np.ndarray, weights: np.ndarray) -> Tensor:
    shape = [1] * x.dim()
    shape[axis] = -1
    parts = []
    for row, weight in zip(rows, weights, strict=True):
        part = x.index_select(axis, torch.from_numpy(row).to(x.device))
        if len(rows) > 1:
            part = part * torch.from_numpy(weight).to(x.device, x.dtype).reshape(shape)
        parts.append(part)
    return parts[0] if len(parts) == 1 else sum(parts[1:], parts[0])


RESIZE = {"Resize": resize, "Upsample": upsample}
