"""Every operator against onnxruntime, over its settings."""

import numpy as np
import pytest
from onnx import helper

from latentscape.errors import ModelError
from latentscape.models.onnx.operators import OPERATORS

RNG = np.random.default_rng(0)


def floats(*shape, positive=False):
    values = RNG.standard_normal(shape).astype(np.float32) * 3
    return np.abs(values) + 0.1 if positive else values


def whole(*values):
    return np.array(values, np.int64)


IMAGE = floats(2, 4, 7, 6)
SQUARE = floats(1, 3, 8, 8)
LINE = floats(2, 4, 9)
VOLUME = floats(1, 2, 4, 5, 6)
SEEN: set[str] = set()


def case(operator, *inputs, n_outputs=1, opset=17, **attributes):
    SEEN.add(operator)
    told = ",".join(f"{k}={v}" for k, v in attributes.items())
    shapes = "-".join("none" if i is None else "x".join(map(str, i.shape)) for i in inputs)
    name = f"{operator}-{opset}-{shapes}-{told}"
    return pytest.param(operator, inputs, n_outputs, opset, attributes, id=name)


def activations():
    plain = (
        "Abs Ceil Cos Erf Exp Floor HardSwish Identity Mish Neg Reciprocal Relu Round Sigmoid "
        "Sign Sin Softplus Softsign Tanh Celu Elu LeakyRelu Selu HardSigmoid"
    )
    yield from (case(name, IMAGE, opset=18) for name in plain.split())
    yield case("Round", np.array([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5], np.float32))
    yield from (case(name, np.abs(IMAGE) + 0.1) for name in ("Log", "Sqrt"))
    yield from (case("Not", IMAGE > 0), case("Relu", LINE), case("Relu", floats(5)))
    yield case("LeakyRelu", IMAGE, alpha=0.2)
    yield case("Elu", IMAGE, alpha=0.7)
    yield case("Celu", IMAGE, alpha=0.7)
    yield case("Selu", IMAGE, alpha=1.2, gamma=0.9)
    yield case("HardSigmoid", IMAGE, alpha=0.3, beta=0.4)
    yield case("PRelu", IMAGE, floats(4, 1, 1))
    yield case("Gelu", IMAGE, opset=20)
    yield case("Gelu", IMAGE, opset=20, approximate="tanh")
    yield case("Swish", IMAGE, opset=24, alpha=1.3)
    yield from (case("Softmax", IMAGE, opset=o, axis=a) for o in (11, 13) for a in (1, -1, 2))
    yield from (case("Softmax", IMAGE, opset=o) for o in (11, 13))
    yield from (case("LogSoftmax", IMAGE, opset=o, axis=1) for o in (11, 13))
    yield case("Clip", IMAGE, np.float32(-1), np.float32(2))
    yield case("Clip", IMAGE, None, np.float32(2))
    yield case("Clip", IMAGE, np.float32(0))
    yield case("Clip", IMAGE)
    yield case("Clip", IMAGE, opset=7, min=-1.0, max=0.5)
    yield case("Dropout", IMAGE, opset=7)
    yield case("Dropout", IMAGE, np.float32(0.5), opset=13)


def arithmetic():
    for name in ("Add", "Sub", "Mul", "Div", "Max", "Min", "Sum", "Mean"):
        yield case(name, IMAGE, floats(4, 1, 1))
    yield case("Max", IMAGE, floats(6), floats(1))
    yield case("Sum", IMAGE)
    for name in ("Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"):
        yield case(name, np.round(IMAGE), np.round(floats(7, 6)))
    yield from (case(name, IMAGE > 0, floats(6) > 0) for name in ("And", "Or", "Xor"))
    yield case("Div", whole(7, -7, 9, -9), whole(2, 2, -4, -4))
    for exponent in (2.0, 0.5, 3.0, -1.0):
        yield case("Pow", np.abs(IMAGE) + 0.1, np.float32(exponent))
    yield case("Pow", IMAGE, floats(4, 7, 6, positive=True).round())
    yield case("Pow", floats(3, 1), np.full((1, 1, 1), 2, np.float32))
    yield case("Mod", whole(7, -7, 9, -9), whole(2, 2, -4, -4))
    yield case("Mod", IMAGE, floats(6, positive=True), fmod=1)
    yield case("Where", IMAGE > 0, floats(7, 6), floats(4, 1, 1))
    yield from (case("Cast", IMAGE, to=kind) for kind in (1, 6, 7, 9))
    yield case("Cast", whole(0, 3, -2), to=1)
    for kind in (2, 3, 5):
        yield case("Cast", np.array([-1.5, 300.2, 3.9, -200, 40000], np.float32), to=kind)
    yield case("CastLike", whole(0, 3, -2), floats(1), opset=19)


