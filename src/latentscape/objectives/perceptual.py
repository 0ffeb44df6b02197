"""The perceptual term: how far apart images look to a frozen net, beside their pixels."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.nn.lpips import Lpips, LpipsName, lpips
from latentscape.objectives.term import Pass, Sizes, Term


@dataclass(frozen=True)
class Perceptual(Term):
    """perceptual · LPIPS(x̂, x), weighed as beside a mean squared error of images in [−1, 1].

    So it is written where it is published (MSE + .1·LPIPS). With D values an image and noise σ,
    that mean squared error stands in the objective as D/8σ² nats, and LPIPS beside it as
    perceptual · D/8σ²; under a Laplace likelihood it stands beside the mean absolute error.

    Attributes:
        perceptual: The weight; .1 was used to fine-tune the decoder of latent diffusion.
        perceptual_net: ``squeeze`` or ``vgg``, as in `latentscape.nn.lpips`.

    Reference: Zhang et al. 2018, eq. 1; Rombach et al. 2022, §3.1.
    """

    perceptual: float = 0.1
    perceptual_net: LpipsName = "squeeze"
    name: ClassVar[str] = "perceptual"

    def __post_init__(self):
        if self.perceptual < 0:
            raise UsageError(f"`perceptual` cannot be negative: {self.perceptual}")

    def build(self, sizes: Sizes) -> nn.Module:
        """The frozen net."""
        return lpips(self.perceptual_net, fetch=True)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0; gradients pass through the net into the decoder."""
        assert isinstance(part, Lpips)
        likelihood = done.likelihood
        price = likelihood.price(done.logits, done.images) / 2**likelihood.power
        distance = part.distance(likelihood.mean(done.logits), done.images)  # batch
        return self.perceptual * price * distance.mean()
