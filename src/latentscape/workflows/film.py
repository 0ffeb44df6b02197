"""Films: several sequences of frames side by side, moving to and fro at once."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from latentscape.errors import RunError, UsageError, nearest
from latentscape.records import replacing
from latentscape.training.snapshot import write_gif

if TYPE_CHECKING:
    from PIL import Image

Colour = tuple[int, int, int]
FILMS = ("gif", "mp4")
SECONDS, COLUMNS, TILE = 2.4, 5, 64
INK, PAPER = (36, 41, 47), (255, 255, 255)
STRIP = 18  # pixels above each row of tiles that have names


def write_film(
    frames: np.ndarray,
    names: Sequence[str] | None,
    stem: Path,
    *,
    kinds: Sequence[str] = ("gif",),
    columns: int = COLUMNS,
    is_dark: bool = False,
) -> list[Path]:
    """``stem.gif`` or ``stem.mp4``: a tile a sequence, its name above, there and back again.

    Args:
        frames: uint8 ``tiles steps channels height width``.
        names: Of the tiles; None leaves them without.
        stem: Of the files.
        kinds: Out of `FILMS`.
        columns: Most tiles in a row.
        is_dark: Names in white on black, which suits light and dark pages alike.

    Returns:
        The files.

    Raises:
        UsageError: If a kind is unknown.
        RunError: If a film cannot be written.
    """
    written = []
    for kind in kinds:
        if kind not in FILMS:
            raise UsageError(f"there is no film {kind!r}", nearest(kind, FILMS))
        path = film_path(stem, kind)
        colours = (PAPER, INK) if is_dark else (INK, PAPER)
        pictures = _pictures(frames, names, columns, colours)
        if kind == "gif":
            write_gif(pictures, path, seconds=SECONDS, rest=0)
        else:
            _write_mp4(pictures, path)
        written.append(path)
    return written


def film_path(stem: Path, kind: str) -> Path:
    """Where a film of that kind lies beside the record of that stem."""
    return stem.with_name(f"{stem.name}.{kind}")


def remove_films(stem: Path) -> None:
    """Take away the films beside a record that is about to be written anew."""
    for kind in FILMS:
        film_path(stem, kind).unlink(missing_ok=True)


def _pictures(
    frames: np.ndarray,
    names: Sequence[str] | None,
    columns: int,
    colours: tuple[Colour, Colour],
) -> "list[Image.Image]":
    from PIL import Image, ImageDraw, ImageFont

    columns, (ink, paper) = min(columns, len(frames)), colours
    frames = np.moveaxis(frames, 2, -1)  # tiles steps height width channels
    if frames.shape[-1] not in (1, 3):
        frames = frames.mean(-1, keepdims=True).round().astype(np.uint8)
    font: Any = ImageFont.load_default(size=11)
    there = list(range(frames.shape[1]))
    pictures = []
    for step in there + there[-2:0:-1]:
        tiles = [_scaled(image) for image in frames[:, step]]
        strip = 0 if names is None else STRIP
        side, width = tiles[0].shape[0] + strip, tiles[0].shape[1] + 2
        rows = -(-len(tiles) // columns)
        picture = Image.new("RGB", (columns * width, rows * side), paper)
        draw = ImageDraw.Draw(picture)
        for i, image in enumerate(tiles):
            x, y = (i % columns) * width, (i // columns) * side
            if names is not None:
                draw.text((x + 1, y + 2), names[i].replace("→", "->"), fill=ink, font=font)
            picture.paste(Image.fromarray(image), (x + 1, y + strip))
        pictures.append(picture)
    return pictures


def _scaled(image: np.ndarray) -> np.ndarray:
    """RGB ``height width 3`` of at least 64 pixels a side, or over that at most 128."""
    from PIL import Image

    image = np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
    side = max(image.shape[:2])
    if side > 2 * TILE:
        step = -(-side // (2 * TILE))
        return np.asarray(Image.fromarray(image).reduce(step))
    scale = max(1, TILE // side)
    return image.repeat(scale, 0).repeat(scale, 1)


def _write_mp4(pictures: "list[Image.Image]", path: Path) -> None:
    import cv2

    width, height = (side + side % 2 for side in pictures[0].size)  # the codec takes even sides
    rate = max(5.0, len(pictures) / SECONDS)
    with replacing(path) as temporary:
        unnamed = temporary.with_suffix(".mp4")  # the container follows from the name's end
        codec = cv2.VideoWriter.fourcc(*"mp4v")
        film = cv2.VideoWriter(str(unnamed), cv2.CAP_FFMPEG, codec, rate, (width, height))
        if not film.isOpened():
            raise RunError(f"the film {path} cannot be written", "write a gif instead")
        for picture in pictures:
            frame = np.full((height, width, 3), 255, np.uint8)
            frame[: picture.size[1], : picture.size[0]] = np.asarray(picture)[:, :, ::-1]
            film.write(frame)
        film.release()
        unnamed.replace(temporary)
