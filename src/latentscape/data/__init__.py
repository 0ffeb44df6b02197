"""Images in: bundled digits and rendered sprites, named sets, folders, the hub; splits."""

from latentscape.data.augment import augment_batch, augmented_copies
from latentscape.data.cut_scenes import warn_of_cut_scenes
from latentscape.data.decode import DataWarning
from latentscape.data.facts import describe, fingerprint
from latentscape.data.generators import between_rows
from latentscape.data.image_set import (
    DataConfig,
    FactorKind,
    ImageSet,
    ResizeRule,
    Skipped,
    Split,
)
from latentscape.data.load import load_images
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.data.split import split_rows

__all__ = [
    "DataConfig",
    "DataWarning",
    "FactorKind",
    "ImageSet",
    "MotionTriplets",
    "ResizeRule",
    "Skipped",
    "Split",
    "augment_batch",
    "augmented_copies",
    "between_rows",
    "describe",
    "fingerprint",
    "load_images",
    "split_rows",
    "warn_of_cut_scenes",
]
