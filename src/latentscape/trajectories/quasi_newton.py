"""Many small smooth problems minimised side by side, each at its own pace.

The problems share nothing but the calls: one call evaluates every problem that is not finished
at its own next point. Those that took their step turn, those that went too far shorten it, those
that have arrived drop out, so none waits for another and no call is spent on one that is done.
"""

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

Evaluate = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]

MEMORY = 10
ENOUGH_DESCENT = 1e-4  # share of the first-order gain that a step must bring (Armijo)
SHORTEST = 1e-5  # of a full step; below it float32 tells no descent from none
LEAST_CURVATURE = 1e-8


class Minima(NamedTuple):
    """Where the search ended.

    Attributes:
        points: (problems, n) best points.
        values: (problems,) float64 there.
        converged: (problems,) whether what was left to gain fell under what is enough.
        n_evaluations: (problems,) values and gradients computed.
    """

    points: Tensor
    values: Tensor
    converged: Tensor
    n_evaluations: Tensor


@torch.no_grad()
def minimise(evaluate: Evaluate, start: Tensor, *, enough: Tensor, most: int) -> Minima:
    """Limited-memory BFGS with backtracking, for problems in coordinates of Hessian ≈ I.

    A problem has arrived where ½ gᵀHg, what a quadratic model says is left to gain, is at most
    `enough`. One whose first value is not finite is left where it is.

    Args:
        evaluate: (k, n) points and the (k,) numbers of their problems to (k,) float64 values and
            (k, n) gradients; values that are not finite count as too high.
        start: (problems, n).
        enough: (problems,) float64.
        most: Evaluations of a problem at most, the first included.

    Reference:
        Nocedal and Wright 2006, Numerical Optimization, algorithms 7.4 and 3.1, eq. 3.57.
    """
    live = torch.arange(len(start), device=start.device)
    values, gradients = evaluate(start, live)
    search = _Search(start, values, gradients)
    live = live[search.sound(values, gradients)]
    for _ in range(most):
        live = live[~search.arrived(live, enough[live])]
        live = live[search.n_evaluations[live] < most]
        if not len(live):
            break
        trial = search.trial(live)
        values, gradients = evaluate(trial, live)
        search.n_evaluations[live] += 1
        better = search.sound(values, gradients) & search.descends(live, values)
        search.accept(live[better], trial[better], values[better], gradients[better])
        search.shorten(live[~better], values[~better])
        live = live[~search.stuck[live]]
    return Minima(search.points, search.values, search.converged, search.n_evaluations)


class _Search:
    """Where each problem is, which way it goes, and what it remembers of its last steps."""

    def __init__(self, points: Tensor, values: Tensor, gradients: Tensor):
        n_problems, n = points.shape
        flags = points.new_zeros(n_problems, dtype=torch.bool)
        self.points, self.values, self.gradients = points.clone(), values.clone(), gradients.clone()
        self.directions, self.lengths = -gradients, points.new_ones(n_problems)
        self.slopes = -gradients.square().sum(1)
        self.moves = points.new_zeros(n_problems, MEMORY, n)
        self.turns = points.new_zeros(n_problems, MEMORY, n)
        self.inverses = points.new_zeros(n_problems, MEMORY)  # 1 / (move · turn); 0: no memory
        self.n_kept = torch.zeros_like(flags, dtype=torch.long)
        self.n_evaluations = torch.ones_like(self.n_kept)
        self.converged, self.stuck = flags, flags.clone()

    def sound(self, values: Tensor, gradients: Tensor) -> Tensor:
        return values.isfinite() & gradients.isfinite().all(1)

    def arrived(self, rows: Tensor, enough: Tensor) -> Tensor:
        """Which have arrived; marks them."""
        done = -self.slopes[rows].double() / 2 <= enough
        self.converged[rows[done]] = True
        return done

    def trial(self, rows: Tensor) -> Tensor:
        return self.points[rows] + self.lengths[rows, None] * self.directions[rows]

    def descends(self, rows: Tensor, values: Tensor) -> Tensor:
        promised = (self.lengths[rows] * self.slopes[rows]).double()
        return values <= self.values[rows] + ENOUGH_DESCENT * promised

    def accept(self, rows: Tensor, points: Tensor, values: Tensor, gradients: Tensor) -> None:
        """Take the step, remember it, and turn."""
        move, turn = points - self.points[rows], gradients - self.gradients[rows]
        product = (move * turn).sum(1)
        curved = product > LEAST_CURVATURE * move.norm(dim=1) * turn.norm(dim=1)
        kept = rows[curved]
        slot = self.n_kept[kept] % MEMORY
        self.moves[kept, slot], self.turns[kept, slot] = move[curved], turn[curved]
        self.inverses[kept, slot] = 1 / product[curved]
        self.n_kept[kept] += 1
        self.points[rows], self.values[rows], self.gradients[rows] = points, values, gradients
        self._turn(rows)

    def shorten(self, rows: Tensor, values: Tensor) -> None:
        """Step back to where a parabola through the two values is least, to a tenth to a half.

        Where even a tiny step brings nothing, forget and go down the gradient; once only.
        """
        length, slope = self.lengths[rows], self.slopes[rows]
        rise = (values - self.values[rows]).to(length.dtype)
        best = -slope * length.square() / (2 * (rise - slope * length))
        best = torch.where(best.isfinite(), best, 0.1 * length)
        self.lengths[rows] = torch.clamp(best, 0.1 * length, 0.5 * length)
        short = rows[self.lengths[rows] < SHORTEST]
        self.stuck[short] = self.n_kept[short] == 0
        self.n_kept[short] = 0
        self.inverses[short] = 0
        self._turn(short)

    def _turn(self, rows: Tensor) -> None:
        """Direction −Hg of each, H from the steps it remembers (two-loop recursion)."""
        ages = torch.arange(MEMORY, device=rows.device)
        slots = (self.n_kept[rows, None] - 1 - ages) % MEMORY  # newest first
        direction, weights = self.gradients[rows], []
        for slot in slots.T:
            weight = self.inverses[rows, slot] * (self.moves[rows, slot] * direction).sum(1)
            direction = direction - weight[:, None] * self.turns[rows, slot]
            weights.append(weight)
        newest, inverse = self.turns[rows, slots[:, 0]], self.inverses[rows, slots[:, 0]]
        scale = 1 / (inverse * newest.square().sum(1))
        direction = direction * torch.where(inverse > 0, scale, 1.0)[:, None]
        for slot, weight in zip(slots.T.flip(0), reversed(weights), strict=True):
            other = self.inverses[rows, slot] * (self.turns[rows, slot] * direction).sum(1)
            direction = direction + (weight - other)[:, None] * self.moves[rows, slot]
        self.directions[rows], self.lengths[rows] = -direction, 1.0
        self.slopes[rows] = -(self.gradients[rows] * direction).sum(1)
