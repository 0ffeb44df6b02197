"""The shape of a style curve: how tilted, how bowed, how wavy, and what that is called.

A style curve has one value between each two neighbouring frames. It is divided by its mean and
written in the Legendre polynomials of its own grid: those that are orthogonal on the n midpoints
x = 2s − 1 and have Legendre's mean square 1/(2k + 1) there. On an endless grid they are Legendre's;
at nine values b1 is under 1 % and b2 3 % smaller than Legendre's on the whole interval. So the
curve of a cross-dissolve, which is a parabola when features are linear, has no waves whatever the
number of frames.
"""

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from latentscape.errors import ShapeError
from latentscape.trajectories.per_pair import PerPair

PATTERNS = ("horseshoe", "arch", "flat", "tilt", "wave", "undefined")

FEWEST_VALUES = 4  # five frames: through fewer values a parabola always fits
HIGHEST_ORDER = 8  # of a wave: all orders of ten frames, and the same ones of more
FLAT = 0.20  # cv; film frames that shift steadily have .15 to .2 in SqueezeNet, a dissolve .5 to 1
WAVES = 0.50  # wave share: orders from 3 on hold more than tilt and bow together
WAVE_TURNS = 2  # one narrow spike has high orders too, but turns once: a switch, hence an arch
SWING = 0.25  # of the curve's range: a rise or fall below this is no turn


@dataclass(frozen=True)
class Patterns(PerPair):
    """Descriptors of style curves, one row a curve; NaN where a curve does not define them.

    Attributes:
        tilt: b1; above 0 where style changes more towards the end.
        bow: b2; above 0 a horseshoe (U), below 0 an arch.
        wave_share: W = Σ_{k≥3} b_k² / Σ_{k≥1} b_k²; NaN for a constant curve.
        parabola: R² of the best parabola; NaN for a constant curve.
        cv: Standard deviation over mean.
        turns: How often the curve turns, swings under a quarter of its range not counted.
        coefficients: (curves, orders) b_1, b_2, ...
        matched: ρ, correlation with the curve of the matched dissolve; NaN where none was given
            or one of the two is constant.
        height: κ, sum over that of the matched dissolve.
        pattern: Names out of `PATTERNS`.
        unfit: Why a curve is undefined; empty where it is not.
    """

    names: ClassVar = {
        "style_tilt": "tilt",
        "style_bow": "bow",
        "style_wave_share": "wave_share",
        "style_parabola": "parabola",
        "style_unevenness": "cv",
        "style_matched": "matched",
        "style_height": "height",
    }
    optional: ClassVar = frozenset({"style_matched", "style_height"})

    tilt: np.ndarray
    bow: np.ndarray
    wave_share: np.ndarray
    parabola: np.ndarray
    cv: np.ndarray
    turns: np.ndarray
    coefficients: np.ndarray
    matched: np.ndarray
    height: np.ndarray
    pattern: np.ndarray
    unfit: np.ndarray


def style_patterns(curves: np.ndarray, dissolve: np.ndarray | None = None) -> Patterns:
    """Descriptors and names of style curves.

    A curve is *flat* where its cv is under `FLAT`. Where its wave share is over `WAVES` it goes by
    its turns: none is a *tilt* (a step at one end), one an *arch* or a *horseshoe* (a narrow spike
    or gap), more a *wave*. Else it is a *tilt* where |b1| is the larger, a *horseshoe* where b2
    is above 0, an *arch* where it is below.

    Args:
        curves: (curves, values) style loss between neighbouring frames, 0 or more; NumPy.
        dissolve: Those of the cross-dissolves of the same decoded ends, same shape.

    Raises:
        ShapeError: If the curves are not a table, or the dissolves' differ in shape.

    Reference: METHODS §4.2.
    """
    if curves.ndim != 2 or (dissolve is not None and dissolve.shape != curves.shape):
        other = "" if dissolve is None else f", of dissolves {dissolve.shape}"
        raise ShapeError(f"style curves are pairs × values, not {curves.shape}{other}")
    unfit = _unfit(curves)
    fit = unfit == ""
    e = np.where(fit[:, None], curves, np.nan).astype(np.float64)
    if fit.any():  # curves of no values at all have no mean
        e = e / e.mean(1, keepdims=True)
    b, parabola = _expanded(e)
    numbers = {
        "tilt": b[:, 0],
        "bow": b[:, 1],
        "wave_share": _share(np.square(b[:, 2:]).sum(1), np.square(b).sum(1)),
        "parabola": parabola,
        "cv": e.std(1) if fit.any() else np.full(len(e), np.nan),
        "coefficients": b,
    }
    turns, peaked = _turns(e)
    matched, height = _against(curves, dissolve, fit)
    return Patterns(
        **numbers,
        turns=np.where(fit, turns, 0),
        matched=matched,
        height=height,
        pattern=_names(numbers, turns, peaked, fit),
        unfit=unfit,
    )


