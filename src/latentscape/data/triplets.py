"""`triplets:PATH`: motion triplets, a folder for each with ``frame1``, ``frame2`` and ``frame3``.

The frames are pictures of any kind (``frame1.jpg``, ``frame1.png`` ...), each a sample of its own;
the three of a triplet stand one after another and are one group, which no split cuts. If the
folders lie below ``train`` and ``test`` (and perhaps ``val``), or below folders whose names begin
so, as ATD-12K's ``train_10k`` and ``test_2k_540p``, these are the set's own split.

Where triplets lie in folders of their own (``CLIP/NAME/frame1.jpg``), the group is the clip.
Without clips and without a split of its own, the group is the shot, as the frames show it: a
triplet whose first frame looks like the last frame of the one before it, in the film's order, is
of the same shot. A set's own split is kept as it is, and a shot that two of its parts share is
warned of where splits are used, or when strict refused. Validation that is drawn from its training
part goes by shot. `annotations` says what names and annotations tell.
"""

import re
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentscape.data.annotations import film_of, number_of, read_annotations, regions_of
from latentscape.data.cut_scenes import shared_scenes
from latentscape.data.decode import DataWarning, Pictures, decode_all
from latentscape.data.folder import files_below
from latentscape.data.image_set import DataConfig, ImageSet, Skipped
from latentscape.data.memory import Loading
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.data.shots import LEAST_CHANGE, change, shrunk
from latentscape.data.split import SPLIT_NAMES, choose_rows
from latentscape.errors import DataError
from latentscape.shapes import ImageShape

SPLIT_FOLDER = re.compile(r"(train|test|val|valid|validation)(?:_.*)?", re.IGNORECASE)
PREFERRED = "540p"  # of ATD-12K's two copies of the test, the one that figures are published of
SAME_SHOT = 2 * LEAST_CHANGE  # frames between two triplets are not seen, so more may have changed
FRAME = re.compile(r"frame([123])\.[A-Za-z0-9]+", re.IGNORECASE)
INCOMPLETE = "its triplet is not whole"
UNEQUAL = "the frames of its triplet differ in size"
COPY = "its triplet is there twice, in two sizes"
LAYOUT = "the layout is PATH/train/NAME/frame1.jpg, frame2.jpg, frame3.jpg, or without the splits"


