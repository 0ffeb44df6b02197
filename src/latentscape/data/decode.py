"""Decode picture files of any kind into one uint8 array, skipping what is no picture.

Pictures are turned as their EXIF says; transparency lies on black; 16-bit gray is divided by 257;
floating-point gray must lie in [0, 1]; palettes and CMYK become RGB; of an animation the first
frame counts. A file that cannot be decoded is skipped with a `DataWarning`, or, when strict, is an
error.
"""

import os
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from latentscape.data.image_set import DataConfig, Skipped
from latentscape.data.memory import Loading, room_for
from latentscape.data.resize import resize_image
from latentscape.errors import DataError, SizesError

GRAY_MODES = ("1", "L", "LA", "La", "I", "F", "I;16", "I;16L", "I;16B", "I;16N")
_CHUNK = 256


class DataWarning(UserWarning):
    """Something about the images that their owner should know, and that stops nothing."""


@dataclass(frozen=True)
class Pictures:
    """Encoded pictures, opened one at a time.

    Attributes:
        place: Where they come from, for messages.
        names: (n,) name of each.
        open: From a position to a path, or to the encoded bytes.
    """

    place: str
    names: Sequence[str]
    open: Callable[[int], Path | bytes]

    def opened(self, row: int) -> Image.Image:
        """The picture in this place, its header read and its pixels not yet."""
        content = self.open(row)
        return Image.open(BytesIO(content) if isinstance(content, bytes) else content)


@dataclass(frozen=True)
class Decoded:
    """uint8 images, the positions they came from, and the pictures passed over."""

    images: np.ndarray
    kept: np.ndarray
    skipped: tuple[Skipped, ...]


def decode_all(pictures: Pictures, loading: Loading) -> Decoded:
    """Decode every picture at the size and in the colour that the config asks for.

    Without a size the pictures must have one size in common. Without a colour they become gray
    where all are gray, else RGB.

    Raises:
        DataError: If none can be decoded or, when strict, one cannot.
        SizesError: If sizes differ and none is asked for.
    """
    n = len(pictures.names)
    colour = loading.config.colour or ("L" if all_gray(pictures) else "RGB")
    images: np.ndarray | None = None
    kept: list[int] = []
    skipped: list[Skipped] = []

    def one(row: int) -> np.ndarray | str:
        return _decode(pictures, row, loading, colour)

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for start in range(0, n, _CHUNK):
            rows = range(start, min(n, start + _CHUNK))
            for row, result in zip(rows, pool.map(one, rows), strict=True):
                if isinstance(result, str):
                    refuse_if_strict(pictures, row, result, strict=loading.config.strict)
                    skipped.append(Skipped(path=pictures.names[row], reason=result))
                    continue
                if images is None:
                    images = room_for((n, *result.shape), limit=loading.memory_limit)
                elif result.shape != images.shape[1:]:
                    raise _sizes_differ(pictures, kept[0], images, row, result)
                images[len(kept)] = result
                kept.append(row)
            loading.report(rows.stop, n)
    if images is None:
        raise DataError(
            f"none of the {n} files in {pictures.place} is an image"
            + (f" ({skipped[0].path}: {skipped[0].reason})" if skipped else ""),
            "name the folder that holds the images themselves",
        )
    if skipped:
        warnings.warn(told(pictures, skipped), DataWarning, stacklevel=2)
    return Decoded(images[: len(kept)], np.array(kept, np.int64), tuple(skipped))


def upright_8_bit(image: Image.Image) -> Image.Image:
    """A picture of any mode, turned upright, as ``L`` where it is gray and else ``RGB``.

    Raises:
        ValueError: If its pixels are floating-point and leave [0, 1].
    """
    ImageOps.exif_transpose(image, in_place=True)
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        return Image.fromarray(_wide_to_8_bit(np.asarray(image), image.mode))
    gray = image.mode in GRAY_MODES
    if "A" in image.mode or "a" in image.mode or "transparency" in image.info:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, (0, 0, 0, 255))
        image = Image.alpha_composite(paper, image)
    mode = "L" if gray else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _wide_to_8_bit(values: np.ndarray, mode: str) -> np.ndarray:
    if mode == "F":
        if not (np.isfinite(values).all() and values.min() >= 0 and values.max() <= 1):
            raise ValueError("floating-point pixels outside [0, 1]")
        return np.rint(values * 255).astype(np.uint8)
    return ((np.clip(values.astype(np.int64), 0, 65535) + 128) // 257).astype(np.uint8)


def all_gray(pictures: Pictures) -> bool:
    """Whether no picture has colour; reads headers only, up to the first that has."""
    for row in range(len(pictures.names)):
        try:
            with pictures.opened(row) as image:
                if image.mode not in GRAY_MODES:
                    return False
        except Exception:  # what cannot be opened is named when it is decoded
            continue
    return True


def _decode(pictures: Pictures, row: int, loading: Loading, colour: str) -> np.ndarray | str:
    """The picture as ``channels height width``, or the reason why it is none."""
    config = loading.config
    try:
        with pictures.opened(row) as opened:
            image = upright_8_bit(opened)
            image.load()  # before the file is closed
        return as_asked(image, config, colour=colour)
    except Image.UnidentifiedImageError:
        return "not an image"
    except Exception as error:  # a damaged file may make a decoder fail in any way it likes
        return f"{error or type(error).__name__}".splitlines()[0]


def as_asked(image: Image.Image, config: DataConfig, *, colour: str) -> np.ndarray:
    """An 8-bit picture in a colour and a config's size, uint8 ``channels height width``."""
    if image.mode != colour:
        image = image.convert(colour)
    if config.size is not None:
        image = resize_image(image, config.size, rule=config.resize)
    pixels = np.asarray(image)
    return pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)


def refuse_if_strict(pictures: Pictures, row: int, reason: str, *, strict: bool) -> None:
    """Of a picture that cannot be read.

    Raises:
        DataError: If strict.
    """
    if strict:
        raise DataError(
            f"{pictures.names[row]} in {pictures.place} cannot be read: {reason}",
            "take the file away, or leave out strict to skip such files",
        )


def _sizes_differ(
    pictures: Pictures, first: int, images: np.ndarray, row: int, result: np.ndarray
) -> SizesError:
    one, two = images.shape[:1:-1], result.shape[:0:-1]
    return SizesError(
        f"the images in {pictures.place} differ in size: {pictures.names[first]} is"
        f" {one[0]}×{one[1]} pixels, {pictures.names[row]} is {two[0]}×{two[1]}",
        "give a size to bring them to: --size 64; --set resize=pad or squash instead of crop",
    )


def told(pictures: Pictures, skipped: list[Skipped]) -> str:
    """Which pictures were passed over, and why, in a sentence."""
    named = ", ".join(f"{item.path} ({item.reason})" for item in skipped[:5])
    more = f" and {len(skipped) - 5} more" if len(skipped) > 5 else ""
    return (
        f"skipped {len(skipped)} of {len(pictures.names)} files in {pictures.place}"
        f" that cannot be read as images: {named}{more}"
    )
