"""Many small images laid out as one: the ground of every picture made of pictures."""

from collections.abc import Collection

import numpy as np

from latentscape.errors import ShapeError

LARGEST = 1000  # pixels along the longer side; more shows nothing more on a page


def mosaic(
    images: np.ndarray, *, rows: int, columns: int, gap: int = 1, clear: Collection[int] = ()
) -> np.ndarray:
    """Lay images out row by row with clear gaps between.

    Args:
        images: uint8 ``n channels height width`` with n at most rows·columns; missing ones at
            the end stay clear.
        rows, columns: Of the layout.
        gap: Clear pixels between two images.
        clear: Places of images that stay clear, whatever they hold.

    Returns:
        uint8 ``height width 4`` (RGBA), at most 1,000 pixels along its longer side.

    Raises:
        ShapeError: If the images do not fit the layout.
    """
    if images.ndim != 4 or len(images) > rows * columns or rows < 1 or columns < 1:
        raise ShapeError(f"images of shape {images.shape} do not fit {rows} rows of {columns}")
    height, width = images.shape[2:]
    out = np.zeros((rows * (height + gap) - gap, columns * (width + gap) - gap, 4), np.uint8)
    for i, image in enumerate(images):
        if i in clear:
            continue
        top, left = (i // columns) * (height + gap), (i % columns) * (width + gap)
        out[top : top + height, left : left + width, :3] = visible(image)
        out[top : top + height, left : left + width, 3] = 255
    return _shrunk(out)


def visible(image: np.ndarray) -> np.ndarray:
    """One image ``channels height width`` as RGB ``height width 3``.

    Three channels are shown as colours; any other number as their mean, in gray.
    """
    if image.dtype != np.uint8:
        image = np.clip(image, 0, 255).astype(np.uint8)
    if len(image) == 3:
        return image.transpose(1, 2, 0)
    gray = image[0] if len(image) == 1 else image.mean(axis=0).round().astype(np.uint8)
    return np.repeat(gray[:, :, None], 3, axis=2)


def interleave(first: np.ndarray, second: np.ndarray, columns: int) -> np.ndarray:
    """Rows of the first and of the second array by turns, ``columns`` images to a row.

    Both are ``n channels height width`` with n a multiple of ``columns``.
    """
    shape = (len(first) // columns, columns, *first.shape[1:])
    pairs = np.stack([first.reshape(shape), second.reshape(shape)], axis=1)
    return pairs.reshape(-1, *first.shape[1:])


def _shrunk(picture: np.ndarray) -> np.ndarray:
    longest = max(picture.shape[:2])
    if longest <= LARGEST:
        return picture
    from PIL import Image

    height, width = (max(1, round(side * LARGEST / longest)) for side in picture.shape[:2])
    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.LANCZOS))
