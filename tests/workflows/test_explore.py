"""Exhibits as they open: what is found, columns, maps, search; none of it needs a model."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from latentscape.errors import RunError, StoreError, UsageError
from latentscape.store import Manifest, Samples, StoreWriter
from latentscape.workflows.encode import encode
from latentscape.workflows.explore import open_exhibits
from latentscape.workflows.explore.maps import _projector_of
from latentscape.workflows.measure import measure
from latentscape.workflows.project import project, project_all


@pytest.fixture
def make_store(tmp_path):
    """A store of made-up latents: ``make_store(means, log_var=..., labels=..., groups=...)``."""

    def make(
        means, *, log_var=None, labels=None, groups=None, ids=None, name="s", names=("a", "b")
    ):
        n = len(means)
        plan = Manifest(
            model="m", model_sha256="1", recipe="vae", seed=0, data="toy", data_fingerprint="f",
            split="test", resize="none", class_names=names, has_log_var=log_var is not None,
            latent_shape=means.shape[1:], n=n, shard_size=256,
        )  # fmt: skip
        writer = StoreWriter(tmp_path / name, plan)
        for shard in range(plan.n_shards):
            rows = plan.rows(shard)
            mine = None if log_var is None else log_var[rows].astype(np.float32)
            writer.write(shard, means[rows].astype(np.float32), mine)
        ids = np.array([f"toy-{i:04d}" for i in range(n)]) if ids is None else np.asarray(ids)
        labels = np.full(n, -1) if labels is None else np.asarray(labels)
        groups = np.full(n, "") if groups is None else np.asarray(groups)
        writer.finish(Samples(ids, labels, groups, np.full(n, "test")))
        return tmp_path / name

    return make


@pytest.fixture
def cloud():
    return np.random.default_rng(0).standard_normal((300, 5)) * [5, 3, 1, 1, 1]


def only(*paths, **asked):
    return open_exhibits(list(paths), **asked)["0"]


def test_a_bare_store_opens_as_a_pca_map(make_store, cloud):
    exhibit = only(make_store(cloud))
    card = exhibit.card
    (plane,) = card.maps
    assert (plane.method, plane.n, plane.lifting) == ("pca", 300, "inverse")
    positions, rows = exhibit.points(plane.name)
    assert positions.dtype == np.float32
    assert rows.dtype == np.uint32
    centred = cloud - cloud.mean(0)
    axes = np.linalg.svd(centred, full_matrices=False)[2][:2]
    np.testing.assert_allclose(np.abs(positions), np.abs(centred @ axes.T), atol=1e-3)
    np.testing.assert_array_equal(rows, np.arange(300))
    np.testing.assert_allclose(exhibit.place(plane.name, exhibit.latents([4, 2])),
                               positions[[4, 2]], atol=1e-5)  # fmt: skip
    assert not card.abilities["decode"].possible
    assert "no run" in card.abilities["decode"].why
    assert card.image_shape is None


@pytest.mark.parametrize("size", [1, 2])
def test_latents_of_one_or_two_numbers_are_their_own_map(make_store, size):
    means = np.random.default_rng(1).standard_normal((40, size))
    exhibit = only(make_store(means))
    (plane,) = exhibit.card.maps
    assert (plane.method, plane.lifting) == ("latent", "exact")
    latent, look = exhibit.lift(plane.name, 0.25, -4.0)
    np.testing.assert_allclose(latent, [0.25, -4.0][:size])
    assert look.reliability == 1
    np.testing.assert_allclose(exhibit.place(plane.name, means.astype(np.float32))[:, :size],
                               means, rtol=1e-6)  # fmt: skip


def test_numbers_of_each_sample(make_store, cloud):
    log_var = np.random.default_rng(2).uniform(-3, 1, cloud.shape)
    labels = np.arange(300) % 3 - 1
    store = make_store(cloud, log_var=log_var, labels=labels, groups=["b", "a", ""] * 100)
    exhibit = only(store)
    cards = {card.name: card for card in exhibit.card.columns}
    kl = 0.5 * (cloud**2 + np.exp(log_var) - 1 - log_var).sum(1)
    np.testing.assert_allclose(exhibit.column("rate"), kl, rtol=1e-4)
    assert (cards["rate"].unit, cards["rate"].better) == ("nat", "neither")
    assert cards["rate"].low == pytest.approx(np.quantile(kl, 0.01), rel=1e-4)
    np.testing.assert_array_equal(exhibit.column("label"), labels)
    assert (cards["label"].categories, cards["label"].n_missing) == (("a", "b"), 100)
    assert cards["group"].categories == ("a", "b")
    np.testing.assert_array_equal(exhibit.column("group"), [1, 0, -1] * 100)
    np.testing.assert_allclose(exhibit.column("z3"), cloud[:, 2], rtol=1e-5)
    np.testing.assert_allclose(exhibit.column("norm"), np.linalg.norm(cloud, axis=1), rtol=1e-5)
    assert "split" not in cards
    with pytest.raises(UsageError, match="no column 'rat'") as error:
        exhibit.column("rat")
    assert "rate" in error.value.hint


def test_one_sample_and_its_nearest(make_store, cloud):
    exhibit = only(make_store(cloud, labels=np.arange(300) % 2))
    card = exhibit.sample(7)
    far = np.linalg.norm(cloud - cloud[7], axis=1)
    far[7] = np.inf
    np.testing.assert_array_equal(card.neighbours, np.argsort(far)[:8])
    np.testing.assert_allclose(card.distances, np.sort(far)[:8], rtol=1e-4)
    assert card.sample_id == "toy-0007"
    numbers = {number.name: number for number in card.numbers}
    assert numbers["label"].text == "b"
    assert numbers["z1"].value == pytest.approx(cloud[7, 0], rel=1e-5)
    for wrong in (-1, 300):
        with pytest.raises(UsageError, match="no row"):
            exhibit.sample(wrong)


def test_duplicates_are_neighbours_and_never_the_sample_itself(make_store):
    exhibit = only(make_store(np.ones((12, 4))))
    card = exhibit.sample(3)
    assert len(card.neighbours) == 8
    assert 3 not in card.neighbours
    assert set(card.distances) == {0.0}
    assert exhibit.lift(exhibit.card.maps[0].name, 0, 0)[0].tolist() == [1, 1, 1, 1]


def test_search_finds_the_best_first(make_store):
    ids = ["shirt-1", "1", "10", "x1", "coat", "COAT-2", "a(.*"]
    store = make_store(np.eye(7), ids=ids, labels=[0, 0, 1, 1, 1, -1, 0],
                       groups=["", "", "", "", "shirt", "", ""], names=("coat", "1"))  # fmt: skip
    exhibit = only(store)
    found = exhibit.find("1", 10)
    assert found.sample_ids == ("1", "10", "x1", "coat", "shirt-1")
    assert exhibit.find("coat", 10).sample_ids[:2] == ("coat", "shirt-1")
    assert exhibit.find("Coat", 10).n == 5
    assert exhibit.find("shirt", 1).sample_ids == ("shirt-1",)
    assert exhibit.find("shirt", 1).n == 2
    assert exhibit.find("(.*", 10).sample_ids == ("a(.*",)
    assert exhibit.find("", 10).n == exhibit.find("nothing such", 10).n == 0


def test_a_limit_takes_a_seeded_choice(make_store, cloud):
    store = make_store(cloud)
    one, two = only(store, limit=50), only(store, limit=50)
    assert len(one) == 50
    np.testing.assert_array_equal(one.latents(range(50)), two.latents(range(50)))
    assert "50 of 300" in one.card.warnings[0]
    with pytest.raises(UsageError):
        open_exhibits(store, limit=0)


def test_broken_latents_are_left_out_and_named(make_store, cloud):
    cloud[3] = np.nan
    with pytest.warns(UserWarning, match="toy-0003"):
        exhibit = only(make_store(cloud))
    assert len(exhibit) == 299
    assert "NaN" in exhibit.card.warnings[0]


def test_maps_of_a_run_are_matched_by_identity(vae):
    folder = Path(encode(vae).folder)
    made = project(folder, method="pca", limit=60, seed=3)
    exhibit = only(vae)
    plane = exhibit.plane("digits-test-pca")
    assert [card.method for card in exhibit.card.maps] == ["latent", "pca"]
    assert tuple(exhibit.stored.sample_ids[plane.rows]) == made.sample_ids
    trust = exhibit.column("trust-digits-test-pca")
    np.testing.assert_allclose(trust[plane.rows], made.trust, rtol=1e-6)
    assert np.isnan(np.delete(trust, plane.rows)).all()
    # Fitted again to the same rows, PCA places them where they were.
    places = exhibit.place(plane.name, exhibit.latents(plane.rows))
    np.testing.assert_allclose(places, made.positions, atol=1e-4)
    assert "fitted projection" in plane.card.placing_words


def test_a_limit_leaves_a_kept_pca_map_its_way_back(ae):
    kept = project(encode(ae).folder, method="pca")
    whole, exhibit = only(ae), only(ae, limit=40)
    card = exhibit.card.maps[0]
    assert (card.method, card.n, card.lifting) == ("pca", 40, "inverse")
    there, here = whole.plane(card.name).lift, exhibit.plane(card.name).lift
    assert here(np.zeros((1, 2))).agreement == pytest.approx(
        there(np.zeros((1, 2))).agreement, abs=1e-4
    )
    # Two axes are those of the whole; along them a place is what it was.
    latents = exhibit.stored.latents
    wanted = whole.place(card.name, latents)
    np.testing.assert_allclose(exhibit.place(card.name, latents), wanted, atol=1e-3)
    places = np.asarray(kept.positions[:7], float)
    np.testing.assert_allclose(exhibit.place(card.name, here(places).latents), places, atol=1e-3)


def test_points_that_no_axes_placed_have_no_way_back(ae):
    """A map that calls itself PCA and is none stands for its neighbours."""
    made = project(encode(ae).folder, method="pca")
    exhibit = only(ae, limit=40)
    plane = exhibit.plane(exhibit.card.maps[0].name)
    rng = np.random.default_rng(0)
    for bent in (rng.standard_normal((40, 2)), plane.positions * [1, 2], plane.positions**3):
        assert _projector_of(replace(plane, positions=bent), None) is None
    assert made.method == "pca"


def test_a_map_without_its_projector_places_among_neighbours_and_says_so(ae):
    folder = Path(encode(ae).folder)
    project(folder, method="tsne", limit=100)
    project(folder, method="isomap", limit=100, keep=True)
    exhibit = only(ae)
    tsne, isomap = (exhibit.plane(f"digits-test-{name}") for name in ("tsne", "isomap"))
    assert "not kept" in tsne.card.placing_words
    assert "fitted projection" in isomap.card.placing_words
    for plane in (tsne, isomap):
        assert plane.lifting == "neighbours"
        latents = exhibit.latents(plane.rows[:20])
        np.testing.assert_allclose(exhibit.place(plane.name, latents), plane.positions[:20],
                                   atol=1e-4)  # fmt: skip
        latent, look = exhibit.lift(plane.name, *plane.positions[4].tolist())
        np.testing.assert_allclose(latent, latents[4], atol=1e-5)
        assert look.nearest == plane.rows[4]


def test_a_map_of_another_model_is_left_out_and_named(vae, make_run):
    folder = Path(encode(vae).folder)
    project(folder, method="pca")
    path = vae / "maps" / "digits-test-pca.json"
    about = json.loads(path.read_text())
    about["provenance"]["model_sha256"] = "another"
    path.write_text(json.dumps(about))
    card = only(vae).card
    assert [plane.method for plane in card.maps] == ["latent"]
    assert any("another model" in text for text in card.warnings)


def test_an_unreadable_map_hides_no_other(vae):
    folder = Path(encode(vae).folder)
    project_all(folder, methods=("pca", "latent"))
    (vae / "maps" / "digits-test-pca.json").write_text("{")
    card = only(vae).card
    assert [plane.method for plane in card.maps] == ["latent"]
    assert any("cannot be read" in text for text in card.warnings)


def test_reconstruction_errors_are_matched_by_identity(vae):
    encode(vae)
    record = measure("reconstruction", vae)
    cut = {name: values[::-1][:30] for name, values in record.per_image.items()}
    record = record.model_copy(
        update={"per_image": cut, "sample_ids": record.sample_ids[::-1][:30]}
    )
    record.save(vae / "measures" / "reconstruction-digits-test")
    exhibit = only(vae)
    values = exhibit.column("mse")
    rows = exhibit.stored.rows_of(record.sample_ids)
    np.testing.assert_allclose(values[rows], record.per_image["mse"], rtol=1e-5)
    assert np.isnan(np.delete(values, rows)).all()
    card = {card.name: card for card in exhibit.card.columns}["psnr"]
    assert (card.unit, card.better) == ("dB", "higher")


def test_a_run_without_latents_says_what_to_type(vae):
    with pytest.raises(RunError, match="no latents") as error:
        open_exhibits(vae)
    assert f"latentscape encode {vae}" in error.value.hint
    assert not (vae / "stores").exists()


def test_a_run_that_kept_only_its_map_opens_with_it(vae, ae):
    for run, method in ((vae, "latent"), (ae, "tsne")):
        folder = Path(encode(run).folder)
        project(folder, method=method, limit=50)
        shutil.rmtree(run / "stores")
    plane, points = (only(run) for run in (vae, ae))
    np.testing.assert_allclose(plane.lift("digits-test-latent", 1, 2)[0], [1, 2])
    assert plane.card.abilities["decode"].possible
    assert points.card.n == 50
    assert points.sample(0).neighbours == ()
    assert not points.card.abilities["decode"].possible
    with pytest.raises(RunError, match="no latents"):
        points.lift("digits-test-tsne", 0, 0)


def test_of_a_run_the_test_split_of_its_own_weights_is_shown(vae, spoil):
    for split in ("all", "train", "test"):
        encode(vae, split=split)
    assert only(vae).stored.name == "digits-test"
    spoil(vae, lambda model: next(model.parameters()).add_(1))
    encode(vae, split="all")
    assert only(vae).stored.name == "digits-all"
    shutil.rmtree(vae / "stores" / "digits-all")
    ability = only(vae).card.abilities["decode"]
    assert not ability.possible
    assert "trained further" in ability.why
    assert "latentscape encode" in ability.hint


def test_several_runs_and_folders_of_runs(vae, ae, make_run):
    encode(vae)
    encode(ae)
    encode(vae, split="val")
    # The test store is what the run shows already.
    stores = [vae / "stores" / f"digits-{split}" for split in ("test", "val")]
    both = open_exhibits([vae, ae, *stores])
    assert [exhibit.name for exhibit in both] == ["vae", "ae", "vae/digits-val"]
    assert both["1"].card.latent_shape == (5,)
    with pytest.raises(UsageError, match="no exhibit '7'"):
        both["7"]
    make_run("empty")
    with pytest.warns(UserWarning, match="empty"):
        assert len(open_exhibits(vae.parent)) == 2


@pytest.mark.parametrize("path", ["nowhere", "diffusers:some/vae", "."])
def test_what_is_no_run_is_refused(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError):
        open_exhibits(path)
    with pytest.raises(UsageError, match="nothing to explore"):
        open_exhibits([])


def test_a_damaged_store_is_refused(make_store, cloud):
    store = make_store(cloud)
    (store / "mean-00000.npy").write_bytes(b"broken")
    with pytest.raises(StoreError, match="damaged"):
        open_exhibits(store)


def test_one_damaged_store_of_several_is_passed_over_with_a_note(vae):
    encode(vae)
    encode(vae, split="val")
    (vae / "stores/digits-val/manifest.json").write_text("{half")
    exhibit = only(vae)
    assert exhibit.provenance.split == "test"
    assert any("digits-val" in note and "passed over" in note for note in exhibit.card.warnings)
    (vae / "stores/digits-test/manifest.json").write_text("{half")
    with pytest.raises(StoreError, match="cannot be read"):
        open_exhibits(vae)


@pytest.mark.parametrize("shape", [[8, 8], "digits", 8, [1, "a", 8], [1, None, 8], [0, -1, 8]])
def test_a_shape_of_images_that_is_none_is_a_kind_error(vae, shape):
    encode(vae)
    about = json.loads((vae / "run.json").read_text())
    about["model"]["image_shape"] = shape
    (vae / "run.json").write_text(json.dumps(about))
    with pytest.raises(RunError, match="image_shape") as told:
        _ = only(vae).card
    assert told.value.hint


def test_places_that_are_none_are_refused(make_store, cloud):
    exhibit = only(make_store(cloud))
    name = exhibit.card.maps[0].name
    for place in ((np.nan, 0), (0, np.inf)):
        with pytest.raises(UsageError, match="no place"):
            exhibit.lift(name, *place)
    with pytest.raises(UsageError, match="no map"):
        exhibit.lift("umap", 0, 0)
    for latents in (np.zeros((2, 4)), np.full((1, 5), np.nan)):
        with pytest.raises(UsageError):
            exhibit.place(name, latents.astype(np.float32))
