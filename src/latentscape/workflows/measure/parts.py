"""Which part of the images each one is of: its split, its film or group; and a few of each."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from latentscape.data import ImageSet
from latentscape.metrics.interval import Grouping

MOST_GROUPS = 60  # rows of measures; the table of single images knows every group
FEW, FEW_OF_GROUP, MOST_SHOWN_GROUPS = 8, 4, 6


@dataclass(frozen=True)
class Parts:
    """Of each scored image, in their order.

    Attributes:
        splits: (n,) split; None where all are of one.
        films: (n,) film, empty of an image of none; None where no film is known.
        groups: (n,) group; None where the images have none.
        noun: What a group is: ``scene`` or ``shot`` of moving pictures.
    """

    splits: np.ndarray | None
    films: np.ndarray | None
    groups: np.ndarray | None
    noun: str = "group"

    @property
    def grouping(self) -> Grouping | None:
        """What a bootstrap draws whole."""
        return None if self.groups is None else Grouping(self.groups, self.noun, "images")

    @property
    def grouped_by(self) -> Literal["film", "group", ""]:
        """By films where there are several, else by groups where there are several."""
        if self.films is not None and len(set(self.films.tolist()) - {""}) > 1:
            return "film"
        return "group" if self.groups is not None and len(np.unique(self.groups)) > 1 else ""

    def worst_groups(self, errors: np.ndarray) -> tuple[np.ndarray, int]:
        """(n,) film or group of each image, empty outside the 60 of largest mean error.

        Returns:
            The names, and how many films or groups there are in all.
        """
        names = self._names()
        found, place = np.unique(names, return_inverse=True)
        mean = np.bincount(place, errors) / np.bincount(place)
        real = np.flatnonzero(found != "")
        kept = real[np.argsort(-mean[real], kind="stable")[:MOST_GROUPS]]
        return np.where(np.isin(place, kept), names, ""), len(real)

    def shown(self, *, seed: int) -> np.ndarray:
        """Places of a few images of each split, and of each of a few groups, in their order."""
        order = np.random.default_rng(seed).permutation(self._n)
        chosen: list[int] = []
        if self.splits is not None:
            for split in np.unique(self.splits):
                chosen += order[self.splits[order] == split][:FEW].tolist()
        if self.grouped_by:
            names = self._names()[order]
            first = [name for name in dict.fromkeys(names.tolist()) if name][:MOST_SHOWN_GROUPS]
            for name in first:
                chosen += order[names == name][:FEW_OF_GROUP].tolist()
        return np.unique(np.array(chosen, np.int64))

    @property
    def _n(self) -> int:
        known = [a for a in (self.splits, self.films, self.groups) if a is not None]
        return len(known[0]) if known else 0

    def _names(self) -> np.ndarray:
        names = self.films if self.grouped_by == "film" else self.groups
        assert names is not None
        return names.astype(str)


def parts_of(images: ImageSet, rows: np.ndarray, splits: np.ndarray) -> Parts:
    """The parts of chosen rows.

    Args:
        images: All images of the source.
        rows: Those that are scored.
        splits: (n,) split of every image of the source.
    """
    own, groups = splits[rows], grouping_of_images(images, rows)
    return Parts(
        splits=own if len(np.unique(own)) > 1 else None,
        films=_films(images, rows),
        groups=None if groups is None else groups.of,
        noun="group" if groups is None else groups.noun,
    )


def grouping_of_images(images: ImageSet, rows: np.ndarray) -> Grouping | None:
    """Which of the chosen images resemble each other: scenes of triplets, else groups.

    An image of no triplet keeps its group; triplets of one scene may lie in several groups.
    """
    motion, groups = images.motion, images.groups
    if motion is None or not len(motion):
        return None if groups is None else Grouping(groups[rows], samples="images")
    scenes = np.asarray(images.sample_ids if groups is None else groups).astype(object)
    scenes[motion.rows.reshape(-1)] = np.repeat(motion.scenes.astype(object), 3)
    noun = "scene" if "scene" in motion.notes else "shot"
    return Grouping(scenes[rows].astype(str), noun, "images")


def _films(images: ImageSet, rows: np.ndarray) -> np.ndarray | None:
    """Film of each row; the images of a group are of one, whether in a triplet or not."""
    motion = images.motion
    if motion is None or not len(motion):
        return None
    films = np.full(len(images), "", object)
    films[motion.rows.reshape(-1)] = np.repeat(motion.films.astype(object), 3)
    if images.groups is not None:
        of_shot = dict(zip(motion.shots.tolist(), motion.films.tolist(), strict=True))
        films = np.array(
            [film or of_shot.get(group, "")
             for film, group in zip(films, images.groups.tolist(), strict=True)]
        )  # fmt: skip
    return films[rows].astype(str)
