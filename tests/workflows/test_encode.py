import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from latentscape import measure, motion
from latentscape.data import DataConfig, load_images, split_rows
from latentscape.engine import LocalExecutor
from latentscape.errors import DataError, ModelError, StoreError, UsageError
from latentscape.models import open_model
from latentscape.store import Store, manifest
from latentscape.workflows.encode import encode
from latentscape.workflows.measure.reconstruction import ReconstructionConfig


@pytest.fixture
def small_shards(monkeypatch):
    """Shards of 50 rows, so that 360 digits make eight."""
    monkeypatch.setattr(manifest, "FEWEST_ROWS", 50)
    monkeypatch.setattr(manifest, "MOST_ROWS", 50)


def means_of(run: Path, split: str) -> np.ndarray:
    config = DataConfig("digits")
    images = load_images(config)
    pixels = torch.from_numpy(images.pixels(split_rows(images, config)[split]))
    with torch.inference_mode():
        return open_model(run).autoencoder.encode(pixels).mean.numpy()


def content(folder: str | Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in Path(folder).iterdir()}


def test_the_store_holds_the_posterior_of_the_split(vae):
    record = encode(vae)
    assert record.folder == str(vae / "stores" / "digits-test")
    store = Store.open(record.folder)
    expected = means_of(vae, "test")
    assert record.n == len(store) == len(expected)
    np.testing.assert_allclose(store.mean(), expected, atol=1e-5)
    assert np.isfinite(store.log_var_rows(range(len(store)))).all()
    assert (store.samples.splits == "test").all()
    assert len(set(store.samples.sample_ids)) == len(store)
    about = store.manifest
    assert about.model_sha256 == open_model(vae).sha256
    assert about.data_fingerprint == load_images(DataConfig("digits")).fingerprint
    assert about.provenance == record.provenance
    assert store.samples.labels.max() < len(about.class_names) == 10


def test_all_is_every_image_in_order_with_its_split(ae):
    store = Store.open(encode(ae, split="all").folder)
    images = load_images(DataConfig("digits"))
    np.testing.assert_array_equal(store.samples.sample_ids, images.sample_ids)
    for name, rows in split_rows(images, DataConfig("digits")).items():
        np.testing.assert_array_equal(np.flatnonzero(store.samples.splits == name), rows)
    assert not store.manifest.has_log_var


def test_progress_counts_images_to_the_last(vae, small_shards):
    heard = []
    encode(vae, batch_size=16, progress=lambda *told: heard.append(told))
    n = len(means_of(vae, "test"))
    assert heard[0] == (50, n, "images")
    assert heard[-1] == (n, n, "images")
    assert [done for done, _, _ in heard] == sorted(done for done, _, _ in heard)


def test_a_finished_store_is_left_as_it_is(vae):
    first = encode(vae)
    before = {p.name: p.stat().st_mtime_ns for p in Path(first.folder).iterdir()}
    second = encode(vae)
    assert {p.name: p.stat().st_mtime_ns for p in Path(first.folder).iterdir()} == before
    assert second.resumed_shards == second.n_shards


class Dying:
    """An executor whose machine goes down after a few shards."""

    def __init__(self, n_shards: int):
        self.n_shards = n_shards

    def map(self, task, shards):
        for done, shard in enumerate(reversed(list(shards))):
            if done == self.n_shards:
                raise KeyboardInterrupt
            yield shard, task(shard)


def test_a_stopped_encode_goes_on_and_equals_an_unbroken_one(vae, tmp_path, small_shards):
    whole = encode(vae, out=tmp_path / "whole")
    assert whole.n_shards == 8
    with pytest.raises(KeyboardInterrupt):
        encode(vae, out=tmp_path / "broken", executor=Dying(3))
    with pytest.raises(StoreError, match="half-written"):
        Store.open(tmp_path / "broken")
    resumed = encode(vae, out=tmp_path / "broken")
    assert resumed.resumed_shards == 3
    assert content(tmp_path / "broken") == content(tmp_path / "whole")


SCRIPT = """
import sys, time
from latentscape.store import manifest
manifest.FEWEST_ROWS = manifest.MOST_ROWS = 20
from latentscape.workflows.encode import encode
print("ready", flush=True)
encode(sys.argv[1], out=sys.argv[2], batch_size=1, progress=lambda *_: time.sleep(0.02))
"""


@pytest.mark.slow
def test_killed_at_random_moments_it_ends_the_same(vae, tmp_path, monkeypatch):
    monkeypatch.setattr(manifest, "FEWEST_ROWS", 20)
    monkeypatch.setattr(manifest, "MOST_ROWS", 20)
    encode(vae, out=tmp_path / "whole", batch_size=1)
    rng = np.random.default_rng(0)
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(vae), str(tmp_path / "broken")],
            stdout=subprocess.PIPE,
        )
        assert process.stdout.readline() == b"ready\n"
        time.sleep(rng.uniform(0, 0.4))
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    encode(vae, out=tmp_path / "broken", batch_size=1)
    assert content(tmp_path / "broken") == content(tmp_path / "whole")


@pytest.mark.engine
@pytest.mark.slow
def test_several_processes_write_the_same_store(vae, tmp_path):
    data = DataConfig("digits")
    one = encode(vae, data, out=tmp_path / "one", split="all")
    encode(vae, data, out=tmp_path / "two", split="all", executor=LocalExecutor(2))
    assert one.n_shards >= 1
    np.testing.assert_allclose(
        Store.open(tmp_path / "two").mean(), Store.open(tmp_path / "one").mean(), atol=1e-6
    )


