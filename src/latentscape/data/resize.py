"""Bring images to one size and one colour mode, by rules that have names.

``crop`` scales the shorter side and keeps the centre; ``pad`` scales the longer side and fills the
rest with black; ``squash`` scales each side by itself and so changes the aspect. All three filter
with Pillow's bicubic, whose support grows as the image shrinks, so nothing is aliased.
"""

import numpy as np
from PIL import Image

from latentscape.data.image_set import DataConfig, ResizeRule
from latentscape.data.memory import room_for
from latentscape.errors import DataError

_CHUNK = 256
FILTER = Image.Resampling.BICUBIC
LUMA = "ITU-R BT.601 luma, (19595 R + 38470 G + 7471 B) / 65536"


def resize_image(image: Image.Image, size: int, *, rule: ResizeRule) -> Image.Image:
    """One image as ``size`` × ``size`` pixels, by the named rule."""
    width, height = image.size
    if (width, height) == (size, size):
        return image
    if rule == "squash":
        return image.resize((size, size), FILTER)
    if rule == "crop":
        short = min(width, height)
        left, top = (width - short) / 2, (height - short) / 2
        return image.resize((size, size), FILTER, box=(left, top, left + short, top + short))
    scale = size / max(width, height)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    canvas = Image.new(image.mode, (size, size))
    canvas.paste(image.resize(inner, FILTER), ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return canvas


def resize_array(images: np.ndarray, out: np.ndarray, *, rule: ResizeRule) -> None:
    """Resize uint8 ``n channels height width`` into ``out`` of square images, by the named rule.

    Pillow's filter as two matrix products, many images at once. It agrees with `resize_image` to
    within one level, save where bicubic overshoots black or white between the two passes: there
    the order of the passes, which Pillow chooses by its own lights, makes a few levels.
    """
    size, (height, width) = out.shape[-1], images.shape[2:]
    short, long = min(height, width), max(height, width)
    weights = []
    for n_in in (height, width):
        first, last, inner = 0.0, float(n_in), size
        if rule == "crop":
            first, last = (n_in - short) / 2, (n_in + short) / 2
        elif rule == "pad":
            inner = max(1, round(n_in * (size / long)))
        matrix = np.zeros((size, n_in), np.float32)
        start = (size - inner) // 2
        matrix[start : start + inner] = _filter_weights(n_in, inner, first, last)
        weights.append(matrix)
    rows, columns = weights
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK].astype(np.float32)
        across = np.clip(np.rint(chunk @ columns.T), 0, 255)  # 8-bit in between, as Pillow's
        out[start : start + _CHUNK] = np.clip(np.rint(rows @ across), 0, 255)


def _filter_weights(n_in: int, n_out: int, first: float, last: float) -> np.ndarray:
    """What each input pixel gives to each output pixel, (n_out, n_in): unit pulses, resized."""
    pulses = Image.fromarray(np.eye(n_in, dtype=np.float32))
    return np.asarray(pulses.resize((n_in, n_out), FILTER, box=(0, first, n_in, last)))


def recolour(images: np.ndarray, colour: str | None, *, limit: int) -> np.ndarray:
    """uint8 ``n channels height width`` as ``L`` (one channel) or ``RGB`` (three).

    Gray is `LUMA`, in the integers that Pillow uses, so that arrays and files agree to the bit.

    Args:
        images: The images; given back untouched where they have the channels already.
        colour: ``L``, ``RGB``, or None for as they are.
        limit: Bytes above which the result is mapped from disk.

    Raises:
        DataError: If the images have neither one channel nor three.
    """
    channels = images.shape[1]
    wanted = {"L": 1, "RGB": 3, None: channels}[colour]
    if channels == wanted:
        return images
    if channels not in (1, 3):
        raise DataError(
            f"images of {channels} channels cannot become {colour}", "leave the colour as it is"
        )
    out = room_for((len(images), wanted, *images.shape[2:]), limit=limit)
    for start in range(0, len(images), _CHUNK):
        chunk = images[start : start + _CHUNK]
        if wanted == 1:
            red, green, blue = chunk.astype(np.uint32).swapaxes(0, 1)
            chunk = ((19595 * red + 38470 * green + 7471 * blue + 0x8000) >> 16)[:, None]
        out[start : start + _CHUNK] = chunk
    return out


def shaped(images: np.ndarray, config: DataConfig, *, limit: int) -> np.ndarray:
    """uint8 ``n channels height width`` in the size and colour that a config asks for.

    Args:
        images: The images; given back untouched where there is nothing to do.
        config: Size, resize rule and colour.
        limit: Bytes above which the result is mapped from disk.
    """
    if config.colour == "L":  # the cheaper order: resize while there are few channels
        images = recolour(images, "L", limit=limit)
    if config.size is not None and images.shape[2:] != (config.size, config.size):
        out = room_for((*images.shape[:2], config.size, config.size), limit=limit)
        resize_array(images, out, rule=config.resize)
        images = out
    return recolour(images, config.colour, limit=limit)


def resize_facts(config: DataConfig) -> dict:
    """What is done to the images on the way in, for the record and the fingerprint."""
    facts: dict = {"size": config.size, "colour": config.colour, "binarize": config.binarize}
    if config.size is not None:
        facts |= {"resize": config.resize, "filter": "bicubic, antialiased"}
    if config.colour == "L":
        facts["gray"] = LUMA
    return facts
