"""Images in memory, or mapped from disk: one uint8 array with identities, classes and groups."""

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from latentscape.data.motion_triplets import MotionTriplets
from latentscape.shapes import ImageShape

ResizeRule = Literal["crop", "pad", "squash"]
Split = Literal["train", "val", "test"]
FactorKind = Literal["category", "number", "angle"]


@dataclass(frozen=True)
class DataConfig:
    """Which images, and what is done to them before any model sees them.

    Attributes:
        source: ``digits``, ``sprites``, ``sprites-motion``, ``mnist``, ``folder:PATH``,
            ``triplets:PATH``, ``video:PATH``, ``npz:PATH``, ``hf:NAME`` ...
        size: Side in pixels to resize to; None keeps the images' own (they must agree).
        resize: ``crop`` (centre), ``pad`` (with black) or ``squash`` (change of aspect).
        colour: ``L`` gray, ``RGB``, or None for the source's own.
        binarize: Threshold at .5, as the original 2-D CVAE does.
        limit: Use at most this many images (seeded choice, stratified by split).
        strict: Fail on a file that is no image instead of skipping it, and on a folder of triplets
            whose own split cuts shots instead of warning.
        val_fraction: Share of the training images held out to validate on.
        test_fraction: Share held out to test on, where the source has no test split of its own.
        augment: Names of augmentations of the *training* images (`flip`, `rotate`, `shift`,
            `crop`, `colour`), applied after the split.
        copies: How many augmented copies of each training image stand beside it (n-fold);
            0 with `augment` set means on the fly.
        seed: Seed of the split, of `limit` and of the augmentation.
        frame_step: Of a film: frames from the first to the middle one of a motion triplet, and
            from the middle to the last.
        frame_stride: Of a film: frames from the beginning of a triplet to that of the next; from
            2·step + 1 on, triplets share no frame.
        min_motion: Of a film: a triplet is left out as still where the mean absolute difference
            of pixels, from first to middle or from middle to last, is below this; in [0, 1].
    """

    source: str
    size: int | None = None
    resize: ResizeRule = "crop"
    colour: Literal["L", "RGB"] | None = None
    binarize: bool = False
    limit: int | None = None
    strict: bool = False
    val_fraction: float = 0.05
    test_fraction: float = 0.2
    augment: tuple[str, ...] = ()
    copies: int = 0
    seed: int = 0
    frame_step: int = 1
    frame_stride: int = 1
    min_motion: float = 0.0005


@dataclass(frozen=True)
class Skipped:
    """A file among the images that is no image, and why."""

    path: str
    reason: str


@dataclass(frozen=True)
class ImageSet:
    """Images with what is known of them. Rows are samples.

    Attributes:
        name: Short name for figures, e.g. ``mnist``.
        images: uint8 ``n channels height width``; an array, or a memory map when large.
        sample_ids: (n,) identity of each image, stable between runs.
        labels: (n,) integer class, −1 where unknown.
        class_names: Name of each class.
        groups: (n,) group of each image (clip, artist, source image); a split never cuts one.
        official: (n,) ``train`` / ``val`` / ``test`` where the source has its own split, else None.
        factors: (n, k) known factors of variation, else None.
        factor_names: Their names.
        factor_kinds: What the values of each are: a ``category`` without order, a ``number``, or
            an ``angle`` in radians, which comes round; empty where that is not known.
        motion: Which images are motion triplets; None of a source that is not of moving pictures.
        rule: What was done to the images (resize rule, colour, binarize), for the record.
        skipped: Files passed over.
        fingerprint: sha256 over content, identities, labels and rule.
        binarize: Whether a model sees the images thresholded at .5.
    """

    name: str
    images: np.ndarray
    sample_ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...] = ()
    groups: np.ndarray | None = None
    official: np.ndarray | None = None
    factors: np.ndarray | None = None
    factor_names: tuple[str, ...] = ()
    factor_kinds: tuple[FactorKind, ...] = ()
    motion: MotionTriplets | None = None
    rule: dict = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    fingerprint: str = ""
    binarize: bool = False

    def __len__(self) -> int:
        return len(self.images)

    @property
    def shape(self) -> ImageShape:
        """Channels, height and width of one image."""
        return ImageShape(*self.images.shape[1:])

    def take(self, rows: np.ndarray) -> "ImageSet":
        """The chosen rows as a set of their own, in the given order."""
        return replace(
            self,
            images=self.images[rows],
            sample_ids=self.sample_ids[rows],
            labels=self.labels[rows],
            groups=None if self.groups is None else self.groups[rows],
            official=None if self.official is None else self.official[rows],
            factors=None if self.factors is None else self.factors[rows],
            motion=None if self.motion is None else self.motion.among(rows, len(self)),
        )

    def pixels(self, rows: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Rows as a model sees them: float32 in [0, 1], thresholded at .5 if `binarize`."""
        raw = self.images[rows]
        if self.binarize:
            return (raw >= 128).astype(np.float32)
        return raw.astype(np.float32) / np.float32(255)

    def is_nearly_binary(self) -> bool:
        """Whether pixels keep to the ends of [0, 1], so that a Bernoulli likelihood suits.

        True where the mean of 4x(1−x) is below .1 (MNIST .075, Fashion-MNIST .32), over at most
        2,000 images from first to last: a source may be sorted by class.
        """
        n = min(len(self), 2000)
        rows = np.linspace(0, len(self) - 1, n).round().astype(np.int64)
        total = 0.0
        each = max(1, 2**22 // self.images[0].size)  # frames of a film may be large
        for part in np.split(rows, range(each, n, each)):
            x = self.pixels(part)
            total += float((4 * x * (1 - x)).sum(dtype=np.float64))
        return total < 0.1 * n * self.images[0].size
