"""Interpolators by name."""

from typing import Protocol

import numpy as np

from latentscape.errors import UsageError, nearest
from latentscape.trajectories.linear import linear


class Interpolator(Protocol):
    """A way from some latents to others, for whole batches of pairs."""

    def __call__(self, starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        """``pairs *latent`` twice to ``pairs n_steps *latent``; both ends exact."""
        ...


INTERPOLATORS: dict[str, Interpolator] = {"linear": linear}


def interpolator_named(name: str) -> Interpolator:
    """The interpolator called `name`.

    Raises:
        UsageError: If there is none; the hint names the nearest.
    """
    if name not in INTERPOLATORS:
        raise UsageError(f"there is no interpolator {name!r}", nearest(name, INTERPOLATORS))
    return INTERPOLATORS[name]
