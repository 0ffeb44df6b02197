"""The covariance term: the codes' covariance matrix is drawn towards the identity."""

from dataclasses import dataclass
from typing import ClassVar, Literal

from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives.term import Pass, Term


@dataclass(frozen=True)
class Covariance(Term):
    """off_diagonal · Σ_{i≠j} C_ij² + diagonal · Σ_i (C_ii − 1)².

    Attributes:
        of: C is the covariance of the posterior means (``mean``, DIP-VAE-I, where `diagonal` is
            usually 10 times `off_diagonal`), or of the latents themselves (``latent``,
            DIP-VAE-II, where the two are usually equal): Cov(μ) + E[σ²] on the diagonal.
        off_diagonal: λ_od.
        diagonal: λ_d; None is the usual multiple of λ_od.

    Reference: Kumar et al. 2018, eq. 6 (I) and 7 (II).
    """

    of: Literal["mean", "latent"] = "mean"
    off_diagonal: float = 10.0
    diagonal: float | None = None
    name: ClassVar[str] = "covariance"

    def __post_init__(self):
        if self.of not in ("mean", "latent"):
            raise UsageError(f"`of` is 'mean' (DIP-VAE-I) or 'latent' (II), not {self.of!r}")
        if self.off_diagonal < 0 or (self.diagonal or 0) < 0:
            raise UsageError("`off_diagonal` and `diagonal` cannot be negative")

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0."""
        mean = done.posterior.mean.flatten(1)  # batch latents
        centred = mean - mean.mean(0)
        covariance = centred.T @ centred / len(mean)  # latents latents
        variances = covariance.diagonal()
        off = covariance.square().sum() - variances.square().sum()
        if self.of == "latent":
            variances = variances + done.posterior.std.flatten(1).square().mean(0)
        return self.off_diagonal * off + self._diagonal() * (variances - 1).square().sum()

    def _diagonal(self) -> float:
        if self.diagonal is not None:
            return self.diagonal
        return self.off_diagonal * (10 if self.of == "mean" else 1)
