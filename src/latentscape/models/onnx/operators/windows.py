"""Where convolutions and pools lay their windows: kernels, strides, what is added at the ends."""

import math
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import Node


class Windows(NamedTuple):
    """Along each axis: the window's size, its steps, and how many values are added at both ends."""

    kernel: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def reach(self) -> tuple[int, ...]:
        """How far a window reaches along each axis, gaps included."""
        return tuple(
            (size - 1) * step + 1 for size, step in zip(self.kernel, self.dilations, strict=True)
        )


def windows_of(node: Node, sizes: tuple[int, ...], kernel: tuple[int, ...]) -> Windows:
    """Read a node's windows.

    Args:
        node: A convolution or a pool.
        sizes: Of the axes that windows move along.
        kernel: Window's size along each.
    """
    n = len(kernel)
    strides = tuple(node.get("strides", [1] * n))
    dilations = tuple(node.get("dilations", [1] * n))
    pads = tuple(node.get("pads", [0] * 2 * n))
    bare = Windows(kernel, strides, dilations, pads[:n], pads[n:])
    auto = node.get("auto_pad", "NOTSET")
    if auto == "NOTSET":
        return bare
    if auto == "VALID":
        return bare._replace(before=(0,) * n, after=(0,) * n)
    total = tuple(
        max((math.ceil(size / step) - 1) * step + reach - size, 0)
        for size, step, reach in zip(sizes, strides, bare.reach, strict=True)
    )
    return bare._replace(**dict(zip(("before", "after"), shared(total, auto), strict=True)))


def shared(total: tuple[int, ...], auto: str) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """What is added in all, shared between both ends; the odd one at the end with SAME_UPPER."""
    less = tuple(one // 2 for one in total)
    more = tuple(one - half for one, half in zip(total, less, strict=True))
    return (less, more) if auto == "SAME_UPPER" else (more, less)


def padded(x: Tensor, before: tuple[int, ...], after: tuple[int, ...], value: float = 0) -> Tensor:
    """The last axes made longer at both ends."""
    if not any((*before, *after)):
        return x
    ends = [end for pair in zip(before, after, strict=True) for end in reversed(pair)]
    return F.pad(x, ends[::-1], value=value)
