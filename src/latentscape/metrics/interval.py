"""Bootstrap intervals: how far a mean would move with other images of the same kind."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentscape.errors import ShapeError

N_RESAMPLES = 1000
LEVEL = 0.95
MAX_CELLS = 10_000
CHUNK = 100
FEWEST_UNITS = 8  # below it a bootstrap misses the truth three times as often as it says, or more


Bounds = tuple[float | None, float | None]


class Interval(NamedTuple):
    """The two ends of an interval and, in words, how it was made."""

    low: float
    high: float
    words: str


@dataclass(frozen=True)
class Grouping:
    """Which samples resemble each other, and what they and their groups are called.

    Attributes:
        of: (n,) group of each sample.
        noun: What a group is: ``scene``, ``shot``.
        samples: What the samples are, several of them.
    """

    of: np.ndarray
    noun: str = "group"
    samples: str = "samples"

    @property
    def n(self) -> int:
        """Number of groups."""
        return len(np.unique(self.of))

    def among(self, chosen: np.ndarray) -> "Grouping":
        """That of the chosen samples, rows or a mask."""
        return Grouping(self.of[chosen], self.noun, self.samples)

    def words(self, *, given: bool = False) -> str:
        """What is drawn: groups, or where these are given the samples of no other groups."""
        n, noun = len(self.of), self.noun
        if not given:
            return f"{self.n:,} {noun}s of {n:,} {self.samples}"
        these = f"this {noun}" if self.n == 1 else f"these {self.n:,} {noun}s"
        return f"the {n:,} {self.samples} of {these}"


Groups = np.ndarray | Grouping


def grouping_of(groups: Groups) -> Grouping:
    """Groups by the names that were given to them, if any."""
    return groups if isinstance(groups, Grouping) else Grouping(np.asarray(groups))


def bootstrap_intervals(
    columns: Mapping[str, np.ndarray],
    *,
    seed: int,
    groups: Groups | None = None,
) -> dict[str, Interval]:
    """Percentile bootstrap of the mean of each column; all columns share the same resamples.

    Values that are not finite (the PSNR of an exact image) are left out of each mean. Above
    10,000 images the images are dealt at random into 10,000 cells and cells are drawn: the
    interval of a mean is the same and the work stays small.

    Of fewer than eight groups nothing can be said about other groups: then samples are drawn, and
    the words say that the interval is of these groups alone.

    Args:
        columns: Name to (n,) values, one an image.
        seed: Seed of the draws.
        groups: (n,) group of each image (clip, artist); whole groups are drawn, so that images
            which resemble each other do not pass for independent ones.

    Returns:
        Name to interval, for each column with at least two finite values; empty where fewer
        than two images stand behind the mean, or fewer than eight of fewer than eight groups.

    Raises:
        ShapeError: If columns or groups differ in length.

    Reference:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, §13.3 (percentile interval).
    """
    lengths = {len(values) for values in columns.values()}
    if groups is not None:
        groups = grouping_of(groups)
        lengths.add(len(groups.of))
    if len(lengths) != 1:
        raise ShapeError(
            f"columns of unequal length {sorted(lengths)} cannot be resampled together"
        )
    rng = np.random.default_rng(seed)
    (n,) = lengths
    units, what = _units(n, groups, rng, given=True)
    n_units = int(units.max()) + 1 if n else 0
    names = [name for name, values in columns.items() if np.isfinite(values).sum() > 1]
    if n_units < (2 if groups is None else FEWEST_UNITS) or not names:
        return {}

    values = np.stack([np.asarray(columns[name], np.float64) for name in names], axis=1)
    finite = np.isfinite(values)
    sums = _by_unit(np.where(finite, values, 0.0), units, n_units)
    sizes = _by_unit(finite.astype(np.float64), units, n_units)
    means = _resampled_means(sums, sizes, rng)
    tail = (1 - LEVEL) / 2
    low, high = np.nanquantile(means, [tail, 1 - tail], axis=0)
    words = f"{100 * LEVEL:g} % bootstrap over {what} ({N_RESAMPLES:,} resamples, seed {seed})"
    return {
        name: Interval(float(a), float(b), words)
        for name, a, b in zip(names, low, high, strict=True)
    }


def dealt(
    n: int,
    *,
    seed: int,
    groups: Groups | None = None,
    most: int = MAX_CELLS,
    given: bool = False,
) -> tuple[np.ndarray, str]:
    """Deal rows at random into cells for a bootstrap that draws whole cells.

    Args:
        n: Rows.
        seed: Of the dealing.
        groups: (n,) group of each row; a group stays whole.
        most: Most cells; with fewer rows (or groups), each is a cell.
        given: Of fewer than eight groups deal the rows, and say that it is of these groups alone.

    Returns:
        (n,) cell of each row, and what is drawn in words.
    """
    return _units(n, groups, np.random.default_rng(seed), most, given=given)


def centred_interval(
    value: float, resampled: np.ndarray, bounds: Bounds, words: str
) -> Interval | None:
    """Interval of a number that is no mean, from its values on resamples.

    Resamples have fewer distinct rows than the sample, so numbers about shape are biased on them;
    their percentiles are therefore moved so that their median lies on the value.

    Args:
        value: Of the whole sample.
        resampled: (r,) of each resample; those that are not finite are left out.
        bounds: Of the measure; the interval does not leave them.
        words: How it was made.

    Returns:
        The interval; None where fewer than half of the resamples have a value.
    """
    finite = resampled[np.isfinite(resampled)]
    if len(finite) < max(2, len(resampled) / 2):
        return None
    tail = (1 - LEVEL) / 2
    low, middle, high = np.quantile(finite, [tail, 0.5, 1 - tail])
    least, most = (end if end is not None else other
                   for end, other in zip(bounds, (-np.inf, np.inf), strict=True))  # fmt: skip
    ends = np.clip([value + low - middle, value + high - middle], least, most)
    return Interval(float(ends[0]), float(ends[1]), words)


def quantile_interval(
    values: np.ndarray, q: float, *, worth: float | None = None
) -> Interval | None:
    """Interval of a quantile between two of the values themselves, whatever their distribution.

    Args:
        values: (n,) finite values, one a sample.
        q: The quantile, between 0 and 1.
        worth: As how many independent values they count; all of them if None.

    Returns:
        The interval, which holds the true quantile in at least 95 % of samples of this size; None
        where n is too small for its ends to lie within the values.

    Reference:
        Conover 1999, Practical Nonparametric Statistics, §3.2.
    """
    from scipy.stats import binom

    n, tail = len(values), (1 - LEVEL) / 2
    m = n if worth is None else min(n, round(worth))
    below, above = int(binom.ppf(tail, m, q)) - 1, int(binom.ppf(1 - tail, m, q))
    if below < 0 or above > m - 1:
        return None
    places = below * n // m, -(-(above + 1) * n // m) - 1  # of m among n, outwards
    low, high = np.sort(values)[list(places)]
    words = f"{100 * LEVEL:g} % by order statistics of {n:,} samples"
    return Interval(float(low), float(high), words)


def _units(
    n: int,
    groups: Groups | None,
    rng: np.random.Generator,
    most: int = MAX_CELLS,
    *,
    given: bool = False,
) -> tuple[np.ndarray, str]:
    """What is drawn as a whole: (n,) unit of each image, and its name in words."""
    units, what, limit = np.arange(n), f"{n:,} samples", ""
    if groups is not None:
        told = grouping_of(groups)
        given = given and told.n < FEWEST_UNITS
        what = told.words(given=given)
        if given:
            limit = f": says nothing of other {told.noun}s"
        else:
            units = np.unique(told.of, return_inverse=True)[1].reshape(-1)
    n_units = int(units.max()) + 1 if n else 0
    if n_units > most:
        cell = rng.permutation(np.arange(n_units) % most)
        units, what = cell[units], f"{what} in {most:,} random cells"
    return units, what + limit


def _by_unit(values: np.ndarray, units: np.ndarray, n_units: int) -> np.ndarray:
    columns = [np.bincount(units, weights=column, minlength=n_units) for column in values.T]
    return np.stack(columns, axis=1)


def _resampled_means(sums: np.ndarray, sizes: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """(resamples, columns) means, each over as many units as there are, drawn with return."""
    n_units = len(sums)
    both = np.concatenate([sums, sizes], axis=1)
    means = np.empty((N_RESAMPLES, sums.shape[1]))
    for start in range(0, N_RESAMPLES, CHUNK):
        n_rows = min(CHUNK, N_RESAMPLES - start)
        drawn = rng.integers(0, n_units, (n_rows, n_units))
        drawn += np.arange(n_rows)[:, None] * n_units
        counts = np.bincount(drawn.ravel(), minlength=n_rows * n_units).reshape(n_rows, n_units)
        total, size = np.split(counts.astype(np.float64) @ both, 2, axis=1)
        means[start : start + n_rows] = total / np.where(size > 0, size, np.nan)
    return means
