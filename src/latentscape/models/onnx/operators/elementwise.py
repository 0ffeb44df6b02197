"""Operators on single values: activations, arithmetic, comparisons, and along one axis softmax."""

from collections.abc import Callable
from functools import reduce

import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.models.onnx.file import BOOL, FLOATS, WHOLE, Node

NARROW = {2: torch.uint8, 3: torch.int8, 5: torch.int16}  # TensorProto's; beyond them they wrap


def together(*tensors: Tensor) -> tuple[Tensor, ...]:
    """Tensors on one device: numbers of shapes stay on the host until they meet data."""
    device = next((one.device for one in tensors if one.device.type != "cpu"), None)
    return tensors if device is None else tuple(one.to(device) for one in tensors)


def unary(function: Callable[[Tensor], Tensor]) -> Callable[[Node, Tensor], Tensor]:
    """An operator of one input and no setting."""
    return lambda node, x: function(x)


def binary(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """An operator of two inputs, each stretched to the other's shape."""
    return lambda node, a, b: function(*together(a, b))


def variadic(function: Callable[[Tensor, Tensor], Tensor]) -> Callable[..., Tensor]:
    """An operator of any number of inputs."""
    return lambda node, *given: reduce(function, together(*given))


def divide(a: Tensor, b: Tensor) -> Tensor:
    """Of whole numbers the quotient towards zero, as in C."""
    if a.is_floating_point() or b.is_floating_point():
        return a / b
    return torch.div(a, b, rounding_mode="trunc")


def power(a: Tensor, b: Tensor) -> Tensor:
    """In the kind of the base, whatever the exponent's."""
    if b.numel() == 1 and b.device.type == "cpu" and float(b) == 2:
        return a.square().expand(torch.broadcast_shapes(a.shape, b.shape))
    return (a**b).to(a.dtype)


def modulo(node: Node, a: Tensor, b: Tensor) -> Tensor:
    """Remainder with the divisor's sign, or with ``fmod`` the dividend's."""
    a, b = together(a, b)
    return torch.fmod(a, b) if node.get("fmod", 0) else torch.remainder(a, b)


def clip(node: Node, x: Tensor, low: Tensor | None = None, high: Tensor | None = None) -> Tensor:
    """Between bounds; before opset 11 these are settings."""
    least = node.get("min") if low is None else low.item()
    most = node.get("max") if high is None else high.item()
    return x if least is None and most is None else torch.clamp(x, least, most)


def prelu(node: Node, x: Tensor, slope: Tensor) -> Tensor:
    """The slope is stretched to x, not to its channels."""
    return torch.where(x < 0, x * slope, x)


def gelu(node: Node, x: Tensor) -> Tensor:
    """Exact, or by tanh."""
    return F.gelu(x, approximate=node.get("approximate", "none"))


def softmax(node: Node, x: Tensor) -> Tensor:
    """Along the last axis; before opset 13 over all axes from the second on, as one."""
    return _along(node, x, torch.softmax)


def log_softmax(node: Node, x: Tensor) -> Tensor:
    """Logarithm of `softmax`."""
    return _along(node, x, torch.log_softmax)


def _along(node: Node, x: Tensor, function: Callable[..., Tensor]) -> Tensor:
    if node.opset >= 13:
        return function(x, dim=node.get("axis", -1))
    axis = node.get("axis", 1) % x.dim()
    return function(x.flatten(axis), dim=-1).reshape(x.shape)


def cast(node: Node, x: Tensor) -> Tensor:
    """To floats, whole numbers or truths; all floats are of the graph's own precision."""
    kind = node.get("to")
    if kind in FLOATS:
        return x if x.is_floating_point() else x.to(torch.float32)
    if kind == BOOL:
        return x != 0
    if kind in WHOLE:
        whole = x.to(torch.int64)
        return whole.to(NARROW[kind]).to(torch.int64) if kind in NARROW else whole
    raise node.unsupported(f"to={kind}")


def cast_like(node: Node, x: Tensor, other: Tensor) -> Tensor:
    """To the kind of another value."""
    return x.to(other.dtype)


def where(node: Node, condition: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """From the first where it holds, else from the second."""
    return torch.where(*together(condition, a, b))


def dropout(
    node: Node, x: Tensor, ratio: Tensor | None = None, training: Tensor | None = None
) -> tuple[Tensor, ...]:
    """Nothing is dropped: graphs are for use, not for training."""
    if training is not None and bool(training):
        raise node.unsupported("training_mode")
    return x, torch.ones_like(x, dtype=torch.bool)


ELEMENTWISE = {
    "Abs": unary(torch.abs),
    "Add": binary(torch.add),
    "And": binary(torch.logical_and),
    "Cast": cast,
    "CastLike": cast_like,
    "Ceil": unary(torch.ceil),
    "Celu": lambda node, x: F.celu(x, node.get("alpha", 1.0)),
    "Clip": clip,
    "Cos": unary(torch.cos),
    "Div": binary(divide),
    "Dropout": dropout,
    "Elu": lambda node, x: F.elu(x, node.get("alpha", 1.0)),
    "Equal": binary(torch.eq),
    "Erf": unary(torch.erf),
    "Exp": unary(torch.exp),
    "Floor": unary(torch.floor),
    "Gelu": gelu,
    "Greater": binary(torch.gt),
    "GreaterOrEqual": binary(torch.ge),
    "HardSigmoid": lambda node, x: (
        (x * node.get("alpha", 0.2) + node.get("beta", 0.5)).clamp(0, 1)
    ),
    "HardSwish": unary(F.hardswish),
    "Identity": unary(lambda x: x),
    "LeakyRelu": lambda node, x: F.leaky_relu(x, node.get("alpha", 0.01)),
    "Less": binary(torch.lt),
    "LessOrEqual": binary(torch.le),
    "Log": unary(torch.log),
    "LogSoftmax": log_softmax,
    "Max": variadic(torch.maximum),
    "Mean": lambda node, *given: reduce(torch.add, together(*given)) / len(given),
    "Min": variadic(torch.minimum),
    "Mish": unary(F.mish),
    "Mod": modulo,
    "Mul": binary(torch.mul),
    "Neg": unary(torch.neg),
    "Not": unary(torch.logical_not),
    "Or": binary(torch.logical_or),
    "PRelu": prelu,
    "Pow": binary(power),
    "Reciprocal": unary(torch.reciprocal),
    "Relu": unary(torch.relu),
    "Round": unary(torch.round),
    "Selu": lambda node, x: (
        node.get("gamma", 1.0507009873554805)
        * F.elu(x, node.get("alpha", 1.6732632423543772))
    ),
    "Sigmoid": unary(torch.sigmoid),
    "Sign": unary(torch.sign),
    "Sin": unary(torch.sin),
    "Softmax": softmax,
    "Softplus": unary(F.softplus),
    "Softsign": unary(F.softsign),
    "Sqrt": unary(torch.sqrt),
    "Sub": binary(torch.sub),
    "Sum": variadic(torch.add),
    "Swish": lambda node, x: x * torch.sigmoid(node.get("alpha", 1.0) * x),
    "Tanh": unary(torch.tanh),
    "Where": where,
    "Xor": binary(torch.logical_xor),
}  # fmt: skip
