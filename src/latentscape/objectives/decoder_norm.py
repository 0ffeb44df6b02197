"""What a regularised autoencoder puts in noise's place: small codes and a smooth decoder."""

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives.term import Pass, Term


@dataclass(frozen=True)
class LatentNorm(Term):
    """½ · latent_weight · ‖z‖²: codes are kept near the origin.

    Attributes:
        latent_weight: RAE's β, 1e-4 to 1e-2.

    Reference: Ghosh et al. 2020, eq. 9.
    """

    latent_weight: float = 1e-2
    name: ClassVar[str] = "latent_norm"

    def __post_init__(self):
        if self.latent_weight < 0:
            raise UsageError(f"`latent_weight` cannot be negative: {self.latent_weight}")

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0."""
        return 0.5 * self.latent_weight * done.latents.flatten(1).square().sum(1).mean()


@dataclass(frozen=True)
class DecoderNorm(Term):
    """decoder_weight times the size of the decoder: of its weights, or of its slope at the codes.

    ``weights`` is Σθ² over the decoder's parameters. ``slope`` is ‖∂x̂/∂z‖² (Frobenius), the
    derivative of the *decoded image by the code*, estimated without bias from one random
    direction in image space; it costs a second backward pass.

    Attributes:
        decoder_weight: RAE's λ.
        of: ``weights`` (RAE-L2) or ``slope`` (RAE-GP).

    Reference: Ghosh et al. 2020, §3.1; Hutchinson 1989 for the trace.
    """

    decoder_weight: float = 1e-4
    of: Literal["weights", "slope"] = "weights"
    name: ClassVar[str] = "decoder_norm"

    def __post_init__(self):
        if self.decoder_weight < 0:
            raise UsageError(f"`decoder_weight` cannot be negative: {self.decoder_weight}")
        if self.of not in ("weights", "slope"):
            raise UsageError(f"`of` is 'weights' or 'slope', not {self.of!r}")

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0."""
        if self.of == "slope":
            return self.decoder_weight * squared_slope(done)
        norms = [weights.float().square().sum() for weights in done.decoder_parameters]
        return self.decoder_weight * torch.stack(norms).sum()


def squared_slope(done: Pass) -> Tensor:
    """Batch mean of ‖∂x̂/∂z‖² at the pass's latents, unbiased; squared pixels per squared latent.

    Differentiable where gradients are on, and computed all the same where they are off.
    """
    learning = torch.is_grad_enabled()
    with torch.inference_mode(False), torch.enable_grad():
        latents = done.latents.clone()
        if not latents.requires_grad:
            latents.requires_grad_()
        images = done.likelihood.mean(done.decoder(latents))
        signs = torch.empty_like(images).bernoulli_(0.5, generator=done.rng) * 2 - 1
        (slope,) = torch.autograd.grad((images * signs).sum(), latents, create_graph=learning)
    return slope.flatten(1).square().sum(1).mean()
