"""The rate in three parts, each with its weight: information, total correlation, each latent."""

import math
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.models import Point, Posterior
from latentscape.objectives.term import Pass, Sizes, Term


class RateParts(NamedTuple):
    """What the rate consists of, nats, batch means; the sum is the single-sample KL."""

    information: Tensor
    total_correlation: Tensor
    dimension_wise: Tensor


class TrainSize(nn.Module):
    """Remembers the size of the training set from building to every loss."""

    def __init__(self, n_train: int):
        super().__init__()
        self.n_train = n_train


@dataclass(frozen=True)
class TotalCorrelation(Term):
    """α I(x; z) + β TC(z) + γ Σ_j KL(q(z_j) ‖ p(z_j)), by minibatch stratified sampling.

    The estimate needs the size of the *training* set, in training and in evaluation alike, and
    depends on the batch it sees (METHODS T17): compare at one batch size.

    Attributes:
        alpha: Weight of the information between image and code.
        beta: Weight of the total correlation.
        gamma: Weight of the latents' own divergences.

    Reference: Chen et al. 2018, eq. 2 and 4 (β = 6), and eq. S6 for the sampling.
    """

    alpha: float = 1.0
    beta: float = 6.0
    gamma: float = 1.0
    name: ClassVar[str] = "total_correlation"

    def __post_init__(self):
        if min(self.alpha, self.beta, self.gamma) < 0:
            raise UsageError("`alpha`, `beta` and `gamma` cannot be negative")

    def build(self, sizes: Sizes) -> nn.Module:
        """No learned part: only the training set's size, the same in training and evaluation."""
        return TrainSize(sizes.n_train)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image.

        Raises:
            UsageError: If the posterior is a point, which has no density.
        """
        assert isinstance(part, TrainSize)
        parts = rate_parts(done.posterior, done.latents, n_train=part.n_train)
        return (
            self.alpha * parts.information
            + self.beta * parts.total_correlation
            + self.gamma * parts.dimension_wise
        )


def rate_parts(posterior: Posterior, latents: Tensor, *, n_train: int) -> RateParts:
    """The three parts of the rate, estimated from one batch.

    Args:
        posterior: Gaussian q(z|x) of the batch.
        latents: One sample of each row's posterior, ``batch *latent``.
        n_train: Size of the training set.

    Raises:
        UsageError: If the posterior is a point.
    """
    if isinstance(posterior, Point):
        raise UsageError(
            "the total correlation needs a Gaussian posterior; a point has no density",
            "use the recipe beta_tcvae, or a Gaussian posterior",
        )
    z = latents.flatten(1)  # batch latents
    mean, log_var = posterior.mean.flatten(1), posterior.log_var.flatten(1)
    log_weights = stratified_log_weights(len(z), n_train, device=z.device)  # batch batch
    each = _log_normal(z[:, None], mean[None], log_var[None])  # batch batch latents
    log_q_z = (log_weights + each.sum(-1)).logsumexp(1)  # batch
    log_q_each = (log_weights[..., None] + each).logsumexp(1).sum(1)  # batch
    log_q_given_x = _log_normal(z, mean, log_var).sum(1)
    log_p = _log_normal(z, torch.zeros_like(z), torch.zeros_like(z)).sum(1)
    return RateParts(
        information=(log_q_given_x - log_q_z).mean(),
        total_correlation=(log_q_z - log_q_each).mean(),
        dimension_wise=(log_q_each - log_p).mean(),
    )


def stratified_log_weights(n_batch: int, n_train: int, *, device: torch.device) -> Tensor:
    """Log weight of image j in the estimate of q(z_i): ``batch batch``, rows sum to 1 in weight.

    An image's own posterior has its true weight 1/N in the mixture; of the M others, M−1 stand
    for 1/M each and one for the remaining (N−M)/(NM), so that the estimate has no bias.
    """
    n_others = n_batch - 1
    if n_others == 0:
        return torch.zeros(1, 1, device=device)
    n = max(n_train, n_batch)
    weights = torch.full((n_batch, n_batch), 1 / n_others, device=device)
    rows = torch.arange(n_batch, device=device)
    weights[rows, rows] = 1 / n
    weights[rows, (rows + 1) % n_batch] = (n - n_others) / (n * n_others)
    return weights.log()


def _log_normal(x: Tensor, mean: Tensor, log_var: Tensor) -> Tensor:
    return -0.5 * ((x - mean).square() * torch.exp(-log_var) + log_var + math.log(2 * math.pi))
