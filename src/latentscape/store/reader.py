"""Reading a store row by row: shards are memory maps, so its size does not matter."""

from collections.abc import Iterator
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from latentscape.errors import ShapeError, StoreError
from latentscape.shapes import LatentShape
from latentscape.store.manifest import MANIFEST, PLAN, Manifest, read_manifest, shard_path
from latentscape.store.writer import SAMPLES, Samples

AGAIN = "encode again: a half-written store goes on where it stopped"


class Store:
    """Latents on disk, as if they were one array of ``n *latent``.

    Open one with `Store.open`. A row is read when it is asked for; nothing else is loaded.

    Example:
        >>> store = Store.open("runs/x/stores/digits-test")  # doctest: +SKIP
        >>> store[0].shape  # doctest: +SKIP
        (2,)
    """

    def __init__(self, folder: Path, manifest: Manifest):
        self.folder = folder
        self.manifest = manifest
        self._shards: dict[tuple[str, int], np.ndarray] = {}

    @classmethod
    def open(cls, folder: Path | str) -> "Store":
        """Open a finished store; only its manifest is read.

        Raises:
            StoreError: If there is no store there, or it is half-written or damaged.
        """
        folder = Path(folder)
        if not folder.is_dir():
            raise StoreError(
                f"there is no latent store at {folder}", "make one with `latentscape encode`"
            )
        if not (folder / MANIFEST).exists():
            if (folder / PLAN).exists():
                raise StoreError(f"the store {folder} is half-written", AGAIN)
            raise StoreError(
                f"{folder} is not a latent store: it has no {MANIFEST}",
                "a run's stores lie in its stores/ folder",
            )
        store = cls(folder, read_manifest(folder / MANIFEST))
        for shard in range(store.manifest.n_shards):
            if not shard_path(folder, "mean", shard).exists():
                raise StoreError(f"the store {folder} misses mean-{shard:05d}.npy", AGAIN)
        return store

    def __len__(self) -> int:
        return self.manifest.n

    @property
    def latent_shape(self) -> LatentShape:
        """Shape of one latent."""
        return self.manifest.latent_shape

    def __getitem__(self, row: int) -> np.ndarray:
        """One latent, float32, in the latent's own shape."""
        return self.rows([row])[0]

    def rows(self, rows: "np.ndarray | list[int] | range") -> np.ndarray:
        """Chosen latents, ``len(rows) *latent`` float32, in the given order.

        Raises:
            ShapeError: If a row is outside the store. Negative rows count from the end.
        """
        return self._gather("mean", rows)

    def log_var_rows(self, rows: "np.ndarray | list[int] | range") -> np.ndarray:
        """Log variances of chosen rows.

        Raises:
            StoreError: If the model's posterior is a point, which has none.
        """
        if not self.manifest.has_log_var:
            raise StoreError(
                f"the store {self.folder} has no log variances",
                f"its model ({self.manifest.recipe}) encodes each image to a point",
            )
        return self._gather("log_var", rows)

    def mean(self, limit: int | None = None) -> np.ndarray:
        """The first `limit` latents in memory, or all of them; ``n *latent`` float32."""
        return self.rows(range(len(self) if limit is None else min(limit, len(self))))

    def choice(self, limit: int, *, seed: int) -> np.ndarray:
        """Row numbers of a random choice of at most `limit` rows, in ascending order."""
        if limit >= len(self):
            return np.arange(len(self))
        rng = np.random.default_rng(seed)
        return np.sort(rng.choice(len(self), size=limit, replace=False))

    def shards(self) -> Iterator[tuple[slice, np.ndarray]]:
        """Each shard as its rows in the store and a read-only memory map."""
        for shard in range(self.manifest.n_shards):
            yield self.manifest.rows(shard), self._shard("mean", shard)

    @cached_property
    def samples(self) -> Samples:
        """Identity, class, group and split of every row (loaded when first asked for).

        Raises:
            StoreError: If ``samples.parquet`` is missing or damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(self.folder / SAMPLES)
            columns = {
                name: table[name].to_numpy() for name in ("sample_id", "label", "group", "split")
            }
        except (OSError, KeyError, pa.ArrowException) as error:
            raise StoreError(
                f"{self.folder / SAMPLES} is missing or damaged", "encode again"
            ) from error
        if table.num_rows != len(self):
            raise StoreError(
                f"{self.folder / SAMPLES} has {table.num_rows} rows, the store {len(self)}",
                "encode again into another folder",
            )
        texts = {name: columns[name].astype(str) for name in ("sample_id", "group", "split")}
        return Samples(texts["sample_id"], columns["label"], texts["group"], texts["split"])

    def _gather(self, kind: Literal["mean", "log_var"], rows) -> np.ndarray:
        wanted = np.asarray(rows, dtype=np.int64)
        if wanted.size and (wanted.min() < -len(self) or wanted.max() >= len(self)):
            raise ShapeError(f"the store {self.folder} has {len(self)} rows; a row is outside")
        wanted = np.where(wanted < 0, wanted + len(self), wanted)
        found = np.empty((len(wanted), *self.latent_shape), np.float32)
        shard_of = wanted // self.manifest.shard_size
        for shard in np.unique(shard_of):
            here = shard_of == shard
            local = wanted[here] - int(shard) * self.manifest.shard_size
            found[here] = self._shard(kind, int(shard))[local]
        return found

    def _shard(self, kind: Literal["mean", "log_var"], shard: int) -> np.ndarray:
        if (kind, shard) not in self._shards:
            path = shard_path(self.folder, kind, shard)
            try:
                array = np.load(path, mmap_mode="r", allow_pickle=False)
            except (OSError, ValueError) as error:
                raise StoreError(f"the shard {path} is missing or damaged", AGAIN) from error
            if array.shape != self.manifest.shape(shard) or array.dtype != np.float32:
                raise StoreError(
                    f"the shard {path} holds {array.dtype} {array.shape}, "
                    f"the manifest says float32 {self.manifest.shape(shard)}",
                    "encode again into another folder",
                )
            self._shards[kind, shard] = array
        return self._shards[kind, shard]
