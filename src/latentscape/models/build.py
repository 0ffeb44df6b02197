"""A model from its description, the same weights for the same seed."""

import torch

from latentscape.models.autoencoder import Autoencoder
from latentscape.models.config import ModelConfig
from latentscape.models.likelihood import build_likelihood
from latentscape.nn import build_networks


def build_model(config: ModelConfig, seed: int | None = None) -> Autoencoder:
    """A freshly initialised autoencoder.

    Args:
        config: Network, shapes, posterior and likelihood.
        seed: Seed of the initial weights; None draws from torch's generator as it stands. Either
            way that generator is left as it was found.

    Raises:
        UsageError: If the network or one of its options is unknown or out of range.
        ShapeError: If the network cannot take these shapes.
    """
    with torch.random.fork_rng(devices=[]):
        if seed is not None:
            torch.default_generator.manual_seed(seed)
        encoder, decoder = build_networks(
            config.network,
            config.image_shape,
            latent_shape=config.latent_shape,
            n_parameters=1 if config.posterior == "point" else 2,
            options=config.options,
        )
    return Autoencoder(
        encoder,
        decoder,
        image_shape=config.image_shape,
        latent_shape=config.latent_shape,
        posterior=config.posterior,
        likelihood=build_likelihood(config.likelihood, config.likelihood_scale),
    )
