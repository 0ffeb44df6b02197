"""What `encode` answers: a distribution over latents. Point and Gaussian answer alike."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

PosteriorKind = Literal["point", "gaussian"]


class Posterior(ABC):
    """q(z|x) for a batch of images; ``batch *latent`` throughout."""

    mean: Tensor

    @property
    @abstractmethod
    def log_var(self) -> Tensor:
        """Log variance of each latent; −inf for a point."""

    @abstractmethod
    def sample(self, rng: torch.Generator | None = None) -> Tensor:
        """One draw a row; differentiable in the parameters (reparameterised)."""

    @abstractmethod
    def kl(self) -> Tensor:
        """KL(q(z|x) ‖ N(0, I)) of each latent, nats, ``batch *latent``; 0 for a point."""

    @property
    def std(self) -> Tensor:
        """Standard deviation of each latent."""
        return torch.exp(0.5 * self.log_var)


@dataclass(frozen=True)
class Point(Posterior):
    """All mass on one latent: what a plain autoencoder encodes to. It pays no rate."""

    mean: Tensor

    @property
    def log_var(self) -> Tensor:
        return torch.full_like(self.mean, -torch.inf)

    def sample(self, rng: torch.Generator | None = None) -> Tensor:
        return self.mean

    def kl(self) -> Tensor:
        return torch.zeros_like(self.mean)


@dataclass(frozen=True)
class Gaussian(Posterior):
    """Independent normals, one a latent."""

    mean: Tensor
    raw_log_var: Tensor

    @property
    def log_var(self) -> Tensor:
        return self.raw_log_var

    def sample(self, rng: torch.Generator | None = None) -> Tensor:
        noise = torch.empty_like(self.mean).normal_(generator=rng)
        return self.mean + noise * torch.exp(0.5 * self.raw_log_var)

    def kl(self) -> Tensor:
        """½(μ² + σ² − 1 − ln σ²), METHODS §8."""
        mean, log_var = self.mean, self.raw_log_var
        return 0.5 * (mean.square() + log_var.exp() - 1 - log_var)


def posterior_of(parameters: Tensor, kind: PosteriorKind) -> Posterior:
    """Read an encoder's output: the mean, or mean and log variance side by side on axis 1."""
    if kind == "point":
        return Point(parameters)
    mean, log_var = parameters.chunk(2, dim=1)
    return Gaussian(mean, log_var)
