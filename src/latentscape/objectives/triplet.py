"""The metric triplet term: images of one class near each other, other classes a margin farther."""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives.term import Pass, Term


@dataclass(frozen=True)
class Triplet(Term):
    """weight · D · max(0, ‖μ_a−μ_p‖ − ‖μ_a−μ_n‖ + margin), mean over anchor-positive pairs.

    D is the number of values in an image: METHODS §8 weighs the triplet against the ELBO *per
    dimension*, and here every term is per image. Distances are between posterior means. Each
    pair of one class in the batch is an anchor and its positive; its negative is mined
    semi-hard. Rows without a class (label −1) take no part; a batch without two classes, or
    without two images of one, costs nothing.

    Attributes:
        weight: Weight beside the ELBO per image value.
        margin: In units of the prior's standard deviation.

    Reference: Ishfaq et al. 2018, eq. 3 (the loss); Schroff et al. 2015, §3.2 (semi-hard).
    """

    weight: float = 1.0
    margin: float = 1.0
    name: ClassVar[str] = "triplet"

    def __post_init__(self):
        if self.weight < 0 or self.margin < 0:
            raise UsageError("`weight` and `margin` cannot be negative")

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        """Nats per image, at least 0."""
        distances = pair_distances(done.posterior.mean.flatten(1))
        per_pair = semi_hard(distances, done.labels, margin=self.margin)
        total = per_pair.mean() if len(per_pair) else distances.sum() * 0
        return self.weight * done.images[0].numel() * total


def pair_distances(points: Tensor) -> Tensor:
    """Euclidean distances between all rows; the gradient at distance 0 is 0, not NaN."""
    squared = (points[:, None] - points[None]).square().sum(-1)  # batch batch
    apart = squared > 0
    return torch.where(apart, squared, 1.0).sqrt() * apart


def semi_hard(distances: Tensor, labels: Tensor, *, margin: float) -> Tensor:
    """Triplet loss of every valid anchor-positive pair with its semi-hard negative.

    The negative is the nearest one that is farther from the anchor than the positive; where
    none is, the farthest.

    Args:
        distances: ``batch batch``.
        labels: Class of each row, −1 where unknown.
        margin: In the unit of `distances`.

    Returns:
        max(0, d_ap − d_an + margin), ``pairs``; empty where there is no valid triplet.
    """
    known = labels >= 0
    both = known[:, None] & known[None]
    same = labels[:, None] == labels[None]
    others = both & ~same
    positives = both & same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    positives &= others.any(1, keepdim=True)
    ordered, _ = distances.masked_fill(~others, torch.inf).sort(1)  # batch batch
    n_others = others.sum(1, keepdim=True)
    farther = torch.searchsorted(ordered.detach(), distances.detach().contiguous(), right=True)
    chosen = torch.minimum(farther, (n_others - 1).clamp_min(0))
    anchors, partners = positives.nonzero(as_tuple=True)
    negatives = ordered[anchors, chosen[anchors, partners]]
    return (distances[anchors, partners] - negatives + margin).clamp_min(0)
