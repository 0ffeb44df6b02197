"""Sources whose images are drawn by a known rule: what lies exactly between two of their images."""

from collections.abc import Callable

import numpy as np

from latentscape.data.image_set import DataConfig, ImageSet
from latentscape.data.memory import default_limit
from latentscape.data.resize import shaped
from latentscape.data.sprites import between

Between = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]  # first, last, t to uint8

# By source; first and last are factors.
GENERATORS: dict[str, Between] = {"sprites": between, "sprites-motion": between}


def between_rows(images: ImageSet, config: DataConfig) -> Between | None:
    """A function that draws the exact moments between images of a set, by their factors.

    Args:
        images: As `load_images` gave them.
        config: By which they were loaded: size, colour and threshold are those of the set.

    Returns:
        Called with rows (n,), rows (n,) and t (n,) in [0, 1], it gives uint8
        ``n channels height width`` as a model sees them; at t = 0 and t = 1 exactly the images of
        the rows. None where what made the images is not known.
    """
    generator = GENERATORS.get(config.source)
    factors = images.factors
    if generator is None or factors is None:
        return None

    def draw(first: np.ndarray, last: np.ndarray, t: np.ndarray) -> np.ndarray:
        drawn = shaped(generator(factors[first], factors[last], t), config, limit=default_limit())
        if images.binarize:
            return np.where(drawn >= 128, np.uint8(255), np.uint8(0))
        return drawn

    return draw
