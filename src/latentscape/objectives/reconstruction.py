"""Reconstruction: how badly the decoder explains the image, in nats."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from latentscape.objectives.term import Pass, Term


@dataclass(frozen=True)
class Reconstruction(Term):
    """−log p(x|z) of the model's likelihood, summed over an image's values, batch mean.

    METHODS' forms are likelihoods: rec_B is ``bernoulli``, rec_G = ½Σ(x−x̂)² is
    ``gaussian-fixed`` with σ = 1, Σ(x−x̂)² is ``gaussian-fixed`` with σ² = ½, each up to a
    constant; (D/2) ln MSE is ``gaussian``.
    """

    name: ClassVar[str] = "reconstruction"

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image; bounded below by 0 for ``bernoulli`` only."""
        return done.likelihood.nll(done.logits, done.images).mean()
