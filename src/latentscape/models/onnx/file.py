"""An ONNX file as plain values: nodes, constants, what goes in and out. Only here is onnx read."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentscape.errors import ModelError, UsageError

if TYPE_CHECKING:
    import onnx

EXPORT = "export it again, with standard operators of opset 7 or later"


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
    """Something that goes into a graph or comes out: its name, and the sizes that are fixed."""

    name: str
    sizes: tuple[int | None, ...] | None


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
        ModelError: If it is no ONNX file, is damaged, or holds what no array can.
    """
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "does not exist"
        raise UsageError(f"the file {path} {what}", "name an ONNX file, such as encoder.onnx")
    model, sha256 = _loaded(path)
    opset = next((one.version for one in model.opset_import if one.domain in ("", "ai.onnx")), 0)
    nodes, constants = [], {one.name: _array(one, path.name) for one in model.graph.initializer}
    for proto in model.graph.node:
        node = _node(proto, opset=opset, file=path.name)
        if node.operator == "Constant":
            constants[node.outputs[0]] = _constant(node)
        else:
            nodes.append(node)
    inputs = [_port(one) for one in model.graph.input if one.name not in constants]
    outputs = [_port(one) for one in model.graph.output]
    return Graph(path.name, tuple(nodes), constants, tuple(inputs), tuple(outputs), sha256)


def _loaded(path: Path) -> tuple["onnx.ModelProto", str]:
    """The file with the weights that lie beside it, functions written out, and the hash of all."""
    import onnx
    from google.protobuf.message import DecodeError
    from onnx.external_data_helper import load_external_data_for_model
    from onnx.inliner import inline_local_functions

    digest = hashlib.sha256(path.read_bytes())
    try:
        model = onnx.load(path, load_external_data=False)
    except (DecodeError, ValueError) as error:
        raise ModelError(f"{path} is damaged or no ONNX file", "restore or export it") from error
    if not model.graph.node or not model.opset_import:
        raise ModelError(f"{path} is no ONNX file: it holds no graph", "export the model again")
    beside = {
        entry.value
        for tensor in model.graph.initializer
        for entry in tensor.external_data
        if entry.key == "location"
    }
    try:
        load_external_data_for_model(model, str(path.parent))
        for name in sorted(beside):
            digest.update((path.parent / name).read_bytes())
    except (OSError, ValueError, onnx.checker.ValidationError) as error:
        raise ModelError(
            f"the weights of {path} cannot be read from {', '.join(sorted(beside))}",
            "put the files that were exported together into one folder",
        ) from error
    return inline_local_functions(model) if model.functions else model, digest.hexdigest()


def _node(proto: "onnx.NodeProto", *, opset: int, file: str) -> Node:
    from onnx.helper import get_attribute_value

    own = proto.domain in ("", "ai.onnx")
    operator = proto.op_type if own else f"{proto.domain}.{proto.op_type}"
    attributes = {one.name: _plain(get_attribute_value(one), file) for one in proto.attribute}
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
    raise node.unsupported(f"a {', '.join(node.attributes) or 'missing value'}")


def _array(tensor: "onnx.TensorProto", file: str) -> np.ndarray:
    """A tensor as float32, int64 or bool."""
    from onnx.numpy_helper import to_array

    try:
        array = to_array(tensor)
    except (TypeError, ValueError) as error:
        raise ModelError(f"{file}: the values of {tensor.name!r} are damaged", EXPORT) from error
    if array.dtype.kind in "iu":
        return array.astype(np.int64)
    if array.dtype.kind in "bSUO":
        return array
    return array.astype(np.float32)  # ml_dtypes' half precisions are of kind "V"


def _port(value: "onnx.ValueInfoProto") -> Port:
    kind = value.type.tensor_type
    if not kind.HasField("shape"):
        return Port(value.name, None)
    sizes = [one.dim_value if one.dim_value > 0 else None for one in kind.shape.dim]
    return Port(value.name, tuple(sizes))
