"""Ways from one latent to another, and which pairs to travel between."""

from latentscape.trajectories.interpolator import (
    INTERPOLATORS,
    Interpolator,
    interpolator_named,
)
from latentscape.trajectories.linear import linear
from latentscape.trajectories.pairs import CRITERIA, Pairs, choose_pairs

__all__ = [
    "CRITERIA",
    "INTERPOLATORS",
    "Interpolator",
    "Pairs",
    "choose_pairs",
    "interpolator_named",
    "linear",
]
