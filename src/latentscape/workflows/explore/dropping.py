"""An image from outside: brought to the model's size and colour, encoded, and placed."""

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from latentscape.data.decode import as_asked
from latentscape.errors import UsageError
from latentscape.metrics.catalogue import measured
from latentscape.records import Measure, Reference
from latentscape.records.exhibit import Dropped
from latentscape.workflows.explore.columns import rate_of
from latentscape.workflows.explore.live import as_shown
from latentscape.workflows.explore.search import neighbours_of

if TYPE_CHECKING:
    from latentscape.data import DataConfig
    from latentscape.shapes import ImageShape
    from latentscape.workflows.explore.exhibit import OpenExhibit


def dropped(exhibit: "OpenExhibit", image: np.ndarray) -> tuple[Dropped, np.ndarray, np.ndarray]:
    """Encode an image that no one trained on, and say where it lands.

    Args:
        exhibit: Whose model.
        image: uint8 ``height width 3``.

    Returns:
        What is found, the latent (D,), and uint8 ``2 height width channels``: the image as the
        model sees it, and its reconstruction.

    Raises:
        UsageError: If it is no such image.
        LatentscapeError: If there is no model.
    """
    if image.ndim != 3 or image.shape[2] != 3 or image.dtype != np.uint8 or not image.size:
        raise UsageError("that is no image of height × width × 3 bytes", "drop a picture")
    model = exhibit.live.model
    shape, stored = model.autoencoder.image_shape, exhibit.stored
    pixels, words = _fitted(image, shape, model.data)
    means, log_vars = exhibit.live.encode(pixels[None].astype(np.float32) / np.float32(255))
    reconstruction = exhibit.decode(means)
    seen = as_shown(pixels[None])
    near, far = neighbours_of(means[0], stored)
    places = {}
    for name in exhibit.planes:
        x, y = exhibit.place(name, means)[0].tolist()
        places[name] = (x, y)
    errors = np.square((seen.astype(np.float64) - reconstruction) / 255).mean()
    numbers = [_number(exhibit, "mse", float(errors))]
    if log_vars is not None:
        numbers.insert(0, _number(exhibit, "rate", float(rate_of(means, log_vars)[0])))
    told = Dropped(
        places=places, numbers=tuple(numbers), neighbours=near, distances=far, words=words
    )
    return told, means[0], np.concatenate([seen, reconstruction])


def _number(exhibit: "OpenExhibit", name: str, value: float) -> Measure:
    """The image's number, held against the samples' own."""
    reference = None
    if name in exhibit.columns.cards:
        values = exhibit.columns[name].astype(np.float64)
        values = values[np.isfinite(values)]
        low, middle, high = np.quantile(values, (0.05, 0.5, 0.95)).tolist()
        reference = Reference(
            value=middle, low=low, high=high,
            words=f"median of {len(values):,} samples; nine in ten lie between low and high",
        )  # fmt: skip
    return measured(name, value, n=1, note="of the one image", reference=reference)


def _fitted(
    image: np.ndarray, shape: "ImageShape", config: "DataConfig | None"
) -> tuple[np.ndarray, str]:
    """The image as the run's own were brought in, uint8 ``channels height width``, and how."""
    from PIL import Image

    from latentscape.data import DataConfig

    picture, colour = Image.fromarray(image), "L" if shape.channels == 1 else "RGB"
    rule = replace(config or DataConfig("image"), size=shape.height)
    told = []
    if (picture.height, picture.width) != (shape.height, shape.width):
        told.append(f"brought from {picture.width}×{picture.height} to "
                    f"{shape.width}×{shape.height} pixels")  # fmt: skip
        if shape.height == shape.width:
            told[-1] += f" ({rule.resize})"
        else:
            picture = picture.resize((shape.width, shape.height), Image.Resampling.BICUBIC)
            told[-1] += " (squash)"
            rule = replace(rule, size=None)
    elif shape.height != shape.width:
        rule = replace(rule, size=None)
    if colour == "L" and (image != image[..., :1]).any():
        told.append("turned gray")
    pixels = as_asked(picture, rule, colour=colour)
    if rule.binarize:
        pixels = np.where(pixels >= 128, np.uint8(255), np.uint8(0))
        told.append("thresholded at half, as the model's own images were")
    sentence = ", ".join(told)
    return np.array(pixels), f"{sentence[:1].upper()}{sentence[1:]}." if sentence else ""
