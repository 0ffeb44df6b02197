"""Maximum mean discrepancy between codes and prior: WAE's penalty, and InfoVAE's mixture."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives.term import Pass, Term

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)


@dataclass(frozen=True)
class MMD(Term):
    """weight · MMD²(codes, prior), unbiased, inverse multiquadratic kernel.

    The prior is N(0, I), from which the program also draws; papers that state another σ_z mean
    the same term in rescaled latents.

    Attributes:
        weight: λ: 10 for MNIST and 8 latents, 100 for faces and 64 latents, beside Σ(x−x̂)².
        scales: Kernels of these relative widths are summed.

    Reference: Tolstikhin et al. 2018, algorithm 2 and §4.
    """

    weight: float = 10.0
    scales: Sequence[float] = SCALES
    name: ClassVar[str] = "mmd"

    def __post_init__(self):
        if self.weight < 0:
            raise UsageError(f"a negative `weight` ({self.weight}) would reward mismatch")
        _check_scales(self.scales)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image; can be slightly negative, the estimator being unbiased."""
        return self.weight * mmd_to_prior(done, self.scales)


@dataclass(frozen=True)
class Information(Term):
    """(1−α) KL + (α+λ−1) MMD²: InfoVAE's two regularisers, whose weights are tied.

    Attributes:
        alpha: α; 1 leaves the rate free, 0 is the ELBO with a penalty added.
        lam: λ; α + λ must be at least 1, else the MMD would be rewarded, not punished.
        scales: Kernels of these relative widths are summed.

    Reference: Zhao et al. 2019, eq. 6 (α = 0, λ = 1000 for MNIST).
    """

    alpha: float = 0.0
    lam: float = 1000.0
    scales: Sequence[float] = SCALES
    name: ClassVar[str] = "information"

    def __post_init__(self):
        if self.alpha > 1:
            raise UsageError(f"`alpha` is at most 1, not {self.alpha}: the KL would be rewarded")
        if self.alpha + self.lam < 1:
            raise UsageError(
                f"alpha + lam is {self.alpha + self.lam:g}: below 1 the mismatch between codes "
                "and prior is rewarded",
                f"take lam of at least {1 - self.alpha:g}; the paper has 1000",
            )
        _check_scales(self.scales)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image."""
        rate = done.posterior.kl().flatten(1).sum(1).mean()
        mismatch = mmd_to_prior(done, self.scales)
        return (1 - self.alpha) * rate + (self.alpha + self.lam - 1) * mismatch


def mmd_to_prior(done: Pass, scales: Sequence[float]) -> Tensor:
    """MMD² of a pass's latents and as many draws of N(0, I)."""
    codes = done.latents.flatten(1)
    prior = torch.empty_like(codes).normal_(generator=done.rng)
    return mmd_squared(codes, prior, scales=scales)


def mmd_squared(x: Tensor, y: Tensor, *, scales: Sequence[float] = SCALES) -> Tensor:
    """Unbiased MMD² of two samples, k(a, b) = Σ_s C/(C + ‖a−b‖²) with C = s·2d.

    2d is the mean squared distance of two draws of N(0, I) in d dimensions.

    Args:
        x: ``n d``.
        y: ``n d``; as many rows.
        scales: s.

    Returns:
        A scalar near or above 0, at most 2·len(scales); 0 for a single row.
    """
    n, d = x.shape
    if n < 2:
        return x.sum() * 0
    xx, yy, xy = (_squared_distances(a, b) for a, b in ((x, x), (y, y), (x, y)))
    total = x.new_zeros(())
    for scale in scales:
        c = 2.0 * d * scale
        k_xx, k_yy, k_xy = (c / (c + squared) for squared in (xx, yy, xy))
        within = (k_xx.sum() - n + k_yy.sum() - n) / (n * (n - 1))  # k(a, a) = 1 is left out
        total = total + within - 2 * k_xy.mean()
    return total


def _squared_distances(a: Tensor, b: Tensor) -> Tensor:
    dots = a @ b.T
    squared = a.square().sum(1)[:, None] + b.square().sum(1)[None] - 2 * dots
    if a is b:
        squared = squared - torch.diag_embed(squared.diagonal())
    return squared.clamp_min(0)


def _check_scales(scales: Sequence[float]) -> None:
    if min(scales, default=0) <= 0:
        raise UsageError(f"`scales` must be positive, not {tuple(scales)}")
