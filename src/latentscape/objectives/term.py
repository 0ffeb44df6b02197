"""One term of a training objective: a frozen value that turns a forward pass into a loss.

Every term is in nats per image (batch mean), so that terms add up and β means the same at every
image size (METHODS §8, trap T1).
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentscape.models import Autoencoder, Likelihood, Posterior
from latentscape.shapes import ImageShape, LatentShape


@dataclass(frozen=True)
class Sizes:
    """What a term may need to know before training: shapes and the size of the training set."""

    image_shape: ImageShape
    latent_shape: LatentShape
    n_train: int


@dataclass(frozen=True)
class Pass:
    """What one forward pass leaves for the objective.

    Attributes:
        images: ``batch channels height width`` in [0, 1].
        logits: The decoder's raw output for `latents`.
        posterior: q(z|x) of the batch.
        latents: What was decoded (a sample for Gaussian posteriors), ``batch *latent``.
        labels: Class of each row, −1 where unknown.
        likelihood: p(x|z).
        decoder: Latents to logits; for terms that look at the decoder itself.
        decoder_parameters: The decoder's weights, for decoder regularisers.
        epoch: Training progress in epochs, with fraction.
        n_epochs: Epochs the run will have; cyclical schedules need it.
        rng: Generator for the term's own draws.
        rate_share: What is left of β after the collapse doctor has lowered it; 1 if it has not.
        losses: Of the terms that stand before in the objective, by name.
    """

    images: Tensor
    logits: Tensor
    posterior: Posterior
    latents: Tensor
    labels: Tensor
    likelihood: Likelihood
    decoder: Callable[[Tensor], Tensor]
    decoder_parameters: tuple[nn.Parameter, ...]
    epoch: float
    n_epochs: int
    rng: torch.Generator | None
    rate_share: float = 1.0
    losses: dict[str, Tensor] = field(default_factory=dict)


@dataclass(frozen=True)
class Term(ABC):
    """Base of the terms; subclasses are frozen dataclasses."""

    name: ClassVar[str]

    def build(self, sizes: Sizes) -> nn.Module | None:
        """The term's own learned part (a discriminator, say), if it has one."""
        return None

    def require_fit(self, model: Autoencoder) -> None:
        """Refuse a model that the term cannot be asked of, before training begins.

        Raises:
            UsageError: If it is one.
        """
        return

    @abstractmethod
    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """The weighted loss, nats per image, scalar."""

    def critic_loss(self, done: Pass, part: nn.Module | None) -> Tensor | None:
        """Loss of the learned part, minimised by its own optimiser; None where there is none."""
        return None
