"""One way through several samples, in their order."""

from collections.abc import Sequence
from hashlib import sha256
from typing import cast, get_args

import numpy as np

from latentscape.errors import UsageError
from latentscape.trajectories import Crowd, Interpolator, Pairs, through
from latentscape.trajectories.pairs import rows_named
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
    return np.array(rows_named(sample_ids, row_of))


def hash_of_keys(sample_ids: Sequence[str]) -> str:
    """A short word for these keys in this order, to name files by."""
    return sha256("\n".join(sample_ids).encode()).hexdigest()[:8]


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


def frames_of_keys(keys: np.ndarray, latents: np.ndarray) -> tuple[int, ...]:
    """The frame that stands nearest to each key, in the keys' order; the ends are the ends.

    A smooth curve meets a key between two frames, and an even pace moves it: of all rising choices
    of frames the one whose squared distances to their keys add up to the least.

    Args:
        keys: ``keys *latent``.
        latents: ``steps *latent``, at least as many as there are keys.
    """
    ways, stops = latents.reshape(len(latents), -1), keys.reshape(len(keys), -1)
    apart = np.square(ways[None].astype(np.float64) - stops[:, None]).sum(2)
    apart[0, 1:] = apart[-1, :-1] = np.inf
    total, before = apart[0], []
    for row in apart[1:]:
        least = np.minimum.accumulate(total)
        at = np.maximum.accumulate(np.where(total == least, np.arange(len(total)), 0))
        before.append(np.concatenate([[0], at[:-1]]))
        total = row + np.concatenate([[np.inf], least[:-1]])
    found = [len(latents) - 1]
    for at in reversed(before):
        found.append(int(at[found[-1]]))
    return tuple(reversed(found))
