"""Which triplets predictors learn from, stop by and are judged by: none shares a test scene."""

from typing import NamedTuple

import numpy as np

from latentscape.errors import DataError
from latentscape.workflows.motion.subject import MotionSubject


class Unseen(NamedTuple):
    """Places of triplets whose scenes keep apart, and what was left out for it.

    Attributes:
        train, val, test: Places.
        words: What was left out or moved; one line each.
    """

    train: np.ndarray
    val: np.ndarray
    test: np.ndarray
    words: tuple[str, ...]


def unseen_parts(subject: MotionSubject) -> Unseen:
    """The splits, less what shows a scene that is judged.

    Splits keep shots together, but triplets that each count as a shot may be cut from one scene.
    Those of training and validation that show a scene of the test are left out. Where no validation
    triplet is left, the training scene with fewest triplets takes its place.

    Raises:
        DataError: If a part has no triplets, or none is left.
    """
    parts = {split: subject.which(split) for split in ("train", "val", "test")}
    for split, which in parts.items():
        if not len(which):
            raise DataError(
                f"{subject.subject.images.name} has no {split} triplets",
                "predictors learn, stop and are judged by different shots: give a longer film or "
                "more films; what needs no splits is measured without --predict",
            )
    scenes, words = subject.triplets.scenes, []
    judged = scenes[parts["test"]]
    for split, what in (("train", "training"), ("val", "validation")):
        which = parts[split]
        parts[split] = which[~np.isin(scenes[which], judged)]
        if n := len(which) - len(parts[split]):
            words.append(
                f"{n:,} of {len(which):,} {what} triplets were left out: they show a test scene"
            )
    if not len(parts["val"]):
        parts["train"], parts["val"] = _one_scene_of(parts["train"], scenes)
        words.append(
            f"{len(parts['val']):,} training triplets of one scene serve for validation instead"
        )
    if not len(parts["train"]):
        raise DataError(
            f"{subject.subject.images.name} has no scenes to learn from beside those of the test",
            "give triplets of more scenes, or a smaller test_fraction",
        )
    return Unseen(parts["train"], parts["val"], parts["test"], tuple(words))


def _one_scene_of(train: np.ndarray, scenes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Training triplets without the scene that has fewest, and that scene's; none of one scene."""
    names, counts = np.unique(scenes[train], return_counts=True)
    if len(names) < 2:
        return train[:0], train
    held = scenes[train] == names[counts.argmin()]
    return train[~held], train[held]
