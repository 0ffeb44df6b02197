"""Which images train, which validate, which test: seeded, and a group is never cut.

A group (a clip, an artist, the source of several crops) lies wholly in one split: neighbours of a
training image among the test images would measure memory, not learning.
"""

import numpy as np

from latentscape.data.image_set import DataConfig, ImageSet, Split
from latentscape.errors import DataError, SplitError, UsageError

SPLIT_NAMES = {"train": "train", "test": "test", "val": "val", "valid": "val", "validation": "val"}


def official_split(names: np.ndarray, place: str) -> np.ndarray:
    """A source's own split in this program's words, ``train``, ``val`` and ``test``.

    Args:
        names: (n,) as the source has them; ``valid`` and ``validation`` are ``val``.
        place: Where they come from, for the error.

    Raises:
        DataError: If a name is none of a split.
    """
    found, index = np.unique(names.astype(str), return_inverse=True)
    unknown = [name for name in found.tolist() if name.strip().lower() not in SPLIT_NAMES]
    if unknown:
        raise DataError(
            f"{place} names a split {unknown[0]!r}",
            f"the splits are train, val (or {', '.join(list(SPLIT_NAMES)[3:])}) and test",
        )
    return np.array([SPLIT_NAMES[name.strip().lower()] for name in found.tolist()])[index]


def split_rows(images: ImageSet, config: DataConfig) -> dict[Split, np.ndarray]:
    """Divide the rows into train, val and test.

    A source's own test split is kept; else ``test_fraction`` of the rows is drawn. Validation is
    a source's own, or ``val_fraction`` of what is left. Where there are groups the fractions are
    met as nearly as whole groups allow, and each split that was asked for has at least one.

    Args:
        images: The images, with their groups and their source's own split.
        config: Fractions and seed.

    Returns:
        Ascending int64 rows of each split: disjoint, together all rows, the same for the same
        images and config. A split whose fraction is 0 is empty.

    Raises:
        SplitError: If there are too few images, shots or groups to be parted.
        DataError: If the source's own split cuts a group or has a part that is no split.
        UsageError: If a fraction leaves [0, 1).
    """
    for name in ("val_fraction", "test_fraction"):
        if not 0 <= getattr(config, name) < 1:
            raise UsageError(f"{name} is {getattr(config, name)}; it must lie in [0, 1)")
    n = len(images)
    units = np.arange(n)
    if images.groups is not None:
        units = np.unique(images.groups, return_inverse=True)[1]
    rng = np.random.default_rng(config.seed)
    side = np.full(n, "train", "U5")
    if images.official is not None:
        side = official_split(images.official, images.name).astype("U5")
    _refuse_cut_groups(images, side)
    if images.official is None:
        leave = 2 if config.val_fraction else 1
        if not _draw(side, units, config.test_fraction, ("test", leave), rng=rng):
            raise _too_few(images, "test", len(np.unique(units)))
    if not (side == "val").any():
        left = len(np.unique(units[side == "train"]))
        if not _draw(side, units, config.val_fraction, ("val", 1), rng=rng):
            raise _too_few(images, "val", left)
    if not (side == "train").any():
        raise _none_to_train_on(images)
    return {
        "train": np.flatnonzero(side == "train"),
        "val": np.flatnonzero(side == "val"),
        "test": np.flatnonzero(side == "test"),
    }


def choose_rows(
    n: int, *, limit: int | None, seed: int, official: np.ndarray | None = None
) -> np.ndarray:
    """Rows that a ``limit`` keeps: a seeded choice, in order, each official split in proportion.

    Returns:
        Ascending int64 rows, ``min(n, limit)`` of them.

    Raises:
        UsageError: If the limit is below 1.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"a limit of {limit} leaves no images", "give a limit of at least 1")
    if limit is None or limit >= n:
        return np.arange(n)
    rng = np.random.default_rng(seed)
    if official is None:
        return np.sort(rng.choice(n, limit, replace=False))
    names, sizes = np.unique(official, return_counts=True)
    shares = limit * sizes / n
    counts = np.floor(shares).astype(int)
    if limit >= len(names):
        counts = np.maximum(counts, 1)
    for k in np.argsort(counts - shares, kind="stable")[: max(0, limit - counts.sum())]:
        counts[k] += 1
    while counts.sum() > limit:
        counts[np.argmax(counts)] -= 1
    chosen = [
        rng.choice(np.flatnonzero(official == name), count, replace=False)
        for name, count in zip(names, counts, strict=True)
    ]
    return np.sort(np.concatenate(chosen))


def _draw(
    side: np.ndarray,
    units: np.ndarray,
    fraction: float,
    wish: tuple[str, int],
    *,
    rng: np.random.Generator,
) -> bool:
    """Move whole units out of train, at least one, until the fraction is nearly met.

    The wish is for a split, and for units that stay in train for what is drawn after it.

    Returns:
        Whether that could be done.
    """
    name, leave = wish
    if fraction == 0:
        return True
    pool = np.flatnonzero(side == "train")
    ids, sizes = np.unique(units[pool], return_counts=True)
    order, most = rng.permutation(len(ids)), len(ids) - leave
    goal, taken, chosen = fraction * len(pool), 0, []
    for k in order:
        if taken >= goal or len(chosen) >= most:
            break
        if taken + sizes[k] / 2 <= goal:
            chosen.append(ids[k])
            taken += sizes[k]
    if not chosen and most > 0:  # every group is larger than the share: the smallest of them
        chosen = [ids[order[np.argmin(sizes[order])]]]
    side[pool[np.isin(units[pool], chosen)]] = name
    return bool(chosen)


def _refuse_cut_groups(images: ImageSet, side: np.ndarray) -> None:
    if images.groups is None or images.official is None:
        return
    pairs = np.unique(np.stack([images.groups.astype(str), side]), axis=1)
    groups, counts = np.unique(pairs[0], return_counts=True)
    cut = groups[counts > 1]
    if len(cut):
        raise DataError(
            f"{images.name}'s own split cuts {len(cut)} of {len(groups)} groups,"
            f" first {str(cut[0])!r}",
            "move each group into one split, or take the groups away",
        )


def _too_few(images: ImageSet, name: str, n: int) -> SplitError:
    what, hint = "images", "give more images"
    if images.motion is not None:
        what, hint = "shots", "give a longer film or more films: three shots or more"
    elif images.groups is not None and len(np.unique(images.groups)) < len(images):
        what, hint = "groups", "give images of more groups"
    return SplitError(f"too few {what} to set any aside for {name}: {images.name} has {n}", hint)


def _none_to_train_on(images: ImageSet) -> DataError:
    return DataError(
        f"{images.name} has no training images: all {len(images)} belong to another split",
        "give images to train on",
    )
