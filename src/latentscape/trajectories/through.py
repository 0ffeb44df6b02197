"""Smooth curves through three or more key latents."""

from typing import Literal, get_args

import numpy as np

from latentscape.errors import ShapeError, UsageError, nearest
from latentscape.trajectories.ends import kept_type, require_steps, with_ends

Kind = Literal["hermite", "catmull-rom", "rbf"]


def through(
    keys: np.ndarray, n_steps: int, *, kind: Kind = "hermite", times: np.ndarray | None = None
) -> np.ndarray:
    """Latents on smooth curves that pass through key latents in their order.

    ``hermite``: cubics between keys, the tangent at a key by second-order differences of its
    neighbours, one-sided at the ends; keys equally far in time. ``catmull-rom``: the same with
    times by the square root of the distance between keys (centripetal), so that unequally far
    keys make neither loops nor cusps. ``rbf``: radial basis functions r³ in time beside a
    straight line, which is the natural cubic spline: least bending, but a key moved moves all of
    the curve. Through two keys each is the straight line.

    Steps are equally spaced in time, not in length. A key between the ends is met where a step
    falls on its time.

    Args:
        keys: ``curves keys *latent``, at least two keys.
        n_steps: Latents on each curve, both ends counted; at least 2.
        kind: ``hermite``, ``catmull-rom`` or ``rbf``.
        times: (keys,) rising times of the keys, the same for all curves; as said above if None.

    Returns:
        ``curves n_steps *latent``, ends exact; NaN where a key is not finite.

    Raises:
        ShapeError: If keys have no latent shape, or there are fewer than two.
        UsageError: If the kind is unknown, times do not rise, or there are fewer than two steps.

    Reference:
        Catmull and Rom 1974, A class of local interpolating splines; Yuksel, Schaefer and Keyser
        2011, Parameterization and applications of Catmull–Rom curves (centripetal).
    """
    if kind not in get_args(Kind):
        raise UsageError(f"there is no curve {kind!r} through keys", nearest(kind, get_args(Kind)))
    if keys.ndim < 3 or keys.shape[1] < 2:
        raise ShapeError(f"keys {keys.shape} must be curves × keys × latent, at least two keys")
    require_steps(n_steps)
    n_curves, n_keys = keys.shape[:2]
    found = np.full((n_curves, n_steps, *keys.shape[2:]), np.nan, kept_type(keys))
    for curve, each in enumerate(keys):
        points = each.reshape(n_keys, -1)
        if np.isfinite(points).all():
            points = points.astype(np.float64)
            at = _times(points, kind) if times is None else _rising(times, n_keys)
            steps = np.linspace(at[0], at[-1], n_steps)
            shape = found.shape[1:]
            found[curve] = (_rbf if kind == "rbf" else _cubics)(points, at, steps).reshape(shape)
    return with_ends(found, keys[:, 0], keys[:, -1])


def _cubics(points: np.ndarray, times: np.ndarray, steps: np.ndarray) -> np.ndarray:
    """Cubic pieces whose tangents are those of the parabola through each three keys."""
    from scipy.interpolate import CubicHermiteSpline

    tangents = np.gradient(points, times, axis=0)
    return CubicHermiteSpline(times, points, tangents, axis=0)(steps)


def _rbf(points: np.ndarray, times: np.ndarray, steps: np.ndarray) -> np.ndarray:
    from scipy.interpolate import RBFInterpolator

    return RBFInterpolator(times[:, None], points, kernel="cubic", degree=1)(steps[:, None])


def _times(points: np.ndarray, kind: Kind) -> np.ndarray:
    """Equal times, or centripetal ones; keys that coincide take a thousandth of the mean."""
    gaps = np.ones(len(points) - 1)
    if kind == "catmull-rom":
        gaps = np.sqrt(np.linalg.norm(np.diff(points, axis=0), axis=1))
        gaps = np.maximum(gaps, gaps.mean() / 1000) if gaps.any() else np.ones(len(gaps))
    return np.concatenate([[0.0], np.cumsum(gaps / gaps.sum())])


def _rising(times: np.ndarray, n_keys: int) -> np.ndarray:
    times = np.asarray(times, np.float64)
    if times.shape != (n_keys,) or not np.isfinite(times).all() or not (np.diff(times) > 0).all():
        raise UsageError(f"times of {n_keys} keys must be {n_keys} rising numbers", "sort the keys")
    return (times - times[0]) / (times[-1] - times[0])
