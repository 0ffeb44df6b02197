"""`measure disentanglement` and `traverse`: what they find, write, and refuse."""

import numpy as np
import pytest
from PIL import Image

from latentscape import DataConfig, load_record, measure, open_model, traverse
from latentscape.data import load_images
from latentscape.errors import DataError, UsageError
from latentscape.records import DisentanglementRecord, TraversalRecord
from latentscape.workflows.latents import open_latents
from latentscape.workflows.opening import decode
from latentscape.workflows.units import units_of

SPRITES = DataConfig("sprites", size=16, limit=150)


@pytest.fixture
def sprites(make_run):
    """A VAE with four latents on few sprites."""
    return make_run("sprites", latent=4, data=SPRITES)


def test_scores_of_sprites_are_written_with_chance_and_matrices(sprites):
    told: list[tuple[int, int, str]] = []
    record = measure(
        "disentanglement", sprites, split="all", repeats=2, progress=lambda *a: told.append(a)
    )
    assert isinstance(record, DisentanglementRecord)
    names = {m.name for m in record.row.measures}
    assert {"mig", "dci_disentanglement", "sap"} <= names
    why = {u.name: u.why for u in record.row.undefined}
    assert set(why) == {"modularity", "factor_vae_score", "beta_vae_score"}
    assert set(why.values()) == {"every latent is collapsed"}, "an untrained model's are"
    assert record.factor_names == ("shape", "colour", "size", "rotation", "x", "y")
    assert record.information.shape == record.importance.shape == (4, 6)
    assert record.by_factor[3].note == "angle: 24 angles"
    assert record.provenance.n == 150
    assert told[-1][0] == told[-1][1]
    assert told[-1][2] == "scores"
    again = load_record(sprites / "measures" / "disentanglement-sprites-all")
    assert again.row == record.row
    np.testing.assert_array_equal(again.importance, record.importance)


def test_rates_are_the_kl_of_each_latent_and_add_up(sprites):
    latents = open_latents(sprites, split="all")
    units = units_of(latents)
    log_var = latents.log_vars.astype(float)
    kl = 0.5 * (latents.means.astype(float) ** 2 + np.exp(log_var) - 1 - log_var)
    assert units.rate == pytest.approx(kl.mean(0), rel=1e-5)
    assert units.rate.sum() == pytest.approx(kl.sum(1).mean(), rel=1e-5)


def test_labels_alone_have_a_gap_that_is_no_mig(vae):
    record = measure("disentanglement", vae, repeats=2)
    assert [m.name for m in record.row.measures] == ["label_mi_gap"]
    assert record.labels_only
    assert not record.rotated.measures
    assert record.information.shape == (2, 1)


def test_images_of_which_nothing_is_known_are_refused(tmp_path, make_run):
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "plain.npz", images=rng.integers(0, 255, (30, 8, 8), dtype=np.uint8))
    run = make_run("plain", data=DataConfig(f"npz:{tmp_path / 'plain.npz'}"))
    with pytest.raises(UsageError, match="no known factors") as refused:
        measure("disentanglement", run, split="all")
    assert "sprites" in refused.value.hint


def test_too_few_images_say_so_for_every_score(sprites):
    record = measure("disentanglement", sprites, split="test", repeats=2)
    assert not record.row.measures
    assert all("30 images are too few" in u.why for u in record.row.undefined)


def test_a_factor_without_entropy_is_left_out_by_name(tmp_path, make_run):
    rng = np.random.default_rng(0)
    np.savez(
        tmp_path / "a.npz",
        images=rng.integers(0, 255, (120, 6, 6), dtype=np.uint8),
        factors=np.stack([rng.integers(0, 3, 120), np.ones(120), rng.integers(0, 2, 120)], 1),
        factor_names=["kind", "still", "side"],
    )
    run = make_run("a", latent=3, data=DataConfig(f"npz:{tmp_path / 'a.npz'}"))
    record = measure("disentanglement", run, split="all", repeats=2)
    assert record.factor_names == ("kind", "side")
    assert [u.name for u in record.row.undefined] == ["factor still"]


