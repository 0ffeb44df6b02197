"""Frames in time: a film that OpenCV decodes, or pictures numbered in a folder.

Both are gone through twice, so that nothing but the frames that are wanted is ever kept: once
small, to find shots and movement, and once to fetch what was chosen.
"""

import os
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
from PIL import Image

from latentscape.data.decode import DataWarning, Pictures, refuse_if_strict, told, upright_8_bit
from latentscape.data.image_set import Skipped
from latentscape.data.shots import Watch, shrunk
from latentscape.errors import DataError

if TYPE_CHECKING:
    from cv2 import VideoCapture

FILMS = frozenset((
    ".avi", ".flv", ".gif", ".m4v", ".mkv", ".mov",
    ".mp4", ".mpeg", ".mpg", ".ogv", ".webm", ".wmv",
))  # fmt: skip
_SHORT_BY = 0.05  # share of the frames its header promises that a whole film may lack


class Footage(Protocol):
    """A sequence of frames.

    Attributes:
        film: The film it is of.
        place: What its frames' names begin with, and its shots'.
        one_shot: Whether it is known to be a single shot.
        fps: Frames a second, where that is known.
        skipped: Frames that could not be read; complete when `look` is through.
    """

    film: str
    place: str
    one_shot: bool
    fps: float | None
    skipped: list[Skipped]

    @property
    def expected(self) -> int:
        """How many frames it says it has."""
        ...

    def look(self, watch: Watch, progress: Callable[[int], None]) -> None:
        """Show every frame to a watch, small, in order; tell how many were."""
        ...

    def fetch(self, wanted: np.ndarray) -> Iterator[Image.Image]:
        """The wanted of the frames that were seen (ascending positions), as they are."""
        ...

    def name(self, position: int) -> str:
        """Identity of a frame that was seen."""
        ...


@dataclass
class FilmFile:
    """A film in a file; a damaged end is left out, with a warning or, when strict, an error."""

    path: Path
    film: str
    strict: bool = False
    one_shot: bool = False
    skipped: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        import cv2

        self.place = self.film
        with _opened(self.path) as film:
            self.fps = round(film.get(cv2.CAP_PROP_FPS), 3) or None
            self._promised = int(max(0.0, film.get(cv2.CAP_PROP_FRAME_COUNT)))

    @property
    def expected(self) -> int:
        """How many frames it says it has."""
        return self._promised

    def look(self, watch: Watch, progress: Callable[[int], None]) -> None:
        """Show every frame to a watch, small, in order; tell how many were."""
        import cv2

        with _opened(self.path) as film:
            while film.grab():
                time = film.get(cv2.CAP_PROP_POS_MSEC)
                there, frame = film.retrieve()
                if not there:
                    break
                watch.see(shrunk(frame[:, :, ::-1]), time)
                progress(len(watch))
        if not len(watch):
            raise _unreadable(self.path, "not one frame of it can be decoded")
        if len(watch) < (1 - _SHORT_BY) * self._promised - 2:
            told = f"{self.path} breaks off after {len(watch)} of {self._promised} frames"
            if self.strict:
                raise DataError(told, "restore the file, or leave out strict to use what is there")
            self.skipped.append(Skipped(self.film, told))
            warnings.warn(told, DataWarning, stacklevel=5)

    def fetch(self, wanted: np.ndarray) -> Iterator[Image.Image]:
        """The wanted of the frames that were seen (ascending positions), as they are."""
        import cv2

        keep, position, stop = set(wanted.tolist()), 0, int(wanted.max(initial=-1)) + 1
        with _opened(self.path) as film:
            while position < stop and film.grab():
                if position in keep:  # to fetch a frame's colours costs as much as to decode it
                    there, frame = film.retrieve()
                    if not there:
                        break
                    yield Image.fromarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB))
                position += 1
        if position < stop:
            raise DataError(f"{self.path} changed while it was read", "read it again")

    def name(self, position: int) -> str:
        """Identity of a frame that was seen."""
        return f"{self.place}/{position:06d}"


