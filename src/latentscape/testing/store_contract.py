"""What every latent store must do. Subclass, give `write`, and pytest runs the rest."""

# ruff: noqa: D102 - the name of a test is its sentence

from abc import ABC, abstractmethod
from pathlib import Path

import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.store import Manifest, Samples, Store, StoreWriter


def toy_manifest(**changes) -> Manifest:
    """The manifest of a small store: 10 latents of two numbers in shards of four."""
    facts = {
        "model": "toy",
        "model_sha256": "a" * 64,
        "recipe": "vae",
        "seed": 0,
        "data": "toys",
        "data_fingerprint": "b" * 64,
        "split": "test",
        "resize": "crop",
        "class_names": ("cat", "dog"),
        "has_log_var": True,
        "latent_shape": (2,),
        "n": 10,
        "shard_size": 4,
    }
    return Manifest.model_validate({**facts, **changes})


def toy_latents(manifest: Manifest, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Means and log variances to fill a store of this manifest with."""
    rng = np.random.default_rng(seed)
    shape = (manifest.n, *manifest.latent_shape)
    return rng.normal(size=shape).astype(np.float32), -rng.random(shape).astype(np.float32)


def toy_samples(n: int) -> Samples:
    """Identities, classes, groups and splits of `n` rows."""
    return Samples(
        sample_ids=np.array([f"toys/{i:04d}" for i in range(n)]),
        labels=np.arange(n) % 2,
        groups=np.array([f"g{i // 3}" for i in range(n)]),
        splits=np.full(n, "test"),
    )


def write_toy_store(folder: Path, manifest: Manifest, mean: np.ndarray, log_var: np.ndarray):
    """Fill a folder with a whole store."""
    writer = StoreWriter(folder, manifest)
    for shard in writer.missing_shards():
        rows = manifest.rows(shard)
        writer.write(shard, mean[rows], log_var[rows] if manifest.has_log_var else None)
    writer.finish(toy_samples(manifest.n))


class StoreContract(ABC):
    """A store gives back, row by row, exactly what was put in."""

    @abstractmethod
    def write(
        self, folder: Path, manifest: Manifest, mean: np.ndarray, log_var: np.ndarray
    ) -> Store:
        """Write a store and open it."""

    @pytest.fixture(params=[(2,), (4, 3, 5)], ids=["vector", "grid"])
    def filled(self, request, tmp_path: Path) -> tuple[Store, np.ndarray, np.ndarray]:
        """A written store and what was put in."""
        manifest = toy_manifest(latent_shape=request.param)
        mean, log_var = toy_latents(manifest)
        return self.write(tmp_path / "store", manifest, mean, log_var), mean, log_var

    def test_rows_come_back_exactly(self, filled):
        store, mean, log_var = filled
        assert len(store) == 10
        assert store.latent_shape == mean.shape[1:]
        np.testing.assert_array_equal(store.mean(), mean)
        np.testing.assert_array_equal(store.mean(3), mean[:3])
        np.testing.assert_array_equal(store[7], mean[7])
        np.testing.assert_array_equal(store[-1], mean[-1])
        np.testing.assert_array_equal(store.log_var_rows([5]), log_var[[5]])

    def test_rows_come_in_the_order_asked_for(self, filled):
        store, mean, _ = filled
        wanted = [9, 0, 4, 3, 3]
        np.testing.assert_array_equal(store.rows(wanted), mean[wanted])
        assert store.rows([]).shape == (0, *mean.shape[1:])

    def test_a_row_outside_is_refused(self, filled):
        store, _, _ = filled
        for row in (10, -11):
            with pytest.raises(ShapeError, match="outside"):
                store[row]

    def test_a_choice_is_seeded(self, filled):
        store, _, _ = filled
        chosen = store.choice(4, seed=1)
        assert sorted(set(chosen.tolist())) == chosen.tolist()
        np.testing.assert_array_equal(store.choice(4, seed=1), chosen)
        np.testing.assert_array_equal(store.choice(99, seed=1), np.arange(10))

    def test_samples_stay_beside_their_rows(self, filled):
        store, _, _ = filled
        expected = toy_samples(10)
        for name in ("sample_ids", "labels", "groups", "splits"):
            np.testing.assert_array_equal(getattr(store.samples, name), getattr(expected, name))

    def test_shards_together_are_the_store(self, filled):
        store, mean, _ = filled
        parts = list(store.shards())
        np.testing.assert_array_equal(np.concatenate([part for _, part in parts]), mean)
        assert [rows.start for rows, _ in parts] == [0, 4, 8]
