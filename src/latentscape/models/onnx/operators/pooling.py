"""Pools: the largest or the mean value under a window."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import Node
from latentscape.models.onnx.operators.windows import Windows, padded, windows_of

MAXIMA = {1: F.max_pool1d, 2: F.max_pool2d, 3: F.max_pool3d}
MEANS = {1: F.avg_pool1d, 2: F.avg_pool2d, 3: F.avg_pool3d}


def max_pool(node: Node, x: Tensor) -> Tensor:
    """The largest value under each window; what is added at the ends is never the largest."""
    node.require(storage_order=0)
    if len(node.outputs) > 1 and node.outputs[1]:
        raise node.unsupported("Indices")
    windows, over = _laid(node, x)
    pool = _of(MAXIMA, node, x)
    after = tuple(map(sum, zip(windows.after, over, strict=True)))
    x = padded(x, windows.before, after, -math.inf)
    return pool(x, windows.kernel, stride=windows.strides, dilation=windows.dilations)


def average_pool(node: Node, x: Tensor) -> Tensor:
    """The mean under each window, over the values that are there."""
    windows, over = _laid(node, x)
    if max(windows.dilations) > 1:
        raise node.unsupported(f"dilations={list(windows.dilations)}")
    pool = _of(MEANS, node, x)
    nothing = (0,) * len(over)
    y = pool(_longer(x, windows, over), windows.kernel, stride=windows.strides)
    if not any((*windows.before, *windows.after, *over)):
        return y
    there = torch.ones_like(x[:1, :1])
    if node.get("count_include_pad", 0):
        there = padded(there, windows.before, windows.after, 1.0)
        windows = windows._replace(before=nothing, after=nothing)
    return y / pool(_longer(there, windows, over), windows.kernel, stride=windows.strides)


def _longer(x: Tensor, windows: Windows, over: tuple[int, ...]) -> Tensor:
    after = tuple(map(sum, zip(windows.after, over, strict=True)))
    return padded(x, windows.before, after)


def _laid(node: Node, x: Tensor) -> tuple[Windows, tuple[int, ...]]:
    """The windows, and how far the last ones reach beyond the end where ``ceil_mode`` lets them."""
    sizes = tuple(x.shape[2:])
    windows = windows_of(node, sizes, tuple(node.get("kernel_shape")))
    if not node.get("ceil_mode", 0):
        return windows, (0,) * len(sizes)
    over = []
    for size, step, reach, before, after in zip(
        sizes, windows.strides, windows.reach, windows.before, windows.after, strict=True
    ):
        n = math.ceil((size + before + after - reach) / step) + 1
        if (n - 1) * step >= size + before:  # a window must begin on the values or before them
            n -= 1
        over.append(max((n - 1) * step + reach - (size + before + after), 0))
    return windows, tuple(over)


def _of(functions: dict, node: Node, x: Tensor):
    if x.dim() - 2 not in functions:
        raise node.unsupported(f"{x.dim() - 2} axes")
    return functions[x.dim() - 2]


def global_average_pool(node: Node, x: Tensor) -> Tensor:
    """The mean of each channel."""
    return x.mean(dim=tuple(range(2, x.dim())), keepdim=True)


def global_max_pool(node: Node, x: Tensor) -> Tensor:
    """The largest value of each channel."""
    return x.amax(dim=tuple(range(2, x.dim())), keepdim=True)


POOLING = {
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "MaxPool": max_pool,
}
