"""One way through several samples, in their order."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import cast, get_args

import numpy as np

from latentscape.errors import UsageError
from latentscape.trajectories import Crowd, Interpolator, Pairs, through
from latentscape.trajectories.through import Kind

SMOOTH = get_args(Kind)


def keys_named(sample_ids: Sequence[str], crowd: Crowd) -> np.ndarray:
    """(keys,) rows of the split of the named samples.

    Raises:
        UsageError: If there are fewer than two, or one is not in the split.
    """
    row_of = {str(name): row for row, name in enumerate(crowd.sample_ids)}
    if len(sample_ids) < 2:
        raise UsageError(
            f"a way through {len(sample_ids)} samples goes nowhere", "name two or more, by commas"
        )
    for name in sample_ids:
        if name not in row_of:
            near = get_close_matches(name, row_of, n=3) or list(row_of)[:3]
            raise UsageError(
                f"there is no sample {name!r} in this split", f"ids look like {', '.join(near)}"
            )
    return np.array([row_of[name] for name in sample_ids])


def pairs_of_keys(rows: np.ndarray, *, seed: int) -> Pairs:
    """The first and the last key as the one pair of ends."""
    return Pairs(rows=rows[None, [0, -1]], criterion="key-frames", seed=seed)


def through_keys(keys: np.ndarray, *, method: str, travel: Interpolator | None) -> Interpolator:
    """The way through key latents, as an interpolator from the first to the last.

    Args:
        keys: ``keys *latent``.
        method: ``hermite``, ``catmull-rom`` or ``rbf`` for a smooth curve; else the name of
            `travel`, which goes from key to key.
        travel: The interpolator of that name; None with a smooth curve.
    """

    def run(starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        if n_steps < len(keys):
            told = f"{n_steps} frames cannot show {len(keys)} keys"
            raise UsageError(told, f"give --n-steps {len(keys)} or more")
        if travel is None:
            return through(keys[None], n_steps, kind=cast(Kind, method))
        # Frames are shared out evenly; the key between two legs is one frame of both.
        stops = np.round(np.linspace(0, n_steps - 1, len(keys))).astype(int)
        legs = [
            travel(keys[i : i + 1], keys[i + 1 : i + 2], n_steps=int(stops[i + 1] - stops[i]) + 1)
            for i in range(len(keys) - 1)
        ]
        return np.concatenate([legs[0], *(leg[:, 1:] for leg in legs[1:])], axis=1)

    return run
