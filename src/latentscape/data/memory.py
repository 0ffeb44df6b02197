"""Where decoded images are put: in memory while they fit, else in a memory map on disk."""

import errno
import os
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentscape.data.image_set import DataConfig
from latentscape.errors import DataError

GIB = 1024**3


@dataclass(frozen=True)
class Loading:
    """What every source is told besides its own argument.

    Attributes:
        config: Which images, and what is done to them.
        memory_limit: Decoded bytes above which images go to a memory map on disk.
        progress: Called with (images done, images in all) while files are decoded.
    """

    config: DataConfig
    memory_limit: int
    progress: Callable[[int, int], None] | None = None

    def report(self, done: int, total: int) -> None:
        """Tell the listener, if there is one, how far the decoding is."""
        if self.progress is not None:
            self.progress(done, total)


def default_limit() -> int:
    """A quarter of the memory that is free now, in bytes; 1 GiB where that cannot be asked."""
    try:
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024 // 4
    except OSError:
        pass
    return GIB


def room_for(shape: tuple[int, ...], *, limit: int) -> np.ndarray:
    """An empty uint8 array of this shape: in memory up to ``limit`` bytes, mapped beyond.

    The map is a ``.npy`` in the folder named by ``LATENTSCAPE_CACHE``, else in the system's
    temporary folder. Its space is reserved at once, so that a full disk is an error here and not
    a crash later, and its name is removed at once where the system allows: the space returns when
    the array is let go, even after ``kill -9``.

    Raises:
        DataError: If the disk has no room, or the folder cannot be written.
    """
    n_bytes = int(np.prod(shape, dtype=np.int64))
    if n_bytes <= limit:
        return np.empty(shape, np.uint8)
    folder = Path(os.environ.get("LATENTSCAPE_CACHE") or tempfile.gettempdir())
    path = None
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(folder).free < n_bytes:  # asked first: reserving would fill the disk
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        handle, name = tempfile.mkstemp(prefix="latentscape-images-", suffix=".npy", dir=folder)
        path = Path(name)
        images = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=shape)
        with os.fdopen(handle, "r+b") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
    except OSError as error:
        if path is not None:
            path.unlink(missing_ok=True)
        raise DataError(
            f"the decoded images need {n_bytes / GIB:.1f} GiB, and {folder} has no room for them"
            f" ({error.strerror})",
            "name a folder with more room in LATENTSCAPE_CACHE, or use a smaller size or limit",
        ) from error
    with suppress(OSError):
        path.unlink()
    return images
