"""`onnx:ENCODER,DECODER` under the model contract; open and fixed sizes; pairs that are none."""

import numpy as np
import pytest
import torch
from onnx import helper

from latentscape.errors import ModelError, UsageError
from latentscape.models import open_model
from latentscape.models.onnx import read_graph
from latentscape.models.onnx.names import name_of
from latentscape.shapes import ImageShape
from latentscape.testing import ModelContract

RNG = np.random.default_rng(0)
OPEN = [None, None, None]


def floats(*shape):
    return RNG.standard_normal(shape).astype(np.float32) / 5


@pytest.fixture
def export(tmp_path, write_graph):
    """Writes halves: convolutions of stride 4, or matrices for images of 8×8."""

    def grid_encoder(name="toy_encoder", *, rows=None, sides=(None, None), outputs=("latents",)):
        nodes = [
            helper.make_node("Conv", ["images", f"w{i}"], [name_of], strides=[4, 4])
            for i, name_of in enumerate(outputs)
        ]
        weights = {f"w{i}": floats(6, 3, 4, 4) for i in range(len(outputs))}
        made = {name_of: [rows, 6, None, None] for name_of in outputs}
        fed = {"images": [rows, 3, *sides]}
        return write_graph(tmp_path / f"{name}.onnx", nodes, fed, made, constants=weights)

    def grid_decoder(name="toy_decoder", *, rows=None, channels=6, stride=4):
        nodes = [
            helper.make_node("ConvTranspose", ["latents", "w"], ["a"], strides=[stride, stride]),
            helper.make_node("Sigmoid", ["a"], ["images"]),
        ]
        weights = {"w": floats(channels, 3, stride, stride)}
        fed, made = {"latents": [rows, channels, None, None]}, {"images": [rows, 3, None, None]}
        return write_graph(tmp_path / f"{name}.onnx", nodes, fed, made, constants=weights)

    def flat_encoder(name="flat_encoder", *, rows=None, size=5):
        nodes = [
            helper.make_node("Flatten", ["images"], ["f"]),
            helper.make_node("Gemm", ["f", "w"], ["latents"]),
        ]
        fed, made = {"images": [rows, 1, 8, 8]}, {"latents": [rows, size]}
        return write_graph(
            tmp_path / f"{name}.onnx", nodes, fed, made, constants={"w": floats(64, size)}
        )

    def flat_decoder(name="flat_decoder", *, rows=None, size=5):
        nodes = [
            helper.make_node("Gemm", ["latents", "w"], ["f"]),
            helper.make_node("Reshape", ["f", "shape"], ["r"]),
            helper.make_node("Sigmoid", ["r"], ["images"]),
        ]
        constants = {"w": floats(size, 64), "shape": np.array([rows or -1, 1, 8, 8])}
        fed, made = {"latents": [rows, size]}, {"images": [rows, 1, 8, 8]}
        return write_graph(tmp_path / f"{name}.onnx", nodes, fed, made, constants=constants)

    return {"grid": (grid_encoder, grid_decoder), "flat": (flat_encoder, flat_decoder)}


def words(encoder, decoder) -> str:
    return f"onnx:{encoder},{decoder}"


class TestEveryPair(ModelContract):
    @pytest.fixture(params=["point", "gaussian", "side by side", "vector", "one row", "four rows"])
    def model(self, request, export):
        grid, flat = export["grid"], export["flat"]
        halves = {
            "point": lambda: (grid[0](), grid[1]()),
            "gaussian": lambda: (grid[0](outputs=("mean", "log_var")), grid[1]()),
            "side by side": lambda: (grid[0](), grid[1](channels=3)),
            "vector": lambda: (flat[0](), flat[1]()),
            "one row": lambda: (flat[0](rows=1), flat[1](rows=1)),
            "four rows": lambda: (grid[0](rows=4, sides=(16, 16)), grid[1](rows=4)),
        }
        return open_model(words(*halves[request.param]())).autoencoder

    def test_gradients_reach_every_weight(self, model):
        """Weights are frozen: the gradient reaches what goes in."""
        images = self.images(model).requires_grad_()
        logits = model.logits(model.encode(images).mean)
        model.likelihood.nll(logits, images.detach()).mean().backward()
        assert images.grad is not None
        assert images.grad.abs().sum() > 0
        assert not any(weight.requires_grad for weight in model.parameters())


