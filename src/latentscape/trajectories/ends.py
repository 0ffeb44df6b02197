"""Two ends, the steps between them, and weighted sums of the two: what most ways are made of."""

import numpy as np

from latentscape.errors import ShapeError, UsageError

CHUNK_VALUES = 1 << 22


def require_ends(starts: np.ndarray, ends: np.ndarray, n_steps: int) -> None:
    """Check that there is something to travel between.

    Raises:
        ShapeError: If starts and ends differ in shape, or are not ``pairs *latent``.
        UsageError: If there are fewer than two steps.
    """
    if starts.shape != ends.shape or starts.ndim < 2:
        raise ShapeError(f"starts {starts.shape} and ends {ends.shape} must both be pairs × latent")
    require_steps(n_steps)


def require_steps(n_steps: int) -> None:
    """Check that there are steps enough.

    Raises:
        UsageError: If there are fewer than two.
    """
    if n_steps < 2:
        raise UsageError(f"{n_steps} steps make no line", "both ends count: give at least 2")


def kept_type(*latents: np.ndarray) -> np.dtype:
    """The floating type in which a way through these latents comes out; whole numbers get one."""
    return np.result_type(*latents, np.float16)


def weighted(
    starts: np.ndarray,
    ends: np.ndarray,
    weights: tuple[np.ndarray, np.ndarray],
    *,
    origin: np.ndarray | None = None,
) -> np.ndarray:
    """Weighted sums of two ends about an origin, o + u (a − o) + v (b − o), ends put in exactly.

    Args:
        starts, ends: ``pairs *latent``, a and b.
        weights: (steps,) or (pairs, steps) of u, and of v.
        origin: ``*latent``; zero if None.

    Returns:
        ``pairs steps *latent`` of the ends' type, computed in double precision.
    """
    first, second = (np.atleast_2d(part) for part in weights)
    n_pairs, n_steps = len(starts), first.shape[1]
    found = np.empty((n_pairs, n_steps, *starts.shape[1:]), kept_type(starts, ends))
    first, second = (
        np.broadcast_to(part, (n_pairs, n_steps)).reshape(
            n_pairs, n_steps, *[1] * (starts.ndim - 1)
        )
        for part in (first, second)
    )
    centre = 0.0 if origin is None else np.asarray(origin, np.float64)
    step = max(1, CHUNK_VALUES // max(1, n_steps * starts[:1].size))
    with np.errstate(invalid="ignore", over="ignore"):
        for begin in range(0, n_pairs, step):
            here = slice(begin, begin + step)
            a = np.asarray(starts[here], np.float64)[:, None] - centre
            b = np.asarray(ends[here], np.float64)[:, None] - centre
            found[here] = first[here] * a + second[here] * b + centre
    return with_ends(found, starts, ends)


def with_ends(found: np.ndarray, starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """The same trajectories, first and last step put in exactly, NaN between broken ends."""
    if len(found):
        both = np.stack([starts, ends], 1).reshape(len(found), -1)
        found[~np.isfinite(both).all(1)] = np.nan
    found[:, 0], found[:, -1] = starts, ends
    return found
