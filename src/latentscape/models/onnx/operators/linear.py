"""Operators with weights: convolutions and products of matrices."""

import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import Node
from latentscape.models.onnx.operators.windows import Windows, padded, shared, windows_of

CONVOLUTIONS = {1: F.conv1d, 2: F.conv2d, 3: F.conv3d}
TRANSPOSED = {1: F.conv_transpose1d, 2: F.conv_transpose2d, 3: F.conv_transpose3d}


def conv(node: Node, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Convolution along one, two or three axes."""
    windows = windows_of(node, tuple(x.shape[2:]), tuple(weight.shape[2:]))
    padding = windows.before
    if windows.before != windows.after:
        x, padding = padded(x, windows.before, windows.after), (0,) * len(windows.before)
    return _of(CONVOLUTIONS, node, x)(
        x, weight, bias,
        stride=windows.strides, padding=padding, dilation=windows.dilations,
        groups=node.get("group", 1),
    )  # fmt: skip


def conv_transpose(node: Node, x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Transposed convolution: all that windows reach, less what is cut off at both ends."""
    sizes, kernel = tuple(x.shape[2:]), tuple(weight.shape[2:])
    n = len(kernel)
    windows = windows_of(node, sizes, kernel)
    extra = tuple(node.get("output_padding", [0] * n))
    before, after = _cut_off(node, windows, sizes, extra)
    even = before == after
    y = _of(TRANSPOSED, node, x)(
        x, weight, bias,
        stride=windows.strides, padding=before if even else 0, output_padding=extra,
        groups=node.get("group", 1), dilation=windows.dilations,
    )  # fmt: skip
    if even:
        return y
    return padded(y, tuple(-one for one in before), tuple(-one for one in after))


def _cut_off(
    node: Node, windows: Windows, sizes: tuple[int, ...], extra: tuple[int, ...]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """How much of all that windows reach is cut off at both ends: as set, or to a size."""
    n, auto = len(sizes), node.get("auto_pad", "NOTSET")
    wanted = node.get("output_shape")
    if wanted is None and auto.startswith("SAME"):
        wanted = [size * step for size, step in zip(sizes, windows.strides, strict=True)]
    if wanted is None:
        pads = tuple(node.get("pads", [0] * 2 * n)) if auto == "NOTSET" else (0,) * 2 * n
        return pads[:n], pads[n:]
    total = tuple(
        (size - 1) * step + reach + more - want
        for size, step, reach, more, want in zip(
            sizes, windows.strides, windows.reach, extra, wanted[-n:], strict=True
        )
    )
    if min(total) < 0:
        raise node.unsupported(f"output_shape={wanted}, more than its windows reach,")
    return shared(total, auto)


def matmul(node: Node, a: Tensor, b: Tensor) -> Tensor:
    """Product of matrices, or of stacks of them."""
    return torch.matmul(a, b)


def gemm(node: Node, a: Tensor, b: Tensor, c: Tensor | None = None) -> Tensor:
    """α A B + β C, either matrix turned if so set."""
    product = (a.T if node.get("transA", 0) else a) @ (b.T if node.get("transB", 0) else b)
    product = product * node.get("alpha", 1.0)
    return product if c is None else product + node.get("beta", 1.0) * c


def _of(functions: dict, node: Node, x: Tensor):
    if x.dim() - 2 not in functions:
        raise node.unsupported(f"{x.dim() - 2} axes")
    return functions[x.dim() - 2]


LINEAR = {"Conv": conv, "ConvTranspose": conv_transpose, "Gemm": gemm, "MatMul": matmul}