@dataclass
class FrameFolder:
    """Pictures of a folder in the order of the numbers in their names.

    A picture that cannot be read is a gap: no triplet reaches across it.
    """

    pictures: Pictures
    film: str
    place: str
    one_shot: bool
    strict: bool = False
    fps: float | None = None
    skipped: list[Skipped] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._seen: list[int] = []

    @property
    def expected(self) -> int:
        """How many frames it says it has."""
        return len(self.pictures.names)

    def look(self, watch: Watch, progress: Callable[[int], None]) -> None:
        """Show every frame to a watch, small, in order; tell how many were."""
        times = moments(self.pictures.names)
        for row, name in enumerate(self.pictures.names):
            try:
                with self.pictures.opened(row) as picture:
                    picture.draft("RGB", (128, 72))  # a JPEG is decoded at an eighth, say
                    small = shrunk(np.asarray(upright_8_bit(picture).convert("RGB")))
            except Image.UnidentifiedImageError:
                self._pass_over(row, name, "not an image")
            except Exception as error:  # a damaged file may make a decoder fail in any way it likes
                self._pass_over(row, name, f"{error or type(error).__name__}".splitlines()[0])
            else:
                watch.see(small, times[row])
                self._seen.append(row)
            progress(row + 1)
        if self.skipped:
            warnings.warn(told(self.pictures, self.skipped), DataWarning, stacklevel=5)

    def _pass_over(self, row: int, name: str, reason: str) -> None:
        refuse_if_strict(self.pictures, row, reason, strict=self.strict)
        self.skipped.append(Skipped(name, reason))

    def fetch(self, wanted: np.ndarray) -> Iterator[Image.Image]:
        """The wanted of the frames that were seen (ascending positions), as they are."""
        for position in wanted:
            row = self._seen[position]
            try:
                with self.pictures.opened(row) as picture:
                    image = upright_8_bit(picture)
                    image.load()
            except Exception as error:  # its small version could be read, so most of it is there
                raise DataError(
                    f"{self.name(position)} in {self.pictures.place} is damaged: {error}",
                    "take the picture away, or restore it",
                ) from error
            yield image

    def name(self, position: int) -> str:
        """Identity of a frame that was seen."""
        return self.pictures.names[self._seen[position]]


def is_film(path: Path | str) -> bool:
    """Whether a file's name ends as films' names do."""
    return Path(path).suffix.lower() in FILMS


def moments(names: Sequence[str]) -> list[float]:
    """When frames of these names are shown: the last number of each; without, one after another."""
    numbers = [re.findall(r"[0-9]+", Path(name).stem) for name in names]
    last = [float(found[-1]) if found else -1.0 for found in numbers]
    rises = all(a < b for a, b in pairwise(last))
    return last if rises and all(numbers) else [float(k) for k in range(len(names))]


def natural(name: str) -> list[int | str]:
    """Sort key: numbers within a name by their value, so that ``f10`` comes after ``f9``."""
    return [int(part) if k % 2 else part for k, part in enumerate(re.split(r"([0-9]+)", name))]


@contextmanager
def _opened(path: Path) -> "Iterator[VideoCapture]":
    film = _silently_opened(path)
    try:
        if not film.isOpened():
            raise _unreadable(path, "it is not a film that OpenCV can read")
        yield film
    finally:
        film.release()


def _silently_opened(path: Path) -> "VideoCapture":
    """A film, open or not: what is wrong with it is told as an error, not by its libraries."""
    import cv2

    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # quiet; read at the first film only
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(str(path), cv2.CAP_FFMPEG)
    finally:
        cv2.utils.logging.setLogLevel(level)


def _unreadable(path: Path, reason: str) -> DataError:
    return DataError(
        f"{path} cannot be read: {reason}",
        "convert it, for instance to MP4 with H.264, or give a folder of its frames",
    )
