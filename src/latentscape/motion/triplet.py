"""Is the middle frame's latent where the straight line says?

Every function takes the latents of first, middle and last frame, each ``n *latent``, and gives
one number a triplet. Where first and last are the same point the numbers have no meaning and
are NaN.
"""

import numpy as np

from latentscape.errors import ShapeError


def midpoint_deviation(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Distance of the middle from the midpoint of the ends, over the ends' distance.

    r = ‖z2 − (z1 + z3)/2‖ / ‖z3 − z1‖. By Apollonius r² = (d12² + d23²)/(2 d13²) − ¼.

    Returns:
        (n,) 0 is exactly half-way; .5 what a random walk gives; √3/2 ≈ .866 three points equally
        far apart (the latent tells only *that* something changed). Lower is more linear; from 0,
        unbounded; no unit.
    """
    a, b, c = _rows(first, middle, last)
    return _ratio(_norm(b - (a + c) / 2), _norm(c - a))


def time_of_middle(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Where on the line from first to last the middle lies: t* = ⟨z2 − z1, z3 − z1⟩ / d13².

    Returns:
        (n,) 0 at the first, 1 at the last, .5 half-way; unbounded; no unit.
    """
    a, b, c = _rows(first, middle, last)
    return _ratio(((b - a) * (c - a)).sum(1), ((c - a) ** 2).sum(1))


def perpendicular_share(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Distance of the middle from the line, over the ends' distance.

    Returns:
        (n,) 0 on the line; lower is more linear; from 0, unbounded; no unit.
    """
    a, b, c = _rows(first, middle, last)
    along = time_of_middle(first, middle, last)[:, None] * (c - a)
    return _ratio(_norm(b - a - along), _norm(c - a))


def triangle_ratio(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Detour by the middle: (d12 + d23) / d13.

    Returns:
        (n,) 1 where the middle lies on the segment; 2 where all three are equally far apart;
        lower is straighter; at least 1, unbounded; no unit.
    """
    a, b, c = _rows(first, middle, last)
    return _ratio(_norm(b - a) + _norm(c - b), _norm(c - a))


def _rows(*latents: np.ndarray) -> list[np.ndarray]:
    if len({z.shape for z in latents}) != 1:
        shapes = ", ".join(str(z.shape) for z in latents)
        raise ShapeError(f"the three latents of a motion triplet differ in shape: {shapes}")
    return [np.asarray(z, np.float64).reshape(len(z), -1) for z in latents]


def _norm(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows, axis=1)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
