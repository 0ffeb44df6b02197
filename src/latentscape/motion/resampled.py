"""Medians, means and rank correlations on thousands of resamples of films or shots at once.

A resample is a column of counts: how often each triplet was drawn. Every number here is that of
the rows repeated so many times, but nothing is repeated.
"""

from dataclasses import dataclass

import numpy as np

from latentscape.metrics.interval import LEVEL, Bounds, Interval, centred_interval

FEW_FILMS = 8
RESAMPLES, MOST_COUNTS = 1_000, 4_000_000


@dataclass(frozen=True)
class Draws:
    """Resamples of triplets, whole groups drawn with return.

    Attributes:
        counts: (resamples, m) how often each triplet was drawn; without resamples, of fewer than
            two groups.
        words: How they were made.
    """

    counts: np.ndarray
    words: str

    def interval(self, value: float, resampled: np.ndarray, bounds: Bounds) -> Interval | None:
        """Interval of a number from its values on the resamples; None where it has none."""
        if not len(self.counts) or not np.isfinite(value):
            return None
        return centred_interval(value, resampled, bounds, self.words)


def draws_of(films: np.ndarray, shots: np.ndarray, *, seed: int) -> Draws:
    """Resamples of whole films where there are eight or more, else of whole shots.

    1,000 of them; fewer above 4,000 triplets, but never under 100.
    """
    by_film = len(np.unique(films)) >= FEW_FILMS
    unit = np.unique(films if by_film else shots, return_inverse=True)[1].reshape(-1)
    m, n_units = len(unit), int(unit.max(initial=-1)) + 1
    what = f"{n_units:,} {'films' if by_film else 'shots'} of {m:,} triplets"
    if n_units < 2:
        return Draws(np.zeros((0, m)), f"none: {what}")
    n_resamples = int(np.clip(MOST_COUNTS // m, 100, RESAMPLES))
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, n_units, (n_resamples, n_units))
    drawn += np.arange(n_resamples)[:, None] * n_units
    of_unit = np.bincount(drawn.ravel(), minlength=n_resamples * n_units)
    counts = of_unit.reshape(n_resamples, n_units)[:, unit].astype(np.float64)
    words = f"{100 * LEVEL:g} % bootstrap over {what} ({n_resamples:,} resamples, seed {seed})"
    return Draws(counts, words)


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
    keep = ~np.isnan(values)
    order = np.argsort(values[keep], kind="stable")
    ordered = values[keep][order]
    if not len(ordered):
        return np.full(len(counts), np.nan)
    upto = np.cumsum(counts[:, keep][:, order], axis=1)
    total = upto[:, -1:]
    low, high = np.floor((total - 1) / 2), np.ceil((total - 1) / 2)
    found = (ordered[(upto > low).argmax(1)] + ordered[(upto > high).argmax(1)]) / 2
    return np.where(total[:, 0] > 0, found, np.nan)


def means(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean of each resample; values that are NaN are left out, and NaN where nothing is left."""
    keep = ~np.isnan(values)
    total = counts[:, keep].sum(1)
    with np.errstate(invalid="ignore"):
        return np.where(total > 0, counts[:, keep] @ values[keep] / total, np.nan)


def spearmans(x: np.ndarray, y: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Spearman's correlation of each resample; (resamples,), NaN where either is constant."""
    x, y, counts = _told(counts, x, y)
    return _correlation(_ranks(x, counts), _ranks(y, counts), counts)


def partial_spearmans(
    x: np.ndarray, y: np.ndarray, control: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """The same with the control's ranks regressed out; a constant control controls nothing."""
    x, y, control, counts = _told(counts, x, y, control)
    a, b, c = (_ranks(column, counts) for column in (x, y, control))
    xy = _correlation(a, b, counts)
    xc, yc = _correlation(a, c, counts), _correlation(b, c, counts)
    flat = np.isnan(_correlation(c, c, counts))
    xc, yc = np.where(flat, 0, xc), np.where(flat, 0, yc)
    left = (1 - xc**2) * (1 - yc**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (xy - xc * yc) / np.sqrt(left)
    return np.clip(np.where(left > 1e-12, found, np.nan), -1, 1)


def shuffled_spearmans(x: np.ndarray, y: np.ndarray, *, n: int, seed: int) -> np.ndarray:
    """Spearman's correlation with one column shuffled, ``n`` times: what chance would give."""
    from scipy.stats import rankdata

    keep = ~(np.isnan(x) | np.isnan(y))
    a, b = (rankdata(column[keep]) for column in (x, y))
    if len(a) < 2 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return np.full(n, np.nan)
    a, b = ((ranks - ranks.mean()) / ranks.std() for ranks in (a, b))
    rng = np.random.default_rng(seed)
    return np.array([a @ rng.permutation(b) / len(a) for _ in range(n)])


def _told(counts: np.ndarray, *columns: np.ndarray) -> tuple[np.ndarray, ...]:
    keep = ~np.isnan(np.stack(columns)).any(0)
    return (*(column[keep] for column in columns), counts[:, keep])


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
