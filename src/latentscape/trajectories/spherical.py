"""Along the great circle between two latents, about zero, about the store's mean, or whitened."""

from typing import Literal, NamedTuple, get_args

import numpy as np

from latentscape.errors import ShapeError, UsageError, nearest
from latentscape.trajectories.ends import CHUNK_VALUES, require_ends, weighted
from latentscape.trajectories.latent_moments import LatentMoments

Frame = Literal["plain", "centred", "whitened"]

FLAT = 1e-4  # sine of the angle under which there is no one great circle to follow
NOTHING = 1e-12  # an end this much shorter than the other has no direction worth the name


class Angles(NamedTuple):
    """Two ends seen from the origin of a frame.

    Attributes:
        angle: (pairs,) between the ends, 0 to π radians.
        first, second: (pairs,) lengths of start and end.
        flat: (pairs,) whether the ends are parallel, opposite, or one of them is zero.
    """

    angle: np.ndarray
    first: np.ndarray
    second: np.ndarray
    flat: np.ndarray


def spherical(
    starts: np.ndarray,
    ends: np.ndarray,
    *,
    n_steps: int,
    moments: LatentMoments | None = None,
    frame: Frame = "plain",
    even_norm: bool = False,
) -> np.ndarray:
    """Latents at equal angles on the arc between two, each sample as one flat vector.

    z(t) = m + [sin((1−t)Ω) (a−m) + sin(tΩ) (b−m)] / sin Ω, with Ω the angle between a−m and b−m;
    with `even_norm` both are first brought to length 1, and the length along the way is
    (1−t)‖a−m‖ + t‖b−m‖. Plain, m is 0; centred, the mean; whitened, the mean, and angle and
    lengths are Mahalanobis'. The straight line stands in where no one arc exists: ends parallel,
    opposite or zero, sin Ω < 1e-4.

    Meant for latents on a shell about m, many-dimensional and spread alike in all directions.

    Args:
        starts, ends: ``pairs *latent``.
        n_steps: Latents on each way, both ends counted; at least 2.
        moments: Of the cloud of latents; not needed plain.
        frame: ``plain``, ``centred`` or ``whitened``.
        even_norm: Whether the length goes evenly from one end's to the other's.

    Returns:
        ``pairs n_steps *latent``, ends exact.

    Raises:
        ShapeError: If starts and ends differ in shape.
        UsageError: If there are fewer than two steps.

    Reference:
        White 2016, Sampling generative networks, §2.1 (spherical interpolation); Shoemake 1985.
    """
    require_ends(starts, ends, n_steps)
    origin = origin_of(starts, moments, frame)
    angles = angles_between(starts, ends, moments, frame)
    t = np.linspace(0.0, 1.0, n_steps)
    angle = np.where(angles.flat, 1.0, angles.angle)[:, None]
    first, second = np.sin((1 - t) * angle) / np.sin(angle), np.sin(t * angle) / np.sin(angle)
    if even_norm:
        first, second = evenly(angles, t, (first, second))
    weights = instead(angles.flat, t, (first, second))
    return weighted(starts, ends, weights, origin=origin)


def evenly(
    angles: Angles, t: np.ndarray, weights: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Weights of two unit vectors as weights of the ends, their sum as long as lies between."""
    a, b = (np.where(angles.flat, 1.0, part)[:, None] for part in (angles.first, angles.second))
    first, second = weights
    ratio = b / a
    return ((1 - t) + t * ratio) * first, ((1 - t) / ratio + t) * second


def instead(
    flat: np.ndarray, t: np.ndarray, weights: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """The same weights, and the straight line's for pairs without an arc."""
    return np.where(flat[:, None], 1 - t, weights[0]), np.where(flat[:, None], t, weights[1])


def origin_of(starts: np.ndarray, moments: LatentMoments | None, frame: Frame) -> np.ndarray | None:
    """The centre about which a frame measures angles; None for zero.

    Raises:
        UsageError: If the frame is unknown, or needs moments and there are none.
        ShapeError: If the moments are of latents of another shape.
    """
    if frame not in get_args(Frame):
        raise UsageError(f"there is no frame {frame!r}", nearest(frame, get_args(Frame)))
    if frame == "plain":
        return None
    if moments is None:
        raise UsageError(f"a {frame} way needs moments", "give those of the store's latents")
    if moments.mean.shape != starts.shape[1:]:
        raise ShapeError(f"moments of latents {moments.mean.shape}, ends {starts.shape[1:]}")
    return moments.mean


def angles_between(
    starts: np.ndarray, ends: np.ndarray, moments: LatentMoments | None, frame: Frame
) -> Angles:
    """Angle and lengths of each pair in a frame, in double precision, a few pairs at a time.

    The angle is 2 atan2(‖â − b̂‖, ‖â + b̂‖): exact near 0 and π too, where the arc cosine of a
    product is not.
    """
    n_pairs = len(starts)
    found = np.empty((3, n_pairs))
    step = max(1, CHUNK_VALUES // max(1, starts[:1].size))
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        for begin in range(0, n_pairs, step):
            here = slice(begin, begin + step)
            a, b = (_seen(part[here], moments, frame) for part in (starts, ends))
            (a, first), (b, second) = _unit(a), _unit(b)
            apart, along = np.linalg.norm(a - b, axis=1), np.linalg.norm(a + b, axis=1)
            found[:, here] = 2 * np.arctan2(apart, along), first, second
    angle, first, second = found
    known = np.isfinite(found).all(0)
    angle = np.where(known, angle, 0.0)
    zero = np.minimum(first, second) <= NOTHING * np.maximum(first, second)
    return Angles(angle, first, second, (np.sin(angle) < FLAT) | zero | ~known)


def _seen(latents: np.ndarray, moments: LatentMoments | None, frame: Frame) -> np.ndarray:
    latents = np.asarray(latents, np.float64)
    if frame == "whitened" and moments is not None:
        latents = moments.whitened(latents)
    elif frame == "centred" and moments is not None:
        latents = latents - moments.mean
    return latents.reshape(len(latents), -1)


def _unit(rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of length 1, and the lengths; scaled first, as squares of huge values overflow."""
    scale = np.abs(rows).max(1, initial=0.0, keepdims=True)
    rows = rows / np.where(scale > 0, scale, 1.0)
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return rows / np.where(length > 0, length, 1.0), (length * scale)[:, 0]
