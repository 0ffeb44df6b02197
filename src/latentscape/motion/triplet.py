"""Is the middle frame's latent where the straight line says?

Every function takes the latents of first, middle and last frame, each ``n *latent``, and gives
one number a triplet. Where first and last are the same point the numbers have no meaning and
are NaN.
"""

from typing import NamedTuple

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


def cosine_at_middle(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> np.ndarray:
    """Cosine of the angle at the middle: ⟨z1 − z2, z3 − z2⟩ / (d12 d23).

    Returns:
        (n,) −1 where the middle lies between the ends, 0 of a random walk, +½ where all three are
        equally far apart; from −1 to 1; lower is straighter; no unit. NaN where the middle is one
        of the ends.
    """
    a, b, c = _rows(first, middle, last)
    cosine = _ratio(((a - b) * (c - b)).sum(1), _norm(a - b) * _norm(c - b))
    return np.clip(cosine, -1, 1)


def holder_exponent(deviation: np.ndarray) -> np.ndarray:
    """The power H by which distance grows with displacement, as one midpoint deviation tells it.

    If d ∝ displacement^H and the middle frame is half-way, r² = 4^−H − ¼, hence
    H = −½ log2(r² + ¼).

    Args:
        deviation: (n,) r, as `midpoint_deviation` gives it.

    Returns:
        (n,) 1 linear, ½ as a random walk, 0 saturated: the latent tells only that something
        changed. r beyond √3/2 has no exponent of its own and counts as 0; so the range is 0 to 1.
        NaN where r is.
    """
    return np.clip(-0.5 * np.log2(np.square(deviation) + 0.25), 0, 1)


class Triangle(NamedTuple):
    """All of a triplet's numbers, (n,) each.

    Attributes:
        first_step, second_step: ‖z2 − z1‖ and ‖z3 − z2‖, in the latent's unit.
        displacement: ‖z3 − z1‖.
        midpoint_deviation, holder_exponent, time_of_middle, perpendicular_share, triangle_ratio,
        cosine_at_middle: As the functions of those names.
    """

    first_step: np.ndarray
    second_step: np.ndarray
    displacement: np.ndarray
    midpoint_deviation: np.ndarray
    holder_exponent: np.ndarray
    time_of_middle: np.ndarray
    perpendicular_share: np.ndarray
    triangle_ratio: np.ndarray
    cosine_at_middle: np.ndarray


def triangle(first: np.ndarray, middle: np.ndarray, last: np.ndarray) -> Triangle:
    """All of the numbers above, from the triangle's sides."""
    a, b, c = _rows(first, middle, last)
    d12, d23, d13 = _norm(b - a), _norm(c - b), _norm(c - a)
    deviation = midpoint_deviation(a, b, c)
    return Triangle(
        d12,
        d23,
        d13,
        deviation,
        holder_exponent(deviation),
        time_of_middle(a, b, c),
        perpendicular_share(a, b, c),
        _ratio(d12 + d23, d13),
        cosine_at_middle(a, b, c),
    )


def other_middles(rows: np.ndarray, shots: np.ndarray, *, within: bool, seed: int) -> np.ndarray:
    """For each triplet another one, whose middle frame takes the place of its own: a null.

    The other's middle is none of the triplet's own three frames: one of its ends in the middle
    would be no frame at another time, but a deviation of exactly ½.

    Args:
        rows: (m, 3) which images are first, middle and last of each; triplets may share them.
        shots: (m,) shot of each.
        within: Draw from the same shot (content alike, time wrong), else from another shot
            (content wrong too).
        seed: Of the draw, uniform over all that qualify.

    Returns:
        (m,) int64 place of the other triplet; −1 where no triplet qualifies.
    """
    rng = np.random.default_rng(seed)
    shot = np.unique(shots, return_inverse=True)[1].reshape(-1)
    order = np.argsort(shot, kind="stable")
    sizes = np.bincount(shot)
    starts = np.cumsum(sizes) - sizes
    found = np.full(len(shot), -1, np.int64)
    for k, own in enumerate(shot):
        start, size = starts[own], sizes[own]
        if within:
            fit = order[start : start + size]
            fit = fit[~np.isin(rows[fit, 1], rows[k])]
            if len(fit):
                found[k] = fit[rng.integers(len(fit))]
        elif size < len(shot):
            place = rng.integers(len(shot) - size)
            found[k] = order[place if place < start else place + size]
    return found


def _rows(*latents: np.ndarray) -> list[np.ndarray]:
    if len({z.shape for z in latents}) != 1:
        shapes = ", ".join(str(z.shape) for z in latents)
        raise ShapeError(f"the three latents of a motion triplet differ in shape: {shapes}")
    return [np.asarray(z, np.float64).reshape(len(z), -1) for z in latents]


def _norm(rows: np.ndarray) -> np.ndarray:
    return np.linalg.norm(rows, axis=1)


def _ratio(top: np.ndarray, bottom: np.ndarray) -> np.ndarray:
    return np.divide(top, bottom, out=np.full_like(top, np.nan), where=bottom > 0)
