import numpy as np

from latentscape.metrics.spatial import spatial_statistics
from latentscape.records import load_record
from latentscape.store import StoreWriter
from latentscape.testing.store_contract import toy_manifest, toy_samples
from latentscape.workflows.measure.structure import measure_structure


def write_store(folder, latents: np.ndarray):
    manifest = toy_manifest(
        n=len(latents), latent_shape=latents.shape[1:], has_log_var=False, shard_size=32
    )
    writer = StoreWriter(folder, manifest)
    for shard in range(manifest.n_shards):
        writer.write(shard, latents[manifest.rows(shard)])
    writer.finish(toy_samples(len(latents)))
    return folder


def test_latents_on_a_grid_are_measured_as_one(tmp_path):
    latents = np.random.default_rng(0).normal(size=(60, 2, 3, 4)).astype(np.float32)
    record = measure_structure(write_store(tmp_path / "s", latents), out=tmp_path / "structure")
    found, plain = load_record(tmp_path / "structure").spatial, spatial_statistics(latents)
    np.testing.assert_array_equal(found.mean_map, plain.mean_map)
    np.testing.assert_allclose(found.horizontal, plain.horizontal)
    assert record.spatial.rows[0].name == "spatial latents"


def test_vectors_have_no_places(tmp_path):
    latents = np.random.default_rng(0).normal(size=(40, 5)).astype(np.float32)
    assert measure_structure(write_store(tmp_path / "s", latents)).spatial is None
