"""An ONNX graph as a torch module: gradients, devices and precisions come with it."""

from typing import Any

import torch
from torch import Tensor, nn

from latentscape.errors import LatentscapeError, ModelError, nearest
from latentscape.models.onnx.file import EXPORT, Graph, Node
from latentscape.models.onnx.operators import COUNTS, HOST, MAKES_FLOATS, OPERATORS

OTHER_SIZES = "the graph may take images of other sizes only"


class OnnxGraph(nn.Module):
    """Runs the nodes of a graph one after another, each by a function of torch.

    Floating-point constants are parameters without gradient, so that the module moves between
    devices and precisions as any other. Whole numbers, what an operator reads as numbers and not as
    data (the shape of a Reshape, the scales of a Resize), and what is reckoned from sizes stay on
    the host, in single precision, until they meet data.

    Args:
        graph: What the file says.

    Raises:
        ModelError: If it has operators that this program does not know; all of them are named.
    """

    def __init__(self, graph: Graph):
        super().__init__()
        _require_known(graph)
        self.graph_nodes = graph.nodes
        self.file = graph.file
        self.inputs = tuple(port.name for port in graph.inputs)
        self.outputs = tuple(port.name for port in graph.outputs)
        self._counts = _counts(graph)
        self._at_host = tuple(_at_host(node, self._counts) for node in graph.nodes)
        weights, numbers = _sorted(graph, self._at_host)
        with torch.inference_mode(False):  # else gradients could not pass through them
            self.weights = nn.ParameterList(
                nn.Parameter(torch.from_numpy(graph.constants[name].copy()), requires_grad=False)
                for name in weights
            )
        self._weight_names = weights
        self._host = {name: torch.from_numpy(graph.constants[name].copy()) for name in numbers}
        self._done_with = _done_with(graph)

    def forward(self, *inputs: Tensor) -> tuple[Tensor, ...]:
        """The outputs in the file's order.

        Args:
            *inputs: In the file's order; the first one's precision is the one computed in.

        Raises:
            ModelError: If a node fails on values of these shapes, or has a setting that is not
                supported.
        """
        values: dict[str, Any] = dict(self._host)
        values.update(zip(self._weight_names, self.weights, strict=True))
        values.update(zip(self.inputs, inputs, strict=True))
        values[""] = None
        for place, node in enumerate(self.graph_nodes):
            given = self._given(place, values, inputs[0])
            made = self._made(node, given, inputs[0])
            values.update(
                (name, one)
                for name, one in zip(node.outputs, made, strict=False)  # some may go unused
                if name
            )
            for name in self._done_with[place]:
                values.pop(name, None)
        _require_there(self.file, self.outputs, values)
        return tuple(values[name] for name in self.outputs)

    def _given(self, place: int, values: dict[str, Any], data: Tensor) -> list[Any]:
        """What a node is given: numbers as they are; among data, floats in the data's kind."""
        node = self.graph_nodes[place]
        _require_there(self.file, node.inputs, values)
        given = []
        for name, at_host in zip(node.inputs, self._at_host[place], strict=True):
            value: Any = self._host.get(name, values[name]) if at_host else values[name]
            if not at_host and name in self._counts and value.is_floating_point():
                value = value.to(data)
            given.append(value)
        return given

    def _made(self, node: Node, given: list[Any], data: Tensor) -> tuple[Tensor, ...]:
        try:
            made = OPERATORS[node.operator](node, *given)
        except (LatentscapeError, torch.OutOfMemoryError):
            raise
        except Exception as error:  # whatever a damaged or odd file brings about in a function
            raise _failed(self.file, node.operator, given, error) from error
        made = made if isinstance(made, tuple) else (made,)
        is_data = node.operator in MAKES_FLOATS and not self._counts.intersection(node.outputs)
        if not is_data or not data.is_floating_point():
            return made
        return tuple(one.to(data) if one.is_floating_point() else one for one in made)


def _require_known(graph: Graph) -> None:
    unknown = sorted({node.operator for node in graph.nodes} - set(OPERATORS))
    if unknown:
        what = "operator" if len(unknown) == 1 else "operators"
        close = nearest(unknown[0], OPERATORS)
        hint = EXPORT if len(unknown) > 1 or not close.startswith("did") else f"{close} {EXPORT}"
        raise ModelError(f"{graph.file} uses the {what} {', '.join(unknown)}, unknown here", hint)


def _require_there(file: str, names: tuple[str, ...], values: dict[str, Any]) -> None:
    missing = [name for name in names if name not in values]
    if missing:
        raise ModelError(f"{file}: nothing here makes {', '.join(missing)}", EXPORT)


def _counts(graph: Graph) -> frozenset[str]:
    """Names of the values that are reckoned from sizes and constants alone."""
    found: set[str] = set()
    for node in graph.nodes:
        reckoned = node.operator in COUNTS and found.intersection(node.inputs)
        plain = all(name in found or name in graph.constants or not name for name in node.inputs)
        if node.operator in ("Shape", "Size") or (reckoned and plain):
            found.update(filter(None, node.outputs))
    return frozenset(found)


def _at_host(node: Node, counts: frozenset[str]) -> tuple[bool, ...]:
    """Which of a node's inputs are read as numbers on the host."""
    if node.operator not in ("Shape", "Size") and counts.intersection(node.outputs):
        return (True,) * len(node.inputs)
    numbers = HOST.get(node.operator, ())
    return tuple(place in numbers for place in range(len(node.inputs)))


def _sorted(
    graph: Graph, at_host: tuple[tuple[bool, ...], ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Constants that are read as data, and those that are read as numbers; some are both."""
    read: dict[bool, set[str]] = {True: set(), False: {port.name for port in graph.outputs}}
    for node, places in zip(graph.nodes, at_host, strict=True):
        for name, is_number in zip(node.inputs, places, strict=True):
            read[is_number].add(name)
    floats = {name for name, array in graph.constants.items() if array.dtype.kind == "f"}
    weights = [name for name in graph.constants if name in floats & read[False]]
    numbers = [name for name in graph.constants if name in read[True] or name not in weights]
    return tuple(weights), tuple(numbers)


def _done_with(graph: Graph) -> tuple[tuple[str, ...], ...]:
    """For each node the values that nobody reads after it: they are let go, or memory runs out."""
    kept = {"", *(port.name for port in graph.outputs), *graph.constants}
    found = []
    for node in reversed(graph.nodes):
        names = dict.fromkeys((*node.inputs, *node.outputs))
        found.append(tuple(name for name in names if name not in kept))
        kept |= set(names)
    return tuple(reversed(found))


def _failed(file: str, operator: str, given: list[Any], error: Exception) -> ModelError:
    shapes = ", ".join("×".join(map(str, one.shape)) for one in given if one is not None)
    reason = (str(error).splitlines() or [""])[0]
    if isinstance(error, (KeyError, ArithmeticError, AttributeError)) or "type" in reason:
        hint = f"a setting of it is missing or odd: {EXPORT}"
    elif isinstance(error, MemoryError) or "memory" in reason or "allocate" in reason:
        hint = "give smaller images, such as --size 64"
    else:
        hint = OTHER_SIZES
    return ModelError(
        f"{file}: {operator} failed on values of {shapes or 'no shape'}: {reason}", hint
    )
