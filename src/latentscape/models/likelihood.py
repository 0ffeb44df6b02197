"""p(x|z): how a decoder's logits are scored against an image, in nats per image.

The likelihoods of our own recipes read the decoder's output as logits: the mean image is its
sigmoid, so that every model decodes into [0, 1]. A decoder that was trained elsewhere puts out
images already, and has a likelihood that takes them as they are.
"""

import math
from abc import ABC, abstractmethod
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import UsageError

LikelihoodName = Literal["bernoulli", "gaussian", "gaussian-fixed", "laplace"]

MIN_LOG_SIGMA = -6.0


class Likelihood(nn.Module, ABC):
    """Scores logits against images.

    Args:
        of_images: Whether the decoder puts out images already; else logits.
    """

    name: LikelihoodName
    power = 2  # of the pixel error that it sums

    def __init__(self, *, of_images: bool = False):
        super().__init__()
        self.of_images = of_images

    @abstractmethod
    def nll(self, logits: Tensor, images: Tensor) -> Tensor:
        """−log p(x|z) of each image, nats, summed over its values; shape ``batch``."""

    def mean(self, logits: Tensor) -> Tensor:
        """The mean image, in [0, 1]."""
        return logits.clamp(0, 1) if self.of_images else torch.sigmoid(logits)

    def output(self, logits: Tensor) -> Tensor:
        """What is scored: the mean image; in training of images unclamped, for a clamp teaches
        nothing to a pixel that it cuts off.
        """
        return logits if self.of_images and self.training else self.mean(logits)

    @abstractmethod
    def price(self, logits: Tensor, images: Tensor) -> Tensor:
        """Nats an image that one unit of mean squared error costs at this batch, no gradient.

        Of mean absolute error, where `power` is 1. With it a term that is written beside an
        averaged error stands beside a sum of nats.
        """


class Bernoulli(Likelihood):
    """Cross-entropy summed over pixels. A likelihood on binary images only.

    On gray values it has a floor above 0 and is no density (METHODS §3 i); `entropy_floor`
    in the reconstruction measures says how much.
    """

    name = "bernoulli"

    def nll(self, logits: Tensor, images: Tensor) -> Tensor:
        each = F.binary_cross_entropy_with_logits(logits, images, reduction="none")
        return each.flatten(1).sum(1)

    def price(self, logits: Tensor, images: Tensor) -> Tensor:
        """That of a Gaussian with σ = ½, whose curvature cross-entropy has at gray."""
        return images.new_tensor(2.0 * images[0].numel())


class GaussianLearned(Likelihood):
    """Gaussian whose one σ is fitted: in training each batch's own optimum, σ²* = MSE.

    At the optimum the nll is (D/2)(ln 2π MSE + 1) per image, which weighs reconstruction
    against rate by itself. The running σ (a buffer, saved with the weights) scores other data.

    Reference: Rybkin et al. 2021, σ-VAE, "optimal σ".
    """

    name = "gaussian"
    momentum = 0.05
    mse: Tensor

    def __init__(self, *, of_images: bool = False):
        super().__init__(of_images=of_images)
        self.register_buffer("mse", torch.tensor(0.0))

    @property
    def log_sigma(self) -> Tensor:
        """Log of the fitted σ, in pixel units of [0, 1]."""
        return soft_floor(0.5 * torch.log(self.mse.clamp_min(1e-12)), MIN_LOG_SIGMA)

    def nll(self, logits: Tensor, images: Tensor) -> Tensor:
        squared = (self.output(logits) - images).square().flatten(1)
        if self.training:
            batch_mse = squared.mean()
            self._follow(batch_mse.detach())
            log_sigma = soft_floor(0.5 * torch.log(batch_mse.clamp_min(1e-12)), MIN_LOG_SIGMA)
        else:
            log_sigma = self.log_sigma
        return gaussian_nll(squared, log_sigma)

    @torch.no_grad()
    def price(self, logits: Tensor, images: Tensor) -> Tensor:
        log_sigma = self.log_sigma
        if self.training:
            mse = (self.output(logits) - images).square().mean()
            log_sigma = soft_floor(0.5 * torch.log(mse.clamp_min(1e-12)), MIN_LOG_SIGMA)
        return 0.5 * images[0].numel() * torch.exp(-2 * log_sigma)

    @torch.no_grad()
    def _follow(self, batch_mse: Tensor) -> None:
        started = self.mse > 0
        step = torch.where(started, self.momentum, 1.0)
        self.mse.lerp_(batch_mse.to(self.mse.dtype), step.to(self.mse.dtype))