def _unfit(curves: np.ndarray) -> np.ndarray:
    n_curves, n_values = curves.shape
    why = np.full(n_curves, "", dtype="<U80")
    if n_values < FEWEST_VALUES:
        why[:] = f"{n_values + 1} frames: a curve has a shape from {FEWEST_VALUES + 1} frames on"
        return why
    why[(np.nan_to_num(curves) == 0).all(1)] = "its style never changes"
    why[(curves < 0).any(1)] = "a style loss below 0"
    why[~np.isfinite(curves).all(1)] = "a style loss is NaN or infinite"
    return why


def _expanded(e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(curves, orders) coefficients from order 1 on, and R² of the parabola."""
    n = e.shape[1]
    if n < FEWEST_VALUES:
        nothing = np.full((len(e), 2), np.nan)
        return nothing, nothing[:, 0]
    basis = _polynomials(n)  # values orders
    order = np.arange(basis.shape[1])
    b = (2 * order + 1) * (e @ basis) / n
    left = e - b[:, :3] @ basis[:, :3].T
    around = np.square(e - e.mean(1, keepdims=True)).sum(1)
    # rounding alone must not make waves of a constant curve
    constant = around <= n * 1e-20
    b = np.where(constant[:, None] & (order > 0), 0.0, b)
    around = np.where(constant, 0.0, around)
    return b[:, 1:], 1 - _share(np.square(left).sum(1), around)


@cache
def _polynomials(n: int) -> np.ndarray:
    """Orthogonal on the midpoints of n even steps, of mean square 1/(2k + 1), rising at the end."""
    highest = min(n - 1, HIGHEST_ORDER)
    x = (2 * np.arange(n) + 1) / n - 1
    q, r = np.linalg.qr(np.polynomial.legendre.legvander(x, highest))
    basis = q * np.sign(np.diag(r)) * np.sqrt(n / (2 * np.arange(highest + 1) + 1))
    basis.flags.writeable = False
    return basis


def _turns(e: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How often each curve turns, and whether its first turn is a peak."""
    if e.shape[1] == 0:
        return np.zeros(len(e), int), np.zeros(len(e), bool)
    high, low = e[:, 0].copy(), e[:, 0].copy()
    swing = SWING * (e.max(1) - e.min(1))
    heading = np.zeros(len(e), int)  # 1 rising, −1 falling, 0 not known yet
    first, turns = heading.copy(), heading.copy()
    for value in e[:, 1:].T:
        high, low = np.maximum(high, value), np.minimum(low, value)
        falls = (value < high - swing) & (heading >= 0)
        rises = (value > low + swing) & (heading <= 0) & ~falls
        turns += (falls | rises) & (heading != 0)
        heading = np.where(falls, -1, np.where(rises, 1, heading))
        first = np.where(first == 0, heading, first)
        # after a turn the search for the other extreme starts here
        high, low = np.where(rises, value, high), np.where(falls, value, low)
    return turns, first > 0


def _against(
    curves: np.ndarray, dissolve: np.ndarray | None, fit: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    nothing = np.full(len(curves), np.nan)
    if dissolve is None:
        return nothing, nothing
    fit = fit & np.isfinite(dissolve).all(1)
    e, d = (np.where(fit[:, None], c, 0.0).astype(np.float64) for c in (curves, dissolve))
    height = _share(e.sum(1), d.sum(1))
    e, d = (c - c.mean(1, keepdims=True) for c in (e, d))
    sizes = np.sqrt(np.square(e).sum(1) * np.square(d).sum(1))
    steady = (np.abs(e).max(1, initial=0) <= 1e-9 * np.abs(curves).max(1, initial=0)) | (
        np.abs(d).max(1, initial=0) <= 1e-9 * np.abs(dissolve).max(1, initial=0)
    )
    matched = np.clip(_share((e * d).sum(1), sizes), -1, 1)
    return np.where(fit & ~steady, matched, np.nan), np.where(fit, height, np.nan)


def _names(
    numbers: dict[str, np.ndarray], turns: np.ndarray, peaked: np.ndarray, fit: np.ndarray
) -> np.ndarray:
    tilt, bow = numbers["tilt"], numbers["bow"]
    wavy = numbers["wave_share"] > WAVES
    once, never = wavy & (turns == 1), wavy & (turns == 0)
    named = [
        (~fit, "undefined"),
        (numbers["cv"] < FLAT, "flat"),
        (wavy & (turns >= WAVE_TURNS), "wave"),
        (once & peaked, "arch"),
        (once, "horseshoe"),
        (never | (np.abs(tilt) > np.abs(bow)), "tilt"),
        (bow > 0, "horseshoe"),
    ]
    conditions, names = zip(*named, strict=True)
    return np.select(conditions, names, default="arch")


def _share(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    return np.divide(part, whole, out=np.full(len(part), np.nan), where=whole > 0)
