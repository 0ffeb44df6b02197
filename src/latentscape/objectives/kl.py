"""KL(q(z|x) ‖ N(0, I)): β, its schedules, free bits, and capacity.

In the objective a term's value is what is minimised; the plain rate is `Posterior.kl`.
"""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives.term import Pass, Term


@dataclass(frozen=True)
class KL(Term):
    """β(t) · Σ_u max(KL_u, λ), or γ |Σ_u KL_u − C(t)| where a capacity is given.

    KL_u is the batch mean of latent u's divergence, in nats.

    Attributes:
        beta: Weight in ELBO units: reconstruction and KL are both summed per image.
        warmup_epochs: β rises linearly from 0 over so many epochs; 0 for no warm-up.
        cycles: β rises and rests so many times over the run; 0 for no cycles.
        ramp: Share of a cycle in which β rises.
        free_bits: λ in nats; a latent cheaper than this is not made cheaper still.
        capacity: C in nats at the end of its growth from 0: the rate is led to it, and γ stands
            in β's place. None for no capacity.
        gamma: γ, the weight of the distance between rate and capacity.
        capacity_epochs: Epochs over which C grows linearly; 0 for C from the start.

    Reference:
        Higgins et al. 2017, eq. 4 (β); Kingma et al. 2016, eq. 15 (free bits);
        Fu et al. 2019, eq. 6 (cycles; theirs are 4, ramp ½);
        Burgess et al. 2018, eq. 8 (γ = 1000, 25 nats over 100,000 iterations, dSprites).
    """

    beta: float = 1.0
    warmup_epochs: float = 0.0
    cycles: int = 0
    ramp: float = 0.5
    free_bits: float = 0.0
    capacity: float | None = None
    gamma: float = 1000.0
    capacity_epochs: float = 25.0
    name: ClassVar[str] = "kl"

    def __post_init__(self):
        numbers = ("beta", "warmup_epochs", "cycles", "free_bits", "gamma", "capacity_epochs")
        for field in (*numbers, *(("capacity",) if self.capacity is not None else ())):
            if getattr(self, field) < 0:
                raise UsageError(f"`{field}` cannot be negative: {getattr(self, field)}")
        if not 0 < self.ramp <= 1:
            raise UsageError(f"`ramp` is a share of a cycle, in (0, 1], not {self.ramp}")
        if self.cycles and self.warmup_epochs:
            raise UsageError(
                "`cycles` and `warmup_epochs` are two schedules for one β",
                "leave one of them at 0",
            )
        self._check_capacity()

    def _check_capacity(self) -> None:
        if self.capacity is None:
            if (self.gamma, self.capacity_epochs) != (KL.gamma, KL.capacity_epochs):
                raise UsageError(
                    "`gamma` and `capacity_epochs` mean nothing without a capacity",
                    "give capacity in nats, e.g. capacity=25",
                )
        elif self.warmup_epochs or self.cycles or self.free_bits:
            raise UsageError(
                "a capacity is a schedule of its own: it takes no warm-up, cycles or free bits",
                "leave `warmup_epochs`, `cycles` and `free_bits` at 0",
            )

    def weight(self, epoch: float, n_epochs: int) -> float:
        """β at this moment of a run of `n_epochs`."""
        if self.warmup_epochs:
            return self.beta * min(1.0, epoch / self.warmup_epochs)
        if self.cycles:
            within = (epoch * self.cycles / max(n_epochs, 1)) % 1.0
            return self.beta * (1.0 if epoch >= n_epochs else min(1.0, within / self.ramp))
        return self.beta

    def capacity_at(self, epoch: float) -> float:
        """C in nats at this moment; 0 where none was given."""
        share = min(1.0, epoch / self.capacity_epochs) if self.capacity_epochs else 1.0
        return (self.capacity or 0.0) * share

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least β·λ·(number of latents); at least 0 with a capacity."""
        rates = done.posterior.kl().flatten(1).mean(0)  # latents
        if self.capacity is not None:
            return self.gamma * (rates.sum() - self.capacity_at(done.epoch)).abs()
        if self.free_bits:
            rates = rates.clamp_min(self.free_bits)
        return self.weight(done.epoch, done.n_epochs) * done.rate_share * rates.sum()