class GaussianFixed(Likelihood):
    """Gaussian with a stated σ; σ = 1 gives the ½·squared-error term of METHODS §8."""

    name = "gaussian-fixed"

    def __init__(self, sigma: float = 1.0, *, of_images: bool = False):
        super().__init__(of_images=of_images)
        self.sigma = sigma

    def nll(self, logits: Tensor, images: Tensor) -> Tensor:
        squared = (self.output(logits) - images).square().flatten(1)
        return gaussian_nll(squared, squared.new_tensor(math.log(self.sigma)))

    def price(self, logits: Tensor, images: Tensor) -> Tensor:
        return images.new_tensor(0.5 * images[0].numel() / self.sigma**2)


class GaussianOfImages(Likelihood):
    """A Gaussian with σ = 1 about an output that is the image itself, and no logits.

    Of decoders that were trained elsewhere, by whatever loss: a convention to measure them by.
    """

    name = "gaussian-fixed"
    sigma = 1.0

    def __init__(self):
        super().__init__(of_images=True)

    def nll(self, logits: Tensor, images: Tensor) -> Tensor:
        squared = (self.output(logits) - images).square().flatten(1)
        return gaussian_nll(squared, squared.new_zeros(()))

    def price(self, logits: Tensor, images: Tensor) -> Tensor:
        return images.new_tensor(0.5 * images[0].numel())


class Laplace(Likelihood):
    """Laplace with a stated scale b: the L1 reconstruction term."""

    name = "laplace"
    power = 1

    def __init__(self, scale: float = 1.0, *, of_images: bool = False):
        super().__init__(of_images=of_images)
        self.scale = scale

    def nll(self, logits: Tensor, images: Tensor) -> Tensor:
        absolute = (self.output(logits) - images).abs().flatten(1)
        return absolute.sum(1) / self.scale + absolute.shape[1] * math.log(2 * self.scale)

    def price(self, logits: Tensor, images: Tensor) -> Tensor:
        return images.new_tensor(images[0].numel() / self.scale)


def gaussian_nll(squared_error: Tensor, log_sigma: Tensor) -> Tensor:
    """−log N(x; x̂, σ²I) of each row of squared errors, nats."""
    n_values = squared_error.shape[1]
    scaled = 0.5 * squared_error.sum(1) * torch.exp(-2 * log_sigma)
    return scaled + n_values * (log_sigma + 0.5 * math.log(2 * math.pi))


def soft_floor(x: Tensor, low: float) -> Tensor:
    """A floor with a gradient everywhere: softplus above `low` (σ-VAE's soft clip)."""
    return low + F.softplus(x - low)


def build_likelihood(
    name: LikelihoodName, scale: float = 1.0, *, of_images: bool = False
) -> Likelihood:
    """The likelihood called `name`.

    Args:
        name: Which.
        scale: σ or b where that is fixed.
        of_images: Whether the decoder puts out images already; else logits.

    Raises:
        UsageError: If it scores logits, and there are none.
    """
    if name == "bernoulli":
        if of_images:
            raise UsageError(
                "a Bernoulli likelihood reads logits, and this decoder puts out images",
                "take a gaussian or laplace likelihood",
            )
        return Bernoulli()
    if name == "gaussian":
        return GaussianLearned(of_images=of_images)
    if name == "gaussian-fixed":
        return GaussianFixed(scale, of_images=of_images)
    return Laplace(scale, of_images=of_images)