def test_a_model_trained_further_does_not_write_into_a_store_that_was_named(vae, spoil, tmp_path):
    encode(vae, out=tmp_path / "mine")
    before = content(tmp_path / "mine")
    spoil(vae, lambda model: next(model.parameters()).add_(1))
    with pytest.raises(StoreError, match="model_sha256") as caught:
        encode(vae, out=tmp_path / "mine")
    assert "--out" in caught.value.hint
    assert content(tmp_path / "mine") == before


def test_a_model_trained_further_has_its_runs_own_store_written_anew(vae, spoil, small_shards):
    old = Store.open(encode(vae).folder).mean()
    spoil(vae, lambda model: next(model.encoder.parameters()).mul_(0.5))
    record = encode(vae)
    store = Store.open(record.folder)
    assert record.resumed_shards == 0
    assert store.manifest.model_sha256 == open_model(vae).sha256
    np.testing.assert_allclose(store.mean(), means_of(vae, "test"), atol=1e-5)
    assert not np.allclose(store.mean(), old, atol=1e-2)


def test_only_the_model_may_have_changed_in_the_runs_own_store(vae):
    folder = Path(encode(vae).folder)
    about = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**about, "data_fingerprint": "0" * 64}))
    with pytest.raises(StoreError, match="data_fingerprint"):
        encode(vae)


@pytest.mark.parametrize("name", ["mean-00003.npy", "log_var-00003.npy", "samples.parquet"])
@pytest.mark.parametrize("content_left", [None, b"\x93NUMPY damaged"])
def test_a_finished_store_that_lost_a_part_is_mended(vae, small_shards, name, content_left):
    folder = Path(encode(vae).folder)
    whole = content(folder)
    if content_left is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content_left)
    mended = encode(vae)
    assert mended.resumed_shards == 8 - name.endswith(".npy")
    assert content(folder) == whole


def test_images_that_do_not_fit_are_refused_with_the_way_to_mend(vae, tmp_path):
    with pytest.raises(DataError, match=r"takes 8×8×1") as caught:
        encode(vae, DataConfig("sprites", limit=20))
    assert "size=8, colour='L'" in caught.value.hint
    assert not (vae / "stores").exists()
    fitting = DataConfig("sprites", limit=20, size=8, colour="L")
    assert encode(vae, fitting, split="all").n == 20


def test_a_name_is_loaded_by_the_rule_of_the_models_own_images(make_run, tmp_path):
    data = DataConfig("digits", size=16, binarize=True, limit=200)
    run = make_run("run", data=data)
    same = encode(run, "digits", out=tmp_path / "named")
    assert same.provenance.fingerprint == load_images(data).fingerprint
    assert Store.open(tmp_path / "named").manifest.binarize


def test_a_name_that_does_not_fit_is_brought_to_the_model(vae, tmp_path):
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (30, 12, 20, 3), dtype=np.uint8)
    np.savez(tmp_path / "wide.npz", images=pixels)
    source = f"npz:{tmp_path / 'wide.npz'}"
    with pytest.warns(UserWarning, match="wide is brought to 8×8×1 for the model vae"):
        record = encode(vae, source, split="all", out=tmp_path / "named")
    by_hand = DataConfig(source, size=8, colour="L")
    assert record.provenance.fingerprint == load_images(by_hand).fingerprint
    assert record.provenance.resize == "crop"
    fits = encode(vae, "digits", out=tmp_path / "digits")
    assert fits.provenance.fingerprint == load_images(DataConfig("digits")).fingerprint
    assert fits.provenance.resize == "none"


def test_words_that_are_wrong(vae):
    with pytest.raises(UsageError, match="no split 'tset'"):
        encode(vae, split="tset")
    with pytest.raises(UsageError, match="batch of 0"):
        encode(vae, batch_size=0)
    with pytest.raises(DataError, match="no val images"):
        encode(vae, DataConfig("digits", val_fraction=0), split="val")


def test_a_broken_model_writes_no_latents(vae, spoil):
    spoil(vae, lambda model: next(model.encoder.parameters()).fill_(float("nan")))
    with pytest.raises(ModelError, match="not finite"):
        encode(vae)
    assert not list((vae / "stores" / "digits-test").glob("*.npy"))


def test_images_that_changed_since_training_are_told_of(vae):
    about = json.loads((vae / "run.json").read_text())
    about["fingerprint"] = "0" * 64
    (vae / "run.json").write_text(json.dumps(about))
    with pytest.warns(UserWarning, match="have changed since"):
        encode(vae)


@pytest.mark.slow
@pytest.mark.realdata
def test_seventy_thousand_images_take_little_memory(data_root, make_run, measured):
    run = make_run("run", data=DataConfig("fashion-mnist"), network="tutorial")
    held, speed = measured(f"""
from latentscape.workflows.encode import encode
record = encode({str(run)!r}, split="all")
assert record.n == 70_000
print(peak(), record.images_per_second)
""")
    print(f"{held / 1e9:.2f} GB, {speed:,.0f} images/s")
    assert held < 1.5e9


def test_without_a_place_nothing_is_read():
    for verb in (encode, motion):
        with pytest.raises(UsageError, match="need a place"):
            verb("onnx:none.onnx,none.onnx", "folder:/there/is/none")


def test_a_measure_that_is_none_is_refused_before_images_are_read():
    with pytest.raises(UsageError, match="foo"):
        measure("reconstruction", "nowhere", config=ReconstructionConfig(measures="foo"))
