"""Graphs of several nodes: read, run, differentiated; and files that are none."""

import subprocess
import sys
from contextlib import suppress

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from latentscape.errors import ModelError, UsageError
from latentscape.models.onnx import OnnxGraph, read_graph

RNG = np.random.default_rng(0)


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32)


@pytest.fixture
def small_decoder(tmp_path, write_graph):
    """Convolution, normalisation as exporters write it, enlargement by the image's own sizes."""
    node = helper.make_node
    nodes = [
        node("Conv", ["x", "w1", "b1"], ["a"], pads=[1, 1, 1, 1]),
        node("Sigmoid", ["a"], ["gate"]),
        node("Mul", ["a", "gate"], ["silu"]),
        node("Reshape", ["silu", "groups"], ["rows"]),
        node("InstanceNormalization", ["rows", "ones", "zeros"], ["even"]),
        node("Shape", ["silu"], ["sizes"]),
        node("Reshape", ["even", "sizes"], ["back"]),
        node("Slice", ["sizes", "from", "to"], ["first"]),
        node("Slice", ["sizes", "to", "end"], ["last"]),
        node("Mul", ["last", "two"], ["twice"]),
        node("Concat", ["first", "twice"], ["target"], axis=0),
        node("Resize", ["back", "", "", "target"], ["large"], mode="linear"),
        node("Conv", ["large", "w2"], ["out"], pads=[1, 1, 1, 1]),
        node("Tanh", ["out"], ["y"]),
    ]
    constants = {
        "w1": floats(8, 3, 3, 3), "b1": floats(8), "w2": floats(2, 8, 3, 3) / 4,
        "ones": np.ones(2, np.float32), "zeros": np.zeros(2, np.float32),
        "groups": np.array([0, 2, -1]), "from": np.array([0]), "to": np.array([2]),
        "end": np.array([4]), "two": np.array(2),
    }  # fmt: skip
    inputs, outputs = {"x": [None, 3, None, None]}, {"y": [None, 2, None, None]}
    return write_graph(tmp_path / "decoder.onnx", nodes, inputs, outputs, constants=constants)


def test_a_graph_agrees_with_onnxruntime_at_any_size(small_decoder, reference, ours):
    for shape in ((2, 3, 8, 8), (1, 3, 5, 9)):
        x = floats(*shape)
        np.testing.assert_allclose(
            ours(small_decoder, x)[0], reference(small_decoder, x)[0], atol=1e-5
        )


def test_gradients_agree_with_finite_differences(small_decoder):
    graph = OnnxGraph(read_graph(small_decoder)).double()
    x = torch.from_numpy(floats(1, 3, 4, 4)).double().requires_grad_()
    assert torch.autograd.gradcheck(lambda rows: graph(rows)[0], (x,), atol=1e-7)


def test_gradients_pass_through_what_was_opened_in_inference_mode(small_decoder):
    with torch.inference_mode():
        graph = OnnxGraph(read_graph(small_decoder))
    x = torch.from_numpy(floats(1, 3, 4, 4)).requires_grad_()
    graph(x)[0].sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


def test_weights_are_frozen_parameters_and_numbers_are_none(small_decoder):
    graph = OnnxGraph(read_graph(small_decoder))
    sizes = sorted(weight.numel() for weight in graph.parameters())
    assert sizes == sorted([8 * 27, 8, 2 * 72, 2, 2])
    assert not any(weight.requires_grad for weight in graph.parameters())
    half = graph.to(torch.bfloat16)(torch.from_numpy(floats(1, 3, 4, 4)).bfloat16())[0]
    assert half.dtype == torch.bfloat16


def test_half_precision_files_run_in_single_precision(tmp_path, write_graph, ours):
    """Weights in float16 and a cast to it, as in graphs that were exported for a GPU."""
    weight = floats(4, 3, 3, 3).astype(np.float16)
    nodes = [
        helper.make_node("Cast", ["x"], ["h"], to=TensorProto.FLOAT16),
        helper.make_node("Conv", ["h", "w"], ["c"]),
        helper.make_node("Cast", ["c"], ["y"], to=TensorProto.FLOAT),
    ]
    path = write_graph(
        tmp_path / "g.onnx", nodes, {"x": [1, 3, 8, 8]}, {"y": None}, constants={"w": weight}
    )
    x = floats(1, 3, 8, 8)
    expected = torch.conv2d(torch.from_numpy(x), torch.from_numpy(weight.astype(np.float32)))
    np.testing.assert_allclose(ours(path, x)[0], expected.numpy(), atol=1e-5)