def test_a_pair_says_where_it_comes_from(export):
    encoder, decoder = export["grid"]
    pair = encoder(), decoder()
    opened = open_model(words(*pair))
    assert (opened.name, opened.recipe, opened.seed) == ("toy", "onnx", 0)
    assert (opened.data, opened.folder) == (None, None)
    before = opened.sha256
    assert open_model(words(*pair)).sha256 == before
    decoder()  # other weights under the same name
    assert open_model(words(*pair)).sha256 != before


@pytest.mark.parametrize(
    ("encoder", "decoder", "name"),
    [
        ("here/look.onnx", "here/paint.onnx", "look+paint"),
        ("here/my-vae.enc.onnx", "here/my-vae.dec.onnx", "my-vae"),
        ("here/net.onnx", "here/net_decoder.onnx", "net"),
        ("here/encoder.onnx", "here/decoder.onnx", "here"),
        ("hub/vae_encoder/model.onnx", "hub/vae_decoder/model.onnx", "vae"),
        ("one/model.onnx", "two/model.onnx", "one+two"),
    ],
)
def test_names_are_of_the_files_else_of_the_folders(tmp_path, encoder, decoder, name):
    assert name_of(tmp_path / encoder, tmp_path / decoder) == name


def test_spaces_about_the_comma_are_no_part_of_the_paths(export):
    encoder, decoder = export["flat"]
    assert open_model(f"onnx: {encoder()} , {decoder()}").name == "flat"


def test_a_run_folder_called_onnx_is_a_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "onnx").mkdir()
    with pytest.raises(UsageError, match="onnx is not a run"):
        open_model("onnx")


@pytest.mark.parametrize("half", ["encoder", "decoder"])
def test_a_number_of_rows_that_is_built_in_is_noticed(export, tmp_path, write_graph, half):
    """The files say that they take any number: one row at a time, images are what they are."""
    if half == "encoder":
        nodes = [
            helper.make_node("Reshape", ["images", "one"], ["f"]),
            helper.make_node("Gemm", ["f", "w"], ["latents"]),
        ]
        fed, made = {"images": ["n", 1, 8, 8]}, {"latents": ["n", 5]}
        constants = {"one": np.array([1, 64]), "w": floats(64, 5)}
    else:
        nodes = [
            helper.make_node("Gemm", ["latents", "w"], ["f"]),
            helper.make_node("Softmax", ["f"], ["mixed"], axis=0),
            helper.make_node("Reshape", ["mixed", "shape"], ["images"]),
        ]
        fed, made = {"latents": ["n", 5]}, {"images": ["n", 1, 8, 8]}
        constants = {"shape": np.array([-1, 1, 8, 8]), "w": floats(5, 64)}
    path = write_graph(tmp_path / "built_in.onnx", nodes, fed, made, constants=constants)
    pair = (path, export["flat"][1]()) if half == "encoder" else (export["flat"][0](), path)
    model = open_model(words(*pair)).autoencoder
    images = torch.rand(5, 1, 8, 8)
    latents = model.encode(images).mean
    assert latents.shape == (5, 5)
    alone = torch.cat([model.decode(model.encode(image[None]).mean) for image in images])
    torch.testing.assert_close(model.decode(latents), alone)


def test_several_rows_built_in_are_refused(export, tmp_path, write_graph):
    nodes = [
        helper.make_node("Reshape", ["images", "four"], ["f"]),
        helper.make_node("Gemm", ["f", "w"], ["latents"]),
    ]
    path = write_graph(
        tmp_path / "four.onnx", nodes, {"images": ["n", 1, 8, 8]}, {"latents": ["n", 5]},
        constants={"four": np.array([4, -1]), "w": floats(16, 5)},
    )  # fmt: skip
    with pytest.raises(ModelError, match=r"four\.onnx makes 4 rows of one"):
        open_model(words(path, export["flat"][1]()))


