import errno
import json
from pathlib import Path

import numpy as np
import pytest

from latentscape.errors import ShapeError, StoreError
from latentscape.shapes import ImageShape
from latentscape.store import (
    Store,
    StoreWriter,
    read_triplet,
    rows_per_shard,
    write_triplet,
)
from latentscape.testing.store_contract import (
    StoreContract,
    toy_latents,
    toy_manifest,
    toy_samples,
    write_toy_store,
)


class TestStore(StoreContract):
    def write(self, folder, manifest, mean, log_var):
        write_toy_store(folder, manifest, mean, log_var)
        return Store.open(folder)


@pytest.fixture
def folder(tmp_path):
    manifest = toy_manifest()
    write_toy_store(tmp_path / "store", manifest, *toy_latents(manifest))
    return tmp_path / "store"


def begin(folder, shards):
    manifest = toy_manifest()
    mean, log_var = toy_latents(manifest)
    writer = StoreWriter(folder, manifest)
    for shard in shards:
        writer.write(shard, mean[manifest.rows(shard)], log_var[manifest.rows(shard)])
    return writer


def test_on_disk_there_is_what_the_design_says(folder):
    assert sorted(path.name for path in folder.iterdir()) == [
        *[f"log_var-0000{i}.npy" for i in range(3)],
        "manifest.json",
        *[f"mean-0000{i}.npy" for i in range(3)],
        "samples.parquet",
    ]
    manifest = json.loads((folder / "manifest.json").read_text())
    for name in ("model_sha256", "data_fingerprint", "posterior", "pixel_range", "resize"):
        assert manifest[name]
    assert (manifest["scale"], manifest["shift"]) == (1.0, 0.0)
    np.testing.assert_array_equal(
        np.load(folder / "mean-00002.npy"), toy_latents(toy_manifest())[0][8:]
    )


def test_a_stopped_writer_goes_on_where_it_was(tmp_path):
    assert begin(tmp_path / "s", [1]).missing_shards() == [0, 2]
    again = begin(tmp_path / "s", [])
    assert again.missing_shards() == [0, 2]
    assert not again.is_finished
    with pytest.raises(StoreError, match="half-written"):
        Store.open(tmp_path / "s")
    with pytest.raises(StoreError, match="still misses 2 of 3"):
        again.finish(toy_samples(10))
    begin(tmp_path / "s", [0, 2]).finish(toy_samples(10))
    np.testing.assert_array_equal(Store.open(tmp_path / "s").mean(), toy_latents(toy_manifest())[0])
    assert not (tmp_path / "s" / "plan.json").exists()


def test_a_damaged_shard_counts_as_missing(tmp_path):
    writer = begin(tmp_path / "s", [0, 1, 2])
    shard = tmp_path / "s" / "mean-00001.npy"
    shard.write_bytes(shard.read_bytes()[:-3])
    (tmp_path / "s" / "log_var-00002.npy").unlink()
    assert writer.missing_shards() == [1, 2]


@pytest.mark.parametrize(
    "change",
    [{"model_sha256": "c" * 64}, {"data_fingerprint": "d" * 64}, {"split": "train"}, {"n": 9}],
    ids=["model", "data", "split", "n"],
)
def test_a_store_of_another_provenance_is_not_continued(tmp_path, folder, change):
    begin(tmp_path / "half", [0])
    for place in (tmp_path / "half", folder):
        with pytest.raises(StoreError, match=next(iter(change))) as caught:
            StoreWriter(place, toy_manifest(**change))
        assert "--out" in caught.value.hint


def test_a_store_that_may_be_replaced_is_begun_anew(folder):
    changed = toy_manifest(model_sha256="c" * 64)
    with pytest.raises(StoreError, match="begun with something else"):
        StoreWriter(folder, toy_manifest(model_sha256="c" * 64, n=9), may_replace=("model_sha256",))
    assert len(Store.open(folder)) == 10
    writer = StoreWriter(folder, changed, may_replace=("model_sha256",))
    assert writer.missing_shards() == [0, 1, 2]
    assert [path.name for path in folder.iterdir()] == ["plan.json"]
    StoreWriter(folder, changed)  # another worker finds the new plan


def test_killed_while_it_replaces_a_store_never_passes_for_the_new_one(folder, monkeypatch):
    def dies(*_, **__):
        raise KeyboardInterrupt

    changed = toy_manifest(model_sha256="c" * 64)
    for verb in ("unlink", "write_text"):
        with monkeypatch.context() as broken:
            broken.setattr(Path, verb, dies)
            with pytest.raises(KeyboardInterrupt):
                StoreWriter(folder, changed, may_replace=("model_sha256",))
        with pytest.raises(StoreError):
            StoreWriter(folder, changed)
    writer = StoreWriter(folder, changed, may_replace=("model_sha256",))
    assert writer.missing_shards() == [0, 1, 2]


def test_a_renamed_run_is_the_same_model(folder):
    writer = StoreWriter(folder, toy_manifest(model="renamed"))
    assert writer.is_finished
    assert writer.missing_shards() == []