def test_values_nobody_reads_any_more_are_let_go(small_decoder):
    done = OnnxGraph(read_graph(small_decoder))._done_with
    flat = [name for names in done for name in names]
    assert len(flat) == len(set(flat))
    assert {"x", "a", "gate", "silu", "large", "sizes"} <= set(flat)
    assert not {"y", "w1"} & set(flat)


def test_unknown_operators_are_all_named(tmp_path, write_graph):
    nodes = [
        helper.make_node("LSTM", ["x"], ["a"]),
        helper.make_node("FusedConv", ["a"], ["y"], domain="com.microsoft"),
    ]
    path = write_graph(tmp_path / "odd.onnx", nodes, {"x": [1]}, {"y": [1]})
    with pytest.raises(ModelError, match=r"odd\.onnx uses .*LSTM, com\.microsoft\.FusedConv") as no:
        OnnxGraph(read_graph(path))
    assert no.value.hint


def test_a_node_that_fails_is_named_with_the_shapes_it_was_given(tmp_path, write_graph, ours):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    path = write_graph(
        tmp_path / "g.onnx", nodes, {"x": [1, None]}, {"y": None}, constants={"w": floats(4, 2)}
    )
    with pytest.raises(ModelError, match=r"g\.onnx: MatMul failed on values of 1×5, 4×2"):
        ours(path, floats(1, 5))


def test_functions_of_a_file_are_written_out(tmp_path, ours):
    """As exporters write them that keep a layer together."""
    double = helper.make_function(
        "own", "Double", ["a"], ["b"], [helper.make_node("Add", ["a", "a"], ["b"])],
        [helper.make_opsetid("", 17)],
    )  # fmt: skip
    graph = helper.make_graph(
        [helper.make_node("Double", ["x"], ["y"], domain="own")],
        "graph",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [3])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [3])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("own", 1)]
    onnx.save(
        helper.make_model(graph, functions=[double], opset_imports=opsets), tmp_path / "g.onnx"
    )
    x = floats(3)
    assert np.array_equal(ours(tmp_path / "g.onnx", x)[0], x + x)


@pytest.mark.parametrize(
    "settings",
    [
        {"value_float": 2.5}, {"value_floats": [2.5, 1.0]}, {"value_int": 2}, {"value_ints": [2]},
        {"value": numpy_helper.from_array(np.array([1.5], np.float64))},
    ],
    ids=lambda settings: next(iter(settings)),
)  # fmt: skip
def test_constants_of_every_form(tmp_path, write_graph, settings):
    nodes = [helper.make_node("Constant", [], ["c"], **settings)]
    nodes.append(helper.make_node("Identity", ["x"], ["y"]))
    path = write_graph(tmp_path / "g.onnx", nodes, {"x": [1]}, {"y": [1]})
    found = read_graph(path).constants["c"]
    expected = next(iter(settings.values()))
    expected = 1.5 if hasattr(expected, "dims") else expected
    assert found.dtype == (np.int64 if "int" in next(iter(settings)) else np.float32)
    assert np.array_equal(found.reshape(-1), np.atleast_1d(expected).astype(found.dtype))


def test_what_is_reckoned_from_sizes_stays_exact_in_half_precision(tmp_path, write_graph):
    """In bfloat16 301 would be 302: sizes are counted in single precision, data is not."""
    node = helper.make_node
    nodes = [
        node("Shape", ["x"], ["sizes"]),
        node("Cast", ["sizes"], ["floats"], to=TensorProto.FLOAT),
        node("Mul", ["floats", "by"], ["larger"]),
        node("Cast", ["larger"], ["target"], to=TensorProto.INT64),
        node("Resize", ["x", "", "", "target"], ["large"]),
        node("Gather", ["floats", "last"], ["width"]),
        node("Div", ["large", "width"], ["small"]),
        node("Conv", ["small", "w"], ["c"]),
        node("PRelu", ["c", "width"], ["y"]),
    ]
    constants = {
        "by": np.array([1, 1, 2, 1], np.float32), "last": np.array([3]), "w": floats(2, 1, 1, 1),
    }  # fmt: skip
    path = write_graph(
        tmp_path / "g.onnx", nodes, {"x": [None] * 4}, {"y": None}, constants=constants
    )
    graph = OnnxGraph(read_graph(path)).to(torch.bfloat16)
    made = graph(torch.ones(1, 1, 2, 301, dtype=torch.bfloat16))[0]
    assert (made.dtype, made.shape) == (torch.bfloat16, (1, 2, 4, 301))


