"""The networks by name, and the one door through which they are built."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from latentscape.errors import ShapeError, UsageError, nearest
from latentscape.nn.conv import conv_networks
from latentscape.nn.mlp import mlp_networks
from latentscape.nn.resnet import resnet_networks
from latentscape.nn.tutorial import tutorial_networks
from latentscape.shapes import ImageShape, LatentShape

Networks = tuple[nn.Module, nn.Module]

NETWORKS: dict[str, Callable[..., Networks]] = {
    "tutorial": tutorial_networks,
    "conv": conv_networks,
    "resnet": resnet_networks,
    "mlp": mlp_networks,
}


def options_of(network: str) -> tuple[str, ...]:
    """Names of the options that a network takes."""
    parameters = inspect.signature(_network_named(network)).parameters.values()
    return tuple(p.name for p in parameters if p.kind is inspect.Parameter.KEYWORD_ONLY)


def build_networks(
    network: str,
    image_shape: ImageShape,
    *,
    latent_shape: LatentShape,
    n_parameters: int,
    options: Mapping[str, Any] | None = None,
) -> Networks:
    """Encoder and decoder of the network called `network`, freshly initialised.

    Args:
        network: A name in `NETWORKS`.
        image_shape: Channels, height and width of the images.
        latent_shape: ``(d,)`` or ``(channels, height, width)``.
        n_parameters: Parameters of the posterior per latent, 1 or 2.
        options: The network's own settings.

    Returns:
        The encoder (images to ``batch n_parameters·latent[0] *latent[1:]``) and the decoder
        (latents to logits, ``batch channels height width``).

    Raises:
        UsageError: If the network or an option is unknown (the nearest is named) or out of range.
        ShapeError: If the network cannot take these shapes.
    """
    options = dict(options or {})
    known = options_of(network)
    for option in options:
        if option not in known:
            raise UsageError(
                f"the network {network!r} has no option {option!r}", nearest(option, known)
            )
    if min(latent_shape, default=0) < 1:
        raise ShapeError(
            f"a latent of shape {tuple(latent_shape)} holds nothing",
            "give a latent size of at least 1",
        )
    try:
        return NETWORKS[network](image_shape, latent_shape, n_parameters, **options)
    except TypeError as error:
        given = ", ".join(f"{name}={value!r}" for name, value in options.items())
        raise UsageError(
            f"the network {network!r} cannot use the options {given}", str(error)
        ) from error


def _network_named(name: str) -> Callable[..., Networks]:
    if name not in NETWORKS:
        raise UsageError(f"there is no network {name!r}", nearest(name, NETWORKS))
    return NETWORKS[name]
