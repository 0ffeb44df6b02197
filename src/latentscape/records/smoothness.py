"""How evenly a decoder moves: the part of `measure structure` that decodes."""

from latentscape.records.measure import Row
from latentscape.records.record import Array, Record


class Smoothness(Record):
    """Smoothness of a decoder where the latents are, and of what it is held against.

    Attributes:
        row: At the latents of the images.
        baselines: At draws from the prior, and of PCA's linear decoder with as many latents.
        singular_values: (places, d) of the Jacobian at latents of images, largest first; empty
            where the latent is too large for all of them.
        prior_singular_values: The same at draws from N(0, I); empty where none were taken.
        linear_singular_values: (k,) of PCA's decoder, the same everywhere; empty where there is
            none.
    """

    row: Row
    baselines: tuple[Row, ...]
    singular_values: Array
    prior_singular_values: Array
    linear_singular_values: Array
