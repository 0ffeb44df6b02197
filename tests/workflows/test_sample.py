import json

import numpy as np
import pytest
import torch

from latentscape.errors import StoreError, UsageError
from latentscape.models import open_model
from latentscape.records import SheetRecord
from latentscape.store import Store
from latentscape.workflows.encode import encode
from latentscape.workflows.sample import (
    manifold_aggregate,
    manifold_prior,
    sample_mixture,
    sample_prior,
)


def decoded(run, latents) -> np.ndarray:
    with torch.inference_mode():
        return (open_model(run).autoencoder.decode(torch.from_numpy(latents)) * 255).round().numpy()


def test_the_prior_is_standard_normal_and_seeded(ae):
    record = sample_prior(ae, rows=30, columns=40, seed=1)
    assert record.images.shape == (1200, 1, 8, 8)
    assert record.latents.mean() == pytest.approx(0, abs=0.05)
    assert record.latents.std() == pytest.approx(1, abs=0.05)
    np.testing.assert_allclose(record.images, decoded(ae, record.latents), atol=1)
    np.testing.assert_array_equal(
        sample_prior(ae, rows=30, columns=40, seed=1).latents, record.latents
    )
    assert "mixture" in record.note
    assert not record.prior_matched


@pytest.mark.parametrize(("recipe", "matched"), [("aae", True), ("wae_mmd", True), ("rae", False)])
def test_only_a_recipe_that_never_met_the_prior_is_excused(ae, recipe, matched):
    about = json.loads((ae / "run.json").read_text())
    (ae / "run.json").write_text(json.dumps({**about, "recipe": recipe}))
    record = sample_prior(ae, rows=2, columns=2)
    assert record.prior_matched == matched
    assert ("nothing made" in record.note) != matched
    assert Store.open(encode(ae).folder).manifest.prior_matched == matched


def test_the_mixture_has_the_moments_of_the_latents(ae):
    store = encode(ae, split="train").folder
    record = sample_mixture(ae, store, rows=50, columns=40)
    means = Store.open(store).mean()
    spread = means.std(0)
    np.testing.assert_allclose(record.latents.mean(0), means.mean(0), atol=0.15 * spread.max())
    np.testing.assert_allclose(
        np.cov(record.latents.T), np.cov(means.T), atol=0.2 * spread.max() ** 2
    )
    assert "10 Gaussians (full covariance)" in record.note
    assert record.note.endswith("(images of the train split)")
    np.testing.assert_array_equal(
        sample_mixture(ae, store, rows=50, columns=40).latents, record.latents
    )


def test_a_mixture_of_latents_that_never_move_stays_where_they_are(vae, spoil):
    spoil(vae, lambda model: [p.zero_() for p in model.encoder.parameters()])
    record = sample_mixture(vae, encode(vae).folder, rows=2, columns=2)
    np.testing.assert_array_equal(record.latents, np.zeros((4, 2)))


def test_a_mixture_of_another_models_latents_is_refused(vae, ae):
    store = encode(ae).folder
    for verb in (sample_mixture, manifold_aggregate, manifold_prior):
        with pytest.raises(StoreError, match="another model"):
            verb(vae, store)


def test_the_manifold_over_the_prior_is_a_grid_of_quantiles(vae):
    record = manifold_prior(vae, side=4)
    quantiles = [-1.1503, -0.3186, 0.3186, 1.1503]  # of N(0, 1) at 1/8, 3/8, 5/8, 7/8
    np.testing.assert_allclose(record.x, quantiles, atol=1e-4)
    np.testing.assert_allclose(record.y, quantiles[::-1], atol=1e-4)
    grid = record.latents.reshape(4, 4, 2)
    np.testing.assert_allclose(grid[0, 0], [record.x[0], record.y[0]], atol=1e-6)
    np.testing.assert_allclose(grid[3, 1], [record.x[1], record.y[3]], atol=1e-6)
    np.testing.assert_allclose(record.images, decoded(vae, record.latents), atol=1)


def test_the_aggregate_manifold_covers_where_the_images_are(vae):
    store = encode(vae, split="all").folder
    record = manifold_aggregate(vae, store, side=10)
    means = Store.open(store).mean()
    np.testing.assert_allclose(
        record.x, np.quantile(means[:, 0], np.arange(0.05, 1, 0.1)), rtol=1e-4
    )
    np.testing.assert_allclose(
        record.y, np.quantile(means[:, 1], np.arange(0.05, 1, 0.1))[::-1], rtol=1e-4
    )
    share = np.mean((means[:, 0] > record.x[0]) & (means[:, 0] < record.x[-1]))
    assert share == pytest.approx(0.9, abs=0.02)


def test_with_more_latents_the_manifold_lies_in_the_principal_plane(ae):
    without = manifold_prior(ae, side=3)
    assert not without.latents[:, 2:].any()
    assert without.axes == ("latent 1", "latent 2")
    assert "the others 0" in without.note
    store = encode(ae, split="all").folder
    means = Store.open(store).mean().astype(np.float64)
    centre = means.mean(0)
    axes = np.linalg.svd(means - centre, full_matrices=False)[2][:2]
    for record, origin in (
        (manifold_prior(ae, side=3), np.zeros(5)),
        (manifold_aggregate(ae, store, side=3), centre),
    ):
        offsets = record.latents - origin
        np.testing.assert_allclose(offsets @ axes.T @ axes, offsets, atol=1e-4)
        assert "principal axes" in record.note
        assert record.axes == ("principal axis 1", "principal axis 2")


def test_every_sheet_is_left_in_the_run(vae):
    store = encode(vae).folder
    sample_prior(vae, rows=2, columns=3)
    sample_mixture(vae, store, rows=2, columns=2)
    manifold_prior(vae, side=2)
    manifold_aggregate(vae, store, side=2)
    names = {path.stem for path in (vae / "samples").glob("*.json")}
    assert names == {"prior", "mixture", "manifold-prior", "manifold-aggregate"}
    sheet = SheetRecord.load(vae / "samples" / "prior")
    assert (sheet.rows, sheet.columns, len(sheet.images)) == (2, 3, 6)


def test_wrong_words(vae, make_run):
    with pytest.raises(UsageError, match="empty"):
        sample_prior(vae, rows=0)
    with pytest.raises(UsageError, match="0 Gaussians"):
        sample_mixture(vae, "nowhere", n_components=0)
    with pytest.raises(UsageError, match="a line, not a plane"):
        manifold_prior(make_run("line", latent=1))
