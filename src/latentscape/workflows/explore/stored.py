"""What the explorer stands on: stored latents, or where there are none the points of a map."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from pathlib import Path
from typing import Any

import numpy as np

from latentscape.errors import RunError
from latentscape.projection.search import Nearest
from latentscape.records import MapRecord, Provenance
from latentscape.store import Store
from latentscape.workflows.finite import finite_rows

CHUNK_VALUES = 1 << 22


@dataclass(frozen=True)
class Stored:
    """Samples with their latents; rows are counted among what was opened.

    Attributes:
        name: Of the store's folder.
        provenance: The small print.
        latent_shape: Shape of one latent.
        sample_ids, labels, groups, splits: (n,) of each sample; label −1 where unknown, empty
            texts where there is no group or split.
        class_names: Name of each class.
        prior_matched: Whether training drew the latents towards N(0, I).
        means: ``n D`` float32; None where only a map was kept.
        store: Where they lie, and `chosen` which of its rows.
        notes: What a reader should know of them.
    """

    name: str
    provenance: Provenance
    latent_shape: tuple[int, ...]
    sample_ids: np.ndarray
    labels: np.ndarray
    groups: np.ndarray
    splits: np.ndarray
    class_names: tuple[str, ...] = ()
    prior_matched: bool = True
    means: np.ndarray | None = None
    store: Store | None = None
    chosen: np.ndarray | None = None
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.sample_ids)

    @property
    def size(self) -> int:
        """Numbers a latent."""
        return prod(self.latent_shape)

    @property
    def latents(self) -> np.ndarray:
        """``n D`` posterior means.

        Raises:
            RunError: If only a map was kept.
        """
        if self.means is None:
            raise RunError(
                f"{self.name} keeps a map and no latents", "encode its images: `latentscape encode`"
            )
        return self.means

    def shaped(self, latents: np.ndarray) -> np.ndarray:
        """``k D`` as ``k *latent``."""
        return latents.reshape(-1, *self.latent_shape)

    @property
    def has_log_var(self) -> bool:
        """Whether log variances lie beside the means."""
        return self.store is not None and self.store.manifest.has_log_var

    def log_vars(self, rows: np.ndarray | slice) -> np.ndarray:
        """``k D`` log variances of some rows; only where there are any."""
        assert self.store is not None
        assert self.chosen is not None
        found = self.store.log_var_rows(self.chosen[rows])
        return found.reshape(len(found), -1)

    def parts(self) -> Iterator[slice]:
        """All rows, as many at a time as fit a cache or two."""
        step = max(1, CHUNK_VALUES // self.size)
        for start in range(0, len(self), step):
            yield slice(start, min(start + step, len(self)))

    @cached_property
    def nearest(self) -> Nearest:
        """Asked for the samples nearest to latents; its index is built once."""
        return Nearest(self.latents)

    @cached_property
    def ids(self) -> Any:
        """The identities as an Arrow array, which is searched a hundred times faster."""
        import pyarrow as pa

        return pa.array(self.sample_ids)

    @cached_property
    def group_texts(self) -> Any:
        """The groups as an Arrow array; none at all where no sample has one."""
        import pyarrow as pa

        return pa.array(self.groups if (self.groups != "").any() else self.groups[:0])

    def rows_of(self, sample_ids: Any) -> np.ndarray:
        """(m,) the row of each identity, −1 where there is none such."""
        return places_in(sample_ids, self.ids)


def places_in(asked: Any, known: Any) -> np.ndarray:
    """(m,) where each text lies among known texts, −1 where it does not."""
    import pyarrow as pa
    import pyarrow.compute

    compute: Any = pyarrow.compute  # its functions are made when it is imported
    found = compute.index_in(pa.array(asked, pa.string()), value_set=pa.array(known, pa.string()))
    return found.fill_null(-1).to_numpy().astype(np.int64)


def stored_in(folder: Path, *, limit: int | None = None) -> Stored:
    """A store's samples and latents in memory.

    Args:
        folder: The store's.
        limit: Most samples; above, a seeded choice of them.

    Raises:
        StoreError: If it is half-written or damaged.
        DataError: If no latent is finite. Where only some are not, they are left out, with a
            warning.
    """
    store = Store.open(folder)
    chosen = store.choice(len(store) if limit is None else limit, seed=0)
    means = store.rows(chosen).reshape(len(chosen), -1)
    samples, notes = store.samples.take(chosen), []
    if len(chosen) < len(store):
        notes.append(f"a random choice of {len(chosen):,} of {len(store):,} samples is shown")
    finite = np.asarray(np.isfinite(means).all(axis=1))
    if not finite.all():
        keep = finite_rows(finite, samples.sample_ids)
        notes.append(f"{len(chosen) - len(keep):,} samples with NaN or infinity are left out")
        chosen, means, samples = chosen[keep], means[keep], samples.take(keep)
    manifest = store.manifest
    return Stored(
        name=store.folder.resolve().name,
        provenance=manifest.provenance.model_copy(update={"n": len(chosen)}),
        latent_shape=manifest.latent_shape,
        sample_ids=samples.sample_ids,
        labels=np.asarray(samples.labels, np.int64),
        groups=samples.groups,
        splits=samples.splits,
        class_names=manifest.class_names,
        prior_matched=manifest.prior_matched,
        means=means,
        store=store,
        chosen=chosen,
        notes=tuple(notes),
    )


def points_of(record: MapRecord, name: str) -> Stored:
    """The samples of a map whose latents were not kept; of a plain latent plane they are on it."""
    n, size = len(record.positions), prod(record.provenance.latent_shape)
    plane = record.method == "latent" and size in (1, 2)
    return Stored(
        name=name,
        provenance=record.provenance,
        latent_shape=record.provenance.latent_shape,
        sample_ids=np.asarray(record.sample_ids),
        labels=np.asarray(record.labels, np.int64),
        groups=np.full(n, ""),
        splits=np.full(n, record.provenance.split),
        class_names=record.class_names,
        prior_matched=record.prior_matched,
        means=np.asarray(record.positions[:, :size], np.float32) if plane else None,
        notes=() if plane else ("only a map was kept of these samples, not their latents",),
    )
