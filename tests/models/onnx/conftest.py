"""Tiny ONNX graphs, and onnxruntime as the reference that torch is held to."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from latentscape.models.onnx.file import read_graph
from latentscape.models.onnx.graph import OnnxGraph

KINDS = {
    "f": TensorProto.FLOAT, "i": TensorProto.INT64, "b": TensorProto.BOOL, "u": TensorProto.UINT8
}  # fmt: skip


def _write_graph(path: Path, nodes, inputs, outputs, *, constants=None, opset=17, weights=()):
    """Save a graph: ports are {name: sizes}, of floats unless "name:i" or "name:b" says other."""
    fed = [helper.make_tensor_value_info(*_port(name), sizes) for name, sizes in inputs.items()]
    made = [_made(name, sizes) for name, sizes in outputs.items()]
    tensors = [numpy_helper.from_array(a, name) for name, a in (constants or {}).items()]
    graph = helper.make_graph(nodes, "graph", fed, made, [*tensors, *weights])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=10)
    onnx.save(model, path)
    return path


def _port(name):
    name, _, kind = name.partition(":")
    return name, KINDS[kind or "f"]


def _made(name, sizes):
    """An output; onnxruntime infers its kind where no sizes are given."""
    if sizes is None:
        return onnx.ValueInfoProto(name=name)
    return helper.make_tensor_value_info(*_port(name), sizes)


def _reference(path: Path, *inputs: np.ndarray) -> list[np.ndarray]:
    """What onnxruntime makes of it."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return session.run(None, dict(zip([one.name for one in session.get_inputs()], inputs,
                                      strict=True)))  # fmt: skip


def _ours(path: Path, *inputs: np.ndarray) -> list[np.ndarray]:
    """What torch makes of it here."""
    graph = OnnxGraph(read_graph(path)).eval()
    with torch.inference_mode():
        return [one.numpy() for one in graph(*(torch.from_numpy(one) for one in inputs))]


def _one_node(path: Path, operator, inputs, *, n_outputs=1, opset=17, **attributes) -> Path:
    """A graph of one node; inputs are arrays: the first is fed, the others are constants.

    None leaves an optional input out.
    """
    names = ["x"] + [f"c{i}" if one is not None else "" for i, one in enumerate(inputs[1:])]
    outs = [f"y{i}" for i in range(n_outputs)]
    node = helper.make_node(operator, names, outs, **attributes)
    constants = {
        name: one for name, one in zip(names[1:], inputs[1:], strict=True) if one is not None
    }
    fed = {f"x:{inputs[0].dtype.kind}": [None] * inputs[0].ndim}
    return _write_graph(path, [node], fed, dict.fromkeys(outs), constants=constants, opset=opset)


@pytest.fixture
def write_graph():
    """Saves a graph of several nodes."""
    return _write_graph


@pytest.fixture
def one_node():
    """Saves a graph of one node."""
    return _one_node


@pytest.fixture
def reference():
    """Runs a file in onnxruntime."""
    return _reference


@pytest.fixture
def ours():
    """Runs a file here."""
    return _ours