def convolutions():
    weight, bias = floats(6, 4, 3, 3), floats(6)
    yield case("Conv", IMAGE, weight)
    for pads in ([1, 1, 1, 1], [0, 1, 2, 1], [2, 0, 0, 1]):
        yield case("Conv", IMAGE, weight, bias, pads=pads, strides=[2, 1])
        yield case("ConvTranspose", IMAGE, floats(4, 6, 3, 3), bias, pads=pads, strides=[2, 3])
    yield case("Conv", IMAGE, weight, bias, dilations=[2, 1], kernel_shape=[3, 3])
    yield case("Conv", IMAGE, floats(6, 2, 3, 3), bias, group=2)
    yield case("Conv", IMAGE, floats(4, 1, 3, 3), group=4, pads=[1, 1, 1, 1])
    for auto in ("SAME_UPPER", "SAME_LOWER", "VALID"):
        yield case("Conv", IMAGE, weight, bias, auto_pad=auto, strides=[2, 2])
        yield case("Conv", IMAGE, floats(6, 4, 4, 4), auto_pad=auto)
        yield case("ConvTranspose", IMAGE, floats(4, 6, 4, 3), auto_pad=auto, strides=[2, 3])
    yield case("Conv", LINE, floats(5, 4, 3), pads=[1, 0])
    yield case("Conv", VOLUME, floats(3, 2, 3, 3, 3), floats(3), pads=[1] * 6)
    turned = floats(4, 6, 3, 3)
    yield case("ConvTranspose", IMAGE, turned)
    yield case("ConvTranspose", IMAGE, turned, bias, strides=[2, 2], output_padding=[1, 1])
    yield case("ConvTranspose", IMAGE, turned, bias, strides=[2, 2], pads=[1, 1, 1, 1],
               output_padding=[1, 0])  # fmt: skip
    yield case("ConvTranspose", IMAGE, turned, strides=[2, 2], pads=[0, 1, 1, 0],
               output_padding=[1, 1])  # fmt: skip
    yield case("ConvTranspose", IMAGE, turned, dilations=[2, 2], pads=[1, 1, 1, 1])
    yield case("ConvTranspose", IMAGE, floats(4, 3, 3, 3), group=2, strides=[2, 2])
    yield case("ConvTranspose", IMAGE, turned, strides=[2, 2], output_shape=[14, 12])
    yield case("ConvTranspose", LINE, floats(4, 2, 4), strides=[2], pads=[1, 1])
    yield case("MatMul", IMAGE, floats(6, 5))
    yield case("MatMul", floats(3, 4), floats(4))
    yield case("Gemm", floats(5, 4), floats(4, 3), floats(3), alpha=0.5, beta=2.0)
    yield case("Gemm", floats(4, 5), floats(3, 4), transA=1, transB=1)


