"""An ONNX file as plain values: nodes, constants, what goes in and out."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentscape.errors import ModelError, UsageError
from latentscape.models.onnx.source import load_file

if TYPE_CHECKING:
    import onnx

EXPORT = "export it again, with standard operators of opset 7 or later"
OLDEST = 7  # before it, shapes were brought together by rules of their own
BOOL, FLOATS, WHOLE = 9, {1, 10, 11, 16}, {2, 3, 4, 5, 6, 7, 12, 13}  # TensorProto's numbers


@dataclass(frozen=True)
class Node:
    """One step of a graph.

    Attributes:
        operator: Its name, such as ``Conv``; of a domain that is not ONNX's own, with that before.
        inputs: Names of values; empty where an optional one is left out.
        outputs: Names of the values it makes.
        attributes: Its settings, as plain values and arrays.
        opset: Version of the operators that the file is written in.
        file: The file's name, for complaints.
    """

    operator: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    opset: int
    file: str

    def get(self, name: str, default: Any = None) -> Any:
        """A setting, or what ONNX says it is where it is not given."""
        return self.attributes.get(name, default)

    def unsupported(self, what: str) -> ModelError:
        """The error of a setting that is known to ONNX and not to this program."""
        return ModelError(f"{self.file}: {self.operator} with {what} is not supported", EXPORT)

    def require(self, **standard: Any) -> None:
        """Refuse settings other than these.

        Raises:
            ModelError: Naming the first that differs.
        """
        for name, value in standard.items():
            if self.get(name, value) != value:
                raise self.unsupported(f"{name}={self.get(name)}")


@dataclass(frozen=True)
class Port:
    """Something that goes into a graph or comes out.

    Attributes:
        name: Its name.
        sizes: Those that are fixed, None for one that is open; None where nothing is said of them.
        kind: TensorProto's number of its values' type; 0 where nothing is said of it.
    """

    name: str
    sizes: tuple[int | None, ...] | None
    kind: int = 0


@dataclass(frozen=True)
class Graph:
    """What an ONNX file says.

    Attributes:
        file: Its name.
        nodes: In the order in which they run.
        constants: Arrays by name: floating-point ones float32, whole numbers int64, or bool.
        inputs, outputs: Its ports; constants are not among them.
        sha256: Of the file, and of those that it keeps its weights in.
    """

    file: str
    nodes: tuple[Node, ...]
    constants: dict[str, np.ndarray]
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    sha256: str


def read_graph(path: Path) -> Graph:
    """Read an ONNX file. Half and double precision become single.

    Raises:
        UsageError: If there is no such file.
        ModelError: If it is no ONNX file, is damaged, is older than opset 7, or holds what no array
            can.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UsageError(f"the file {path} {what}", "name an ONNX file, such as encoder.onnx")
    model, sha256 = load_file(path)
    opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
    nodes, constants = [], {one.name: _array(one, path.name) for one in model.graph.initializer}
    for proto in model.graph.node:
        node = _node(proto, opset=opset, file=path.name)
        if node.operator == "Constant" and len(node.outputs) == 1:
            constants[node.outputs[0]] = _constant(node)
        else:
            nodes.append(node)
    inputs = [_port(one) for one in model.graph.input if one.name not in constants]
    outputs = [_port(one) for one in model.graph.output]
    graph = Graph(path.name, tuple(nodes), constants, tuple(inputs), tuple(outputs), sha256)
    _require_whole(graph)
    if opset < OLDEST:
        raise ModelError(f"{path.name} is written in opset {opset}: too old", EXPORT)
    return graph


def _require_whole(graph: Graph) -> None:
    """Every value that is read has been made before, once, and its name is text."""
    if not all(isinstance(word, str) for word in _words(graph)):
        raise ModelError(
            f"{graph.file} is damaged: a name in it is no text", "restore or export it"
        )
    known = {"", *graph.constants, *(port.name for port in graph.inputs)}
    for node in graph.nodes:
        _require_made(graph, node.inputs, known)
        for name in filter(None, node.outputs):
            if name in known:
                raise ModelError(f"{graph.file} is damaged: it makes {name!r} twice", EXPORT)
            known.add(name)
    _require_made(graph, [port.name for port in graph.outputs], known - {""})


def _require_made(graph: Graph, names: Iterable[str], known: set[str]) -> None:
    missing = next((name for name in names if name not in known), None)
    if missing is not None:
        raise ModelError(
            f"{graph.file} is damaged: it reads {missing!r}, which nothing in it makes", EXPORT
        )


def _words(graph: Graph) -> Iterator[Any]:
    """Every name in it: what is no text in a damaged file comes as bytes."""
    yield from graph.constants
    yield from (port.name for port in (*graph.inputs, *graph.outputs))
    for node in graph.nodes:
        yield from (node.operator, *node.inputs, *node.outputs, *node.attributes)


def _node(proto: "onnx.NodeProto", *, opset: int, file: str) -> Node:
    from onnx.helper import get_attribute_value

    own = proto.domain in ("", "ai.onnx")
    operator = proto.op_type if own else f"{proto.domain}.{proto.op_type}"
    try:
        attributes = {one.name: _plain(get_attribute_value(one), file) for one in proto.attribute}
    except (TypeError, ValueError) as error:
        raise ModelError(f"{file}: a setting of {operator} is damaged", EXPORT) from error
    return Node(operator, tuple(proto.input), tuple(proto.output), attributes, opset, file)


def _plain(value: Any, file: str) -> Any:
    """An attribute as a plain value; a graph within the graph is left as it is."""
    import onnx

    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, onnx.TensorProto):
        return _array(value, file)
    return value


def _constant(node: Node) -> np.ndarray:
    """What a node `Constant` holds."""
    kinds = {"value": None, "value_float": np.float32, "value_floats": np.float32}
    kinds |= {"value_int": np.int64, "value_ints": np.int64}
    for name, kind in kinds.items():
        if name in node.attributes:
            return np.asarray(node.attributes[name], kind)
    raise node.unsupported(f"a {', '.join(map(str, node.attributes)) or 'missing value'}")


def _array(tensor: "onnx.TensorProto", file: str) -> np.ndarray:
    """A tensor as float32, int64 or bool."""
    from onnx.numpy_helper import to_array

    if tensor.data_type not in {BOOL, *FLOATS, *WHOLE}:
        raise ModelError(
            f"{file}: {tensor.name!r} holds values of type {kind_name(tensor.data_type)}", EXPORT
        )
    try:
        array = to_array(tensor)
    except Exception as error:  # onnx lets through whatever NumPy says of damaged values
        raise ModelError(f"{file}: the values of {tensor.name!r} are damaged", EXPORT) from error
    if tensor.data_type == BOOL:
        return array
    with np.errstate(over="ignore"):  # the least double stands for minus infinity, so may it here
        return array.astype(np.float32 if tensor.data_type in FLOATS else np.int64)


def kind_name(kind: int) -> str:
    """TensorProto's number of a type in words, such as ``uint8``."""
    from onnx import TensorProto

    names = {number: name.lower() for name, number in TensorProto.DataType.items()}
    return names.get(kind, str(kind))


def _port(value: "onnx.ValueInfoProto") -> Port:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return Port(value.name, None, kind.elem_type)
    sizes = [one.dim_value if one.dim_value > 0 else None for one in kind.shape.dim]
    return Port(value.name, tuple(sizes), kind.elem_type)
