"""Autoencoder = encoder + posterior + decoder. Everything else in the program sees only this."""

import warnings
from contextlib import AbstractContextManager, nullcontext
from copy import copy
from dataclasses import dataclass
from itertools import chain
from typing import Any, Self

import torch
from torch import Tensor, nn

from latentscape.errors import ModelError, ShapeError
from latentscape.models.likelihood import Likelihood
from latentscape.models.padding import pad_to, padded_shape
from latentscape.models.posterior import Posterior, PosteriorKind, posterior_of
from latentscape.models.precision import Format
from latentscape.shapes import ImageShape, LatentShape


@dataclass(frozen=True)
class Conventions:
    """How a model's makers write pixels and latents.

    Attributes:
        pixel_range: Lowest and highest pixel that the networks work in; converted from and to
            [0, 1] inside `Autoencoder`.
        latent_scale, latent_shift: Elsewhere, in a diffusion model say, its latents are used as
            (z − shift) · scale: one number each, or one a channel. Where latents are folded into
            patches of 2×2 cells first there are four a channel: of channel c at row y and column x
            of a patch the one at 4·c + 2·y + x. Recorded, never applied.
    """

    pixel_range: tuple[float, float] = (0.0, 1.0)
    latent_scale: float | tuple[float, ...] = 1.0
    latent_shift: float | tuple[float, ...] = 0.0


class Autoencoder(nn.Module):
    """Images in [0, 1] to a posterior over latents, and latents back to images in [0, 1].

    Attributes:
        image_shape: Channels, height, width.
        latent_shape: ``(d,)`` or ``(channels, height, width)``.
        posterior: ``point`` or ``gaussian``; the encoder's output has one or two times the
            latent's length on axis 1 accordingly.
        likelihood: How logits are scored against images.
        size_step: Where the model takes images of any size, what their sides are padded to a
            multiple of; `image_shape` is then one size of many, see `for_images`. None where the
            size is fixed.
        inner_shape: What the networks are given: `image_shape`, padded to multiples of
            `size_step`.
        conventions: Pixel range, latent scale and shift of its makers.
        precision: ``bf16`` where the networks run under autocast. Training and whatever is
            differentiated stay in fp32, and so do all answers.
    """

    conventions = Conventions()
    precision: Format = "fp32"

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
        self.image_shape = self.inner_shape = image_shape
        self.latent_shape = latent_shape
        self.posterior: PosteriorKind = posterior
        self.size_step = size_step

    def encode(self, images: Tensor) -> Posterior:
        """Images ``batch channels height width`` in [0, 1] to their posterior."""
        low, high = self.pixel_range
        images = images if (low, high) == (0, 1) else images * (high - low) + low
        images = pad_to(images, self.inner_shape) if self._is_padded else images
        with self._running(images):
            parameters = self.encoder(self._laid_out(images))
        return posterior_of(parameters.float(), self.posterior)

    def logits(self, latents: Tensor) -> Tensor:
        """Latents to the decoder's raw output, ``batch channels height width``.

        Of a decoder that makes images of another range than [0, 1], in [0, 1] already.
        """
        with self._running(latents):
            made = self.decoder(self._laid_out(latents))
        made = made.float()
        if self._is_padded:
            made = made[..., : self.image_shape.height, : self.image_shape.width]
        low, high = self.pixel_range
        return made if (low, high) == (0, 1) else (made - low) / (high - low)

    def decode(self, latents: Tensor) -> Tensor:
        """Latents ``batch *latent`` to mean images in [0, 1].

        Raises:
            ShapeError: If they are of another shape, and the model takes one size only.
        """
        given = tuple(latents.shape[1:])
        if self.size_step is None and given != tuple(self.latent_shape):
            raise ShapeError(
                f"the model's latents have the shape {tuple(self.latent_shape)}, not {given}",
                "give batch × latent shape",
            )
        return self.likelihood.mean(self.logits(latents))

    @property
    def device(self) -> torch.device:
        """Where the weights are."""
        weights = chain(self.parameters(), self.buffers())
        return next((weight.device for weight in weights), torch.device("cpu"))

    @property
    def pixel_range(self) -> tuple[float, float]:
        """The range that the networks themselves work in; images are converted inside."""
        return self.conventions.pixel_range

    @property
    def exact(self) -> Self:
        """The same networks in fp32: what is differentiated, and searched by its derivative."""
        return self if self.precision == "fp32" else self._as(precision="fp32")

    def in_precision(self, precision: Format) -> Self:
        """The same networks in that number format."""
        return self._as(precision=precision)

    def for_images(self, shape: ImageShape) -> Self:
        """The same networks for images of another size; itself where its size is fixed.

        Images whose sides are no multiples of `size_step` are padded inside, by their own mirror
        image below and to the right, and cropped on the way back; a warning says so.

        Raises:
            ModelError: If the networks do not take them.
        """
        step = self.size_step
        if step is None or shape == self.image_shape or shape.channels != self.image_shape.channels:
            return self
        inner = padded_shape(shape, step)
        if inner != shape:
            warnings.warn(
                f"images of {shape.height}×{shape.width} are padded to "
                f"{inner.height}×{inner.width} by reflection and cropped back: the model takes "
                f"sides that are multiples of {step}",
                stacklevel=4,
            )
        latent_shape = self._as(image_shape=inner, inner_shape=inner)._latent_shape_there()
        return self._as(image_shape=shape, inner_shape=inner, latent_shape=latent_shape)

    @torch.inference_mode()
    def _latent_shape_there(self) -> LatentShape:
        """Found by encoding one image, which must come back in its size."""
        image = torch.full((1, *self.image_shape), 0.5, device=self.device)
        latent = self.encode(image).mean
        back = tuple(self.decode(latent).shape[1:])
        if back != tuple(self.image_shape):
            raise ModelError(
                f"images of {self.image_shape} come back as {ImageShape(*back)}",
                f"try sides that are multiples of {2 * (self.size_step or 1)}",
            )
        return tuple(latent.shape[1:])

    @property
    def _is_padded(self) -> bool:
        return self.inner_shape != self.image_shape

    def _running(self, rows: Tensor) -> AbstractContextManager[Any]:
        """The number format of one pass through a network."""
        if not self._is_low(rows):
            return nullcontext()
        return torch.autocast(rows.device.type, dtype=torch.bfloat16)

    def _laid_out(self, rows: Tensor) -> Tensor:
        if rows.dim() != 4 or not self._is_low(rows):
            return rows
        return rows.contiguous(memory_format=torch.channels_last)

    def _is_low(self, rows: Tensor) -> bool:
        differentiated = torch.is_grad_enabled() and rows.requires_grad
        return self.precision == "bf16" and not self.training and not differentiated

    def _as(self, **changes: Any) -> Self:
        """A twin that shares networks and weights, and differs in these attributes."""
        twin = copy(self)
        twin.__dict__.update(changes)
        return twin