def normalisations():
    scale, bias, mean, variance = floats(4), floats(4), floats(4), floats(4, positive=True)
    yield case("BatchNormalization", IMAGE, scale, bias, mean, variance, epsilon=1e-3)
    yield case("BatchNormalization", LINE, scale, bias, mean, variance, opset=9)
    yield case("InstanceNormalization", IMAGE, scale, bias)
    yield case("InstanceNormalization", LINE, scale, bias, epsilon=0.1)
    yield case("InstanceNormalization", floats(2, 4, 1, 1).round(), scale, bias)
    yield case("InstanceNormalization", np.ones((2, 4, 3, 3), np.float32), scale, bias)
    yield case("GroupNormalization", IMAGE, floats(4), floats(4), num_groups=2, opset=21)
    yield case("GroupNormalization", LINE, floats(4), floats(4), num_groups=4, opset=21)
    for axis, shape in ((-1, (6,)), (1, (4, 7, 6)), (-2, (7, 6))):
        yield case("LayerNormalization", IMAGE, floats(*shape), floats(*shape), axis=axis)
    yield case("LayerNormalization", IMAGE, floats(6), epsilon=0.1)
    for name in ("ReduceMean", "ReduceSum", "ReduceMax", "ReduceMin", "ReduceL2"):
        yield case(name, IMAGE, axes=[2, 3], opset=11)
        yield case(name, IMAGE, axes=[1, -1], keepdims=0, opset=11)
        yield case(name, IMAGE, opset=11)
        yield case(name, IMAGE, whole(1, -1), opset=18)
        yield case(name, IMAGE, whole(2), opset=18, keepdims=0)
        yield case(name, IMAGE, opset=18, noop_with_empty_axes=1)
    yield case("ReduceMean", whole(1, -2, -4), opset=18)


def pools():
    sizes = [
        {"kernel_shape": [2, 2], "strides": [2, 2]},
        {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]},
        {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1},
        {"kernel_shape": [3, 3], "strides": [2, 2], "pads": [1, 1, 1, 1], "ceil_mode": 1},
        {"kernel_shape": [2, 3], "strides": [3, 3], "pads": [0, 0, 1, 1], "ceil_mode": 1},
        *({"kernel_shape": [3, 2], "strides": [2, 2], "auto_pad": auto}
          for auto in ("SAME_UPPER", "SAME_LOWER", "VALID")),
    ]  # fmt: skip
    for settings in sizes:
        yield case("MaxPool", IMAGE, opset=12, **settings)
        yield case("AveragePool", IMAGE, opset=12, **settings)
        yield case("AveragePool", IMAGE, opset=19, count_include_pad=1, **settings)
    yield case("MaxPool", IMAGE, kernel_shape=[2, 2], dilations=[2, 2])
    yield case("MaxPool", LINE, kernel_shape=[3], strides=[2])
    yield case("AveragePool", LINE, kernel_shape=[3], strides=[2], pads=[1, 1])
    yield case("AveragePool", VOLUME, kernel_shape=[2, 2, 2])
    yield from (case(name, IMAGE) for name in ("GlobalAveragePool", "GlobalMaxPool"))


def resizes():
    none = None
    modes = ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel")
    for scales in ([1, 1, 2, 2], [1, 1, 0.6, 1.7], [1, 1, 3, 1]):
        factor = np.array(scales, np.float32)
        for mode in modes:
            yield case("Resize", SQUARE, none, factor, mode="linear",
                       coordinate_transformation_mode=mode)  # fmt: skip
            yield case("Resize", SQUARE, none, factor, mode="cubic",
                       coordinate_transformation_mode=mode)  # fmt: skip
            for rounding in ("floor", "ceil", "round_prefer_floor", "round_prefer_ceil"):
                yield case("Resize", SQUARE, none, factor, mode="nearest", nearest_mode=rounding,
                           coordinate_transformation_mode=mode)  # fmt: skip
    for sizes in ((1, 3, 16, 16), (1, 3, 5, 11), (1, 3, 8, 24), (1, 3, 1, 1)):
        yield case("Resize", SQUARE, none, none, whole(*sizes))
        yield case("Resize", SQUARE, none, none, whole(*sizes), mode="linear")
    yield case("Resize", SQUARE, none, none, whole(12, 10), opset=18, axes=[2, 3], mode="linear")
    yield case("Resize", SQUARE, none, np.array([2, 2], np.float32), opset=18, axes=[2, 3])
    yield case("Resize", SQUARE, none, np.array([1, 1, 1.5, 2], np.float32), mode="linear",
               coordinate_transformation_mode="half_pixel_symmetric", opset=19)  # fmt: skip
    for mode in ("nearest", "linear"):
        yield case("Resize", SQUARE, np.array([1, 1, 2, 1.5], np.float32), opset=10, mode=mode)
        for scales in ([1, 1, 0.6, 0.6], [1, 1, 0.5, 0.7], [1, 1, 2.5, 0.35]):
            yield case("Resize", SQUARE, np.array(scales, np.float32), opset=10, mode=mode)
        yield case("Upsample", SQUARE, np.array([1, 1, 2, 3], np.float32), opset=9, mode=mode)
        yield case("Upsample", SQUARE, opset=7, scales=[1.0, 1.0, 2.0, 2.0], mode=mode)
    yield case("Resize", LINE, none, np.array([1, 1, 2], np.float32))


