"""Geodesics of the metric that a decoder pulls back: curves whose decoded energy is least."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Literal

import numpy as np
import torch
from torch import Tensor

from latentscape.errors import ShapeError
from latentscape.trajectories.edges import evenly
from latentscape.trajectories.ends import kept_type, require_ends, with_ends
from latentscape.trajectories.geodesic_energy import CurveEnergy, LogDensityOf
from latentscape.trajectories.geodesic_search import Found, GeodesicSettings, find, refined
from latentscape.trajectories.log_density import log_density
from latentscape.trajectories.quasi_newton import MEMORY
from latentscape.trajectories.surroundings import Surroundings

Metric = Literal["pixels", "features", "density"]
NEEDED: dict[Metric, tuple[str, ...]] = {
    "pixels": ("decode",),
    "features": ("decode", "features"),
    "density": ("decode", "latents"),
}

SEARCH_BYTES = 1 << 28  # of the steps that a search remembers
OF_FEATURES = 1e-3  # tolerance of a search in a net's features
N_LINES = 32  # whose energy says what a nat of density is worth


@dataclass(frozen=True)
class Geodesics:
    """Curves, and what came of the search for each.

    Attributes:
        latents: ``pairs n_steps *latent``, at constant speed in the metric; ends exact.
        energy: (pairs,) (N/2) Σ ‖Δg‖² over the N pieces between nodes, without a density's term.
        energy_of_line: (pairs,) the same of the straight line.
        length: (pairs,) Σ ‖Δg‖ with each piece cut in two.
        length_of_line: (pairs,) the same of the straight line.
        converged: (pairs,) whether the search arrived.
        n_iterations: (pairs,) times the curve was decoded and differentiated.
        reasons: Why each pair did not converge; empty where it did.
        seconds: That all of it took.
    """

    latents: np.ndarray
    energy: np.ndarray
    energy_of_line: np.ndarray
    length: np.ndarray
    length_of_line: np.ndarray
    converged: np.ndarray
    n_iterations: np.ndarray
    reasons: tuple[str, ...]
    seconds: float

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """Name in the catalogue to one value a pair: what was gained, and what it cost.

        NaN where the line decodes to values that are not finite, as nothing was searched there.
        """
        pairs = len(self.latents)
        searched = np.where(np.isfinite(self.energy_of_line), 1.0, np.nan)
        line = np.where(self.length_of_line > 0, self.length_of_line, np.nan)
        return {
            "search_ratio": self.length / line,
            "search_converged": searched * self.converged,
            "search_evaluations": searched * self.n_iterations,
            "search_seconds": np.full(pairs, self.seconds / max(1, pairs)),
        }


def geodesics(
    starts: np.ndarray,
    ends: np.ndarray,
    *,
    n_steps: int,
    decode: Callable[[Tensor], Tensor],
    features: Callable[[Tensor], Tensor] | None = None,
    density: tuple[LogDensityOf, float] | None = None,
    settings: GeodesicSettings | None = None,
) -> Geodesics:
    """Curves between pairs of latents whose decoded energy is least.

    All pairs are searched together, each from its straight line, by L-BFGS in coordinates in
    which the energy of a metric that does not change is a sphere. A pixel metric rewards
    dissolves: where pixels move in a straight line no curve is shorter. Without a density nothing
    keeps a curve where data are. What is found is a minimum near the line, which need not be the
    least of all; a line that the search does not beat is kept.

    Args:
        starts, ends: ``pairs *latent``.
        n_steps: Points of the curves that come out; the search has its own number of nodes.
        decode: Latents ``batch *latent`` to images, differentiable; images of a batch must not
            depend on each other.
        features: Images to ``batch f``, differentiable, in which lengths are measured; pixels
            themselves if None.
        density: log p of latents and λ: adds λ Σ −log p(z_i) over the nodes to what is least.
        settings: Nodes, tolerance and patience.

    Raises:
        ShapeError: If starts and ends differ in shape.
        UsageError: If there are fewer than two steps, or the decoder gives no gradients.

    Reference:
        METHODS §4.1; Shao, Kumar and Fletcher 2018, The Riemannian geometry of deep generative
        models, eq. 4.
    """
    require_ends(starts, ends, n_steps)
    if not len(starts):
        return _none(starts, ends, n_steps)
    began, settings = time.perf_counter(), settings or GeodesicSettings()
    log_p, weight = density or (None, 0.0)
    n_values = max(1, (settings.n_nodes - 2) * prod(starts.shape[1:]))
    at_once = max(1, SEARCH_BYTES // (8 * MEMORY * n_values))
    with torch.inference_mode(False):
        energy = CurveEnergy(decode, starts.shape[1:], features, log_p, weight)
        both = [
            torch.from_numpy(np.array(part, np.float32)).to(energy.device).split(at_once)
            for part in (starts, ends)
        ]
        parts = [find(energy, a, b, settings) for a, b in zip(*both, strict=True)]
    latents = np.concatenate([_evenly_spaced(part, n_steps) for part in parts])
    columns = {
        name: np.concatenate([getattr(part, name).cpu().numpy() for part in parts])
        for name in ("energy", "energy_of_line", "length_of_line", "converged", "n_iterations")
    }
    return Geodesics(
        latents=with_ends(latents.astype(kept_type(starts, ends)), starts, ends),
        length=np.concatenate([part.pieces.sum(1).cpu().numpy() for part in parts]),
        reasons=tuple(reason for part in parts for reason in part.reasons),
        seconds=time.perf_counter() - began,
        **columns,
    )


class Geodesic:
    """Geodesics as a way between latents: see `geodesics`.

    With the metric ``density`` λ is such that a nat at every node costs what 1/d of a typical
    line costs: of 32 lines between latents drawn at random, the median energy ÷ (d inner nodes).

    Args:
        surroundings: Decoder, and the feature net or the latents that the metric needs.
        metric: ``pixels``, ``features`` or ``density`` (pixels, and λ Σ −log p of a mixture of
            Gaussians fitted to the latents).
        settings: See `geodesics`; None is its own, but for features, whose every evaluation
            goes through a net, a tolerance of 1e-3.

    Attributes:
        last: What came of the last search, with energies, convergence and cost.

    Raises:
        UsageError: If what the metric needs is missing.
    """

    def __init__(
        self,
        surroundings: Surroundings,
        *,
        metric: Metric = "pixels",
        settings: GeodesicSettings | None = None,
    ):
        surroundings.require(*NEEDED[metric], method=f"a geodesic of {metric}")
        self.surroundings, self.metric = surroundings, metric
        tolerance = OF_FEATURES if metric == "features" else GeodesicSettings.tolerance
        self.settings = settings or GeodesicSettings(tolerance=tolerance)
        self.last: Geodesics | None = None

    def __call__(self, starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        """``pairs *latent`` twice to ``pairs n_steps *latent``, ends exact; NaN of a broken pair.

        Raises:
            ShapeError: If starts, ends and the latents that give a density differ in shape.
            UsageError: If there are fewer than two steps, or the decoder gives no gradients.
        """
        latents = self.surroundings.latents
        if (
            self.metric == "density"
            and latents is not None
            and latents.shape[1:] != starts.shape[1:]
        ):
            raise ShapeError(f"ends {starts.shape[1:]}, the store's latents {latents.shape[1:]}")
        assert self.surroundings.decode is not None
        self.last = geodesics(
            starts,
            ends,
            n_steps=n_steps,
            decode=self.surroundings.decode,
            features=self.surroundings.features if self.metric == "features" else None,
            density=self.density if self.metric == "density" else None,
            settings=self.settings,
        )
        return self.last.latents

    @cached_property
    def density(self) -> tuple[LogDensityOf, float]:
        """log p of the surrounding latents, and λ."""
        around = self.surroundings
        latents, decode = around.latents, around.decode
        assert latents is not None
        assert decode is not None
        log_p = log_density(latents, moments=around.moments, seed=around.seed)
        rows = np.random.default_rng(around.seed).integers(0, len(latents), (2, N_LINES))
        ends = torch.from_numpy(np.asarray(latents[rows.reshape(-1)], np.float32))
        with torch.inference_mode(False):
            energy = CurveEnergy(decode, latents.shape[1:])
            lines = ends.unflatten(0, (2, -1)).transpose(0, 1).to(energy.device)
            of_lines, _ = energy.of(refined(lines, self.settings.n_nodes - 1))
        typical = float(of_lines[of_lines.isfinite()].median()) if of_lines.isfinite().any() else 0
        return log_p, typical / (latents[0].size * (self.settings.n_nodes - 2))


def _evenly_spaced(found: Found, n_steps: int) -> np.ndarray:
    """``pairs n_steps *latent`` float64, equally far along each curve in the metric."""
    stops = found.stops.flatten(2).double().cpu().numpy()
    reach = found.pieces.nan_to_num(0.0, 0.0).cumsum(1).cpu().numpy()
    reach = np.pad(reach, ((0, 0), (1, 0)))
    with np.errstate(invalid="ignore"):  # of pairs with an infinite end
        spaced = [evenly(*each, n_steps) for each in zip(stops, reach, strict=True)]
    return np.array(spaced).reshape(len(stops), n_steps, *found.stops.shape[2:])


def _none(starts: np.ndarray, ends: np.ndarray, n_steps: int) -> Geodesics:
    """The geodesics of no pairs."""
    latents = np.zeros((0, n_steps, *starts.shape[1:]), kept_type(starts, ends))
    none = np.zeros(0)
    flags, counts = none.astype(bool), none.astype(np.int64)
    return Geodesics(latents, none, none, none, none, flags, counts, (), 0.0)