@dataclass(frozen=True)
class _Triplets:
    """The triplets of a folder before any is opened: their places, frames and split."""

    places: list[str]
    frames: list[tuple[str, ...]]
    official: np.ndarray | None

    def take(self, which: np.ndarray) -> "_Triplets":
        """The chosen ones, in the given order."""
        return _Triplets(
            [self.places[k] for k in which],
            [self.frames[k] for k in which],
            None if self.official is None else self.official[which],
        )

    def inside(self, k: int) -> str:
        """Where a triplet lies below its split."""
        return self.places[k] if self.official is None else self.places[k].partition("/")[2]


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
    chosen, unequal = _of_one_size(root, found, chosen, strict=config.strict)
    names = [name for k in chosen for name in found.frames[k]]
    decoded = decode_all(
        Pictures(place=str(root), names=names, open=lambda k: root / names[k]), loading
    )
    whole = np.bincount(decoded.kept // 3, minlength=len(chosen)) == 3
    kept = whole[decoded.kept // 3]
    if not whole.any():
        raise DataError(f"no triplet in {root} has three readable frames", LAYOUT)
    left = tuple(Skipped(names[row], INCOMPLETE) for row in decoded.kept[~kept])
    images = decoded.images if kept.all() else decoded.images[kept]
    found = found.take(chosen[whole])
    motion, groups = _motion(found, images, root, config)
    return ImageSet(
        name=root.resolve().name,
        images=images,
        sample_ids=np.array(names)[decoded.kept[kept]],
        labels=np.full(len(images), -1, np.int64),
        groups=groups.repeat(3),
        official=None if found.official is None else found.official.repeat(3),
        motion=motion,
        rule={"transparency": "on black"},
        skipped=(*skipped, *unequal, *decoded.skipped, *left),
    )


def _motion(
    found: _Triplets, images: np.ndarray, root: Path, config: DataConfig
) -> tuple[MotionTriplets, np.ndarray]:
    """The triplets of frames that stand one after another, and the group of each."""
    inside = [found.inside(k) for k in range(len(found.places))]
    films = np.array([film_of(place, root=root.resolve().name) for place in inside])
    scenes = _scenes(images, films, [number_of(place) for place in inside])
    if config.strict:
        _refuse_cut_scenes(root, scenes, found)
    clips = [place.rpartition("/")[0].split("/")[0] for place in inside]
    if found.official is None:
        groups = np.array([clip or scene for clip, scene in zip(clips, scenes, strict=True)])
    else:
        tops = [place.split("/")[0] for place in found.places]
        alone = inside if "val" in found.official else scenes.tolist()
        units = [clip or one for clip, one in zip(clips, alone, strict=True)]
        groups = np.array([f"{top}/{unit}" for top, unit in zip(tops, units, strict=True)])
    regions, shape = regions_of(films.tolist()), ImageShape(*images.shape[1:])
    names = [place.rpartition("/")[2] for place in inside]
    notes = read_annotations(root, names, shape=shape, config=config)
    motion = MotionTriplets(
        rows=np.arange(len(images)).reshape(-1, 3),
        names=np.array(found.places),
        shots=groups,
        films=films,
        notes={"scene": scenes} | ({"region": regions} if regions.any() else {}) | notes,
    )
    return motion, groups


def _scenes(images: np.ndarray, films: np.ndarray, numbers: Sequence[int]) -> np.ndarray:
    """The shot of each triplet as its frames show it: ``FILM/scene-000`` ..., in film's order."""
    order = sorted(range(len(films)), key=lambda k: (films[k], numbers[k], k))
    scenes, before, count = [""] * len(films), None, 0
    for k in order:
        first, last = (_small(images[3 * k]), _small(images[3 * k + 2]))
        if before is None or before[0] != films[k]:
            count = 0
        elif numbers[k] < 0 or change(before[1], first) > SAME_SHOT:
            count += 1
        scenes[k] = f"{films[k]}/scene-{count:03d}"
        before = (films[k], last)
    return np.array(scenes)


def _small(image: np.ndarray) -> np.ndarray:
    return shrunk(
        np.ascontiguousarray(np.broadcast_to(image, (3, *image.shape[1:])).transpose(1, 2, 0))
    )


def _refuse_cut_scenes(root: Path, scenes: np.ndarray, found: _Triplets) -> None:
    """Refuse a split of the set's own whose parts have scenes in common."""
    if found.official is None:
        return
    said = shared_scenes(np.array(found.places), scenes, found.official)
    if said:
        raise DataError(
            f"the split of {root} cuts scenes: {'; '.join(map(str, said))}",
            "leave out strict to keep the set's own split, or move these triplets",
        )


def _of_one_size(
    root: Path, found: _Triplets, chosen: np.ndarray, *, strict: bool
) -> tuple[np.ndarray, tuple[Skipped, ...]]:
    """The chosen triplets whose three frames have one size, and the frames of the others."""
    names = [name for k in chosen for name in found.frames[k]]
    pictures = Pictures(place=str(root), names=names, open=lambda k: root / names[k])
    sizes: list[set[tuple[int, int]]] = [set() for _ in chosen]
    for row in range(len(names)):
        try:
            with pictures.opened(row) as picture:  # reads its header only
                sizes[row // 3].add(picture.size)
        except Exception:  # what cannot be opened is named when it is decoded
            continue
    unequal = [k for k, some in enumerate(sizes) if len(some) > 1]
    if not unequal:
        return chosen, ()
    first = found.places[chosen[unequal[0]]]
    told = " and ".join(f"{width}×{height}" for width, height in sorted(sizes[unequal[0]]))
    what = f"the frames of {first} in {root} differ in size: {told}"
    if strict or len(unequal) == len(chosen):
        raise DataError(what, "bring the three frames of a triplet to one size")
    warnings.warn(
        f"skipped {len(unequal)} of {len(chosen)} triplets: {what}", DataWarning, stacklevel=3
    )
    skipped = [Skipped(name, UNEQUAL) for k in unequal for name in found.frames[chosen[k]]]
    return np.delete(chosen, unequal), tuple(skipped)


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
            f"skipped {len(broken)} of {len(by_place)} triplets in {root}, for lack of a frame:"
            f" {told}",
            DataWarning,
            stacklevel=3,
        )
    if _official(places) is not None and (copies := set(_copies(places))):
        skipped += tuple(Skipped(name, COPY) for p in copies for name in by_place[p].values())
        places = [place for place in places if place not in copies]
    frames = [tuple(by_place[place][k] for k in (1, 2, 3)) for place in places]
    return _Triplets(places, frames, _official(places)), skipped


def _official(places: list[str]) -> np.ndarray | None:
    """The source's own split of each triplet, if its top folders are splits."""
    matches = [SPLIT_FOLDER.fullmatch(place.split("/")[0]) for place in places]
    if not all(
        match is not None and "/" in place for match, place in zip(matches, places, strict=True)
    ):
        return None
    splits = [SPLIT_NAMES[match[1].lower()] for match in matches if match is not None]
    return np.array(splits) if {"train", "test"} <= set(splits) else None


def _copies(places: list[str]) -> list[str]:
    """Places of triplets that stand, by the same name, in a better folder of the same split."""
    best: dict[tuple[str, str], str] = {}
    for place in places:
        top, _, inside = place.partition("/")
        match = SPLIT_FOLDER.fullmatch(top)
        if match is None:
            continue
        key = (SPLIT_NAMES[match[1].lower()], inside)
        if key not in best or (PREFERRED in top and PREFERRED not in best[key]):
            best[key] = place
    kept = set(best.values())
    return [
        place
        for place in places
        if SPLIT_FOLDER.fullmatch(place.split("/")[0]) and place not in kept
    ]
