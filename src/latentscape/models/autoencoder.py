"""Autoencoder = encoder + posterior + decoder. Everything else in the program sees only this."""

from itertools import chain

import torch
from torch import Tensor, nn

from latentscape.errors import DataError, ModelError
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
        size_step: Where the model takes images of any size, what their sides must be multiples of;
            `image_shape` is then one size of many, see `for_images`. None where the size is fixed.
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
        size_step: int | None = None,
    ):
        super().__init__()
        self.encoder = encoder
        self.decoder = decoder
        self.likelihood = likelihood
        self.image_shape = image_shape
        self.latent_shape = latent_shape
        self.posterior: PosteriorKind = posterior
        self.size_step = size_step

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
        weights = chain(self.parameters(), self.buffers())
        return next((weight.device for weight in weights), torch.device("cpu"))

    def for_images(self, shape: ImageShape) -> "Autoencoder":
        """The same networks for images of another size; itself where its size is fixed.

        Raises:
            DataError: If the images' sides are no multiples of `size_step`.
            ModelError: If the networks do not take them for another reason.
        """
        step = self.size_step
        if step is None or shape == self.image_shape or shape.channels != self.image_shape.channels:
            return self
        _require_multiples(shape, step)
        latent_shape = self._latent_shape_of(shape)
        return Autoencoder(
            self.encoder,
            self.decoder,
            image_shape=shape,
            latent_shape=latent_shape,
            posterior=self.posterior,
            likelihood=self.likelihood,
            size_step=step,
        ).eval()

    @torch.inference_mode()
    def _latent_shape_of(self, shape: ImageShape) -> LatentShape:
        """Found by encoding one image, which must come back in its size."""
        image = torch.full((1, *shape), 0.5, device=self.device)
        latent = self.encode(image).mean
        back = tuple(self.decode(latent).shape[1:])
        if back != tuple(shape):
            raise ModelError(
                f"images of {shape} come back as {ImageShape(*back)}",
                f"try sides that are multiples of {2 * (self.size_step or 1)}",
            )
        return tuple(latent.shape[1:])


def _require_multiples(shape: ImageShape, step: int) -> None:
    if shape.height % step == 0 and shape.width % step == 0:
        return
    short = min(shape.height, shape.width)
    below, above = short // step * step, -(-short // step) * step
    near = " or ".join(str(size) for size in dict.fromkeys((below, above)) if size)
    raise DataError(
        f"the images are {shape.height}×{shape.width}, and the model takes sides that are "
        f"multiples of {step}",
        f"bring them to another size: --size {near}",
    )
