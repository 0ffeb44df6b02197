"""A trajectory as a chain of straight steps: how long, how straight, how even."""

from typing import NamedTuple

import torch
from torch import Tensor

STILL = 1e-3  # of the mean step: a shorter step has no direction to turn from
STRAIGHT = 1e-9  # cosines nearer to 1 than this are rounding, which arccos would make 1e-5 of


class Polyline(NamedTuple):
    """What a chain of steps comes to, each (pairs,) but for the lengths of the single steps.

    Attributes:
        steps: (pairs, steps − 1) length of each step.
        chord: Distance of the ends.
        turning: Radians, the angles between each step and the next summed; a step that stands
            still is passed over.
    """

    steps: Tensor
    chord: Tensor
    turning: Tensor

    @property
    def length(self) -> Tensor:
        """Of all steps together."""
        return self.steps.sum(1)

    @property
    def ratio(self) -> Tensor:
        """Length over chord, at least 1; NaN where the ends are one point."""
        ratio = (self.length / self.chord).clamp_min(1)
        return torch.where(self.chord > 0, ratio, torch.nan)

    @property
    def unevenness(self) -> Tensor:
        """Standard deviation of the steps' lengths over their mean; NaN where nothing moves."""
        mean = self.steps.mean(1)
        spread = (self.steps - mean[:, None]).square().mean(1).sqrt()
        return torch.where(mean > 0, spread / mean, torch.nan)


def products(points: Tensor) -> Tensor:
    """⟨zᵢ − z₀, zⱼ − z₀⟩ of each trajectory, ``pairs steps steps``, from ``pairs steps ...``."""
    moved = (points - points[:, :1]).flatten(2)
    return moved @ moved.transpose(1, 2)


def polyline(table: Tensor) -> Polyline:
    """Lengths and angles from the table of `products`.

    Args:
        table: ``pairs steps steps`` in double precision; at least two steps. Trajectories with
            NaN come out as NaN.
    """
    ahead = table[:, 1:] - table[:, :-1]
    between = ahead[:, :, 1:] - ahead[:, :, :-1]  # products of steps with steps
    lengths = between.diagonal(dim1=1, dim2=2).clamp_min(0).sqrt()
    moves = lengths > STILL * lengths.mean(1, keepdim=True)
    turning = torch.zeros_like(lengths[:, 0])
    before = torch.full_like(moves[:, 0], -1, dtype=torch.long)
    rows = torch.arange(len(moves), device=moves.device)
    for step in range(lengths.shape[1]):
        known = before.clamp_min(0)
        cosine = between[rows, known, step] / (lengths[rows, known] * lengths[:, step])
        angle = torch.where(cosine > 1 - STRAIGHT, 0.0, torch.arccos(cosine.clamp(-1, 1)))
        turning += torch.where(moves[:, step] & (before >= 0), angle, 0.0)
        before = torch.where(moves[:, step], step, before)
    whole = lengths.sum(1).isfinite()
    chord = table[:, -1, -1].clamp_min(0).sqrt()
    return Polyline(lengths, chord, torch.where(whole, turning, torch.nan))
