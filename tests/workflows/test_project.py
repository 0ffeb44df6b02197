import subprocess
import sys

import numpy as np
import pytest

from latentscape.errors import DataError, ShapeError, StoreError, UsageError
from latentscape.projection import load_projector
from latentscape.records import MapRecord
from latentscape.store import StoreWriter
from latentscape.testing.projector_contract import three_clusters
from latentscape.testing.store_contract import toy_manifest, toy_samples
from latentscape.workflows.project import project, project_all


def write_store(folder, latents: np.ndarray):
    manifest = toy_manifest(
        n=len(latents), latent_shape=latents.shape[1:], has_log_var=False, shard_size=64
    )
    writer = StoreWriter(folder, manifest)
    for shard in range(manifest.n_shards):
        writer.write(shard, latents[manifest.rows(shard)])
    writer.finish(toy_samples(len(latents)))
    return folder


@pytest.fixture
def clusters(tmp_path):
    return write_store(tmp_path / "store", three_clusters(150)[0])


def test_a_map_keeps_rows_labels_and_identities_together(clusters):
    record = project(clusters, method="pca", limit=100, seed=5)
    assert record.positions.shape == (100, 2)
    rows = [int(name.split("/")[1]) for name in record.sample_ids]
    assert rows == sorted(set(rows))
    np.testing.assert_array_equal(record.labels, np.array(rows) % 2)
    assert record.class_names == ("cat", "dog")
    assert (record.provenance.n, record.provenance.seed) == (100, 5)
    np.testing.assert_array_equal(
        project(clusters, method="pca", limit=100, seed=5).positions, record.positions
    )


def test_every_map_says_how_much_it_lies_beside_two_others(clusters):
    record = project(clusters, method="pacmap")
    assert [row.name for row in record.baselines] == ["PCA", "random projection"]
    for row in (record.faithfulness, *record.baselines):
        assert {"trustworthiness", "continuity", "stress"} <= {m.name for m in row.measures}
    pca, chance = record.baselines
    assert pca["stress"].value < chance["stress"].value
    assert [row.name for row in project(clusters, method="pca").baselines] == ["random projection"]


def test_two_latents_as_they_are_lie_not_at_all(tmp_path):
    latents = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
    record = project(write_store(tmp_path / "s", latents), method="latent")
    np.testing.assert_array_equal(record.positions, latents)
    assert record.faithfulness["trustworthiness"].value == 1
    assert record.faithfulness["stress"].value == pytest.approx(0, abs=1e-6)
    assert record.axes == ("z₁", "z₂")


def test_a_store_in_a_run_leaves_its_map_there(vae):
    from latentscape.workflows.encode import encode

    record = project(encode(vae).folder, method="pca")
    loaded = MapRecord.load(vae / "maps" / "digits-test-pca")
    np.testing.assert_array_equal(loaded.positions, record.positions)
    assert loaded.faithfulness == record.faithfulness


def test_a_store_elsewhere_writes_only_where_it_is_told(clusters, tmp_path):
    project(clusters, method="pca")
    assert [path.name for path in tmp_path.iterdir()] == ["store"]
    project(clusters, method="pca", out=tmp_path / "my" / "map")
    assert sorted(p.name for p in (tmp_path / "my").iterdir()) == ["map.json", "map.npz"]


@pytest.mark.parametrize("n", [2, 3, 4, 5])
def test_a_handful_of_points(tmp_path, n):
    record = project(write_store(tmp_path / "s", three_clusters(n)[0]), method="pca")
    assert record.positions.shape == (n, 2)
    assert bool(record.faithfulness.measures) == (n >= 4)
    assert bool(record.faithfulness.undefined) == (n < 4)
    assert (record.trust is None) == (n < 4)


def test_a_collapsed_space_is_one_point_and_says_so(tmp_path):
    store = write_store(tmp_path / "s", np.ones((30, 4), np.float32))
    record = project(store, method="pacmap")
    assert not record.positions.any()
    assert not record.faithfulness.measures
    assert all("one point" in u.why for u in record.faithfulness.undefined)
    assert record.trust is None


