"""`onnx:ENCODER,DECODER` and `--size`, as a user says them."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from latentscape.records import load_record
from latentscape.store import Store


def save(path, nodes, *, fed, made, weights, sides=(None, None)):
    """A graph of one input and one output."""
    ports = [
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, channels, *sides])]
        for name, channels in (fed, made)
    ]
    tensors = [numpy_helper.from_array(array, name) for name, array in weights.items()]
    graph = helper.make_graph(nodes, "graph", *ports, tensors)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)]), path)


@pytest.fixture
def pair(tmp_path, monkeypatch) -> str:
    """Means of blocks of 4×4 pixels as latents; as blocks of one colour they come back."""
    monkeypatch.chdir(tmp_path)
    mean = np.zeros((3, 3, 4, 4), np.float32)
    mean[range(3), range(3)] = 1 / 16
    save(
        tmp_path / "blocks_encoder.onnx",
        [helper.make_node("Conv", ["images", "w"], ["latents"], strides=[4, 4])],
        fed=("images", 3), made=("latents", 3), weights={"w": mean},
    )  # fmt: skip
    save(
        tmp_path / "blocks_decoder.onnx",
        [helper.make_node("Resize", ["latents", "", "by"], ["images"], mode="nearest")],
        fed=("latents", 3), made=("images", 3), weights={"by": np.array([1, 1, 4, 4], np.float32)},
    )  # fmt: skip
    return "onnx:blocks_encoder.onnx,blocks_decoder.onnx"


def test_info_tells_what_it_takes(say, pair):
    said = say("info", pair)
    assert said.code == 0, said
    for words in ("is a model", "blocks", "multiples of 4", "3×16×16 of an image 64×64×3", "point",
                  "[0, 1], assumed"):  # fmt: skip
        assert words in said.out


def test_encode_at_the_images_own_size_and_at_another(say, pair, pictures):
    """Gray pictures become RGB, and that is told; latents are the blocks' means."""
    said = say("encode", pair, f"folder:{pictures}", "--split", "all", "--out", "own")
    assert said.code == 0, said
    assert "brought to RGB" in said.err
    assert Store.open("own").latent_shape == (3, 3, 3)
    exact = ("--size", 8, "--precision", "fp32", "--out", "small")
    assert say("encode", pair, f"folder:{pictures}", *exact).code == 0
    store = Store.open("small")
    assert store.manifest.precision == "fp32"
    assert store.latent_shape == (3, 2, 2)
    assert store.manifest.recipe == "onnx"
    from latentscape.data import DataConfig, load_images

    images = load_images(DataConfig(f"folder:{pictures}", size=8, colour="RGB"))
    row = images.sample_ids.tolist().index(store.samples.sample_ids[0])
    blocks = images.pixels()[row].reshape(3, 2, 4, 2, 4).mean((2, 4))
    np.testing.assert_allclose(store.rows(np.array([0]))[0], blocks, atol=1e-6)


def test_sizes_are_said_where_they_are_needed(refused, pair, pictures, x):
    data = f"folder:{pictures}"
    refused("encode", pair, data, "--precision", "fp8", "--out", "s", code=2, match="fp8")
    refused("encode", pair, "--size", 8, "--out", "s", code=2, match="none is named")
    refused("encode", pair, "--out", "s", code=2, match="which images")
    refused("encode", pair, data, code=2, match="no run")
    refused("encode", x, "digits", "--size", 8, code=2, match="own size")


def test_sides_that_do_not_divide_are_padded_once_said(say, pair, pictures):
    said = say("encode", pair, f"folder:{pictures}", "--size", 10, "--out", "s")
    assert said.code == 0, said
    assert said.err.count("10×10 are padded to 12×12 by reflection") == 1
    assert Store.open("s").latent_shape == (3, 3, 3)


def test_pictures_of_several_sizes_ask_for_one(refused, pair, pictures):
    from PIL import Image

    Image.new("L", (20, 12)).save(pictures / "dark" / "wide.png")
    said = refused("encode", pair, f"folder:{pictures}", "--out", "s", code=1, match="differ")
    assert "--size 64" in said.err


def test_a_pair_of_one_size_brings_colour_and_says_its_size(say, refused, pictures, tmp_path):
    """With --size and without; latents are the image's values, halved."""
    node = helper.make_node
    for name, factor in (("one_encoder", 0.5), ("one_decoder", 2)):
        save(
            tmp_path / f"{name}.onnx", [node("Mul", ["x", "by"], ["y"])],
            fed=("x", 3), made=("y", 3), weights={"by": np.float32(factor)}, sides=(12, 12),
        )  # fmt: skip
    words = (f"onnx:{tmp_path}/one_encoder.onnx,{tmp_path}/one_decoder.onnx", f"folder:{pictures}")
    for settings in ((), ("--size", 12)):
        said = say("encode", *words, *settings, "--split", "all", "--out", tmp_path / "s")
        assert said.code == 0, said
        assert "brought to" in said.err
    said = refused("encode", *words, "--size", 16, "--out", "s", code=1, match="takes 12×12×3")
    assert "leave --size out, or --size 12" in said.err
    assert not Path("s").exists()


