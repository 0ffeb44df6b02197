"""Latents to be measured: read from a store, or encoded here and kept in memory."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import torch

from latentscape.data import DataConfig
from latentscape.errors import UsageError
from latentscape.records import RUN_FILE, Provenance, run_of
from latentscape.store import MANIFEST, Store
from latentscape.training.recipes import prior_matched
from latentscape.workflows.finite import finite_rows
from latentscape.workflows.opening import Progress, Subject, open_subject


@dataclass(frozen=True)
class Latents:
    """Posteriors of some images, and what is known of the images.

    Attributes:
        means: ``n *latent`` float32.
        log_vars: The same shape; None where the posterior is a point.
        labels: (n,) class of each image, −1 where unknown.
        class_names: Name of each class.
        sample_ids: (n,) identities.
        groups: (n,) clip, artist or source image of each, None where there are none.
        prior_matched: Whether training drew the latents towards N(0, I).
        provenance: Their small print.
        run: The run folder they belong to; None where there is none.
        stem: ``DATA-SPLIT``, fit for a file's name.
        n_before: Images of the split or store before a limit took its choice of them.
        subject: The opened model and its images, where the latents were encoded here.
    """

    means: np.ndarray
    log_vars: np.ndarray | None
    labels: np.ndarray
    class_names: tuple[str, ...]
    sample_ids: np.ndarray
    groups: np.ndarray | None
    prior_matched: bool
    provenance: Provenance
    run: Path | None
    stem: str
    n_before: int = 0
    subject: Subject | None = None

    def __len__(self) -> int:
        return len(self.means)

    def take(self, rows: np.ndarray) -> "Latents":
        """The chosen rows, in the given order."""
        subject = self.subject
        return replace(
            self,
            means=self.means[rows],
            log_vars=None if self.log_vars is None else self.log_vars[rows],
            labels=self.labels[rows],
            sample_ids=self.sample_ids[rows],
            groups=None if self.groups is None else self.groups[rows],
            provenance=self.provenance.model_copy(update={"n": len(rows)}),
            subject=None if subject is None else replace(subject, rows=subject.rows[rows]),
        )

    @cached_property
    def rows(self) -> np.ndarray:
        """The means as ``n d``, whatever the latent's shape."""
        return self.means.reshape(len(self.means), -1)

    def room(self, name: str, stem: str) -> Path | None:
        """Where a record belongs in the run; None where there is no run."""
        return None if self.run is None else self.run / name / stem


def open_latents(
    thing: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Latents:
    """Latents of a store, or of a model's images.

    Args:
        thing: A store that `encode` wrote, or MODEL.
        data: DATA, for a model; its own images if None. A store knows its own.
        split: Of the images; ``test`` of a model, if None. A store has only its own.
        limit: Most latents; above, a seeded choice of them.
        seed: Of that choice.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError, StoreError, ModelError: As opening them does.
        DataError: If no latent is finite. Where only some are not, a warning names them and the
            others are kept.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"{limit} images are none", "give a limit of at least 1")
    folder = Path(thing)
    if (folder / MANIFEST).exists() and not (folder / RUN_FILE).exists():
        if data is not None:
            raise UsageError(
                f"{folder} is a store and has its images already", "leave DATA out, or name a model"
            )
        store = Store.open(folder)
        if split not in (None, store.manifest.split):
            raise UsageError(
                f"the store {folder} is of the split {store.manifest.split}, not {split}",
                "leave --split out, or name the model it was encoded by",
            )
        return _finite(_stored(store, limit, seed))
    subject = open_subject(thing, data, split or "test")
    return _finite(_encoded(subject, limit, seed=seed, progress=progress))


def _stored(store: Store, limit: int | None, seed: int) -> Latents:
    chosen = store.choice(len(store) if limit is None else limit, seed=seed)
    samples, manifest = store.samples.take(chosen), store.manifest
    return Latents(
        means=store.rows(chosen),
        log_vars=store.log_var_rows(chosen) if manifest.has_log_var else None,
        labels=samples.labels,
        class_names=manifest.class_names,
        sample_ids=samples.sample_ids,
        groups=samples.groups if (samples.groups != "").any() else None,
        prior_matched=manifest.prior_matched,
        provenance=manifest.provenance.model_copy(update={"n": len(chosen), "seed": seed}),
        run=run_of(store.folder),
        stem=store.folder.resolve().name,
        n_before=len(store),
    )


@torch.inference_mode()
def _encoded(
    subject: Subject, limit: int | None, *, seed: int, progress: Progress | None
) -> Latents:
    """The split's latents, encoded in memory; for spatial latents of many images, use a store."""
    n_before, subject = len(subject.rows), subject.choice(limit, seed=seed)
    model, images, rows = subject.model, subject.images, subject.rows
    is_point = model.autoencoder.posterior == "point"
    means = np.empty((len(rows), *model.autoencoder.latent_shape), np.float32)
    log_vars = None if is_point else np.empty_like(means)
    done = 0
    for batch, pixels in subject.batches():
        posterior = model.autoencoder.encode(pixels)
        here = slice(done, done + len(batch))
        means[here] = posterior.mean.cpu().numpy()
        if log_vars is not None:
            log_vars[here] = posterior.log_var.cpu().numpy()
        done += len(batch)
        if progress is not None:
            progress(done, len(rows), "images")
    return Latents(
        means=means,
        log_vars=log_vars,
        labels=images.labels[rows],
        class_names=images.class_names,
        sample_ids=images.sample_ids[rows],
        groups=None if images.groups is None else images.groups[rows],
        prior_matched=prior_matched(model.recipe, posterior=model.autoencoder.posterior),
        provenance=subject.provenance(seed=seed, n=len(rows)),
        run=model.folder,
        stem=subject.stem,
        n_before=n_before,
        subject=subject,
    )


def _finite(latents: Latents) -> Latents:
    broken = np.asarray(~np.isfinite(latents.rows).all(axis=1))
    if latents.log_vars is not None:
        broken |= ~np.isfinite(latents.log_vars.reshape(len(broken), -1)).all(1)
    return latents.take(finite_rows(~broken, latents.sample_ids)) if broken.any() else latents
