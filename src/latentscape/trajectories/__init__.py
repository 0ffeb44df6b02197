"""Ways from one latent to another, and which pairs to travel between."""

from latentscape.trajectories.crowd import Crowd
from latentscape.trajectories.eased import eased
from latentscape.trajectories.even_norm import linear_even_norm
from latentscape.trajectories.graph import Graph
from latentscape.trajectories.interpolator import (
    INTERPOLATORS,
    NEEDS,
    Interpolator,
    interpolator_named,
    require_method,
)
from latentscape.trajectories.latent_moments import LatentMoments, latent_moments
from latentscape.trajectories.linear import linear
from latentscape.trajectories.lol import lol, lol_of_many
from latentscape.trajectories.lol_iid import MarginalLaws, lol_iid, marginal_laws
from latentscape.trajectories.pairs import CRITERIA, Pairs, choose_pairs, require_criterion
from latentscape.trajectories.spherical import spherical
from latentscape.trajectories.surroundings import Surroundings
from latentscape.trajectories.through import through

__all__ = [
    "CRITERIA",
    "INTERPOLATORS",
    "NEEDS",
    "Crowd",
    "Graph",
    "Interpolator",
    "LatentMoments",
    "MarginalLaws",
    "Pairs",
    "Surroundings",
    "choose_pairs",
    "eased",
    "interpolator_named",
    "latent_moments",
    "linear",
    "linear_even_norm",
    "lol",
    "lol_iid",
    "lol_of_many",
    "marginal_laws",
    "require_criterion",
    "require_method",
    "spherical",
    "through",
]