@pytest.mark.parametrize("half", ["encoder", "decoder"])
def test_whole_numbers_are_no_pixels(export, tmp_path, write_graph, half):
    kind = {"encoder": 1, "decoder": 2}[half]
    nodes = [
        helper.make_node("Cast", ["a"], ["b"], to=kind), helper.make_node("Identity", ["b"], ["c"])
    ]  # fmt: skip
    ports = ({"a:u": [None] * 4}, {"c": [None] * 4}), ({"a": [None] * 4}, {"c:u": [None] * 4})
    path = write_graph(tmp_path / "bytes.onnx", nodes, *ports[kind - 1])
    encoder, decoder = export["grid"]
    with pytest.raises(ModelError, match=r"bytes\.onnx .* images of type uint8") as no:
        open_model(words(path, decoder()) if kind == 1 else words(encoder(), path))
    assert "[0, 1]" in str(no.value.hint)


def test_gray_images_and_latents_that_no_file_states_are_found(export, tmp_path, write_graph):
    """Means and log variances side by side, where neither file says how many channels it takes."""
    there = [helper.make_node("Conv", ["images", "w"], ["latents"], strides=[4, 4])]
    back = [
        helper.make_node("ConvTranspose", ["latents", "w"], ["a"], strides=[4, 4]),
        helper.make_node("Sigmoid", ["a"], ["images"]),
    ]
    open_ = [None] * 4
    pair = (
        write_graph(tmp_path / "a.onnx", there, {"images": open_}, {"latents": open_},
                    constants={"w": floats(6, 1, 4, 4)}),
        write_graph(tmp_path / "b.onnx", back, {"latents": open_}, {"images": open_},
                    constants={"w": floats(3, 1, 4, 4)}),
    )  # fmt: skip
    model = open_model(words(*pair)).autoencoder
    assert (model.image_shape, model.latent_shape) == ((1, 64, 64), (3, 16, 16))
    assert (model.posterior, model.size_step) == ("gaussian", 4)


def test_pixels_beyond_what_is_assumed_are_told(export, tmp_path, write_graph):
    nodes = [
        helper.make_node("ConvTranspose", ["latents", "w"], ["a"], strides=[4, 4]),
        helper.make_node("Tanh", ["a"], ["images"]),
    ]
    path = write_graph(
        tmp_path / "signed.onnx", nodes, {"latents": [None, 6, None, None]},
        {"images": [None, 3, None, None]}, constants={"w": 5 * floats(6, 3, 4, 4)},
    )  # fmt: skip
    with pytest.warns(UserWarning, match=r"signed\.onnx makes pixels from -.*\[0, 1\] is assumed"):
        open_model(words(export["grid"][0](), path))


def test_more_latents_than_pixels_are_told(tmp_path, write_graph):
    weight = {"w": floats(3, 3, 4, 4)}
    ports = {"x": [None, 3, None, None]}, {"y": [None, 3, None, None]}
    small, large = (
        write_graph(tmp_path / f"{name}.onnx", [
            helper.make_node(name, ["x", "w"], ["a"], strides=[4, 4]),
            helper.make_node("Sigmoid", ["a"], ["y"]),
        ], *ports, constants=weight)
        for name in ("Conv", "ConvTranspose")
    )  # fmt: skip
    with pytest.warns(UserWarning, match="is the encoder named first"):
        open_model(words(large, small))


def test_a_comma_in_a_path(export, tmp_path):
    encoder, decoder = export["flat"]
    (tmp_path / "a,b").mkdir()
    moved = encoder().rename(tmp_path / "a,b" / "enc,one.onnx")
    assert open_model(words(moved, decoder())).autoencoder.latent_shape == (5,)


