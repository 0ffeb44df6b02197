"""What ATD-12K's names and its annotations say of a motion triplet.

Names are ``Disney_v4_13_000123_s1``: before the frame's number stands the film, ``Disney_v4_13``,
which begins with where it was made: ``Disney`` west, ``Japan`` east. The last number in a name is
the frame's; ``_s1`` after it is not looked at. So ``bbb_open_0564`` is of the film ``bbb_open``.

Annotations lie beside the folders of the splits, ``ANY_annotations/NAME/NAME.json``:
``motion_RoI`` (``x``, ``y``, ``width``, ``height``, in pixels of ``image_size``) and ``level`` (0
easy, 1 middling, 2 hard). Where one is missing, nothing is known of its triplet.
"""

import json
import re
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latentscape.data.decode import DataWarning
from latentscape.data.image_set import DataConfig
from latentscape.shapes import ImageShape

NAME = re.compile(r"(?P<film>.*?)[_\- ]?(?P<number>[0-9]+)(?:_s[0-9]+)?")
REGIONS = {"Disney": "west", "Japan": "east"}


def film_of(place: str, *, root: str) -> str:
    """The film of a triplet: its name before the number, else the clip it lies in, else its name.

    Args:
        place: Path of its folder below the source's, without the split.
        root: Name of the source, for a triplet whose name is a number alone.
    """
    clip, _, name = place.rpartition("/")
    match = NAME.fullmatch(name)
    return (match["film"] if match else "") or clip or (root if match else name)


def number_of(place: str) -> int:
    """The frame's number in a triplet's name; −1 where there is none."""
    match = NAME.fullmatch(place.rpartition("/")[2])
    return int(match["number"]) if match else -1


def regions_of(films: Sequence[str]) -> np.ndarray:
    """``west``, ``east``, or nothing where a film's name does not say."""
    return np.array([REGIONS.get(film.partition("_")[0], "") for film in films], "U4")


def read_annotations(
    root: Path, names: Sequence[str], *, shape: ImageShape, config: DataConfig
) -> dict[str, np.ndarray]:
    """Level and moving region of each triplet, if there are annotations.

    Args:
        root: Folder of the triplets, or of one of its splits.
        names: Name of each triplet's folder.
        shape: Of the images, as they were brought to the config's size.
        config: Size and resize rule, which the regions follow.

    Returns:
        Nothing if no triplet has an annotation; else ``level`` ((m,) int64, −1 unknown) and ``roi``
        ((m, 4) float64: x, y, width, height in pixels of the images, cut off at their border; NaN
        where it is unknown or outside).
    """
    folders = [
        place for top in (root, root.resolve().parent) for place in top.glob("*_annotations")
    ]
    level, roi = np.full(len(names), -1, np.int64), np.full((len(names), 4), np.nan)
    found, damaged = 0, []
    for k, name in enumerate(names):
        paths = (folder / name / f"{name}.json" for folder in folders)
        path = next((path for path in paths if path.is_file()), None)
        if path is None:
            continue
        found += 1
        try:
            level[k], box, size = _read(path)
            roi[k] = scaled(box, size, shape=shape, config=config)
        except (OSError, ValueError, KeyError, TypeError):
            damaged.append(name)
    if damaged:
        told = ", ".join(damaged[:5]) + (" and more" if len(damaged) > 5 else "")
        warnings.warn(
            f"{len(damaged)} annotations below {root} cannot be read: {told}",
            DataWarning,
            stacklevel=4,
        )
    return {"level": level, "roi": roi} if found else {}


def scaled(
    box: np.ndarray, size: tuple[float, float], *, shape: ImageShape, config: DataConfig
) -> np.ndarray:
    """A box in the pixels of an image that was resized.

    Args:
        box: x, y, width, height in an image of `size`.
        size: Its width and height.
        shape: Of the image after resizing.
        config: Size (None leaves the image's proportions) and resize rule.

    Returns:
        x, y, width, height, float64, cut off at the border; NaN if nothing of it is left.
    """
    before, after = np.array(size, float), np.array([shape.width, shape.height], float)
    factor, offset = after / before, np.zeros(2)
    if config.size is not None and config.resize != "squash":
        fit = before.min() if config.resize == "crop" else before.max()
        factor = np.full(2, config.size / fit)
        offset = (after - before * factor) / 2
    first = np.clip(box[:2] * factor + offset, 0, after)
    last = np.clip((box[:2] + box[2:]) * factor + offset, 0, after)
    if (last <= first).any():
        return np.full(4, np.nan)
    return np.concatenate([first, last - first])


def _read(path: Path) -> tuple[int, np.ndarray, tuple[float, float]]:
    said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    region, size = said["motion_RoI"], said["image_size"]
    if isinstance(size, dict):
        size = (size["width"], size["height"])
    box = np.array([region[key] for key in ("x", "y", "width", "height")], float)
    width, height = (float(side) for side in size)
    level = int(said.get("level", -1))
    if width <= 0 or height <= 0 or not np.isfinite(box).all() or level not in (-1, 0, 1, 2):
        raise ValueError("no region of an image")
    return level, box, (width, height)
