from functools import partial

import numpy as np
import pytest
import torch

from latentscape.models import open_model
from latentscape.nn.features import feature_net
from latentscape.records import load_record
from latentscape.workflows.encode import encode
from latentscape.workflows.latents import open_latents
from latentscape.workflows.measure.structure import measure_structure
from latentscape.workflows.smoothness import smoothness_of


@pytest.fixture(autouse=True)
def no_net(monkeypatch):
    """Perceptual distances in pixels: quick, and whatever lies on this machine."""
    pixels = partial(feature_net, "pixels")
    monkeypatch.setattr("latentscape.workflows.smoothness.feature_net", pixels)


def test_structure_carries_it(vae):
    record = measure_structure(vae, limit=200)
    found = record.smoothness
    assert found is not None
    assert {"jacobian_norm", "curvature", "line_ratio", "path_length_perceptual"} <= {
        m.name for m in found.row.measures
    }
    saved = load_record(record.saved_at).smoothness
    np.testing.assert_array_equal(saved.singular_values, found.singular_values)


def test_the_spectrum_is_the_decoders(vae):
    found = smoothness_of(open_latents(vae), seed=0)
    latents = open_latents(vae)
    chosen = np.random.default_rng(0).permutation(len(latents))[:3]
    model = open_model(vae).autoencoder
    for row, z in zip(found.singular_values, latents.means[chosen], strict=False):
        jacobian = torch.autograd.functional.jacobian(
            lambda v: model.decode(v[None]).flatten(), torch.from_numpy(z)
        )
        wanted = np.linalg.svd(jacobian.numpy(), compute_uv=False)
        np.testing.assert_allclose(row, wanted, rtol=1e-3, atol=1e-6)


def test_pca_stands_beside_with_the_models_own_unit(ae):
    latents = open_latents(ae)
    found = smoothness_of(latents, seed=0)
    prior, linear = found.baselines
    assert not prior.measures
    assert "nothing in training" in prior.undefined[0].why
    assert linear["curvature"].value == pytest.approx(0, abs=1e-4)
    assert linear["jacobian_unevenness"].value == pytest.approx(0, abs=1e-4)
    subject = latents.subject
    train = subject.as_bytes(np.flatnonzero(subject.splits == "train")) / 255
    flat = train.reshape(len(train), -1)
    singular = np.linalg.svd(flat - flat.mean(0), compute_uv=False)[:5] / np.sqrt(len(flat))
    unit = np.sqrt(latents.rows.var(0).mean())
    np.testing.assert_allclose(found.linear_singular_values, singular / unit, rtol=1e-3)
    assert found.row["curvature"].reference.value == linear["curvature"].value


def test_prior_draws_are_looked_at_where_the_prior_was_met(vae):
    found = smoothness_of(open_latents(vae), seed=0)
    assert found.baselines[0]["jacobian_norm"].n == 128
    assert found.prior_singular_values.shape == (128, 2)


def test_a_store_has_no_decoder(vae):
    found = smoothness_of(open_latents(encode(vae).folder), seed=0)
    assert "no decoder" in found.row.undefined[0].why
    assert found.baselines == ()


def test_a_collapsed_model_says_why(vae, spoil):
    spoil(vae, lambda model: [p.zero_() for p in model.encoder.parameters()])
    row = smoothness_of(open_latents(vae), seed=0).row
    assert "one point" in " ".join(u.why for u in row.undefined)
    assert row["jacobian_norm"].value > 0


def test_it_is_seeded(vae):
    first, again = (smoothness_of(open_latents(vae), seed=5) for _ in range(2))
    assert first.row == again.row
    assert first.baselines == again.baselines
