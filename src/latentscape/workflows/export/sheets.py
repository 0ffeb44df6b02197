"""Many small images as a few large pictures, tile by tile."""

import io
from dataclasses import dataclass

import numpy as np
from PIL import Image

from latentscape.records.offline import OfflineSheets

MOST_SIDE = 4096  # of a sheet, in pixels: what every browser draws at once
LARGEST_TILE = 64
LOSSLESS = 32  # tiles up to this many pixels a side keep every pixel
QUALITY = 85


@dataclass(frozen=True)
class Sheets:
    """Tiles on sheets.

    Attributes:
        n, width, height, channels: Of the tiles.
        columns, tiles: Tiles in a row, and on one sheet.
        pictures: WebP files.
    """

    n: int
    width: int
    height: int
    channels: int
    columns: int
    tiles: int
    pictures: tuple[bytes, ...]

    @property
    def about(self) -> OfflineSheets:
        """What the page must know to cut them up again."""
        told = {name: getattr(self, name) for name in OfflineSheets.model_fields if name != "type"}
        return OfflineSheets(**told, type="image/webp")


def sheets_of(images: np.ndarray) -> Sheets:
    """Images laid out on sheets, exact where they are small.

    Args:
        images: uint8 ``n height width channels``, 1 or 3 channels, at most 4096 pixels a side.
    """
    n, height, width, channels = images.shape
    most = MOST_SIDE // width
    columns = min(most, max(1, int(np.ceil(np.sqrt(n * height / width)))))
    tiles = columns * (MOST_SIDE // height)
    pictures = []
    for start in range(0, n, tiles):
        part = images[start : start + tiles]
        rows = -(-len(part) // columns)
        sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
        sheet[: len(part)] = part
        sheet = sheet.reshape(rows, columns, height, width, channels).swapaxes(1, 2)
        whole = sheet.reshape(rows * height, columns * width, channels)
        pictures.append(_webp(whole, exact=max(height, width) <= LOSSLESS))
    return Sheets(n, width, height, channels, columns, tiles, tuple(pictures))


def _webp(sheet: np.ndarray, *, exact: bool) -> bytes:
    image = Image.fromarray(np.repeat(sheet, 3, axis=2) if sheet.shape[2] == 1 else sheet)
    file = io.BytesIO()
    image.save(file, "WEBP", lossless=exact, quality=QUALITY, method=4)
    return file.getvalue()
