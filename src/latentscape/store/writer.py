"""Writing a store shard by shard, so that a killed encode goes on where it stopped."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from latentscape.errors import ShapeError, StoreError
from latentscape.records import replacing
from latentscape.store.manifest import MANIFEST, PLAN, Manifest, read_manifest, shard_path

SAMPLES = "samples.parquet"


@dataclass(frozen=True)
class Samples:
    """What is known of each row of a store, beside its latent.

    Attributes:
        sample_ids: (n,) identity of each image.
        labels: (n,) integer class, −1 where unknown.
        groups: (n,) group (clip, artist, source image); empty strings where there is none.
        splits: (n,) ``train``, ``val`` or ``test``.
    """

    sample_ids: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    splits: np.ndarray

    def __len__(self) -> int:
        return len(self.sample_ids)

    def take(self, rows: np.ndarray) -> "Samples":
        """The chosen rows, in the given order."""
        return Samples(
            self.sample_ids[rows], self.labels[rows], self.groups[rows], self.splits[rows]
        )


class StoreWriter:
    """Fills a store's folder: plan first, then shards in any order, samples, manifest last.

    Several writers with the same plan may fill one folder at once, each its own shards.

    Args:
        folder: Where the store is, or is to be.
        plan: What the finished store will say of itself. A store that was begun in shards of
            another size goes on in those: see the attribute `plan`.
        may_replace: Fields of the manifest. A store that differs from the plan in no other is
            thrown away and begun anew: latents of a model that has been trained further, say.

    Raises:
        StoreError: If the folder holds a store (even half of one) of another provenance, or
            something that is no store, or cannot be written.
    """

    def __init__(self, folder: Path | str, plan: Manifest, *, may_replace: tuple[str, ...] = ()):
        self.folder = Path(folder)
        self.plan = plan
        self.may_replace = may_replace
        with mended(self.folder):
            self._claim()

    def _claim(self) -> None:
        for name in (MANIFEST, PLAN):
            if (self.folder / name).exists():
                self._go_on(name)
                return
        if self.folder.exists() and any(
            not entry.name.startswith(".") for entry in self.folder.iterdir()
        ):
            raise StoreError(
                f"{self.folder} holds something that is not a latent store",
                "name another folder with --out",
            )
        self.folder.mkdir(parents=True, exist_ok=True)
        self.plan.write(self.folder / PLAN)

    def _go_on(self, name: str) -> None:
        """Go on with the store whose manifest or plan is there, or begin it anew."""
        begun = read_manifest(self.folder / name)
        differences = begun.differences(self.plan)
        if differences.pop("shard_size", None) and not differences:
            self.plan = self.plan.model_copy(update={"shard_size": begun.shard_size})
        if not differences:
            return
        if not set(differences) <= set(self.may_replace):
            told = "; ".join(list(differences.values())[:3])
            raise StoreError(
                f"{self.folder} was begun with something else ({told})",
                "name another folder with --out, or delete this one",
            )
        # Killed anywhere in here, the folder still says that its shards are the old model's.
        (self.folder / name).replace(self.folder / PLAN)
        for old in (SAMPLES, "mean-*.npy", "log_var-*.npy"):
            for path in self.folder.glob(old):
                path.unlink()
        self.plan.write(self.folder / PLAN)

    @property
    def is_finished(self) -> bool:
        """Whether the manifest, which is written last, is there, and the samples are readable."""
        return (self.folder / MANIFEST).exists() and _has_samples(
            self.folder / SAMPLES, self.plan.n
        )

    def missing_shards(self) -> list[int]:
        """Shards still to be written; a shard that is damaged counts as missing."""
        return [shard for shard in range(self.plan.n_shards) if not self._has(shard)]

    def _has(self, shard: int) -> bool:
        if not self._is_whole(shard, "mean"):
            return False
        return not self.plan.has_log_var or self._is_whole(shard, "log_var")

    def _is_whole(self, shard: int, kind: Literal["mean", "log_var"]) -> bool:
        try:
            found = np.load(shard_path(self.folder, kind, shard), mmap_mode="r")
        except (OSError, ValueError):
            return False
        return found.shape == self.plan.shape(shard) and found.dtype == np.float32

    def write(self, shard: int, mean: np.ndarray, log_var: np.ndarray | None = None) -> None:
        """Write one shard; it appears under its name whole or not at all.

        Args:
            shard: Which shard.
            mean: Its rows, ``rows *latent``; stored as float32.
            log_var: Log variances of the same shape, where the plan has them.

        Raises:
            ShapeError: If an array is not what the plan says.
            StoreError: If it cannot be written, e.g. on a full disk.
        """
        if (log_var is not None) != self.plan.has_log_var:
            raise ShapeError(f"the plan of {self.folder} has log_var={self.plan.has_log_var}")
        arrays: list[tuple[Literal["mean", "log_var"], np.ndarray]] = [("mean", mean)]
        if log_var is not None:
            arrays.insert(0, ("log_var", log_var))
        for kind, array in arrays:
            if array.shape != self.plan.shape(shard):
                raise ShapeError(
                    f"{kind} of shard {shard} has shape {array.shape}, "
                    f"the plan says {self.plan.shape(shard)}"
                )
            path = shard_path(self.folder, kind, shard)
            with mended(self.folder), replacing(path) as temporary, temporary.open("wb") as file:
                np.save(file, np.ascontiguousarray(array, np.float32), allow_pickle=False)

    def finish(self, samples: Samples) -> None:
        """Write ``samples.parquet``, then the manifest; the store is whole from then on.

        Raises:
            StoreError: If shards are missing, or it cannot be written.
        """
        if len(samples) != self.plan.n:
            raise ShapeError(f"{len(samples)} samples for a store of {self.plan.n} rows")
        missing = self.missing_shards()
        if missing:
            raise StoreError(
                f"{self.folder} still misses {len(missing)} of {self.plan.n_shards} shards",
                "run the same encode again: it goes on where it stopped",
            )
        with mended(self.folder):
            for left_by_a_killed_writer in self.folder.glob(".*.tmp"):
                left_by_a_killed_writer.unlink(missing_ok=True)
            _write_samples(self.folder / SAMPLES, samples)
            self.plan.write(self.folder / MANIFEST)
            (self.folder / PLAN).unlink(missing_ok=True)


def _write_samples(path: Path, samples: Samples) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "sample_id": pa.array(samples.sample_ids.astype(str), pa.string()),
            "label": pa.array(samples.labels, pa.int64()),
            "group": pa.array(samples.groups.astype(str), pa.string()),
            "split": pa.array(samples.splits.astype(str), pa.string()),
        }
    )
    with replacing(path) as temporary:
        pq.write_table(table, temporary)


def _has_samples(path: Path, n: int) -> bool:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_metadata(path).num_rows == n
    except (OSError, pa.ArrowException):
        return False


@contextmanager
def mended(folder: Path) -> Iterator[None]:
    """Turn the operating system's refusals into sentences."""
    try:
        yield
    except OSError as error:
        # NumPy tells a short write, which is what a full disk gives it, without a number.
        if error.errno in (errno.ENOSPC, errno.EDQUOT, None):
            raise StoreError(
                f"the disk is full: {folder} could not be written further",
                "make room and run the same command again: finished shards are kept",
            ) from error
        raise StoreError(
            f"{folder} cannot be written ({error.strerror or error})",
            "allow writing there, or name another folder with --out",
        ) from error
