"""Constant speed as it is seen: equal steps between decoded frames rather than between latents."""

from collections.abc import Callable

import numpy as np

from latentscape.trajectories.edges import evenly
from latentscape.trajectories.interpolator import Interpolator

FINER = 4  # decoded places for each step wanted

Look = Callable[[np.ndarray], np.ndarray]  # latents ``n *latent`` to ``n values`` as they are seen


def paced(travel: Interpolator, look: Look) -> Interpolator:
    """The same way at constant perceptual speed.

    The way is decoded at four times as many places as are wanted; frames are then set where equal
    shares of the length that is seen lie behind them, on straight pieces between those places.

    Args:
        travel: The way.
        look: What is seen of latents; Euclidean distance between two rows is how far apart they
            look.

    Returns:
        An interpolator whose decoded steps are about equally long; both ends exact. A pair whose
        places cannot be seen (NaN) is left at the way's own speed.
    """

    def run(starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        plain = travel(starts, ends, n_steps=n_steps)
        if n_steps < 3 or not len(plain):
            return plain
        fine = travel(starts, ends, n_steps=FINER * (n_steps - 1) + 1)
        seen = look(fine.reshape(-1, *fine.shape[2:])).reshape(*fine.shape[:2], -1)
        steps = np.linalg.norm(np.diff(seen.astype(np.float64), axis=1), axis=2)
        reach = np.concatenate([np.zeros((len(steps), 1)), steps.cumsum(1)], axis=1)
        places = fine.reshape(*fine.shape[:2], -1).astype(np.float64)
        out = plain.copy()
        for pair in np.flatnonzero(np.isfinite(reach).all(1) & np.isfinite(places).all((1, 2))):
            even = evenly(places[pair], reach[pair], n_steps)
            out[pair, 1:-1] = even[1:-1].reshape(n_steps - 2, *fine.shape[2:])
        return out

    return run
