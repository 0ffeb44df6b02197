"""The search for the geodesics of some pairs at once, and what is made of what it finds."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.errors import UsageError
from latentscape.trajectories.curve import CurveCoordinates
from latentscape.trajectories.geodesic_energy import CurveEnergy
from latentscape.trajectories.quasi_newton import Minima, minimise

MOST_AXES = 64  # values of a latent whose whole metric is measured; of larger ones its size is
N_PLACES = 3  # on the line, where the metric is measured
REACH = 0.2  # of the typical difference of one value between the ends
FINE = 2  # points a piece, between which lengths are measured
ROUNDING = 1e-5

NOT_FINITE = "its line decodes to values that are not finite"
LONGER = "the line was kept: between its nodes the curve found is longer"
ENDLESS = "the search was ended before it converged"
STUCK = "the search found no further descent in single precision"


@dataclass(frozen=True)
class GeodesicSettings:
    """How geodesics are searched for.

    Attributes:
        n_nodes: Points of a curve, its two fixed ends counted; at least 3.
        tolerance: A curve has converged when, by a quadratic model, at most this share of its
            line's energy is left to gain. Where the metric changes fast the model is modest, and
            several times as much is left.
        most: Times a curve is decoded and differentiated, at most.
    """

    n_nodes: int = 20
    tolerance: float = 1e-4
    most: int = 300

    def __post_init__(self):
        if self.n_nodes < 3:
            raise UsageError(f"of {self.n_nodes} nodes none is free to move", "give at least 3")


class Found(NamedTuple):
    """Curves and what came of the search; see `Geodesics` for what is not said here.

    Attributes:
        stops: ``pairs points *latent`` along the curve, straight pieces between.
        pieces: (pairs, points − 1) lengths of the pieces in the metric.
    """

    stops: Tensor
    pieces: Tensor
    energy: Tensor
    energy_of_line: Tensor
    length_of_line: Tensor
    converged: Tensor
    n_iterations: Tensor
    reasons: tuple[str, ...]


def find(energy: CurveEnergy, starts: Tensor, ends: Tensor, settings: GeodesicSettings) -> Found:
    """Search the geodesics of all these pairs together.

    Args:
        energy: What is to be least.
        starts, ends: ``pairs *latent``.
        settings: Nodes, tolerance and patience.
    """
    line = refined(torch.stack([starts, ends], 1), settings.n_nodes - 1)
    of_line = refined(line, FINE)
    energy_of_line, pieces_of_line = energy.of(of_line, cut=FINE)
    same = (starts == ends).flatten(1).all(1)
    minima, inner = _descend(energy, line, energy_of_line.masked_fill(same, torch.inf), settings)
    curve = torch.cat([line[:, :1], inner, line[:, -1:]], 1)

    stops = refined(curve, FINE)
    found, pieces = energy.of(stops, cut=FINE)
    longer = pieces.sum(1) > pieces_of_line.sum(1) * (1 + ROUNDING)
    longer &= energy.log_density is None  # what keeps to the data may well be longer
    stops[longer], pieces[longer] = of_line[longer], pieces_of_line[longer]
    finite = energy_of_line.isfinite()
    return Found(
        stops=stops,
        pieces=pieces,
        energy=torch.where(longer, energy_of_line, found),
        energy_of_line=energy_of_line,
        length_of_line=pieces_of_line.sum(1),
        converged=minima.converged & ~longer & finite,
        n_iterations=minima.n_evaluations,
        reasons=tuple(_reasons(minima, longer, finite, settings.most)),
    )


def refined(curves: Tensor, n: int) -> Tensor:
    """``pairs nodes *latent`` with each piece cut into n equal ones."""
    flat = curves.flatten(2).transpose(1, 2)
    size = (curves.shape[1] - 1) * n + 1
    cut = F.interpolate(flat, size=size, mode="linear", align_corners=True).transpose(1, 2)
    cut[:, ::n] = curves.flatten(2)
    return cut.reshape(len(curves), size, *curves.shape[2:])


def _descend(
    energy: CurveEnergy, line: Tensor, of_line: Tensor, settings: GeodesicSettings
) -> tuple[Minima, Tensor]:
    """From the lines down to where the energy is least: the search, and the inner nodes."""
    coordinates = _coordinates(energy, line, of_line)
    n_pairs, shape = len(line), line.shape[2:]
    ends = energy.seen(line[:, [0, -1]].flatten(0, 1)).view(n_pairs, 2, -1)

    def evaluate(u: Tensor, rows: Tensor) -> tuple[Tensor, Tensor]:
        inner = coordinates.nodes(u, rows)
        value, gradient = energy.with_gradient(inner.unflatten(2, shape), ends[rows])
        return value, coordinates.gradient(gradient.flatten(2), rows)

    start = line.new_zeros(n_pairs, coordinates.scale[0].numel())
    minima = minimise(evaluate, start, enough=settings.tolerance * of_line, most=settings.most)
    rows = torch.arange(n_pairs, device=line.device)
    return minima, coordinates.nodes(minima.points, rows).unflatten(2, shape)


def _coordinates(energy: CurveEnergy, line: Tensor, of_line: Tensor) -> CurveCoordinates:
    """Coordinates about the lines, by the metric there; a large latent's by its size alone."""
    base = line[:, 1:-1].flatten(2)
    n_values = base.shape[2]
    apart = (line[:, -1] - line[:, 0]).flatten(1)
    squared = apart.square().sum(1)
    pull = energy.pull(line[:, 0], line[:, -1])
    if n_values > MOST_AXES:
        stiffness = (2 * of_line.float() / squared).nan_to_num(1.0, 1.0, 1.0)
        return CurveCoordinates.along(
            base, None, stiffness[:, None].expand(-1, n_values), pull=pull
        )
    whole = torch.eye(n_values, device=line.device)
    at = torch.linspace(0, line.shape[1] - 1, N_PLACES + 2, device=line.device)[1:-1]
    reach = REACH * (squared / n_values).sqrt()
    reach = torch.where(reach > 0, reach, 1.0)
    metric = energy.metric(line[:, at.round().long()], whole, reach)
    stiffness, axes = _principal(
        torch.where(metric.isfinite().all(2, True).all(1, True), metric, whole)
    )
    return CurveCoordinates.along(base, axes, stiffness, pull=pull)


def _principal(metrics: Tensor) -> tuple[Tensor, Tensor]:
    """Eigenvalues and axes; in double and scaled, as one metric near 0 or infinity fails all."""
    size = metrics.abs().amax((1, 2), keepdim=True).double()
    size = torch.where(size > 0, size, 1.0)
    values, axes = torch.linalg.eigh(metrics.double() / size)
    return (values * size[:, 0]).to(metrics.dtype), axes.to(metrics.dtype)


def _reasons(minima: Minima, longer: Tensor, finite: Tensor, most: int) -> list[str]:
    """Why each pair did not converge; empty where it did."""
    columns = (minima.converged, longer, finite, minima.n_evaluations >= most)
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [
        NOT_FINITE if not whole
        else LONGER if kept
        else "" if done
        else ENDLESS if ended
        else STUCK
        for done, kept, whole, ended in rows
    ]  # fmt: skip
