"""Operators that move values about: shapes, slices, joints, margins."""

import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import Node
from latentscape.models.onnx.operators.elementwise import together


def reshape(node: Node, x: Tensor, shape: Tensor) -> Tensor:
    """A 0 keeps the size that is there, a −1 takes what is left."""
    sizes = [int(size) for size in shape.tolist()]
    if not node.get("allowzero", 0):
        sizes = [x.shape[i] if size == 0 else size for i, size in enumerate(sizes)]
    return x.reshape(sizes)


def flatten(node: Node, x: Tensor) -> Tensor:
    """To two axes, cut before one."""
    axis = node.get("axis", 1)
    axis = axis + x.dim() if axis < 0 else axis
    return x.reshape(math.prod(x.shape[:axis]), math.prod(x.shape[axis:]))


def transpose(node: Node, x: Tensor) -> Tensor:
    """Axes in another order; turned about where none is given."""
    return x.permute(*node.get("perm", range(x.dim())[::-1]))


def concat(node: Node, *parts: Tensor) -> Tensor:
    """End to end along one axis."""
    return torch.cat(together(*parts), dim=node.get("axis"))


def split(node: Node, x: Tensor, sizes: Tensor | None = None) -> tuple[Tensor, ...]:
    """In parts of these sizes, or as equal ones as there are outputs."""
    axis = node.get("axis", 0)
    lengths = node.get("split") if sizes is None else sizes.tolist()
    if lengths is None:
        lengths = math.ceil(x.shape[axis] / node.get("num_outputs", len(node.outputs)))
    return torch.split(x, lengths, dim=axis)


def cut(
    node: Node,
    x: Tensor,
    starts: Tensor | None = None,
    ends: Tensor | None = None,
    axes: Tensor | None = None,
    steps: Tensor | None = None,
) -> Tensor:
    """Slices along some axes; before opset 10 where they lie is set."""
    given = {"starts": starts, "ends": ends, "axes": axes, "steps": steps}
    known = {k: node.get(k) if v is None else v.tolist() for k, v in given.items()}
    n = len(known["starts"])
    along, by = known["axes"] or range(n), known["steps"] or [1] * n
    for axis, start, end, step in zip(along, known["starts"], known["ends"], by, strict=True):
        start, end, step = slice(start, end, step).indices(x.shape[axis])
        if step > 0:
            length = max(0, end - start)
            x = x.narrow(axis, min(start, x.shape[axis]), length)
            if step > 1:
                x = x[(slice(None),) * (axis % x.dim()) + (slice(None, None, step),)]
        else:
            rows = list(range(start, end, step))  # torch has no empty arange downwards
            x = x.index_select(axis, torch.tensor(rows, dtype=torch.int64, device=x.device))
    return x


def squeeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    """Without axes of one value: these, or all."""
    chosen = node.get("axes") if axes is None else axes.reshape(-1).tolist()
    if not chosen:
        return x.squeeze()
    if any(x.shape[axis] != 1 for axis in chosen):
        raise ValueError(f"axes {chosen} are not of one value each")
    return x.squeeze(tuple(chosen))


def unsqueeze(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
    """With new axes of one value."""
    chosen = node.get("axes") if axes is None else axes.reshape(-1).tolist()
    n = x.dim() + len(chosen)
    for axis in sorted(axis % n for axis in chosen):
        x = x.unsqueeze(axis)
    return x


def shape(node: Node, x: Tensor) -> Tensor:
    """Sizes of the axes, on the host."""
    return torch.tensor(list(x.shape)[node.get("start", 0) : node.get("end")], dtype=torch.int64)


def size(node: Node, x: Tensor) -> Tensor:
    """How many values there are."""
    return torch.tensor(x.numel())


def gather(node: Node, x: Tensor, indices: Tensor) -> Tensor:
    """Places of one axis; negative ones count from its end."""
    axis = node.get("axis", 0) % x.dim()
    rows = indices.reshape(-1).to(x.device)
    rows = torch.where(rows < 0, rows + x.shape[axis], rows)
    found = x.index_select(axis, rows)
    return found.reshape((*x.shape[:axis], *indices.shape, *x.shape[axis + 1 :]))


def constant_of_shape(node: Node, sizes: Tensor) -> Tensor:
    """One value all over."""
    value = torch.from_numpy(np.array(node.get("value", np.zeros(1, np.float32)))).reshape(-1)
    return value.expand(math.prod(sizes.tolist())).reshape(sizes.tolist())


def expand(node: Node, x: Tensor, sizes: Tensor) -> Tensor:
    """Stretched; axes of one value stretch either way."""
    return x.expand(torch.broadcast_shapes(x.shape, tuple(sizes.tolist())))


def tile(node: Node, x: Tensor, repeats: Tensor) -> Tensor:
    """Repeated along each axis."""
    return x.repeat(*repeats.tolist())


def pad(
    node: Node,
    x: Tensor,
    pads: Tensor | None = None,
    value: Tensor | None = None,
    axes: Tensor | None = None,
) -> Tensor:
    """Longer at both ends of each axis, by a constant or by the image itself."""
    ends = node.get("pads") if pads is None else pads.tolist()
    along = range(x.dim()) if axes is None else axes.tolist()
    margins = {axis % x.dim(): (ends[i], ends[i + len(along)]) for i, axis in enumerate(along)}
    mode = node.get("mode", "constant")
    if mode == "constant":
        filled = node.get("value", 0.0) if value is None else value.item()
        flat = [end for axis in reversed(range(x.dim())) for end in margins.get(axis, (0, 0))]
        return F.pad(x, flat, value=filled)
    if mode not in ("edge", "reflect", "wrap") or min(map(min, margins.values())) < 0:
        raise node.unsupported(f"mode={mode}, pads={ends}")
    for axis, margin in margins.items():
        if any(margin):
            rows = np.pad(np.arange(x.shape[axis]), margin, mode=mode)
            x = x.index_select(axis, torch.from_numpy(rows).to(x.device))
    return x


def depth_to_space(node: Node, x: Tensor) -> Tensor:
    """Blocks of channels laid out as blocks of pixels."""
    side = node.get("blocksize")
    if node.get("mode", "DCR") == "CRD":
        return F.pixel_shuffle(x, side)
    n, channels, height, width = x.shape
    x = x.reshape(n, side, side, channels // side**2, height, width)
    x = x.permute(0, 3, 4, 1, 5, 2)
    return x.reshape(n, channels // side**2, height * side, width * side)


def space_to_depth(node: Node, x: Tensor) -> Tensor:
    """Blocks of pixels laid out as channels."""
    side = node.get("blocksize")
    n, channels, height, width = x.shape
    x = x.reshape(n, channels, height // side, side, width // side, side)
    x = x.permute(0, 3, 5, 1, 2, 4)
    return x.reshape(n, channels * side**2, height // side, width // side)


def arange(node: Node, start: Tensor, limit: Tensor, delta: Tensor) -> Tensor:
    """Numbers from start to before limit, on the host."""
    return torch.arange(start.item(), limit.item(), delta.item(), dtype=start.dtype)


SHAPING = {
    "Concat": concat,
    "ConstantOfShape": constant_of_shape,
    "DepthToSpace": depth_to_space,
    "Expand": expand,
    "Flatten": flatten,
    "Gather": gather,
    "Pad": pad,
    "Range": arange,
    "Reshape": reshape,
    "Shape": shape,
    "Size": size,
    "Slice": cut,
    "SpaceToDepth": space_to_depth,
    "Split": split,
    "Squeeze": squeeze,
    "Tile": tile,
    "Transpose": transpose,
    "Unsqueeze": unsqueeze,
}
