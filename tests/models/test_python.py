"""`python:MODULE:CALLABLE`: whatever has encode and decode, and everything that has not."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from latentscape.errors import ModelError, UsageError
from latentscape.models import open_model
from latentscape.models.parts import in_parts
from latentscape.shapes import ImageShape
from latentscape.testing import ModelContract

EXAMPLES = Path(__file__).parents[2] / "examples" / "adapters"
HEAD = """
import torch
from torch import nn
class Net(nn.Module):
    pixel_range = (-1, 1)
    image_shape = (1, 8, 8)
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.there, self.back = nn.Linear(64, 6), nn.Linear(3, 64)
    def encode(self, images):
        return self.there(images.flatten(1)).chunk(2, 1)
    def decode(self, latents):
        return torch.tanh(self.back(latents)).unflatten(1, (1, 8, 8))
class Grid(nn.Module):
    pixel_range, size_step, latent_scale = (0, 1), 4, (2.0, 3.0)
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.there, self.back = nn.Conv2d(3, 2, 4, 4), nn.ConvTranspose2d(2, 3, 4, 4)
    def encode(self, images):
        return self.there(images)
    def decode(self, latents):
        return torch.sigmoid(self.back(latents))
"""


@pytest.fixture
def written(tmp_path):
    """Writes a module; gives the words that name a callable in it."""

    def write(body: str = "", called: str = "Net") -> str:
        path = tmp_path / "mine.py"
        path.write_text(HEAD + body)
        return f"python:{path}:{called}"

    return write


class TestPythonModels(ModelContract):
    @pytest.fixture(params=["Net", "Grid"])
    def model(self, request, written):
        return open_model(written(called=request.param), "fp32").autoencoder


def test_range_shape_and_posterior_are_what_the_module_says(written):
    opened = open_model(written(), "fp32")
    model = opened.autoencoder
    assert (opened.name, opened.recipe, model.posterior) == ("Net", "python", "gaussian")
    assert (model.image_shape, model.latent_shape) == ((1, 8, 8), (3,))
    thing = model.encoder.thing
    images = torch.rand(4, 1, 8, 8)
    mean, log_var = thing.encode(2 * images - 1)
    posterior = model.encode(images)
    torch.testing.assert_close(posterior.mean, mean)
    torch.testing.assert_close(posterior.log_var, log_var)
    torch.testing.assert_close(model.decode(mean), thing.decode(mean) / 2 + 0.5)


def test_a_model_of_any_size_is_padded(written):
    model = open_model(written(called="Grid"), "fp32").autoencoder
    assert (model.size_step, model.latent_shape) == (4, (2, 16, 16))
    assert model.conventions.latent_scale == (2.0, 3.0)
    with pytest.warns(UserWarning, match="6×5 are padded to 8×8"):
        fitted = model.for_images(ImageShape(3, 6, 5))
    assert fitted.decode(fitted.encode(torch.rand(2, 3, 6, 5)).mean).shape == (2, 3, 6, 5)


def test_the_hash_is_of_the_weights_else_of_the_file(written):
    first = open_model(written()).sha256
    assert open_model(written("# a remark")).sha256 == first
    other = "\nclass Net(Net):\n    def __init__(self):\n        super().__init__()\n"
    assert open_model(written(other + "        self.there.weight.data += 1")).sha256 != first
    plain = """
class Plain:
    pixel_range, image_shape = (0, 1), (1, 8, 8)
    def encode(self, images):
        return images.flatten(1)[:, :5]
    def decode(self, latents):
        return latents.mean(1)[:, None, None, None].expand(-1, 1, 8, 8)
"""
    hashes = {open_model(written(plain + end, "Plain")).sha256 for end in ("", "#")}
    hashes.add(open_model(written(plain + "class Other(Plain):\n    pass\n", "Other")).sha256)
    hashes.add(open_model(written(plain + "class Other(Plain):\n    pass\n", "Plain")).sha256)
    assert len(hashes - {""}) == 4  # two that stand in one file answer otherwise
    held = """
class Holds:
    pixel_range, image_shape = (-1, 1), (1, 8, 8)
    def __init__(self):
        self.net = Net()
        self.gain = torch.full((1,), globals().get("GAIN", 1.0))
    def encode(self, images):
        return self.net.encode(images)
    def decode(self, latents):
        return self.gain * self.net.decode(latents)
