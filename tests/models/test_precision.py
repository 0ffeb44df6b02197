"""Number formats and devices of opened models, and images whose sides do not divide."""

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.models import open_model, precision, precision_of, running_in
from latentscape.models.padding import pad_to, padded_shape
from latentscape.shapes import ImageShape

NET = """
import torch
from torch import nn
class Net(nn.Module):
    pixel_range, size_step = (-1, 1), 4
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.there, self.back = nn.Conv2d(3, 8, 4, 4), nn.ConvTranspose2d(8, 3, 4, 4)
    def encode(self, images):
        return self.there(images)
    def decode(self, latents):
        return torch.tanh(self.back(latents))
"""


@pytest.fixture
def words(tmp_path):
    (tmp_path / "net.py").write_text(NET)
    return f"python:{tmp_path / 'net.py'}:Net"


@pytest.fixture(params=[True, False], ids=["bf16 units", "none"])
def units(request, monkeypatch):
    """A processor with bf16 units, and one without."""
    monkeypatch.setattr(precision, "has_native_bf16", lambda device: request.param)
    return request.param


def test_auto_is_fast_for_others_models_and_exact_for_runs(units):
    assert precision_of("onnx:a,b") == ("bf16" if units else "fp32")
    assert precision_of("runs/x") == "fp32"
    assert precision_of("onnx:a,b", "fp32") == "fp32"
    assert precision_of("runs/x", "bf16") == "bf16"


def test_a_block_says_what_auto_is(words):
    with running_in("bf16"):
        assert precision_of("runs/x") == open_model(words).precision == "bf16"
        assert open_model(words, "fp32").precision == "fp32"
        with running_in("fp32"):
            assert open_model(words).precision == "fp32"
    assert precision_of("runs/x") == "fp32"


@pytest.mark.parametrize("name", ["fp16", "BF16", ""])
def test_unknown_precisions(words, name):
    with pytest.raises(UsageError, match="no precision") as no:
        open_model(words, name)
    assert no.value.hint
    with pytest.raises(UsageError, match="no precision"), running_in(name):
        pass


def test_unknown_and_absent_devices(words):
    with pytest.raises(UsageError, match="no device called 'gpu'"):
        open_model(words, device="gpu")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no cuda device"):
            open_model(words, device="cuda:1")
    assert open_model(words, device="cpu").autoencoder.device.type == "cpu"


def test_bf16_is_near_fp32_and_is_not_fp32(words):
    low, exact = (open_model(words, form).autoencoder for form in ("bf16", "fp32"))
    images = torch.rand(3, 3, 64, 64)
    with torch.no_grad():
        mean, near = exact.encode(images).mean, low.encode(images).mean
        back = low.decode(mean)
    assert near.dtype == back.dtype == torch.float32
    assert not torch.equal(near, mean)
    assert 1e-4 < (near - mean).norm() / mean.norm() < 1e-2
    assert torch.equal(low.exact.encode(images).mean, mean)
    assert exact.exact is exact


def test_what_is_differentiated_or_trained_stays_exact(words):
    low, exact = (open_model(words, form).autoencoder for form in ("bf16", "fp32"))
    latents = torch.randn(2, *low.latent_shape)
    gradients = []
    for model in (low, exact):
        nodes = latents.clone().requires_grad_()
        (gradient,) = torch.autograd.grad(model.decode(nodes).square().sum(), nodes)
        gradients.append(gradient)
    torch.testing.assert_close(*gradients, rtol=1e-5, atol=1e-6)
    low.train()
    torch.testing.assert_close(low.decode(latents), exact.decode(latents), rtol=1e-5, atol=1e-6)


def test_models_of_another_size_keep_what_they_run_in(words):
    model = open_model(words, "bf16").autoencoder.for_images(ImageShape(3, 8, 12))
    assert (model.precision, model.pixel_range, model.latent_shape) == ("bf16", (-1, 1), (8, 2, 3))
    assert not model.training


@pytest.mark.parametrize(("height", "width"), [(5, 8), (8, 7), (3, 1), (9, 13)])
def test_padding_mirrors_below_and_to_the_right(height, width):
    """Against NumPy, whose `reflect` goes back and forth where a side is short: there the edge."""
    import numpy as np

    shape = ImageShape(3, height, width)
    inner = padded_shape(shape, 4)
    assert all(side % 4 == 0 and side - small in range(4)
               for side, small in zip(inner[1:], shape[1:], strict=True))  # fmt: skip
    images = torch.rand(2, *shape)
    expected = images.numpy()
    for axis, (have, want) in enumerate(zip(shape[1:], inner[1:], strict=True), start=2):
        sides = [(0, want - have) if i == axis else (0, 0) for i in range(4)]
        expected = np.pad(expected, sides, mode="reflect" if want - have < have else "edge")
    assert np.array_equal(pad_to(images, inner).numpy(), expected)
