"""One model of diffusers through the verbs: encode, measure, interpolate, traverse, project."""

import numpy as np
import pytest
import torch
from PIL import Image

import latentscape
from latentscape.errors import StoreError
from latentscape.metrics.jacobian import frobenius_norms
from latentscape.models import open_model, running_in
from latentscape.store import Store


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny AutoencoderKL with random weights, as diffusers saves it."""
    from diffusers import AutoencoderKL

    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("models") / "tiny-kl"
    AutoencoderKL(
        block_out_channels=(8, 8), norm_num_groups=4, latent_channels=2, sample_size=16,
        down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2,
    ).save_pretrained(folder)  # fmt: skip
    return f"diffusers:{folder}"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Two classes of blobs, 16×16 RGB."""
    folder = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for name, level in (("bright", 180), ("dark", 60)):
        (folder / name).mkdir()
        for i in range(12):
            pixels = np.kron(rng.normal(level, 30, (4, 4, 3)), np.ones((4, 4, 1)))
            Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / name / f"{i}.png")
    return f"folder:{folder}"


@pytest.fixture
def store(model, pictures, tmp_path):
    with running_in("fp32"):
        latentscape.encode(model, pictures, out=tmp_path / "store", split="all")
    return tmp_path / "store"


def test_a_store_says_range_scale_and_precision(store, model):
    about = Store.open(store).manifest
    assert (about.recipe, about.precision, about.settings) == ("AutoencoderKL", "fp32", "")
    assert (about.pixel_range, about.scale, about.shift) == ((-1.0, 1.0), 0.18215, 0.0)
    assert (about.latent_shape, about.has_log_var) == ((2, 8, 8), True)
    assert about.provenance.precision == "fp32"


def test_a_store_goes_on_in_its_own_precision_only(store, model, pictures):
    with running_in("bf16"), pytest.raises(StoreError, match="precision: fp32 → bf16"):
        latentscape.encode(model, pictures, out=store, split="all")


def test_tiles_and_none_do_not_mix_in_a_store(store, model, pictures):
    with running_in("fp32"), pytest.raises(StoreError, match="settings"):
        latentscape.encode(f"{model},tiling=8", pictures, out=store, split="all")


def test_every_verb_takes_it(store, model, pictures, tmp_path):
    with running_in("bf16"):
        table = latentscape.measure("reconstruction", model, data=pictures, split="all")
        way = latentscape.interpolate(
            model, pictures, split="all", n_pairs=2, n_steps=4, out=tmp_path / "way"
        )
        latentscape.traverse(model, pictures, split="all", out=tmp_path / "across")
    assert table.provenance.precision == "bf16"
    assert np.isfinite(table.model_row["psnr_mean"].value)
    assert way.frames.shape == (2, 4, 3, 16, 16)
    space = latentscape.measure("structure", store)
    assert space.provenance.precision == "fp32"
    map_ = latentscape.project(store, method="pca", out=tmp_path / "map")
    assert map_.positions.shape == (24, 2)


def test_a_decoder_with_attention_is_differentiated_both_ways(model):
    """Forward and backward, and in fp32 whatever the model runs in."""
    latents = torch.randn(2, 2, 8, 8, generator=torch.Generator().manual_seed(0))
    found = [
        frobenius_norms(open_model(model, form).autoencoder.exact.decode, latents, n_probes=2)
        for form in ("fp32", "bf16")
    ]
    np.testing.assert_allclose(*found, rtol=1e-5)
    decoder = open_model(model, "bf16").autoencoder
    nodes = latents.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(decoder.decode(nodes).sum(), nodes)
    assert gradient.isfinite().all()
    assert gradient.any()
