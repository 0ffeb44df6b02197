"""`video:PATH`: moving pictures, cut into shots and read as motion triplets.

PATH is a film, a folder of films, or a folder of numbered frames. A folder's frames are one
sequence, in which shots are looked for as in a film (see `shots`); frames in sub-folders
(``SHOT/0001.png`` or ``FILM/SHOT/0001.png``) are one shot each. Frames follow one another by the
numbers in their names.

Every frame is an image of the set, every shot a group, which no split cuts. A triplet is frames
t, t + `frame_step` and t + 2·`frame_step` of one shot; the next begins `frame_stride` later. Those
that are still, and those with a frame missing in between, are left out and counted.
"""

import os
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from latentscape.data.decode import DataWarning, Pictures, all_gray, as_asked
from latentscape.data.folder import files_below
from latentscape.data.footage import FilmFile, Footage, FrameFolder, is_film, natural
from latentscape.data.image_set import DataConfig, ImageSet, Skipped
from latentscape.data.memory import Loading, room_for
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.data.shots import CUT_RULE, Seen, Watch
from latentscape.errors import DataError, SizesError

PICTURES = frozenset((".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff", ".ppm", ".tga"))
NOT_A_FILM = "give a film such as clip.mp4, a folder of films, or a folder of numbered frames"
_CHUNK = 64  # frames in memory at a time, at the film's own size
_FEWEST_SHOTS = 3  # one to train on, one to validate, one to test


@dataclass(frozen=True)
class Shot:
    """Frames of one footage, from `start` up to `stop`."""

    footage: int
    name: str
    start: int
    stop: int

    def __len__(self) -> int:
        return self.stop - self.start


def read_video(path: str, loading: Loading) -> ImageSet:
    """Read films or numbered frames.

    A limit keeps whole shots, as many as fit into it (seeded choice); where that would leave fewer
    than three, it keeps the beginning of each shot.

    Raises:
        DataError: If there is nothing at PATH, or nothing there that can be read.
        SizesError: If frames differ in size and none is asked for.
    """
    root, config = Path(path).expanduser(), loading.config
    reels, skipped = _footage(root, strict=config.strict)
    reels, seen, passed_over = _looked_at(reels, loading)
    shots = limited(_shots(reels, seen), config)
    images = _fetched(reels, shots, loading, colour=_colour(reels, config))
    motion = _triplets(reels, seen, shots, config)
    groups = np.repeat([shot.name for shot in shots], [len(shot) for shot in shots])
    ids = [reels[s.footage].name(k) for s in shots for k in range(s.start, s.stop)]
    return ImageSet(
        name=root.resolve().stem if root.is_file() else root.resolve().name,
        images=images,
        sample_ids=np.array(ids),
        labels=np.full(len(images), -1, np.int64),
        groups=groups,
        motion=motion,
        rule=_rule(reels, config),
        skipped=(*skipped, *passed_over),
    )


