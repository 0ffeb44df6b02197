"""Encode motion triplets, their latents written as ``latent1..3.npy`` in a folder for each."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig, MotionTriplets
from latentscape.errors import DataError
from latentscape.records import StoreRecord
from latentscape.store import LatentsCard, Store, write_triplets
from latentscape.store.triplets import require_free
from latentscape.workflows.encode import encode
from latentscape.workflows.opening import BATCH, Progress, images_kept, open_subject

WORKPLACE = ".latents-being-encoded"  # hidden: the folder may be that of the images
_CHUNK = 64  # triplets in memory at a time


def encode_triplets(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    npy: Path | str,
    out: Path | str | None = None,
    split: str = "all",
    batch_size: int = BATCH,
    progress: Progress | None = None,
) -> StoreRecord:
    """Encode motion triplets into a store, and copy it into ``FOLDER/TRIPLET/latent1..3.npy``.

    The store makes it resumable; memory does not grow with the triplets. The files hold the
    store's float32 to the bit: posterior means, neither scaled nor shifted.

    Args:
        model: MODEL.
        data: DATA of moving pictures; the model's own images if None.
        npy: FOLDER; may be that of the images.
        out: The store's folder. If None it lies among the stores of a run; of a model that is no
            run it is kept only until the files are written.
        split: ``train``, ``val``, ``test`` or ``all``.
        batch_size: Images at a time.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError: If the words do not fit, or DATA holds no motion triplet.
        ModelError: If the model encodes to values that are not finite.
        StoreError: If FOLDER holds another model's latents or some of unknown origin, or cannot be
            written.
    """
    npy = Path(npy)
    with images_kept():
        subject = open_subject(model, data, split, judges=False)
        motion = subject.images.motion
        motion = None if motion is None else motion.among(subject.rows, len(subject.images))
        if motion is None:
            raise DataError(
                f"{subject.images.name} holds no motion triplets",
                "name triplets:PATH, video:PATH or sprites-motion",
            )
        if not len(motion):
            raise DataError(
                f"{subject.images.name} has {motion.counted}",
                "a shot needs three frames that move to make one",
            )
        require_free(npy, subject.model.sha256)  # before an hour is spent on encoding
        passing = npy / WORKPLACE if out is None and subject.model.folder is None else None
        record = encode(
            model, data, out=passing or out, split=split, batch_size=batch_size, progress=progress
        )
    store = Store.open(record.folder)
    write_triplets(npy, LatentsCard.of_store(store.manifest, n=len(motion)), _read(store, motion))
    if passing is not None:
        shutil.rmtree(passing)
        record = record.model_copy(update={"folder": str(npy)})
    return record.model_copy(update={"n_triplets": len(motion)})


def _read(store: Store, motion: MotionTriplets) -> Iterator[tuple[str, np.ndarray]]:
    """Name and latents of each triplet; its rows are the store's."""
    for start in range(0, len(motion), _CHUNK):
        rows = motion.rows[start : start + _CHUNK]
        latents = store.rows(rows.reshape(-1)).reshape(*rows.shape, *store.latent_shape)
        yield from zip(motion.names[start : start + _CHUNK].tolist(), latents, strict=True)