def shapings():
    yield case("Reshape", IMAGE, whole(0, 2, -1))
    yield case("Reshape", IMAGE, whole(-1))
    yield from (case("Flatten", IMAGE, axis=axis) for axis in (0, 1, 2, -1, 4))
    yield case("Transpose", IMAGE, perm=[0, 2, 3, 1])
    yield case("Transpose", IMAGE)
    yield case("Concat", IMAGE, floats(2, 3, 7, 6), axis=1)
    yield case("Concat", IMAGE, floats(2, 4, 7, 1), axis=-1)
    yield case("Split", IMAGE, n_outputs=2, axis=1, opset=11)
    yield case("Split", IMAGE, n_outputs=2, axis=1, opset=11, split=[1, 3])
    yield case("Split", IMAGE, whole(1, 3), n_outputs=2, axis=1)
    yield case("Split", IMAGE, n_outputs=3, axis=2, opset=18, num_outputs=3)
    yield case("Slice", IMAGE, whole(1, -3), whole(3, 2**62), whole(1, 2))
    yield case("Slice", IMAGE, whole(0, 5), whole(7, -(2**62)), whole(2, 3), whole(3, -2))
    yield case("Slice", IMAGE, whole(1), whole(2))
    yield case("Slice", IMAGE, whole(5), whole(3), whole(2))
    yield case("Slice", IMAGE, opset=9, starts=[1, 0], ends=[3, -1], axes=[1, 3])
    yield case("Slice", IMAGE, whole(0), whole(3), whole(2), whole(-1))
    yield case("Squeeze", floats(1, 3, 1), whole(0))
    yield case("Squeeze", floats(1, 3, 1), whole())
    yield case("Squeeze", floats(1, 3, 1))
    yield case("Squeeze", floats(1, 3, 1), axes=[2], opset=11)
    yield case("Unsqueeze", IMAGE, whole(0, -1))
    yield case("Unsqueeze", IMAGE, axes=[1, 3], opset=11)
    yield from (case(name, IMAGE) for name in ("Shape", "Size"))
    yield case("Shape", IMAGE, start=1, end=-1)
    yield case("Gather", IMAGE, whole(2, 0, -1), axis=1)
    yield case("Gather", IMAGE, np.array(1), axis=2)
    yield case("Gather", IMAGE, whole(1, 0).reshape(1, 2))
    yield case("ConstantOfShape", whole(2, 3))
    yield case("ConstantOfShape", whole(2, 0))
    yield case("ConstantOfShape", whole(2, 3),
               value=helper.make_tensor("v", 7, [1], [5]))  # fmt: skip
    yield case("Expand", floats(3, 1), whole(2, 1, 4))
    yield case("Tile", IMAGE, whole(1, 2, 1, 3))
    for mode in ("constant", "edge", "reflect"):
        yield case("Pad", IMAGE, whole(0, 0, 1, 2, 0, 0, 3, 0), mode=mode)
        yield case("Pad", IMAGE, opset=10, pads=[0, 0, 1, 2, 0, 0, 3, 0], mode=mode)
        yield case("Pad", IMAGE, whole(0, 1, 0, 0, 0, 2, 0, 0), mode=mode)
        yield case("Pad", IMAGE, whole(1, 2, 2, 1), None, whole(-1, 2), mode=mode, opset=18)
    yield case("Pad", IMAGE, whole(0, 0, 1, 2, 0, 0, 3, 0), mode="wrap", opset=19)
    yield case("Pad", IMAGE, whole(0, 0, 1, -1, 0, 0, -2, 2), np.float32(4.5))
    for mode in ("DCR", "CRD"):
        yield case("DepthToSpace", IMAGE, blocksize=2, mode=mode)
    yield case("SpaceToDepth", SQUARE, blocksize=2)


