"""Medians, means and rank correlations on thousands of resamples of films or shots at once.

A resample is a column of counts: how often each triplet was drawn. Every number here is that of
the rows repeated so many times, but nothing is repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from latentscape.data.motion_triplets import MotionTriplets
from latentscape.metrics.interval import FEWEST_UNITS, LEVEL, Bounds, Interval, centred_interval
from latentscape.motion.correlation import controlled

RESAMPLES, MOST_COUNTS = 1_000, 4_000_000
BLOCK = 1 << 18  # counts that are worked on at once


@dataclass(frozen=True)
class Draws:
    """Resamples of triplets, whole groups drawn with return.

    Attributes:
        counts: (resamples, m) how often each triplet was drawn; without resamples, of fewer than
            eight groups.
        unit: (m,) group of each triplet, from 0.
        words: How they were made, or why there are none.
    """

    counts: np.ndarray
    unit: np.ndarray
    words: str

    @property
    def note(self) -> str:
        """Why there is no interval; nothing where there can be one."""
        return "" if len(self.counts) else f"no interval: {self.words}"

    def interval(self, value: float, resampled: np.ndarray, bounds: Bounds) -> Interval | None:
        """Interval of a number from its values on the resamples; None where it has none."""
        if not len(self.counts) or not np.isfinite(value):
            return None
        return centred_interval(value, resampled, bounds, self.words)


def draws_for(triplets: MotionTriplets, *, seed: int, of: str = "triplets") -> Draws:
    """Resamples of motion triplets by film, or by the scenes that they share."""
    noun = "scene" if "scene" in triplets.notes else "shot"
    return draws_of(triplets.films, triplets.scenes, seed=seed, noun=noun, of=of)


def draws_of(
    films: np.ndarray,
    shots: np.ndarray,
    *,
    seed: int,
    noun: str = "shot",
    of: str = "triplets",
) -> Draws:
    """Resamples of whole films where there are eight or more, else of whole shots.

    1,000 of them; fewer above 4,000 triplets, but never under 100; none of fewer than eight shots.

    Args:
        films: (m,) film of each triplet.
        shots: (m,) shot, or scene, of each.
        seed: Of the draws.
        noun: What one of the shots is called.
        of: What the triplets are called.
    """
    by_film = len(np.unique(films)) >= FEWEST_UNITS
    unit = np.unique(films if by_film else shots, return_inverse=True)[1].reshape(-1)
    m, n_units = len(unit), int(unit.max(initial=-1)) + 1
    what = f"{n_units:,} {'film' if by_film else noun}{'' if n_units == 1 else 's'} of {m:,} {of}"
    if n_units < FEWEST_UNITS:
        return Draws(np.zeros((0, m)), unit, f"{what}, fewer than {FEWEST_UNITS}")
    n_resamples = int(np.clip(MOST_COUNTS // m, 100, RESAMPLES))
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, n_units, (n_resamples, n_units))
    drawn += np.arange(n_resamples)[:, None] * n_units
    of_unit = np.bincount(drawn.ravel(), minlength=n_resamples * n_units)
    counts = of_unit.reshape(n_resamples, n_units).astype(np.float64)[:, unit]
    words = f"{100 * LEVEL:g} % bootstrap over {what} ({n_resamples:,} resamples, seed {seed})"
    return Draws(counts, unit, words)


def once(m: int) -> np.ndarray:
    """(1, m) counts of the triplets as they are: each once."""
    return np.ones((1, m))


def medians(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Median of each resample, as NumPy has it; values that are NaN are left out.

    Args:
        values: (m,).
        counts: (resamples, m).

    Returns:
        (resamples,) NaN where nothing is left.
    """
    kept = np.flatnonzero(~np.isnan(values))
    order = kept[np.argsort(values[kept], kind="stable")]
    ordered = values[order]
    if not len(ordered):
        return np.full(len(counts), np.nan)

    def find(some: np.ndarray) -> np.ndarray:
        upto = np.cumsum(some[:, order], axis=1)
        total = upto[:, -1:]
        low, high = np.floor((total - 1) / 2), np.ceil((total - 1) / 2)
        found = (ordered[(upto > low).argmax(1)] + ordered[(upto > high).argmax(1)]) / 2
        return np.where(total[:, 0] > 0, found, np.nan)

    return _in_blocks(find, counts)