def test_a_folder_of_other_things_is_left_alone(tmp_path):
    (tmp_path / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="not a latent store"):
        StoreWriter(tmp_path, toy_manifest())
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_what_does_not_fit_the_plan_is_refused(tmp_path):
    writer = begin(tmp_path / "s", [])
    with pytest.raises(ShapeError, match="the plan says"):
        writer.write(0, np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(ShapeError, match="log_var"):
        writer.write(0, np.zeros((4, 2)))
    with pytest.raises(ShapeError, match="9 samples"):
        writer.finish(toy_samples(9))


@pytest.mark.parametrize(
    "refusal",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        OSError("20000 requested and 9184 written"),
    ],
    ids=["system", "numpy"],
)
def test_a_full_disk_is_a_sentence_and_leaves_nothing_half_written(tmp_path, monkeypatch, refusal):
    writer = begin(tmp_path / "s", [0])
    before = sorted(path.name for path in (tmp_path / "s").iterdir())

    def full(file, array, **_):
        file.write(b"half")
        raise refusal

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(StoreError, match="disk is full") as caught:
        writer.write(1, np.zeros((4, 2)), np.zeros((4, 2)))
    assert "make room" in caught.value.hint
    assert sorted(path.name for path in (tmp_path / "s").iterdir()) == before


def test_a_place_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        StoreWriter(tmp_path / "file" / "store", toy_manifest())


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("manifest.json", b"{", "manifest.json cannot be read"),
        ("manifest.json", b'{"format": 9}', "format"),
        ("mean-00001.npy", b"\x93NUMPY", "missing or damaged"),
        ("mean-00001.npy", None, "misses mean-00001"),
        ("samples.parquet", b"PAR1", "missing or damaged"),
        ("samples.parquet", None, "missing or damaged"),
    ],
)
def test_damage_is_named(folder, name, content, words):
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    with pytest.raises(StoreError, match=words):
        read_everything(folder)


def read_everything(folder):
    store = Store.open(folder)
    return store.mean(), store.samples


def test_a_shard_of_another_shape_is_named(folder):
    np.save(folder / "mean-00000.npy", np.zeros((4, 3), np.float32))
    with pytest.raises(StoreError, match="the manifest says"):
        Store.open(folder).mean()


def test_what_is_no_store_says_so(tmp_path):
    with pytest.raises(StoreError, match="no latent store at") as caught:
        Store.open(tmp_path / "nowhere")
    assert "latentscape encode" in caught.value.hint
    with pytest.raises(StoreError, match="is not a latent store"):
        Store.open(tmp_path)


def test_points_have_no_log_variance(tmp_path):
    manifest = toy_manifest(has_log_var=False, recipe="ae")
    mean, log_var = toy_latents(manifest)
    write_toy_store(tmp_path / "s", manifest, mean, log_var)
    with pytest.raises(StoreError, match="no log variances") as caught:
        Store.open(tmp_path / "s").log_var_rows([0])
    assert "(ae)" in caught.value.hint


def test_shards_are_small_enough_to_lose_little():
    assert rows_per_shard((2,)) == 8192
    assert rows_per_shard((4, 32, 32)) == 1024
    assert rows_per_shard((16, 128, 128)) == 256


def test_a_shard_of_large_images_is_of_fewer():
    assert rows_per_shard((2,), ImageShape(1, 28, 28)) == rows_per_shard((2,)) == 8192
    assert rows_per_shard((4, 8, 8), ImageShape(3, 64, 64)) == rows_per_shard((4, 8, 8))
    assert rows_per_shard((4, 16, 16), ImageShape(3, 128, 128)) == 256
    assert rows_per_shard((4, 32, 32), ImageShape(3, 256, 256)) == 64
    assert rows_per_shard((4, 32, 32), ImageShape(3, 9000, 9000)) == 1


def test_a_store_in_shards_of_another_size_goes_on_in_those(tmp_path, folder):
    planned = toy_manifest(shard_size=3)
    assert StoreWriter(folder, planned).is_finished
    begin(tmp_path / "s", [1])
    writer = StoreWriter(tmp_path / "s", planned)
    assert (writer.plan, writer.missing_shards()) == (toy_manifest(), [0, 2])


def test_a_million_latents_are_read_row_by_row_without_loading_them(tmp_path, measured):
    n, shape, shard_size = 1_000_000, (64,), 100_000
    writer = StoreWriter(
        tmp_path / "s",
        toy_manifest(n=n, latent_shape=shape, shard_size=shard_size, has_log_var=False),
    )
    for shard in range(10):
        rows = np.arange(shard * shard_size, (shard + 1) * shard_size, dtype=np.float32)
        writer.write(shard, np.broadcast_to(rows[:, None], (shard_size, 64)))
    writer.finish(toy_samples(n))
    held, refused = measured(f"""
import resource
import numpy as np
from latentscape.store import Store
store = Store.open({str(tmp_path / "s")!r})
lines = open("/proc/self/status").read().splitlines()
now = next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData"))
resource.setrlimit(resource.RLIMIT_DATA, (now + 100_000_000,) * 2)
rows = np.random.default_rng(0).choice(len(store), 1000, replace=False)
print(sum(store[row][0] == row for row in rows))
try:
    store.mean()
    print(0)
except MemoryError:
    print(1)
""")
    assert held == 1000
    assert refused, "100 MB were enough to load 256 MB: the limit did not hold"


def test_latents_of_a_motion_triplet(tmp_path):
    latents = np.random.default_rng(0).normal(size=(3, 4, 2, 2)).astype(np.float32)
    write_triplet(tmp_path / "clip", latents)
    assert sorted(p.name for p in (tmp_path / "clip").iterdir()) == [
        "latent1.npy",
        "latent2.npy",
        "latent3.npy",
    ]
    np.testing.assert_array_equal(read_triplet(tmp_path / "clip"), latents)
    (tmp_path / "clip" / "latent2.npy").unlink()
    with pytest.raises(StoreError, match="latent2"):
        read_triplet(tmp_path / "clip")
    with pytest.raises(ShapeError, match="three latents"):
        write_triplet(tmp_path / "clip", latents[:2])