CASES = [
    *activations(), *arithmetic(), *convolutions(), *normalisations(), *pools(), *resizes(),
    *shapings(),
]  # fmt: skip


@pytest.mark.parametrize(("operator", "inputs", "n_outputs", "opset", "attributes"), CASES)
def test_agrees_with_onnxruntime(  # fixtures, and a case's parts
    operator, inputs, n_outputs, opset, attributes, tmp_path, one_node, reference, ours
):
    path = one_node(
        tmp_path / "g.onnx", operator, inputs, n_outputs=n_outputs, opset=opset, **attributes
    )
    expected, found = reference(path, inputs[0]), ours(path, inputs[0])
    assert len(found) == n_outputs
    for one, other in zip(found, expected, strict=True):
        assert one.shape == other.shape
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=2e-5)


def test_range_agrees_with_onnxruntime(tmp_path, write_graph, reference, ours):
    nodes = [
        helper.make_node("Shape", ["x"], ["s"]),
        helper.make_node("Gather", ["s", "last"], ["n"]),
        helper.make_node("Range", ["none", "n", "one"], ["y"]),
    ]
    SEEN.add("Range")
    constants = {"last": np.array(3), "none": np.array(0), "one": np.array(1)}
    path = write_graph(
        tmp_path / "g.onnx", nodes, {"x": [None] * 4}, {"y": None}, constants=constants
    )
    assert np.array_equal(ours(path, IMAGE)[0], reference(path, IMAGE)[0])


def test_group_normalization_before_opset_21_has_a_scale_a_group(tmp_path, one_node, ours):
    """onnxruntime refuses the older form: a NumPy twin."""
    scale, bias = floats(2), floats(2)
    path = one_node(
        tmp_path / "g.onnx", "GroupNormalization", (IMAGE, scale, bias), opset=18, num_groups=2
    )
    groups = IMAGE.reshape(2, 2, -1)
    flat = (groups - groups.mean(2, keepdims=True)) / np.sqrt(groups.var(2, keepdims=True) + 1e-5)
    expected = (flat * scale[:, None] + bias[:, None]).reshape(IMAGE.shape)
    np.testing.assert_allclose(ours(path, IMAGE)[0], expected, atol=1e-5)


def test_no_operator_goes_untried():
    assert set(OPERATORS) == SEEN | {"Range"}


@pytest.mark.parametrize(
    ("operator", "inputs", "opset", "attributes"),
    [
        ("MaxPool", (IMAGE,), 12, {"kernel_shape": [2, 2], "storage_order": 1}),
        ("AveragePool", (IMAGE,), 19, {"kernel_shape": [2, 2], "dilations": [2, 2]}),
        ("BatchNormalization", (IMAGE, *(floats(4),) * 4), 15, {"training_mode": 1}),
        ("Resize", (SQUARE, None, np.ones(4, np.float32)), 18, {"antialias": 1, "mode": "linear"}),
        ("Resize", (SQUARE, None, np.full(4, 2, np.float32)), 17,
         {"coordinate_transformation_mode": "tf_crop_and_resize"}),
        ("Cast", (IMAGE,), 17, {"to": 8}),
        ("Pad", (IMAGE, whole(0, 0, 1, -1, 0, 0, 0, 0)), 17, {"mode": "edge"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_what_is_not_supported_is_named(
    operator, inputs, opset, attributes, tmp_path, one_node, ours
):
    path = one_node(tmp_path / "odd.onnx", operator, inputs, opset=opset, **attributes)
    with pytest.raises(ModelError, match=rf"odd\.onnx: {operator} with .* is not supported") as no:
        ours(path, inputs[0])
    assert no.value.hint