def test_an_output_that_is_left_out_is_not_an_input_that_is(tmp_path, write_graph, ours):
    nodes = [
        helper.make_node("Dropout", ["x"], ["p", ""]),
        helper.make_node("Clip", ["p", "", "most"], ["y"]),
    ]
    path = write_graph(
        tmp_path / "g.onnx", nodes, {"x": [3]}, {"y": [3]}, constants={"most": np.float32(0.1)}
    )
    x = floats(3)
    assert np.array_equal(ours(path, x)[0], x.clip(max=np.float32(0.1)))


def odd_graphs():
    node, unit = helper.make_node, np.ones((1, 1, 1, 1), np.float32)
    text = helper.make_tensor("s", TensorProto.STRING, [1], [b"a"])
    yield "reads 'no', which nothing", [node("Conv", ["x", "no"], ["y"])], {}, {}
    yield "reads 'y', which nothing", [node("Relu", ["x"], ["z"])], {}, {}
    yield "makes 'y' twice", [node("Relu", ["x"], ["y"]), node("Abs", ["x"], ["y"])], {}, {}
    yield "'s' holds values of type string", [node("Relu", ["x"], ["y"])], {}, {"weights": [text]}
    yield "written in opset 6", [node("Relu", ["x"], ["y"])], {}, {"opset": 6}
    yield "nothing here makes y3", [
        node("Split", ["x"], ["y0", "y1", "y2", "y3"], num_outputs=4),
        node("Concat", ["y3", "y0"], ["y"], axis=0),
    ], {}, {"opset": 18}  # fmt: skip
    yield "Conv failed on values of 5×1×2×2", [
        node("Conv", ["x", "w"], ["y"], strides=[0, 0], auto_pad="SAME_UPPER")
    ], {"w": unit}, {}  # fmt: skip
    yield "Softmax failed on values of", [
        node("ReduceMax", ["x"], ["m"], keepdims=0), node("Softmax", ["m"], ["y"], axis=0)
    ], {}, {"opset": 11}  # fmt: skip
    yield "Concat failed on values of", [node("Concat", ["x", "x"], ["y"])], {}, {}


@pytest.mark.parametrize(("match", "nodes", "constants", "settings"), [*odd_graphs()])
def test_odd_graphs_are_refused_by_name(
    tmp_path, write_graph, ours, match, nodes, constants, settings
):
    path = write_graph(
        tmp_path / "odd.onnx",
        nodes,
        {"x": [None] * 4},
        {"y": None},
        constants=constants,
        **settings,
    )
    with pytest.raises(ModelError, match=rf"odd\.onnx.*{match}") as no:
        ours(path, floats(5, 1, 2, 2))
    assert no.value.hint


def test_flipped_bytes_never_end_in_a_traceback(small_decoder):
    whole = small_decoder.read_bytes()
    x = torch.from_numpy(floats(1, 3, 4, 4))
    for seed in range(300):
        rng = np.random.default_rng(seed)
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), 2):
            damaged[place] = rng.integers(256)
        small_decoder.write_bytes(damaged)
        with suppress(ModelError):
            OnnxGraph(read_graph(small_decoder))(x)


def test_a_truncated_file(small_decoder):
    small_decoder.write_bytes(small_decoder.read_bytes()[:300])
    with pytest.raises(ModelError) as no:
        OnnxGraph(read_graph(small_decoder))
    assert no.value.hint


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        read_graph(tmp_path / "no.onnx")
    with pytest.raises(UsageError, match="is a folder"):
        read_graph(tmp_path)


def test_models_open_without_onnx():
    code = "import sys, latentscape.models; print('onnx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
