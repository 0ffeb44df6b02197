"""A model and the motion triplets it is asked about: latents on disk, frames read when asked."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.errors import DataError, StoreError, UsageError
from latentscape.store import Store
from latentscape.workflows.encode import encode, require_place
from latentscape.workflows.opening import (
    BATCH,
    Progress,
    Subject,
    images_kept,
    open_subject,
    require_own_store,
)

FEWEST = 3
BATCH_VALUES = 1 << 23  # 42 RGB images of 256 pixels a side
CHUNK, CHUNK_VALUES = 64, 1 << 22

Reader = Callable[[np.ndarray, Sequence[int]], np.ndarray]
"""Places of triplets and which of their frames (0, 1, 2), to ``k frames *latent``."""


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
        warnings: What the reader should mind of the latents.
    """

    subject: Subject
    triplets: MotionTriplets
    folder: Path
    latent_shape: tuple[int, ...]
    split_of_triplets: np.ndarray
    read: Reader
    latents_from: str
    seed: int = 0
    warnings: tuple[str, ...] = ()

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

    def chunks(
        self, which: np.ndarray | None = None, size: int | None = None
    ) -> Iterator[np.ndarray]:
        """Places of triplets, a few at a time; of all where none are named.

        Args:
            which: The triplets.
            size: How many at a time; as many as have 4 million values, at most 64, if None.
        """
        which = np.arange(len(self)) if which is None else np.asarray(which)
        if size is None:
            values = 3 * max(np.prod(self.latent_shape), np.prod(self.subject.images.shape))
            size = int(np.clip(CHUNK_VALUES // values, 1, CHUNK))
        for start in range(0, len(which), size):
            yield which[start : start + size]

    def latents_of(self, which: np.ndarray, frames: Sequence[int] = (0, 1, 2)) -> np.ndarray:
        """Posterior means of chosen triplets.

        Args:
            which: Places of the triplets.
            frames: Which of their frames: 0 first, 1 middle, 2 last.

        Returns:
            float32 ``k frames *latent``.

        Raises:
            StoreError: If one is not finite.
        """
        which = np.asarray(which)
        latents = self.read(which, frames)
        broken = ~np.isfinite(latents.reshape(len(which), -1)).all(axis=1)
        if broken.any():
            name = self.triplets.names[which[np.flatnonzero(broken)[0]]]
            raise StoreError(
                f"the latents of the triplet {name} are not finite", "encode its frames again"
            )
        return latents

    def latents_of_rows(self, rows: np.ndarray) -> np.ndarray:
        """Posterior means of images of the set that are in some triplet; ``n *latent`` float32."""
        place = np.full(len(self.subject.images), -1, np.int64)
        place[self.triplets.rows.reshape(-1)] = np.arange(3 * len(self))
        found = np.empty((len(rows), *self.latent_shape), np.float32)
        for some in self.chunks(np.arange(len(rows))):
            which, at = np.divmod(place[rows[some]], 3)
            for frame in np.unique(at).tolist():
                here = at == frame
                found[some[here]] = self.latents_of(which[here], (frame,))[:, 0]
        return found

    @cached_property
    def digest(self) -> str:
        """What tells these latents from others: a hash of all their values, wherever they lie."""
        return self.latents_digest(np.arange(len(self)))

    def latents_digest(self, which: np.ndarray) -> str:
        """The same of chosen triplets.

        Args:
            which: Places of the triplets.
        """
        digest = hashlib.blake2b(digest_size=16)
        for some in self.chunks(which):
            digest.update(self.latents_of(some).tobytes())
        return digest.hexdigest()

    def frames_of(self, which: np.ndarray) -> np.ndarray:
        """Frames of chosen triplets as the model sees them, uint8 ``k 3 channels height width``."""
        return self.subject.as_bytes(self.triplets.rows[np.asarray(which)])

    def flow_sizes(self, flow: str = "dis", *, progress: Progress | None = None) -> np.ndarray:
        """How much moves in each triplet: (m,) mean optical flow from first to last, pixels.

        Computed once and kept below ``flows/``.
        """
        from latentscape.workflows.motion.flows import flow_sizes

        return flow_sizes(self, flow, progress=progress)


def open_motion(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    out: Path | str | None = None,
    latents: Path | str | None = None,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> MotionSubject:
    """Open a model on motion triplets; their frames are encoded where they have not been yet.

    Args:
        model: MODEL.
        data: DATA of moving pictures (``triplets:PATH`` ...); the model's own images if None.
        out: Folder for ``stores/`` and ``motion/``; the model's run if None.
        latents: Folder of ``latent1..3.npy`` to read instead of encoding.
        batch_size: Images encoded at a time; fewer of large ones if None.
        seed: Of whatever is drawn later.
        progress: Called with (images encoded, images in all, "images").

    Raises:
        UsageError: If the words do not fit, or there is no folder to write to.
        DataError: If DATA is no moving picture, has fewer than three triplets, or does not fit.
        ModelError: If the model encodes to values that are not finite.
        StoreError: If the latents are another model's or of other images, are missing or not
            finite, or cannot be written.
    """
    require_place(model, out)
    with images_kept():
        subject = open_subject(model, data, "all")
        triplets = _triplets_of(subject)
        folder = _folder(subject, out)
        if latents is None:
            doubts: tuple[str, ...] = ()
            store = _encoded(subject, (model, data), None if out is None else folder,
                             batch_size=batch_size, progress=progress)  # fmt: skip
            read = _from_store(store, triplets)
            words = f"posterior means, encoded into {'/'.join(store.folder.parts[-2:])}"
        else:
            read, doubts = _from_folder(Path(latents), subject, triplets)
            words = f"posterior means, read from the folder {Path(latents).resolve().name}"
    opened = MotionSubject(
        subject=subject,
        triplets=triplets,
        folder=folder,
        latent_shape=tuple(subject.model.autoencoder.latent_shape),
        split_of_triplets=subject.splits[triplets.rows[:, 0]],
        read=read,
        latents_from=words,
        seed=seed,
        warnings=doubts,
    )
    _ = opened.digest  # reads all latents: what is missing or broken shows before hours of flow
    return opened


def _triplets_of(subject: Subject) -> MotionTriplets:
    name, triplets = subject.images.name, subject.images.motion
    if triplets is None:
        raise DataError(
            f"{name} is no moving picture: it does not say which images follow one another",
            "name triplets:PATH, video:PATH or sprites-motion",
        )
    if len(triplets) < FEWEST:
        raise DataError(
            f"{name} has {triplets.counted}, too few to say anything of motion",
            f"give at least {FEWEST}; a shot needs three frames that move to make one",
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
    batch_size: int | None,
    progress: Progress | None,
) -> Store:
    """The store of all frames; what is missing of it is encoded."""
    if batch_size is None:
        batch_size = int(np.clip(BATCH_VALUES // np.prod(subject.images.shape), 1, BATCH))
    place = None if out is None else out / "stores" / subject.stem
    told = encode(words[0], words[1], out=place, split="all", batch_size=batch_size,
                  progress=progress)  # fmt: skip
    store = Store.open(told.folder)
    require_own_store(subject.model, store)
    return store


def _from_store(store: Store, triplets: MotionTriplets) -> Reader:
    def read(which: np.ndarray, frames: Sequence[int]) -> np.ndarray:
        rows = triplets.rows[which][:, list(frames)]
        return store.rows(rows.reshape(-1)).reshape(*rows.shape, *store.latent_shape)

    return read


def _from_folder(
    folder: Path, subject: Subject, triplets: MotionTriplets
) -> tuple[Reader, tuple[str, ...]]:
    """How the latents of a folder are read, and what nothing there vouches for."""
    from latentscape.store.triplets import TripletLatents

    model = subject.model
    latents = TripletLatents(
        folder,
        model_sha256=model.sha256,
        latent_shape=model.autoencoder.latent_shape,
        data_fingerprint=subject.images.fingerprint,
    )

    def read(which: np.ndarray, frames: Sequence[int]) -> np.ndarray:
        return latents.read(triplets.names[which].tolist())[:, list(frames)]

    return read, (latents.doubt,) if latents.doubt else ()
