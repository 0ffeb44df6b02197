"""The adversary of patches: a discriminator tells originals from what came back, patch by patch."""

import math
from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.func import functional_call

from latentscape.errors import UsageError
from latentscape.nn.blocks import group_norm
from latentscape.objectives.term import Pass, Sizes, Term

SLOPE = 0.2  # of the leaky ReLU
WIDEST = 8  # times the first width
SMALLEST = 8  # side of an image that a discriminator of one halving can look at
MOST = 1e4  # times that the adversary may weigh, as published
TINY = 1e-4
PULLS = ("reconstruction", "perceptual")


@dataclass(frozen=True)
class PatchAdversary(Term):
    """patch_weight · ω · (−D(x̂)), mean over patches; D learns to tell x from x̂ by a hinge.

    ω balances: the gradient that the reconstruction (perceptual term included) sends into the
    decoder's last layer is as large as the adversary's with weight 1. It is clamped where the error
    is summed over images in [−1, 1], whatever σ the objective has.

    Attributes:
        patch_weight: Of the balanced adversary.
        patch_start: Epochs, with fraction, before it begins; a decoder that paints poorly yet is
            told apart too easily.
        patch_width: Channels of the discriminator's first layer.
        patch_layers: Halvings, fewer where images are small; each patch sees 70 pixels with 3.

    Reference: Esser et al. 2021, eq. 6 and 7 (ω); Isola et al. 2017, §3.2 (patches); Lim and Ye
    2017 (hinge). GroupNorm in place of BatchNorm: an image is judged by itself.
    """

    patch_weight: float = 0.5
    patch_start: float = 0.0
    patch_width: int = 64
    patch_layers: int = 3
    name: ClassVar[str] = "patch_adversary"

    def __post_init__(self):
        if self.patch_weight < 0 or self.patch_start < 0:
            raise UsageError("`patch_weight` and `patch_start` cannot be negative")
        if self.patch_width < 1 or self.patch_layers < 1:
            raise UsageError("a discriminator needs a width and layers of at least 1")

    def build(self, sizes: Sizes) -> nn.Module:
        """The discriminator: ``batch channels height width`` to a logit a patch, high for x."""
        shape = sizes.image_shape
        side = min(shape.height, shape.width)
        if side < SMALLEST:
            raise UsageError(
                f"images of {shape} have no patches to be told apart",
                f"leave --adversarial out, or take images of {SMALLEST} pixels at least",
            )
        n_halvings = min(self.patch_layers, int(math.log2(side // 4)))
        layers: list[nn.Module] = [nn.Conv2d(shape.channels, self.patch_width, 4, 2, 1)]
        layers.append(nn.LeakyReLU(SLOPE))
        inside = self.patch_width
        for i in range(1, n_halvings + 1):
            outside = self.patch_width * min(2**i, WIDEST)
            stride = 2 if i < n_halvings else 1
            layers += [nn.Conv2d(inside, outside, 4, stride, 1), group_norm(outside)]
            layers.append(nn.LeakyReLU(SLOPE))
            inside = outside
        layers.append(nn.Conv2d(inside, 1, 4, 1, 1))
        for layer in layers:
            if isinstance(layer, nn.Conv2d):
                nn.init.normal_(layer.weight, 0.0, 0.02)
        return nn.Sequential(*layers)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, of either sign; 0 before the start, and where nothing learns."""
        assert part is not None
        if done.epoch < self.patch_start or not torch.is_grad_enabled():
            return done.logits.new_zeros(())
        frozen = {name: weight.detach() for name, weight in part.named_parameters()}
        told = -functional_call(part, frozen, (done.likelihood.mean(done.logits),)).mean()
        return self.patch_weight * self._balance(done, told) * told

    def critic_loss(self, done: Pass, part: nn.Module | None) -> Tensor | None:
        """½ max(0, 1 − D(x)) + ½ max(0, 1 + D(x̂)), mean over patches; at least 0.

        Reconstructions are detached: the discriminator's step leaves the model alone (METHODS T3).
        """
        assert part is not None
        if done.epoch < self.patch_start:
            return None
        fakes = done.likelihood.mean(done.logits).detach()
        on_real, on_fake = part(torch.cat([done.images, fakes])).chunk(2)
        return 0.5 * (F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean())

    def _balance(self, done: Pass, told: Tensor) -> Tensor:
        """ω, without gradient."""
        pulled = torch.stack([done.losses[name] for name in PULLS if name in done.losses]).sum()
        at = _last_layer(done)
        (theirs,) = torch.autograd.grad(pulled, at, retain_graph=True)
        (mine,) = torch.autograd.grad(told, at, retain_graph=True)
        likelihood = done.likelihood
        summed = done.images[0].numel() * 2**likelihood.power  # a summed error in [−1, 1] ...
        unit = likelihood.price(done.logits, done.images) / summed  # ... costs so many nats
        ratio = theirs.norm() / unit / (mine.norm() + TINY)
        return (ratio.clamp(0, MOST) * unit).detach()


def _last_layer(done: Pass) -> Tensor:
    """The learning weights nearest to the output in its graph; the output where there are none.

    The order in which a module's parts are registered does not tell: a KL autoencoder of diffusers
    has its first convolution last.
    """
    seen, front = set(), [done.logits.grad_fn]
    while front:
        behind = []
        for node in front:
            if node is None or node in seen:
                continue
            seen.add(node)
            weight = getattr(node, "variable", None)
            if weight is not None and weight.dim() > 1:
                return weight
            behind += [following for following, _ in node.next_functions]
        front = behind
    return done.logits
