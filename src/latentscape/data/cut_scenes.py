"""Scenes that a set's own split cuts: frames of one scene are nearly copies, wherever they lie.

The split is kept, as published figures are of it. What cuts a scene is refused when strict, warned
of in a sentence where splits are used, and told in full among the facts of the images.
"""

import warnings
from dataclasses import dataclass

import numpy as np

from latentscape.data.decode import DataWarning
from latentscape.data.image_set import ImageSet

SHARED = (
    ("test", "train", "are of scenes that are trained on: figures on them measure memory"),
    ("val", "train", "are of scenes that are trained on: early stopping reads memory"),
    ("test", "val", "are of scenes that validation reads: when training stops depends on them"),
)


@dataclass(frozen=True)
class SharedScenes:
    """Triplets of one part of a split whose scenes another part has too.

    Attributes:
        part, other: The two parts.
        what: What that means.
        names: Of the triplets.
        n: How many triplets the part has.
    """

    part: str
    other: str
    what: str
    names: tuple[str, ...]
    n: int

    def __str__(self) -> str:
        told = ", ".join(self.names[:5]) + (" and more" if len(self.names) > 5 else "")
        return f"{len(self.names)} of {self.n} {self.part} triplets {self.what} ({told})"


def shared_scenes(
    names: np.ndarray, scenes: np.ndarray, side: np.ndarray
) -> tuple[SharedScenes, ...]:
    """What the parts of a set's own split have in common; nothing where it cuts no scene.

    Args:
        names: (m,) triplets.
        scenes: (m,) scene of each.
        side: (m,) ``train``, ``val`` or ``test``.
    """
    found = []
    for part, other, what in SHARED:
        both = (side == part) & np.isin(scenes, scenes[side == other])
        if both.any():
            told = tuple(map(str, names[both]))
            found.append(SharedScenes(part, other, what, told, int((side == part).sum())))
    return tuple(found)


def cut_scenes(images: ImageSet) -> tuple[list[str], int]:
    """The scenes that the images' own split cuts, in order, and how many scenes there are."""
    motion, official = images.motion, images.official
    if motion is None or official is None or "scene" not in motion.notes:
        return [], 0
    scenes, side = motion.notes["scene"], official[motion.rows[:, 0]]
    names = np.unique(scenes)
    return [str(one) for one in names if len(set(side[scenes == one])) > 1], len(names)


def warn_of_cut_scenes(images: ImageSet) -> None:
    """Say in a sentence that figures on one part of the images' own split measure memory."""
    cut, n = cut_scenes(images)
    if cut:
        warnings.warn(
            f"{images.name}'s own split cuts {len(cut)} of {n} scenes, so figures on one part may"
            " measure memory of another (which: latentscape info)",
            DataWarning,
            stacklevel=2,
        )
