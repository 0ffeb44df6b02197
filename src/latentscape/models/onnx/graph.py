"""An ONNX graph as a torch module: gradients, devices and precisions come with it."""

from typing import Any

import torch
from torch import Tensor, nn

from latentscape.errors import LatentscapeError, ModelError, nearest
from latentscape.models.onnx.file import EXPORT, Graph
from latentscape.models.onnx.operators import HOST, MAKES_FLOATS, OPERATORS

FAILURES = (RuntimeError, ValueError, IndexError, TypeError, NotImplementedError)


class OnnxGraph(nn.Module):
    """Runs the nodes of a graph one after another, each by a function of torch.

    Floating-point constants are parameters without gradient, so that the module moves between
    devices and precisions as any other. Whole numbers, and what an operator reads as numbers and
    not as data (the shape of a Reshape, the scales of a Resize), stay on the host.

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
        weights = _weights(graph)
        with torch.inference_mode(False):  # else gradients could not pass through them
            self.weights = nn.ParameterList(
                nn.Parameter(torch.from_numpy(graph.constants[name].copy()), requires_grad=False)
                for name in weights
            )
        self._weight_names = weights
        self._host = {
            name: torch.from_numpy(array.copy())
            for name, array in graph.constants.items()
            if name not in set(weights)
        }
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
        for node, done_with in zip(self.graph_nodes, self._done_with, strict=True):
            given = [values[name] for name in node.inputs]
            try:
                made = OPERATORS[node.operator](node, *given)
            except LatentscapeError:
                raise
            except torch.OutOfMemoryError:
                raise
            except FAILURES as error:
                raise _failed(self.file, node.operator, given, error) from error
            made = made if isinstance(made, tuple) else (made,)
            if node.operator in MAKES_FLOATS:
                made = tuple(
                    one.to(inputs[0].dtype) if one.is_floating_point() else one for one in made
                )
            values.update(zip(node.outputs, made, strict=False))  # later outputs may go unused
            for name in done_with:
                del values[name]
        return tuple(values[name] for name in self.outputs)


def _require_known(graph: Graph) -> None:
    unknown = sorted({node.operator for node in graph.nodes} - set(OPERATORS))
    if unknown:
        what = "operator" if len(unknown) == 1 else "operators"
        close = nearest(unknown[0], OPERATORS)
        hint = EXPORT if len(unknown) > 1 or not close.startswith("did") else f"{close} {EXPORT}"
        raise ModelError(f"{graph.file} uses the {what} {', '.join(unknown)}, unknown here", hint)


def _weights(graph: Graph) -> tuple[str, ...]:
    """Names of the floating-point constants that some node reads as data."""
    read = {
        name
        for node in graph.nodes
        for place, name in enumerate(node.inputs)
        if place not in HOST.get(node.operator, ())
    }
    read |= {port.name for port in graph.outputs}
    return tuple(
        name for name, array in graph.constants.items() if name in read and array.dtype.kind == "f"
    )


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
    return ModelError(
        f"{file}: {operator} failed on values of {shapes or 'no shape'}: {reason}",
        "the graph may take images of other sizes only",
    )
