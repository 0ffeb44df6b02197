"""Files on disk: their hash, and weights that lie beside them or cannot be had."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from latentscape.errors import ModelError
from latentscape.models.onnx import read_graph

WEIGHT = np.random.default_rng(0).standard_normal((64, 64)).astype(np.float32)


@pytest.fixture
def written(tmp_path, write_graph):
    """A matrix in a file, as a constant of the graph or as a node; where it lies is to be said."""

    def write(location=None, *, is_node=False, **places):
        tensor = numpy_helper.from_array(WEIGHT, "w")
        if location is not None:
            tensor.ClearField("raw_data")
            tensor.data_location = TensorProto.EXTERNAL
        for key, value in {"location": location or "unread.bin", **places}.items():
            tensor.external_data.add(key=key, value=str(value))
        product = helper.make_node("MatMul", ["x", "w"], ["y"])
        constant = helper.make_node("Constant", [], ["w"], value=tensor)
        (tmp_path / "model").mkdir(exist_ok=True)
        return write_graph(
            tmp_path / "model" / "g.onnx", [constant, product] if is_node else [product],
            {"x": [1, 64]}, {"y": [1, 64]}, weights=() if is_node else [tensor],
        )  # fmt: skip

    return write


@pytest.mark.parametrize("is_node", [False, True])
def test_weights_beside_the_file_are_read_and_hashed(written, tmp_path, ours, is_node):
    path = written("w.bin", is_node=is_node)
    beside = path.with_name("w.bin")
    beside.write_bytes(WEIGHT.tobytes())
    x = np.ones((1, 64), np.float32)
    np.testing.assert_allclose(ours(path, x)[0], x @ WEIGHT, atol=1e-4)
    before = read_graph(path).sha256
    assert read_graph(path).sha256 == before
    beside.write_bytes((WEIGHT + 1).tobytes())
    assert read_graph(path).sha256 != before
    beside.unlink()
    with pytest.raises(ModelError, match=r"cannot be read from w\.bin: there is no such file"):
        read_graph(path)


def test_weights_saved_by_onnx_are_read(tmp_path, write_graph, ours):
    nodes = [helper.make_node("MatMul", ["x", "w"], ["y"])]
    path = write_graph(
        tmp_path / "g.onnx", nodes, {"x": [1, 64]}, {"y": None}, constants={"w": WEIGHT}
    )
    onnx.save(
        onnx.load(path), path, save_as_external_data=True, location="g.data", size_threshold=0
    )
    x = np.ones((1, 64), np.float32)
    np.testing.assert_allclose(ours(path, x)[0], x @ WEIGHT, atol=1e-4)


def test_a_place_that_is_not_used_is_not_looked_at(written):
    """The weights are in the file itself, and the place is a remainder."""
    path = written()
    before = read_graph(path).sha256
    path.with_name("unread.bin").write_bytes(b"anything")
    assert read_graph(path).sha256 == before


@pytest.mark.parametrize(
    ("location", "places", "match", "hint"),
    [
        ("../w.bin", {}, "outside of its folder", "one folder"),
        ("ABSOLUTE", {}, "outside of its folder", "one folder"),
        ("link.bin", {}, "a link", "cp -L"),
        ("w.bin", {"offset": "abc"}, "does not hold", "restore"),
        ("w.bin", {"offset": 10**9}, "does not hold", "restore"),
        ("w.bin", {"offset": -5}, "does not hold", "restore"),
        ("short.bin", {}, "damaged", "export"),
    ],
)
def test_weights_that_cannot_be_had_say_why(written, tmp_path, location, places, match, hint):
    outside = tmp_path / "w.bin"
    path = written(str(outside) if location == "ABSOLUTE" else location, **places)
    for file in (outside, path.with_name("w.bin")):
        file.write_bytes(WEIGHT.tobytes())
    path.with_name("short.bin").write_bytes(b"too short")
    path.with_name("link.bin").symlink_to(outside)
    with pytest.raises(ModelError, match=match) as no:
        read_graph(path)
    assert hint in str(no.value.hint)


@pytest.mark.parametrize("content", [b"", b"no graph at all", b"\x08\x08", bytes(1000)])
def test_a_file_that_is_no_graph(tmp_path, content):
    path = tmp_path / "odd.onnx"
    path.write_bytes(content)
    with pytest.raises(ModelError, match="no ONNX file") as no:
        read_graph(path)
    assert no.value.hint
