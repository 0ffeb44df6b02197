"""A model and the motion triplets it is asked about: latents on disk, frames read when asked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.errors import DataError, ShapeError, StoreError, UsageError
from latentscape.store import Store
from latentscape.workflows.encode import encode
from latentscape.workflows.opening import (
    BATCH,
    Progress,
    Subject,
    images_kept,
    open_subject,
    require_own_store,
)

FEWEST = 3
CHUNK = 64  # triplets at a time

Reader = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class MotionSubject:
    """A model, motion triplets, and the latents of their frames.

    Nothing here grows with the number of triplets but a few numbers of each: latents are read
    from memory maps, frames from the image set, both a chunk at a time.

    Attributes:
        subject: The opened model and its images, all splits.
        triplets: First, middle and last.
        folder: Where ``stores/`` and ``motion/`` lie.
        latent_shape: Of one latent.
        split_of_triplets: (m,) ``train``, ``val`` or ``test``.
        read: Latents of chosen triplets.
        latents_from: What the latents were read from, in words.
        seed: Of whatever is drawn.
    """

    subject: Subject
    triplets: MotionTriplets
    folder: Path
    latent_shape: tuple[int, ...]
    split_of_triplets: np.ndarray
    read: Reader
    latents_from: str
    seed: int = 0

    def __len__(self) -> int:
        return len(self.triplets)

    @property
    def stem(self) -> str:
        """``DATA``, fit for a file's name; of other images than the model's, with a mark."""
        return self.subject.stem.removesuffix("-all")

    @property
    def is_spatial(self) -> bool:
        """Whether latents are channels on a grid."""
        return len(self.latent_shape) == 3

    def which(self, split: str) -> np.ndarray:
        """Places of the triplets of a split, in order; of ``all``, every one."""
        return np.flatnonzero((self.split_of_triplets == split) | (split == "all"))

    def chunks(self, which: np.ndarray | None = None, size: int = CHUNK) -> Iterator[np.ndarray]:
        """Places of triplets, at most `size` at a time; of all where none are named."""
        which = np.arange(len(self)) if which is None else np.asarray(which)
        for start in range(0, len(which), size):
            yield which[start : start + size]

    def latents_of(self, which: np.ndarray) -> np.ndarray:
        """Posterior means of chosen triplets.

        Returns:
            float32 ``k 3 *latent``: first, middle, last.

        Raises:
            StoreError: If one is not finite.
        """
        which = np.asarray(which)
        latents = self.read(which)
        broken = ~np.isfinite(latents.reshape(len(which), -1)).all(axis=1)
        if broken.any():
            name = self.triplets.names[which[np.flatnonzero(broken)[0]]]
            raise StoreError(
                f"the latents of the triplet {name} are not finite", "encode its frames again"
            )
        return latents

    def frames_of(self, which: np.ndarray) -> np.ndarray:
        """Frames of chosen triplets as the model sees them, uint8 ``k 3 channels height width``."""
        return self.subject.as_bytes(self.triplets.rows[np.asarray(which)])


def open_motion(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    out: Path | str | None = None,
    latents: Path | str | None = None,
    batch_size: int = BATCH,
    seed: int = 0,
    progress: Progress | None = None,
) -> MotionSubject:
    """Open a model on motion triplets; their frames are encoded where they have not been yet.

    Args:
        model: MODEL.
        data: DATA of moving pictures (``triplets:PATH`` ...); the model's own images if None.
        out: Folder for ``stores/`` and ``motion/``; the model's run if None.
        latents: Folder of ``latent1..3.npy`` to read instead of encoding.
        batch_size: Images encoded at a time.
        seed: Of whatever is drawn later.
        progress: Called with (images encoded, images in all, "images").

    Raises:
        UsageError: If the words do not fit, or there is no folder to write to.
        DataError: If DATA is no moving picture, has fewer than three triplets, or does not fit.
        ModelError: If the model encodes to values that are not finite.
        StoreError: If the latents are another model's, are not finite, or cannot be written.
    """
    with images_kept():
        subject = open_subject(model, data, "all")
        triplets = _triplets_of(subject)
        folder = _folder(subject, out)
        if latents is None:
            store = _encoded(subject, (model, data), None if out is None else folder,
                             batch_size=batch_size, progress=progress)  # fmt: skip
            read, shape = _from_store(store, triplets), store.latent_shape
            words = f"posterior means, encoded into {store.folder}"
        else:
            read, shape = _from_folder(Path(latents), triplets)
            words = f"posterior means, read from {latents}"
    return MotionSubject(
        subject=subject,
        triplets=triplets,
        folder=folder,
        latent_shape=tuple(shape),
        split_of_triplets=subject.splits[triplets.rows[:, 0]],
        read=read,
        latents_from=words,
        seed=seed,
    )


def _triplets_of(subject: Subject) -> MotionTriplets:
    name, triplets = subject.images.name, subject.images.motion
    if triplets is None:
        raise DataError(
            f"{name} is no moving picture: it does not say which images follow one another",
            "name triplets:PATH (a folder of frame1, frame2, frame3 for each triplet)",
        )
    if len(triplets) < FEWEST:
        raise DataError(
            f"{name} has {len(triplets)} motion triplets, too few to say anything of motion",
            f"give at least {FEWEST}; a shot needs three frames to make one",
        )
    return triplets


def _folder(subject: Subject, out: Path | str | None) -> Path:
    if out is not None:
        return Path(out)
    if subject.model.folder is None:
        raise UsageError(
            f"{subject.model.name} is no run, and its latents need a place",
            "name a folder with --out",
        )
    return subject.model.folder


def _encoded(
    subject: Subject,
    words: tuple[str | Path, str | DataConfig | None],
    out: Path | None,
    *,
    batch_size: int,
    progress: Progress | None,
) -> Store:
    """The store of all frames; what is missing of it is encoded."""
    place = None if out is None else out / "stores" / subject.stem
    told = encode(words[0], words[1], out=place, split="all", batch_size=batch_size,
                  progress=progress)  # fmt: skip
    store = Store.open(told.folder)
    require_own_store(subject.model, store)
    return store


def _from_store(store: Store, triplets: MotionTriplets) -> Reader:
    def read(which: np.ndarray) -> np.ndarray:
        rows = triplets.rows[which]
        return store.rows(rows.reshape(-1)).reshape(*rows.shape, *store.latent_shape)

    return read


def _from_folder(folder: Path, triplets: MotionTriplets) -> tuple[Reader, tuple[int, ...]]:
    """Reader of ``FOLDER/TRIPLET/latent1..3.npy``, and the shape of one latent."""
    from latentscape.store.triplets import read_triplet

    shape = read_triplet(folder / triplets.names[0]).shape[1:]

    def read(which: np.ndarray) -> np.ndarray:
        found = np.empty((len(which), 3, *shape), np.float32)
        for k, name in enumerate(triplets.names[which]):
            latents = read_triplet(folder / name)
            if latents.shape[1:] != shape:
                raise ShapeError(f"the latents of {name} are {latents.shape[1:]}, others {shape}")
            found[k] = latents
        return found

    return read, shape