def limited(shots: list[Shot], config: DataConfig) -> list[Shot]:
    """The shots that a limit keeps, in their order: whole ones, or the beginnings of all."""
    limit, n = config.limit, sum(len(shot) for shot in shots)
    if limit is None or limit >= n:
        return shots
    order = np.random.default_rng(config.seed).permutation(len(shots))
    chosen, left = [], limit
    for k in order:
        if len(shots[k]) <= left:
            chosen.append(k)
            left -= len(shots[k])
    if len(chosen) >= min(_FEWEST_SHOTS, len(shots)):
        return [shots[k] for k in sorted(chosen)]
    least = min(limit, 2 * config.frame_step + 1)
    some = sorted(order[: max(1, limit // least)])
    each = limit // len(some)
    return [
        Shot(s.footage, s.name, s.start, min(s.stop, s.start + each))
        for s in (shots[k] for k in some)
    ]


def _footage(root: Path, *, strict: bool) -> tuple[list[Footage], tuple[Skipped, ...]]:
    """What is at a path: films, or frames; and the films of a folder that cannot be read."""
    if root.is_file():
        return [FilmFile(root, root.stem, strict)], ()
    if not root.is_dir():
        raise DataError(f"there is no film or folder {root}", NOT_A_FILM)
    names = files_below(root)
    films = sorted((name for name in names if is_film(name)), key=natural)
    if films:
        return _films(root, films, strict=strict)
    frames: dict[str, list[str]] = {}
    for name in sorted(names, key=natural):
        if Path(name).suffix.lower() in PICTURES:
            frames.setdefault(name.rpartition("/")[0], []).append(name)
    if not frames:
        raise DataError(f"{root} holds neither films nor frames", NOT_A_FILM)
    return [_frames(root, below, names, strict=strict) for below, names in frames.items()], ()


def _films(
    root: Path, names: list[str], *, strict: bool
) -> tuple[list[Footage], tuple[Skipped, ...]]:
    stems = [name.rpartition(".")[0] for name in names]
    reels: list[Footage] = []
    skipped: list[Skipped] = []
    for name, stem in zip(names, stems, strict=True):
        try:
            reels.append(FilmFile(root / name, stem if stems.count(stem) == 1 else name, strict))
        except DataError as error:
            if strict or len(names) == 1:
                raise
            skipped.append(Skipped(name, error.message))
            warnings.warn(f"skipped a film: {error.message}", DataWarning, stacklevel=4)
    if not reels:
        raise DataError(f"none of the {len(names)} films in {root} can be read", NOT_A_FILM)
    return reels, tuple(skipped)


def _frames(root: Path, below: str, names: list[str], *, strict: bool) -> FrameFolder:
    film, slash, _ = below.partition("/")
    return FrameFolder(
        pictures=Pictures(place=str(root), names=names, open=lambda k: root / names[k]),
        film=film if slash else root.resolve().name,
        place=below or root.resolve().name,
        one_shot=bool(below),
        strict=strict,
    )


def _looked_at(
    reels: list[Footage], loading: Loading
) -> tuple[list[Footage], list[Seen], tuple[Skipped, ...]]:
    """The first time through: small, for shots and movement; what has no frame is passed over."""
    total, done = 2 * sum(reel.expected for reel in reels), 0
    good: list[Footage] = []
    seen: list[Seen] = []
    skipped: list[Skipped] = []
    for reel in reels:
        watch, before = Watch(loading.config.frame_step), done
        done += reel.expected
        try:
            reel.look(watch, lambda k, before=before: loading.report(min(before + k, total), total))
        except DataError as error:
            if loading.config.strict or len(reels) == 1:
                raise
            skipped.append(Skipped(reel.place, error.message))
            warnings.warn(f"skipped {error.message}", DataWarning, stacklevel=4)
            continue
        skipped += reel.skipped
        if len(watch):
            good.append(reel)
            seen.append(watch.seen(one_shot=reel.one_shot))
    if not good:
        raise DataError(
            f"not one frame can be read ({skipped[0].path}: {skipped[0].reason})", NOT_A_FILM
        )
    return good, seen, tuple(skipped)


def _shots(reels: list[Footage], seen: list[Seen]) -> list[Shot]:
    return [
        Shot(k, reel.place if reel.one_shot else f"{reel.place}/shot-{number:03d}", start, stop)
        for k, (reel, one) in enumerate(zip(reels, seen, strict=True))
        for number, (start, stop) in enumerate(one.spans.tolist())
    ]


def _colour(reels: list[Footage], config: DataConfig) -> str:
    if config.colour:
        return config.colour
    gray = all(isinstance(reel, FrameFolder) and all_gray(reel.pictures) for reel in reels)
    return "L" if gray else "RGB"


def _fetched(
    reels: list[Footage], shots: list[Shot], loading: Loading, *, colour: str
) -> np.ndarray:
    """The second time through: the chosen frames, in the size and colour asked for."""
    n, images, row = sum(len(shot) for shot in shots), None, 0
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for pictures in _chunks(_wanted(reels, shots)):
            shaped = pool.map(lambda p: as_asked(p, loading.config, colour=colour), pictures)
            for pixels in shaped:
                if images is None:
                    images = room_for((n, *pixels.shape), limit=loading.memory_limit)
                elif pixels.shape != images.shape[1:]:
                    raise _sizes_differ(images.shape, pixels.shape)
                images[row] = pixels
                row += 1
            loading.report(n + row, 2 * n)
    assert images is not None  # there is a shot, and a shot has a frame
    return images


def _wanted(reels: list[Footage], shots: list[Shot]) -> Iterator[Image.Image]:
    for k, reel in enumerate(reels):
        spans = [np.arange(shot.start, shot.stop) for shot in shots if shot.footage == k]
        if spans:
            yield from reel.fetch(np.concatenate(spans))


def _chunks(pictures: Iterator[Image.Image]) -> Iterator[list[Image.Image]]:
    while chunk := list(islice(pictures, _CHUNK)):
        yield chunk


def _triplets(
    reels: list[Footage], seen: list[Seen], shots: list[Shot], config: DataConfig
) -> MotionTriplets:
    """The triplets of the chosen shots, their rows counted through the set."""
    step, row, rows, names, of = config.frame_step, 0, [], [], []
    left_out = {"still": 0, "uneven": 0}
    for shot in shots:
        moving, still, uneven = seen[shot.footage].triplets(
            shot.start, shot.stop, stride=config.frame_stride, least=config.min_motion
        )
        rows.append(row + moving - shot.start)
        names += [reels[shot.footage].name(k) for k in moving]
        of += [(shot.name, reels[shot.footage].film)] * len(moving)
        left_out["still"] += len(still)
        left_out["uneven"] += len(uneven)
        row += len(shot)
    first = np.concatenate(rows).astype(np.int64)
    shot_of, film_of = np.array(of, str).reshape(-1, 2).T
    return MotionTriplets(
        rows=np.stack([first, first + step, first + 2 * step], axis=1),
        names=np.array(names, str),
        shots=shot_of,
        films=film_of,
        step=step,
        left_out={reason: count for reason, count in left_out.items() if count},
    )


def _rule(reels: list[Footage], config: DataConfig) -> dict:
    rates = sorted({reel.fps for reel in reels if reel.fps})
    searched = not all(reel.one_shot for reel in reels)
    return {
        "frames a second": ", ".join(f"{rate:g}" for rate in rates) or None,
        "frame step": config.frame_step,
        "frame stride": config.frame_stride,
        "least motion": config.min_motion,
        "a shot begins where": CUT_RULE if searched else "a folder does",
    }


def _sizes_differ(one: tuple[int, ...], two: tuple[int, ...]) -> SizesError:
    return SizesError(
        f"the frames differ in size: {one[3]}×{one[2]} and {two[2]}×{two[1]} pixels",
        "give a size to bring them to: --size 64; --set resize=pad or squash instead of crop",
    )
