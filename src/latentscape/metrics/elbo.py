"""The evidence lower bound and its two halves, in nats per image and in bits per pixel value."""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor

LikelihoodName = Literal["bernoulli", "gaussian", "gaussian-fixed", "laplace"]

NO_RATE = "the posterior is a point, which has no rate and so no ELBO"


def entropy_floor(
    images: Float[Tensor, "batch channels height width"],
) -> Float[Tensor, "batch"]:
    """The least cross-entropy any Bernoulli decoder can reach on each image, nats.

    −Σ x ln x + (1 − x) ln(1 − x): 0 on binary images, and on gray ones the share of the
    distortion that no model can remove (METHODS §3 i).
    """
    x = images.double()
    entropy = -torch.special.xlogy(x, x) - torch.special.xlogy(1 - x, 1 - x)
    return entropy.flatten(1).sum(1)


def bits_per_dim(negative_elbo: float, n_values: int, *, likelihood: LikelihoodName) -> float:
    """Negative ELBO of an image in bits per pixel value.

    A density over pixels in [0, 1] is read as a probability of 8-bit values by the width 1/256
    of a gray level, hence + 8 for all but Bernoulli (METHODS §3 ii).

    Args:
        negative_elbo: Nats per image.
        n_values: Values in an image: channels × height × width.
        likelihood: Of the decoder.
    """
    bits = negative_elbo / (n_values * math.log(2))
    return bits if likelihood == "bernoulli" else bits + 8


def bits_per_dim_refusal(likelihood: LikelihoodName, floor: float) -> str | None:
    """Why this likelihood on these images has no bits per dimension; None where it has.

    Args:
        likelihood: Of the decoder.
        floor: Mean `entropy_floor` of the images.
    """
    if likelihood == "bernoulli" and floor > 0:
        return "bits_per_dim: cross-entropy on gray values is no likelihood; binarize the images"
    return None