"""
    ends = ("", "# a remark", "\nGAIN = 2.0")
    first, again, other = (open_model(written(held + end, "Holds")).sha256 for end in ends)
    assert first == again != other


@pytest.mark.parametrize(
    ("said", "as_well"),
    [
        ("pixel_range = (0, 1)", None),
        ("latent_scale = 0.5", "latent_scale = torch.tensor(0.5)"),
        ("latent_scale = (1.0, 2.0, 4.0)", "latent_scale = [1, 2, 4]"),
        ("latent_shift = 0.25", None),
        ("size_step = 8", None),
        ("def encode(self, images):\n        return super().encode(images)[0]", None),
    ],
)
def test_the_hash_is_of_what_is_declared_too(written, said, as_well):
    """The same weights with other conventions give other numbers."""
    plain, other = (
        open_model(written(f"\nclass Said(Net):\n    {body}\n", "Said"))
        for body in ("pixel_range = (-1, 1)", said)
    )
    assert other.sha256 != plain.sha256
    if as_well:
        body = f"\nclass Said(Net):\n    {as_well}\n"
        assert open_model(written(body, "Said")).sha256 == other.sha256


@pytest.mark.parametrize("said", ["'half'", "(1, None)", "float('nan')", "[[1.0]]"])
def test_a_scale_is_made_of_numbers(written, said):
    with pytest.raises(ModelError, match="declares the latent_scale"):
        open_model(written(f"\nclass Said(Net):\n    latent_scale = {said}\n", "Said"))


def test_a_module_of_the_working_directory(written, tmp_path, monkeypatch):
    written()
    (tmp_path / "nets_of_mine.py").write_text((tmp_path / "mine.py").read_text())
    monkeypatch.chdir(tmp_path)
    assert open_model("python:nets_of_mine:Net").autoencoder.latent_shape == (3,)
    assert str(tmp_path) not in sys.path
    sys.modules.pop("nets_of_mine")


WRONG = {
    "no encode": ("class Bad:\n    pass", "Bad without encode"),
    "no range": ("class Bad(Net):\n    pixel_range = None", "declares no pixel_range"),
    "one end": ("class Bad(Net):\n    pixel_range = 1", "declares the pixel_range 1"),
    "turned": ("class Bad(Net):\n    pixel_range = (1, 0)", r"declares the pixel_range \(1, 0\)"),
    "no size": ("class Bad(Net):\n    image_shape = None", "neither image_shape nor size_step"),
    "odd size": ("class Bad(Net):\n    image_shape = (1, 8)", "sizes that are none"),
    "no step": ("class Bad(Net):\n    size_step = 0", "sizes that are none|in steps of"),
    "other size": ("class Bad(Net):\n    image_shape = (1, 9, 9)", "fails on two images of 9×9"),
    "dictionary": ("class Bad(Net):\n    def encode(self, x):\n        return {}", "gives a dict"),
    "object": (
        "class Bad(Net):\n    def encode(self, x):\n        return object()",
        "gives an object",
    ),
    "uneven": ("class Bad(Net):\n    def encode(self, x):\n        return x, x[:, :, :4]",
               "a pair of"),
    "rows": ("class Bad(Net):\n    def encode(self, x):\n        return x.flatten(1)[:1]",
             "1×64 of torch.float32 for two images"),
    "whole": ("class Bad(Net):\n    def encode(self, x):\n        return x.flatten(1).int()",
              "torch.int32"),
    "not finite": ("class Bad(Net):\n    def encode(self, x):\n        return x.flatten(1) / 0",
                   "not finite"),
    "smaller": ("class Bad(Net):\n    def decode(self, z):\n        return z[:, None, None]",
                "decodes two images of 8×8×1 to 2×1×1×3"),
    "decodes nothing": ("class Bad(Net):\n    def decode(self, z):\n        pass", "to NoneType"),
    "raises": ("def Bad():\n    raise ValueError('lost')", "failed: ValueError: lost"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_what_is_no_model_is_told(written, case):
    body, match = WRONG[case]
    with pytest.raises(ModelError, match=match) as no:
        open_model(written(f"\n{body}\n", "Bad"))
    assert no.value.hint


@pytest.mark.parametrize(
    ("words", "match"),
    [
        ("python:", "does not name"), ("python:here", "does not name"),
        ("python:no_such_module_here:make", "no module no_such_module_here"),
        ("python:no/such/file.py:make", "no file no/such/file.py"),
    ],
)  # fmt: skip
def test_words_that_name_nothing(words, match):
    with pytest.raises(UsageError, match=match) as no:
        open_model(words)
    assert no.value.hint


def test_names_that_are_not_in_the_module(written):
    with pytest.raises(UsageError, match="has no Nett") as no:
        open_model(written(called="Nett"))
    assert no.value.hint == "did you mean Net?"
    with pytest.raises(UsageError, match="cannot be called"):
        open_model(written("\nsize = 3", "size"))
    with pytest.raises(ModelError, match=r"cannot be imported: SyntaxError"):
        open_model(written("\ndef ("))
    with pytest.raises(ModelError, match=r"cannot be imported: ModuleNotFoundError.*not_there"):
        open_model(written("\nimport not_there"))


@pytest.mark.realdata
def test_taef2_from_its_pickles_equals_its_onnx_pair(data_root, monkeypatch):
    """The pickles hold the pair's weights rounded to fp16; that, and the order of sums."""
    monkeypatch.setenv("LATENTSCAPE_DATA", str(data_root))
    weights = data_root / "weights"
    module = open_model(f"python:{EXAMPLES / 'taef2.py'}:taef2", "fp32")
    pair = open_model(
        f"onnx:{weights / 'taef2_encoder.onnx'},{weights / 'taef2_decoder.onnx'}", "fp32"
    )
    assert module.autoencoder.size_step == pair.autoencoder.size_step == 8
    images = torch.rand(2, 3, 64, 48, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        latents = [model.autoencoder.encode(images).mean for model in (module, pair)]
        back = [model.autoencoder.decode(latents[1]) for model in (module, pair)]
    assert (latents[0] - latents[1]).abs().max() < 1e-4 * latents[1].abs().max()
    assert (back[0] - back[1]).abs().max() < 1e-4


@pytest.mark.realdata
@pytest.mark.parametrize(("name", "side"), [("vae_mnist", 32), ("btcvae_dsprites", 64)])
def test_the_vaes_of_others_bring_their_images_back(data_root, monkeypatch, name, side):
    """MNIST digits, and shapes drawn as dSprites are; both far better than the mean image."""
    monkeypatch.setenv("LATENTSCAPE_DATA", str(data_root))
    opened = open_model(f"python:{EXAMPLES / 'disentangling_vae.py'}:{name}", "fp32")
    model = opened.autoencoder
    assert (model.image_shape, model.latent_shape) == ((1, side, side), (10,))
    assert model.posterior == "gaussian"
    images = _digits() if side == 32 else _squares()
    with torch.inference_mode():
        posterior = model.encode(images)
        back = model.decode(posterior.mean)
    error, baseline = (back - images).square().mean(), images.var(0, unbiased=False).mean()
    assert error < 0.3 * baseline
    active = (posterior.kl().mean(0) > 0.05).sum()
    assert 3 <= active <= 10


def _digits():
    from latentscape.data import DataConfig, load_images

    return torch.from_numpy(load_images(DataConfig("mnist", size=32, limit=128)).pixels())


def _squares():
    images = np.zeros((64, 1, 64, 64), np.float32)
    rng = np.random.default_rng(0)
    for image in images:
        side = rng.integers(10, 18)
        y, x = rng.integers(4, 60 - side, 2)
        image[0, y : y + side, x : x + side] = 1
    return torch.from_numpy(images)


def test_opening_models_imports_no_diffusers():
    code = "import sys, latentscape.models; print('diffusers' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_file_may_hold_dataclasses_and_import_its_neighbours(tmp_path):
    (tmp_path / "sizes_beside.py").write_text("STEP = 8\n")
    (tmp_path / "with_neighbour.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from torch import nn\n"
        "from sizes_beside import STEP\n"
        "@dataclass\n"
        "class Words:\n"
        "    step: int = STEP\n"
        "class Pooled(nn.Module):\n"
        "    pixel_range, size_step = (0, 1), Words().step\n"
        "    def encode(self, images):\n"
        "        return nn.functional.avg_pool2d(images, self.size_step)\n"
        "    def decode(self, latents):\n"
        "        return nn.functional.interpolate(latents, scale_factor=self.size_step)\n"
    )
    opened = open_model(f"python:{tmp_path / 'with_neighbour.py'}:Pooled", "fp32")
    assert opened.autoencoder.size_step == 8


def test_training_shows_a_network_the_whole_batch():
    """Else what normalises by the batch would depend on how much memory is spared."""
    seen = []
    images = torch.rand(4, 3, 256, 256)
    in_parts(lambda rows: seen.append(len(rows)) or rows, images, values_a_row=images[0].numel())
    with torch.inference_mode():
        in_parts(lambda rows: seen.append(len(rows)) or rows, images, values_a_row=1 << 17)
    assert seen == [4, 1, 1, 1, 1]