def test_provenance_tells_pairs_of_one_name_apart(say, pair, pictures):
    hashes = set()
    for factor in (1, 2):
        mean = np.full((3, 3, 4, 4), factor / 48, np.float32)
        save(
            Path("blocks_encoder.onnx"),
            [helper.make_node("Conv", ["images", "w"], ["latents"], strides=[4, 4])],
            fed=("images", 3), made=("latents", 3), weights={"w": mean},
        )  # fmt: skip
        words = (pair, f"folder:{pictures}", "--split", "all", "--size", 8, "--n-pairs", 2)
        assert say("interpolate", *words, "--out", "strip").code == 0
        about = load_record("strip.json").provenance
        assert about.model == "blocks"
        hashes.add(about.model_sha256)
    assert len(hashes - {""}) == 2


def test_what_is_kept_nowhere_is_told(say, refused, pair, pictures):
    words = (pair, f"folder:{pictures}", "--split", "all", "--size", 16)
    said = say("measure", "reconstruction", *words)
    assert said.code == 0, said
    assert "kept nowhere" in said.err
    said = say("interpolate", *words, "--n-pairs", 2, "--n-steps", 4, "--out", "there/strip")
    assert said.code == 0, said
    assert "kept nowhere" not in said.err
    record = load_record("there/strip.json")
    assert record.frames.shape == (2, 4, 3, 16, 16)
    assert record.latents.shape == (2, 4, 3, 4, 4)
    middle = record.latents[:, [0, -1]].mean(1)
    thirds = record.latents[:, 1:3].mean(1)
    np.testing.assert_allclose(thirds, middle, atol=1e-5)
    refused("interpolate", *words, "--film", "gif", code=2, match="no place for a film")


def test_a_geodesic_goes_through_a_decoder_that_came_from_elsewhere(say, pair, pictures):
    """Decoding is linear here, so the geodesic is the line."""
    words = (pair, f"folder:{pictures}", "--split", "all", "--size", 8, "--n-pairs", 2)
    for method in ("geodesic", "linear"):
        said = say("interpolate", *words, "--method", method, "--out", method)
        assert said.code == 0, said
    curve, line = (load_record(f"{method}.json").latents for method in ("geodesic", "linear"))
    np.testing.assert_allclose(curve, line, atol=1e-4)


def test_every_measure_takes_a_pair_whose_decoder_ends_with_a_convolution(say, pair, pictures):
    """Convolutions leave channels last in memory."""
    spread = np.zeros((3, 3, 4, 4), np.float32)
    spread[range(3), range(3)] = 1
    save(
        Path("blocks_decoder.onnx"),
        [helper.make_node("ConvTranspose", ["latents", "w"], ["images"], strides=[4, 4])],
        fed=("latents", 3), made=("images", 3), weights={"w": spread},
    )  # fmt: skip
    words = (pair, f"folder:{pictures}", "--split", "all", "--size", 8)
    for measure, *settings in (
        ("reconstruction",),
        ("collapse",),
        ("structure",),
        ("generation", "--features", "random", "--images", 20, "--scored", 2, "--draws", 2),
        ("trajectories", "--pairs", "random", "--n-pairs", 2, "--n-steps", 3,
         "--net", "random-squeezenet"),
    ):  # fmt: skip
        said = say("measure", measure, *words, *settings, "--out", measure)
        assert said.code == 0, said


@pytest.mark.slow
@pytest.mark.realdata
def test_a_real_pair_through_every_verb(say, data_root, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    halves = (f"{data_root}/weights/taef2_{half}.onnx" for half in ("encoder", "decoder"))
    words = (f"onnx:{','.join(halves)}", f"folder:{data_root}/art", "--size", 16, "--split", "all")
    for verb in (
        ("encode",),
        ("measure", "reconstruction"),
        ("measure", "structure"),
        ("interpolate",),
        ("traverse", "--n-units", 2, "--n-steps", 3),
        ("measure", "trajectories", "--pairs", "random", "--n-pairs", 2, "--n-steps", 3),
    ):
        n = 2 if verb[0] == "measure" else 1
        said = say(*verb[:n], *words, *verb[n:], "--out", verb[n - 1])
        assert said.code == 0, said


def test_one_command_leaves_table_record_images_and_page(say, refused, pair, pictures):
    """Of a model that is no run: numbers by split on stdout, and a folder to look at."""
    words = ("measure", "reconstruction", pair, f"folder:{pictures}", "--split", "all")
    said = say(*words, "--size", 40, "--resize", "squash", "--out", "looked")
    assert said.code == 0, said
    for told in ("by split", "train", "mean image", "resize: squash", "report.html"):
        assert told in said.out
    (record,) = Path("looked/measures").glob("*.json")
    assert record.with_suffix(".csv").read_text().startswith("sample_id,split")
    assert "Split by split" in Path("looked/report.html").read_text()
    assert list(Path("looked/figures").glob("error-maps-splits.png"))
    assert say("report", "looked").code == 0
    refused(*words, "--resize", "squash", code=2, match="to no size")
    refused(*words, "--size", 8, "--resize", "squish", code=2, match="no resize rule")
    refused(*words, "--measures", "lpisp", code=2, match="no measure 'lpisp'")
    said = say(*words, "--size", 8, "--out", "plain.json", "--measures", "plain")
    assert said.code == 0, said
    assert Path("plain.csv").exists()
    assert not Path("plain.html").exists()