def test_open_sizes_follow_the_images(export):
    encoder, decoder = export["grid"]
    model = open_model(words(encoder(), decoder()))
    assert model.autoencoder.size_step == 4
    for height, width in ((16, 16), (8, 20), (64, 64)):
        fitted = model.for_images(ImageShape(3, height, width)).autoencoder
        assert fitted.image_shape == (3, height, width)
        assert fitted.latent_shape == (6, height // 4, width // 4)
        images = torch.rand(2, 3, height, width)
        assert fitted.decode(fitted.encode(images).mean).shape == images.shape


@pytest.mark.parametrize(("height", "width", "inner"), [(30, 30, (32, 32)), (3, 61, (4, 64))])
def test_sizes_that_do_not_divide_are_padded_and_cropped_back(export, height, width, inner):
    encoder, decoder = export["grid"]
    model = open_model(words(encoder(), decoder()), "fp32")
    with pytest.warns(UserWarning, match=f"{height}×{width} are padded to {inner[0]}×{inner[1]}"):
        fitted = model.for_images(ImageShape(3, height, width)).autoencoder
    assert (fitted.image_shape, fitted.inner_shape) == ((3, height, width), (3, *inner))
    assert fitted.latent_shape == (6, inner[0] // 4, inner[1] // 4)
    images = torch.rand(2, 3, height, width)
    rows = torch.cat([images, *[images[:, :, -2 - i % max(height - 1, 1)][:, :, None]
                                for i in range(inner[0] - height)]], 2)  # fmt: skip
    columns = [rows[..., -2 - i][..., None] for i in range(inner[1] - width)]
    whole = model.for_images(ImageShape(3, *inner)).autoencoder
    latents = fitted.encode(images).mean
    torch.testing.assert_close(latents, whole.encode(torch.cat([rows, *columns], 3)).mean)
    back = fitted.decode(latents)
    assert back.shape == images.shape
    torch.testing.assert_close(back, whole.decode(latents)[..., :height, :width])


def test_a_fixed_size_stays(export):
    encoder, decoder = export["flat"]
    model = open_model(words(encoder(), decoder())).autoencoder
    assert (model.image_shape, model.latent_shape, model.size_step) == ((1, 8, 8), (5,), None)
    assert model.for_images(ImageShape(1, 16, 16)) is model


def test_a_file_for_one_row_gives_what_one_for_many_gives(export, ours):
    encoder, decoder = export["grid"]
    files = encoder(rows=4, sides=(16, 16)), decoder(rows=4)
    model = open_model(words(*files), "fp32").autoencoder
    images = torch.rand(6, 3, 16, 16)
    expected = np.concatenate(
        [ours(files[0], part)[0] for part in (images[:4].numpy(), images[2:].numpy())]
    )[[0, 1, 2, 3, 6, 7]]
    np.testing.assert_allclose(model.encode(images).mean.numpy(), expected, atol=1e-6)


def test_outputs_are_told_apart_by_name_before_order(export):
    encoder, decoder = export["grid"]
    back = decoder()
    files = {
        order: encoder(order.replace(" ", "-"), outputs=order.split())
        for order in ("mean logvar", "z_log_var z_mean", "sample mu logvar", "output_0 output_1")
    }
    weights = {name: read_graph(path).constants for name, path in files.items()}
    images = torch.rand(2, 3, 16, 16)
    for name, (mean, log_var) in {
        "mean logvar": (0, 1), "z_log_var z_mean": (1, 0), "sample mu logvar": (1, 2),
        "output_0 output_1": (0, 1),
    }.items():  # fmt: skip
        posterior = open_model(words(files[name], back), "fp32").autoencoder.encode(images)
        for found, i in ((posterior.mean, mean), (posterior.log_var, log_var)):
            kernel = torch.from_numpy(weights[name][f"w{i}"])
            torch.testing.assert_close(found, torch.conv2d(images, kernel, stride=4))


def test_rows_go_through_in_parts_and_come_out_whole(export, monkeypatch):
    from latentscape.models.onnx import half

    encoder, decoder = export["grid"]
    model = open_model(words(encoder(), decoder())).autoencoder
    images = torch.rand(7, 3, 16, 16)
    with torch.no_grad():
        whole = model.decode(model.encode(images).mean)
        monkeypatch.setattr(half, "AT_ONCE", 2 * images[0].numel())
        parts = model.decode(model.encode(images).mean)
    torch.testing.assert_close(parts, whole)


def bad_pairs():
    def case(name, error, match, make):
        return pytest.param(error, match, make, id=name)

    yield case("one path", UsageError, "does not name two files", lambda e: f"onnx:{e[0]()}")
    yield case("no path", UsageError, "does not name two files", lambda e: "onnx:")
    yield case("half", UsageError, "does not name two files", lambda e: f"onnx:{e[0]()},")
    yield case("missing", UsageError, "does not exist", lambda e: words(e[0](), "no.onnx"))
    yield case("swapped", ModelError, "takes \\?×6", lambda e: words(e[1](), e[0]()))
    yield case("channels", ModelError, "takes 5×", lambda e: words(e[0](), e[1](channels=5)))
    yield case("stride", ModelError, "does not give back", lambda e: words(e[0](), e[1](stride=2)))
    yield case("spread", ModelError, "which are means",
               lambda e: words(e[0](outputs=("mean", "sigma")), e[1]()))  # fmt: skip
    for outputs in ("first second", "z features", "latent_sample latent_mean", "mean output_1"):
        yield case(outputs, ModelError, "which are means",
                   lambda e, o=outputs: words(e[0](outputs=tuple(o.split())), e[1]()))  # fmt: skip
    yield case("many", ModelError, "which are means",
               lambda e: words(e[0](outputs=("a", "b", "c")), e[1]()))  # fmt: skip


@pytest.mark.parametrize(("error", "match", "make"), [*bad_pairs()])
def test_pairs_that_are_none(export, error, match, make):
    with pytest.raises(error, match=match) as no:
        open_model(make(export["grid"]))
    assert no.value.hint


def test_a_second_input_is_refused(tmp_path, write_graph, export):
    nodes = [helper.make_node("Add", ["images", "noise"], ["latents"])]
    fed = {name: [None, 3, None, None] for name in ("images", "noise")}
    path = write_graph(tmp_path / "two.onnx", nodes, fed, {"latents": [None, 3, None, None]})
    with pytest.raises(ModelError, match=r"two\.onnx has 2 inputs \(images, noise\)"):
        open_model(words(path, export["grid"][1]()))


@pytest.fixture
def taef2(data_root):
    weights = data_root / "weights"
    return [weights / f"taef2_{half}.onnx" for half in ("encoder", "decoder")]


@pytest.mark.realdata
def test_a_real_pair_agrees_with_onnxruntime(taef2, reference, ours):
    images = RNG.random((2, 3, 64, 48), np.float32)
    latents = reference(taef2[0], images)[0]
    assert np.abs(ours(taef2[0], images)[0] - latents).max() < 1e-4
    assert np.abs(ours(taef2[1], latents)[0] - reference(taef2[1], latents)[0]).max() < 1e-4


@pytest.mark.realdata
def test_a_real_decoder_has_the_gradient_of_finite_differences(taef2):
    from latentscape.models.onnx import OnnxGraph

    decoder = OnnxGraph(read_graph(taef2[1])).double()
    rng = torch.Generator().manual_seed(0)
    start, way = torch.randn(2, 1, 32, 3, 3, generator=rng, dtype=torch.float64)
    target = torch.rand(1, 3, 24, 24, generator=rng, dtype=torch.float64)

    def loss(latents):
        return (decoder(latents)[0] - target).square().sum()

    (gradient,) = torch.autograd.grad(loss(start.requires_grad_()), start)
    with torch.no_grad():
        step = 1e-6
        slope = (loss(start + step * way) - loss(start - step * way)) / (2 * step)
    assert (gradient * way).sum().item() == pytest.approx(slope.item(), rel=1e-5)


@pytest.mark.realdata
def test_a_real_pair_brings_images_back(taef2, data_root):
    from latentscape.data import DataConfig, load_images

    model = open_model(words(*taef2))
    assert (model.name, model.autoencoder.size_step) == ("taef2", 8)
    images = load_images(DataConfig(f"folder:{data_root}/art", size=64, limit=8))
    pixels = torch.from_numpy(images.pixels())
    model = model.for_images(images.shape).autoencoder
    with torch.inference_mode():
        back = model.decode(model.encode(pixels).mean)
    assert model.latent_shape == (32, 8, 8)
    errors = (back - pixels).square().flatten(1).mean(1)
    assert (-10 * errors.log10()).mean() > 22
