"""Encode: images to a store of latents, shard by shard."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import torch

import latentscape
from latentscape.data import DataConfig
from latentscape.engine import Executor, LocalExecutor
from latentscape.errors import StoreError, UsageError
from latentscape.models import Format, precision_of
from latentscape.records import StoreRecord
from latentscape.store import Manifest, Samples, StoreWriter, rows_per_shard
from latentscape.training.recipes import prior_matched
from latentscape.workflows.opening import BATCH, Progress, Subject, open_subject, require_finite


@dataclass(frozen=True)
class EncodeTask:
    """All that a worker needs to encode any shard of a store, on this machine or another.

    Attributes:
        model, data, split: As `encode` was given them.
        folder: The store's.
        plan: What the finished store will say of itself.
        batch_size: Images at a time.
    """

    model: str
    data: str | DataConfig | None
    split: str
    folder: str
    plan: Manifest
    batch_size: int


def encode(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    out: Path | str | None = None,
    split: str = "test",
    batch_size: int = BATCH,
    executor: Executor | None = None,
    progress: Progress | None = None,
) -> StoreRecord:
    """Encode images into a latent store: posterior means, and log variances where there are any.

    A shard is encoded and written at a time, so memory does not grow with the latents. Run again
    after a kill, it encodes only the shards that are missing or damaged; a whole store is left as
    it is.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        out: The store's folder; ``stores/DATA-SPLIT`` in the model's run if None. That one is
            written anew where the run has been trained further since.
        split: ``train``, ``val``, ``test`` or ``all``.
        batch_size: Images at a time.
        executor: Where shards are worked on; this process if None.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError: If the words, or images and model, do not fit.
        ModelError: If the model encodes to values that are not finite.
        StoreError: If the folder holds a store of another provenance, or the disk is full.
    """
    if batch_size < 1:
        raise UsageError(f"a batch of {batch_size} images is none", "give at least 1")
    require_place(model, out)
    with _opened_once():
        form = precision_of(model)
        subject = _opened(str(model), data, split, form)
        folder = _folder(subject, out)
        may_replace = () if out else ("model_sha256",)
        writer = StoreWriter(folder, plan_for(subject), may_replace=may_replace)
        plan = writer.plan
        missing = writer.missing_shards()
        task = EncodeTask(str(model), data, split, str(folder), plan, batch_size)
        started, n_encoded = time.monotonic(), 0
        n_before = plan.n - sum(plan.shape(shard)[0] for shard in missing)
        for _, n_rows in (executor or LocalExecutor()).map(partial(encode_shard, task), missing):
            n_encoded += n_rows
            if progress is not None:
                progress(n_before + n_encoded, plan.n, "images")
        seconds = time.monotonic() - started
        if missing or not writer.is_finished:
            writer.finish(samples_of(subject))
    return StoreRecord(
        folder=str(folder),
        provenance=plan.provenance,
        n=plan.n,
        latent_shape=plan.latent_shape,
        n_shards=plan.n_shards,
        bytes=sum(path.stat().st_size for path in folder.iterdir()),
        resumed_shards=plan.n_shards - len(missing),
        images_per_second=n_encoded / max(seconds, 1e-9),
    )


@torch.inference_mode()
def encode_shard(task: EncodeTask, shard: int) -> int:
    """Encode one shard and write it into the store.

    Returns:
        How many images it holds.
    """
    subject = _opened(task.model, task.data, task.split, task.plan.precision)
    plan = task.plan
    if (subject.images.fingerprint, subject.model.sha256) != (
        plan.data_fingerprint,
        plan.model_sha256,
    ):
        raise StoreError("model or images changed while they were being encoded", "encode again")
    rows = subject.rows[plan.rows(shard)]
    mean = np.empty(plan.shape(shard), np.float32)
    log_var = np.empty(plan.shape(shard), np.float32) if plan.has_log_var else None
    for start in range(0, len(rows), task.batch_size):
        batch = slice(start, start + task.batch_size)
        posterior = subject.model.autoencoder.encode(subject.pixels(rows[batch]))
        require_finite(subject.model.name, posterior.mean, "encodes")
        mean[batch] = posterior.mean.cpu().numpy()
        if log_var is not None:
            log_var[batch] = posterior.log_var.cpu().numpy()
    StoreWriter(task.folder, plan).write(shard, mean, log_var)
    return len(rows)


def plan_for(subject: Subject) -> Manifest:
    """What the store of a subject's latents will say of itself."""
    model, images = subject.model, subject.images
    autoencoder = model.autoencoder
    return Manifest(
        model=model.name,
        model_sha256=model.sha256,
        recipe=model.recipe,
        seed=model.seed,
        data=images.name,
        data_fingerprint=images.fingerprint,
        split=subject.split,
        resize=str(images.rule.get("resize", "none")),
        binarize=images.binarize,
        class_names=images.class_names,
        has_log_var=autoencoder.posterior == "gaussian",
        prior_matched=prior_matched(model.recipe, posterior=autoencoder.posterior),
        pixel_range=autoencoder.pixel_range,
        scale=autoencoder.conventions.latent_scale,
        shift=autoencoder.conventions.latent_shift,
        precision=model.precision,
        settings=model.settings,
        latent_shape=autoencoder.latent_shape,
        n=len(subject.rows),
        shard_size=rows_per_shard(autoencoder.latent_shape, images.shape),
        version=latentscape.__version__,
    )


def samples_of(subject: Subject) -> Samples:
    """Identity, class, group and split of the images that were encoded."""
    images, rows = subject.images, subject.rows
    groups = np.full(len(rows), "") if images.groups is None else images.groups[rows]
    return Samples(
        images.sample_ids[rows], images.labels[rows], groups.astype(str), subject.splits[rows]
    )


@lru_cache(maxsize=1)
def _opened(model: str, data: str | DataConfig | None, split: str, precision: Format) -> Subject:
    """A worker opens model and images once, not once a shard."""
    return open_subject(model, data, split, precision=precision, judges=False)


@contextmanager
def _opened_once() -> Iterator[None]:
    """Nothing opened outlives the verb: the run may be trained further, images take memory."""
    _opened.cache_clear()
    try:
        yield
    finally:
        _opened.cache_clear()


def require_place(model: str | Path, out: Path | str | None) -> None:
    """Refuse, before anything is read, what would be written nowhere.

    Raises:
        UsageError: If the model is no run, which has a place, and none is named.
    """
    if out is None and str(model).startswith(("diffusers:", "onnx:", "python:")):
        raise UsageError(
            f"{model} is no run, and its latents need a place", "name a folder with --out"
        )


def _folder(subject: Subject, out: Path | str | None) -> Path:
    if out is not None:
        return Path(out)
    if subject.model.folder is None:
        raise UsageError(f"{subject.model.name} is no run", "name the store's folder with --out")
    return subject.model.folder / "stores" / subject.stem
