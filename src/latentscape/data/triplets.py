"""`triplets:PATH`: motion triplets, a folder for each with ``frame1``, ``frame2`` and ``frame3``.

The frames are pictures of any kind (``frame1.jpg``, ``frame1.png`` ...), each a sample of its own;
the three of a triplet stand one after another and are one group, which no split cuts. If the
folders lie below ``train`` and ``test`` (and perhaps ``val``), as in ATD-12K, these are the set's
own split. Where triplets lie in folders of their own (``CLIP/NAME/frame1.jpg``), the group is the
clip.
"""

import re
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentscape.data.decode import DataWarning, Pictures, decode_all
from latentscape.data.folder import files_below
from latentscape.data.image_set import ImageSet, Skipped
from latentscape.data.memory import Loading
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.data.split import SPLIT_NAMES, choose_rows
from latentscape.errors import DataError

FRAME = re.compile(r"frame([123])\.[A-Za-z0-9]+", re.IGNORECASE)
INCOMPLETE = "its triplet is not whole"
LAYOUT = "the layout is PATH/train/NAME/frame1.jpg, frame2.jpg, frame3.jpg, or without the splits"


@dataclass(frozen=True)
class _Triplets:
    """The triplets of a folder before any is opened: their places, frames and split."""

    places: list[str]
    frames: list[tuple[str, ...]]
    official: np.ndarray | None


def read_triplets(path: str, loading: Loading) -> ImageSet:
    """Read a folder of motion triplets; a triplet that is not whole is left out and named.

    A limit keeps whole triplets: as many as fit into it.

    Raises:
        DataError: If the folder is missing or holds no triplet, a frame is doubled, or the
            pictures are unfit (see `decode_all`).
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DataError(f"the folder {root} {what}", "give the path of a folder of triplets")
    config = loading.config
    found, skipped = _list(root, strict=config.strict)
    limit = None if config.limit is None else max(1, config.limit // 3)
    chosen = choose_rows(len(found.places), limit=limit, seed=config.seed, official=found.official)
    names = [name for k in chosen for name in found.frames[k]]
    decoded = decode_all(
        Pictures(place=str(root), names=names, open=lambda k: root / names[k]), loading
    )
    whole = np.bincount(decoded.kept // 3, minlength=len(chosen)) == 3
    kept = whole[decoded.kept // 3]
    if not whole.any():
        raise DataError(f"no triplet in {root} has three readable frames", LAYOUT)
    left = tuple(Skipped(names[row], INCOMPLETE) for row in decoded.kept[~kept])
    rows, triplets = decoded.kept[kept], chosen[decoded.kept[kept] // 3]
    groups = np.array([_group(found, k) for k in triplets])
    places = np.array(found.places)[triplets[::3]]
    motion = MotionTriplets(
        rows=np.arange(len(rows)).reshape(-1, 3),
        names=places,
        shots=groups[::3],
        films=np.array([_film(place) for place in places]),
    )
    return ImageSet(
        name=root.resolve().name,
        images=decoded.images if kept.all() else decoded.images[kept],
        sample_ids=np.array(names)[rows],
        labels=np.full(len(rows), -1, np.int64),
        groups=groups,
        official=None if found.official is None else found.official[triplets],
        motion=motion,
        rule={"transparency": "on black"},
        skipped=(*skipped, *decoded.skipped, *left),
    )


def _list(root: Path, *, strict: bool) -> tuple[_Triplets, tuple[Skipped, ...]]:
    """The whole triplets below the root, by name, and the frames of those that are not."""
    by_place: dict[str, dict[int, str]] = {}
    for name in files_below(root):
        place, _, file = name.rpartition("/")
        match = FRAME.fullmatch(file)
        if match is None:
            continue  # latents, flows and notes may lie beside the frames
        frames, number = by_place.setdefault(place, {}), int(match[1])
        if number in frames:
            raise DataError(
                f"a triplet in {root} has its frame {number} twice: {frames[number]} and {name}",
                "leave one of them",
            )
        frames[number] = name
    places = [place for place, frames in by_place.items() if len(frames) == 3]
    broken = [place for place, frames in by_place.items() if len(frames) < 3]
    if not places or (broken and strict):
        what = f"{root / broken[0]} lacks a frame" if broken else f"{root} holds no motion triplet"
        raise DataError(what, LAYOUT)
    skipped = tuple(
        Skipped(name, INCOMPLETE) for place in broken for name in by_place[place].values()
    )
    if broken:
        told = ", ".join(broken[:5]) + (" and more" if len(broken) > 5 else "")
        warnings.warn(
            f"skipped {len(broken)} triplets in {root} that lack a frame: {told}",
            DataWarning,
            stacklevel=3,
        )
    frames = [tuple(by_place[place][k] for k in (1, 2, 3)) for place in places]
    return _Triplets(places, frames, _official(places)), skipped


def _official(places: list[str]) -> np.ndarray | None:
    """The source's own split of each triplet, if its top folders are splits."""
    tops = [place.split("/")[0] for place in places]
    if {"train", "test"} <= set(tops) <= set(SPLIT_NAMES):
        return np.array([SPLIT_NAMES[top] for top in tops])
    return None


def _group(found: _Triplets, k: int) -> str:
    """The triplet's own folder, or the clip's it lies in; with its split before it."""
    parts = found.places[k].split("/")
    depth = 1 if found.official is None else 2
    return "/".join(parts[:depth])


def _film(place: str) -> str:
    """The part of a triplet's name before its number: ``Japan_v2_1_134817_s1`` is of ``Japan``."""
    return place.rpartition("/")[2].split("_")[0]