def test_what_cannot_be_mapped(clusters, tmp_path):
    with pytest.raises(UsageError, match="no projection method"):
        project(clusters, method="sammon")
    with pytest.raises(UsageError, match="map of 0 points"):
        project(clusters, limit=0)
    with pytest.raises(UsageError, match="6 numbers"):
        project(clusters, method="latent")
    with pytest.raises(StoreError, match="no latent store"):
        project(tmp_path / "nowhere")
    with pytest.raises(ShapeError, match="PaCMAP needs"):
        project(write_store(tmp_path / "few", three_clusters(5)[0]), method="pacmap")


def test_maps_need_no_torch(clusters):
    script = f"""
import sys
from latentscape.workflows.project import project, project_all
print(len(project({str(clusters)!r}, method="pca").positions), "torch" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout == "150 False\n"


def test_every_point_is_told_how_far_it_is_to_be_trusted(clusters, tmp_path):
    record = project(clusters, method="pca", out=tmp_path / "map")
    assert record.trust.shape == (150,)
    assert record.trust_k == 10
    whole = record.faithfulness["trustworthiness"].value
    assert record.trust.mean() == pytest.approx(whole, abs=1e-6)
    assert "exact" in record.neighbours
    np.testing.assert_array_equal(MapRecord.load(tmp_path / "map").trust, record.trust)


def test_several_methods_share_neighbours_and_baselines(clusters, tmp_path, monkeypatch):
    from latentscape.workflows import project as room

    asked = []
    real = room.nearest_neighbours
    monkeypatch.setattr(
        room, "nearest_neighbours", lambda X, k, **kw: asked.append(k) or real(X, k, **kw)
    )
    record = project_all(clusters, methods=["pca", "tsne", "isomap"], out=tmp_path / "m" / "map")
    assert asked == [90]
    assert [one.method for one in record.maps] == ["pca", "tsne", "isomap"]
    assert record.maps[1].baselines == record.maps[2].baselines
    assert sorted(p.name for p in (tmp_path / "m").glob("*.json")) == [
        "map-isomap.json", "map-pca.json", "map-tsne.json",
    ]  # fmt: skip
    alone = project(clusters, method="tsne")
    np.testing.assert_array_equal(record.maps[1].positions, alone.positions)


@pytest.mark.slow
def test_all_is_every_method_that_suits(clusters, tmp_path):
    record = project_all(clusters)
    assert [m.method for m in record.maps] == ["pca", "pacmap", "umap", "tsne", "isomap", "lle"]
    plane = np.random.default_rng(0).normal(size=(80, 2)).astype(np.float32)
    methods = [m.method for m in project_all(write_store(tmp_path / "s", plane)).maps]
    assert "latent" in methods
    assert "pca" not in methods


def test_a_method_that_does_not_suit_is_left_out_and_the_rest_go_on(tmp_path):
    few = write_store(tmp_path / "few", three_clusters(6)[0])
    record = project_all(few, methods=["pca", "pacmap", "latent"])
    assert [one.method for one in record.maps] == ["pca"]
    assert [u.name for u in record.left_out] == ["pacmap", "latent"]
    assert "at least 10" in record.left_out[0].why
    with pytest.raises(ShapeError, match="at least 10"):
        project_all(few, methods=["pacmap"])
    with pytest.raises(UsageError, match="no projection method"):
        project_all(few, methods=["pca", "sammon"])


def test_a_kept_map_places_further_latents(clusters, tmp_path):
    record = project(clusters, method="isomap", out=tmp_path / "map", keep=True)
    projector = load_projector(tmp_path / "map-projector")
    latents = three_clusters(150)[0]
    np.testing.assert_array_equal(projector.transform(latents), record.positions)
    with pytest.raises(UsageError, match="no run to keep"):
        project(clusters, method="pca", keep=True)


def test_latents_that_are_not_finite_are_named_and_left_out(tmp_path):
    latents = three_clusters(40)[0]
    latents[[3, 7], 0] = np.nan, np.inf
    store = write_store(tmp_path / "s", latents)
    with pytest.warns(UserWarning, match=r"2 of 40 latents hold NaN or infinity: .*3.*7"):
        record = project(store, method="pca")
    assert len(record.positions) == len(record.labels) == len(record.sample_ids) == 38
    assert record.provenance.n == 38
    with pytest.raises(DataError, match="40 of 40"):
        project(write_store(tmp_path / "t", np.full((40, 3), np.nan, np.float32)), method="pca")