def test_words_that_do_not_fit_are_refused(sprites):
    with pytest.raises(UsageError, match="1 repeats"):
        measure("disentanglement", sprites, repeats=1)


def test_a_traversal_moves_one_latent_and_holds_the_others(sprites):
    record = traverse(sprites, split="all", n_units=3, n_steps=5)
    assert isinstance(record, TraversalRecord)
    assert record.frames.shape == (3, 5, 3, 16, 16)
    assert (np.diff(record.rate) <= 0).all(), "the most rate first"
    means = open_latents(sprites, split="all").rows
    for i, name in enumerate(record.unit_names):
        j = int(name.split()[-1]) - 1
        others = np.delete(record.latents[i], j, axis=1)
        expected = np.broadcast_to(np.delete(means.mean(0), j), others.shape)
        np.testing.assert_allclose(others, expected, atol=1e-5)
        wanted = np.quantile(means[:, j], record.quantiles)
        np.testing.assert_allclose(record.latents[i, :, j], wanted, atol=1e-5)
    again = decode(open_model(sprites), record.latents.reshape(-1, 4))
    np.testing.assert_array_equal(record.frames.reshape(again.shape), again)


def test_a_traversal_around_an_image_holds_its_latent(sprites):
    images = load_images(SPRITES)
    record = traverse(sprites, split="all", around=str(images.sample_ids[7]), n_steps=3)
    latents = open_latents(sprites, split="all")
    own = latents.rows[list(latents.sample_ids).index(images.sample_ids[7])]
    first = int(record.unit_names[0].split()[-1]) - 1
    np.testing.assert_allclose(
        np.delete(record.latents[0, 0], first), np.delete(own, first), atol=1e-5
    )
    with pytest.raises(UsageError, match="nobody"):
        traverse(sprites, around="nobody")


def test_an_image_outside_the_choice_is_found_all_the_same(sprites, monkeypatch):
    room = "latentscape.workflows.traverse.MOST_IMAGES"
    monkeypatch.setattr(room, 20)
    images = load_images(open_model(sprites).data)
    for i in range(0, 60, 15):
        around = str(images.sample_ids[i])
        assert traverse(sprites, split="all", around=around, n_steps=2).around == around


def test_the_film_moves_to_and_fro_and_is_small(sprites):
    traverse(sprites, split="all", n_steps=5)
    path = sprites / "trajectories" / "traversal-mean-sprites-all.gif"
    assert path.stat().st_size < 1_500_000
    with Image.open(path) as film:
        assert film.n_frames == 8
        frames = []
        for i in range(film.n_frames):
            film.seek(i)
            frames.append(np.asarray(film.convert("RGB")).astype(int))
    assert np.abs(frames[1] - frames[7]).mean() < 3, "the way back is the way there"


def test_a_point_posterior_is_ordered_by_variance(ae):
    record = traverse(ae, n_steps=3)
    assert record.ranked_by == "variance"
    means = open_latents(ae).rows.astype(float)
    assert record.rate == pytest.approx(np.sort(means.var(0))[::-1], rel=1e-5)


def test_a_grid_of_latents_moves_along_principal_directions(make_run):
    run = make_run("grid", latent=(2, 4, 4), network="resnet", data=SPRITES)
    record = traverse(run, split="all", n_units=3, n_steps=3)
    assert record.axes == "principal directions"
    assert record.ranked_by == "variance"
    steps = np.diff(record.latents.reshape(3, 3, -1), axis=1)
    along = steps[:, 0] / np.linalg.norm(steps[:, 0], axis=1, keepdims=True)
    np.testing.assert_allclose(along @ along.T, np.eye(3), atol=1e-3)


def test_a_latent_that_never_moves_is_not_traversed(sprites, spoil):
    def freeze(model):
        for parameter in model.encoder.parameters():
            parameter.zero_()

    spoil(sprites, freeze)
    with pytest.raises(DataError, match="no latent moves"):
        traverse(sprites, split="all")
    record = measure("disentanglement", sprites, split="all", repeats=2)
    assert {u.why for u in record.row.undefined} == {"every latent is constant"}