def means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean of each resample; values that are NaN are left out, and NaN where nothing is left."""
    keep = ~np.isnan(values)
    total = counts @ keep
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, counts @ np.where(keep, values, 0) / total, np.nan)


def spearmans(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each resample; (resamples,), NaN where either is constant."""
    kept = _told(x, y)
    x, y = x[kept], y[kept]

    def find(some: np.ndarray) -> np.ndarray:
        some = some[:, kept]
        return _correlation(_ranks(x, some), _ranks(y, some), some)

    return _in_blocks(find, counts)


def partial_spearmans(
    x: np.ndarray, y: np.ndarray, control: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """The same with the control's ranks regressed out; a constant control controls nothing."""
    kept = _told(x, y, control)
    columns = x[kept], y[kept], control[kept]

    def find(some: np.ndarray) -> np.ndarray:
        some = some[:, kept]
        a, b, c = (_ranks(column, some) for column in columns)
        xy = _correlation(a, b, some)
        xc, yc = _correlation(a, c, some), _correlation(b, c, some)
        return controlled(xy, xc, yc, np.isnan(_correlation(c, c, some)))

    return _in_blocks(find, counts)


def shuffled_spearmans(
    x: np.ndarray, y: np.ndarray, units: np.ndarray, *, n: int, seed: int
) -> np.ndarray:
    """Spearman's correlation with one column shuffled, ``n`` times: what chance would give.

    Groups change places as wholes, each in its own order: triplets of one group resemble each
    other by chance too, and shuffled one by one they would make chance look far too narrow.

    Args:
        x, y: (m,) NaN is left out.
        units: (m,) group of each, integers.
        n: How often.
        seed: Of the shuffles.

    Returns:
        (n,) NaN where either is constant.
    """
    from scipy.stats import rankdata

    keep = ~(np.isnan(x) | np.isnan(y))
    a, b = (rankdata(column[keep]) for column in (x, y))
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.full(n, np.nan)
    unit = np.unique(units[keep], return_inverse=True)[1].reshape(-1)
    order = np.argsort(unit, kind="stable")
    a, b = (((ranks - ranks.mean()) / ranks.std())[order] for ranks in (a, b))
    rng, n_units = np.random.default_rng(seed), int(unit.max()) + 1
    places = (rng.permutation(n_units)[unit[order]] for _ in range(n))
    return np.array([a @ b[np.argsort(place, kind="stable")] / len(a) for place in places])


def _in_blocks(find: Callable[[np.ndarray], np.ndarray], counts: np.ndarray) -> np.ndarray:
    """What is found of all resamples, some at a time: what is worked on does not grow."""
    n_rows = max(1, BLOCK // max(1, counts.shape[1]))
    starts = range(0, max(1, len(counts)), n_rows)
    return np.concatenate([find(counts[start : start + n_rows]) for start in starts])


def _told(*columns: np.ndarray) -> np.ndarray:
    """Places where all columns have a number."""
    return np.flatnonzero(~np.isnan(np.stack(columns)).any(0))


def _ranks(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """(resamples, m) mean rank of each value among the rows repeated so many times."""
    found, place = np.unique(values, return_inverse=True)
    order = np.argsort(place, kind="stable")
    if not len(found):
        return np.zeros_like(counts)
    starts = np.searchsorted(place[order], np.arange(len(found)))
    size = np.add.reduceat(counts[:, order], starts, axis=1)
    middle = np.cumsum(size, axis=1) - size + (size + 1) / 2
    return middle[:, place.reshape(-1)]


def _correlation(a: np.ndarray, b: np.ndarray, counts: np.ndarray) -> np.ndarray:
    total = counts.sum(1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        a = a - (counts * a).sum(1, keepdims=True) / total
        b = b - (counts * b).sum(1, keepdims=True) / total
        across = (counts * a * b).sum(1)
        scale = np.sqrt((counts * a * a).sum(1) * (counts * b * b).sum(1))
        found = across / scale
    return np.where(scale > 1e-9, np.clip(found, -1, 1), np.nan)
