"""Autoencoder = encoder + posterior + decoder. Everything else in the program sees only this."""

import torch
from torch import Tensor, nn

from latentscape.models.likelihood import Likelihood
from latentscape.models.posterior import Posterior, PosteriorKind, posterior_of
from latentscape.shapes import ImageShape, LatentShape


class Autoencoder(nn.Module):
    """Images in [0, 1] to a posterior over latents, and latents back to images in [0, 1].

    Attributes:
        image_shape: Channels, height, width.
        latent_shape: ``(d,)`` or ``(channels, height, width)``.
        posterior: ``point`` or ``gaussian``; the encoder's output has one or two times the
            latent's length on axis 1 accordingly.
        likelihood: How logits are scored against images.
        pixel_range: The range the networks themselves work in; images are converted inside.
    """

    pixel_range = (0.0, 1.0)

    def __init__(
        self,
        encoder: nn.Module,
        decoder: nn.Module,
        *,
        image_shape: ImageShape,
        latent_shape: LatentShape,
        posterior: PosteriorKind,
        likelihood: Likelihood,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.image_shape = image_shape
        self.latent_shape = latent_shape
        self.posterior: PosteriorKind = posterior

    def encode(self, images: Tensor) -> Posterior:
        """Images ``batch channels height width`` in [0, 1] to their posterior."""
        return posterior_of(self.encoder(images).float(), self.posterior)

    def logits(self, latents: Tensor) -> Tensor:
        """Latents to the decoder's raw output, ``batch channels height width``."""
        return self.decoder(latents).float()

    def decode(self, latents: Tensor) -> Tensor:
        """Latents ``batch *latent`` to mean images in [0, 1]."""
        return self.likelihood.mean(self.logits(latents))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        return next(self.parameters()).device
