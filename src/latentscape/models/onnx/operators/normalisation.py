"""Normalisations, with statistics as in use and not as in training; and reductions over axes."""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import Node


def batch_normalization(
    node: Node, x: Tensor, scale: Tensor, bias: Tensor, mean: Tensor, variance: Tensor
) -> Tensor:
    """By the mean and variance that training left."""
    node.require(training_mode=0, spatial=1)
    return F.batch_norm(x, mean, variance, scale, bias, eps=node.get("epsilon", 1e-5))


def instance_normalization(node: Node, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Each channel of each image by its own mean and variance: groups of one channel."""
    return torch.group_norm(x, x.shape[1], scale, bias, node.get("epsilon", 1e-5))


def group_normalization(node: Node, x: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """Each group of channels by its own; scale and bias a channel, before opset 21 a group."""
    n_groups, n_channels = node.get("num_groups"), x.shape[1]
    if node.opset < 21:
        scale, bias = (one.repeat_interleave(n_channels // n_groups) for one in (scale, bias))
    return torch.group_norm(x, n_groups, scale, bias, node.get("epsilon", 1e-5))


def layer_normalization(node: Node, x: Tensor, scale: Tensor, bias: Tensor | None = None) -> Tensor:
    """Over all axes from one on."""
    if any(node.outputs[1:]):
        raise node.unsupported("Mean or InvStdDev")
    shape = x.shape[node.get("axis", -1) % x.dim() :]
    y = F.layer_norm(x, shape, eps=node.get("epsilon", 1e-5)) * scale
    return y if bias is None else y + bias


def reduction(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """An operator over axes: a setting, or from opset 13 or 18 on an input."""

    def reduce(node: Node, x: Tensor, axes: Tensor | None = None) -> Tensor:
        chosen = node.get("axes") if axes is None else axes.tolist()
        if not chosen:
            if node.get("noop_with_empty_axes", 0):  # each value is reduced by itself
                return function(x.unsqueeze(-1), dim=(-1,), keepdim=False)
            chosen = range(x.dim())
        return function(x, dim=tuple(chosen), keepdim=bool(node.get("keepdims", 1)))

    return reduce


def mean(x: Tensor, *, dim: tuple[int, ...], keepdim: bool) -> Tensor:
    """Of whole numbers rounded towards zero."""
    if x.is_floating_point():
        return x.mean(dim=dim, keepdim=keepdim)
    total, n = x.sum(dim=dim, keepdim=keepdim), math.prod(x.shape[axis] for axis in dim)
    return torch.div(total, n, rounding_mode="trunc")


def l2(x: Tensor, *, dim: tuple[int, ...], keepdim: bool) -> Tensor:
    """Root of the sum of squares."""
    return x.square().sum(dim=dim, keepdim=keepdim).sqrt()


NORMALISATION = {
    "BatchNormalization": batch_normalization,
    "GroupNormalization": group_normalization,
    "InstanceNormalization": instance_normalization,
    "LayerNormalization": layer_normalization,
    "ReduceL2": reduction(l2),
    "ReduceMax": reduction(torch.amax),
    "ReduceMean": reduction(mean),
    "ReduceMin": reduction(torch.amin),
    "ReduceSum": reduction(torch.sum),
}
