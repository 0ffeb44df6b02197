"""Numbers of seeded subsets, beside the same numbers of Gaussian clouds of the same size.

What compares all pairs of rows is measured on subsets. How far chance alone carries such a number
depends on the subset's size and on d, so each is held against draws of exactly that size.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np

from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import Interval
from latentscape.records import Measure, Reference

SIZE, MOST_SUBSETS, FEWEST_SUBSETS = 2_000, 5, 3
N_DRAWS, FEW_DRAWS = 20, 3
LARGE = 512

Statistics = Callable[[np.ndarray, np.random.Generator], Mapping[str, float]]


def against_gaussian(
    rows: np.ndarray, statistics: Statistics, *, seed: int, null: str
) -> list[Measure]:
    """Statistics of rows, mean over disjoint subsets, held against draws of N(0, I).

    Args:
        rows: (n, d).
        statistics: From (m, d) rows and a generator to values by measure's name.
        seed: Of subsets, draws, and what the statistics draw.
        null: In words, what the draws of N(0, I) stand for.

    Returns:
        A measure a statistic; with an interval (Student's t over subsets) from three subsets on.
    """
    rng = np.random.default_rng(seed)
    d = rows.shape[1]
    chosen = _disjoint(len(rows), rng, most=MOST_SUBSETS if d <= LARGE else 1)
    size = len(chosen[0])
    values = [statistics(rows[part].astype(np.float64), rng) for part in chosen]
    n_draws = N_DRAWS if d <= LARGE else FEW_DRAWS
    draws = [statistics(rng.standard_normal((size, d)), rng) for _ in range(n_draws)]
    note = (
        f"{len(chosen)} seeded subsets of {size:,} of {len(rows):,}" if len(chosen) > 1
        else f"seeded subset of {size:,} of {len(rows):,}" if size < len(rows) else ""
    )  # fmt: skip
    words = f"{null}, n = {size:,}, {n_draws} draws, lowest to highest"
    found = []
    for name in values[0]:
        mine, theirs = (np.array([each[name] for each in some]) for some in (values, draws))
        low, high = float(theirs.min()), float(theirs.max())
        reference = Reference(value=float(theirs.mean()), low=low, high=high, words=words)
        found.append(
            measured(
                name,
                mine.mean(),
                n=size * len(chosen),
                interval=_over_subsets(mine),
                note=note,
                reference=reference,
            )
        )
    return found


def _disjoint(n: int, rng: np.random.Generator, *, most: int) -> list[np.ndarray]:
    order = rng.permutation(n)
    n_subsets = max(1, min(most, n // SIZE))
    return [np.sort(order[i * SIZE : (i + 1) * SIZE]) for i in range(n_subsets)]


def _over_subsets(values: np.ndarray) -> Interval | None:
    """Student's t interval of the mean of independent subsets; None of fewer than three."""
    from scipy.stats import t

    n = len(values)
    if n < FEWEST_SUBSETS:
        return None
    reach = t.ppf(0.975, n - 1) * values.std(ddof=1) / math.sqrt(n)
    mean = float(values.mean())
    return Interval(mean - reach, mean + reach, f"95 % Student's t over {n} disjoint subsets")
