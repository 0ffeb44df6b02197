"""Many trajectories of one kind as one row: shares of names, medians, and what goes with what."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics import bootstrap_intervals, measured, row_of
from latentscape.metrics.catalogue.journeys import PATTERNS, VERDICTS
from latentscape.metrics.interval import LEVEL, Interval, quantile_interval
from latentscape.records import Measure, Reference, Row

FEWEST = 10  # pairs from which a rank correlation says anything
N_RESAMPLES = 1000
UNRELATED = 0.75  # off-blend energy of an image that has nothing to do with the ends
FLAGS = ("search_converged", "morph_by_frames")
WITH = {
    "amount_with_bow": "style_bow",
    "amount_with_waves": "style_wave_share",
    "amount_with_parabola": "style_parabola",
}


def dissolve_amount(off_blend_most: np.ndarray) -> np.ndarray:
    """(pairs,) 1 less the largest energy off the blend line, at least 0: 1 for a cross-dissolve."""
    return np.clip(1 - off_blend_most, 0, 1)


def summary_row(
    name: str,
    columns: Mapping[str, np.ndarray],
    *,
    patterns: np.ndarray,
    null_patterns: np.ndarray,
    verdicts: np.ndarray,
    reasons: Sequence[np.ndarray] = (),
    seed: int,
) -> Row:
    """The row of all trajectories between pairs of one criterion.

    Args:
        name: Of the row.
        columns: Name in the catalogue to (pairs,) values; NaN where not defined.
        patterns, null_patterns: (pairs,) names of the style curves, and of the dissolves' curves.
        verdicts: (pairs,) what the trajectories are.
        reasons: (pairs,) each, why a pair has no verdict or no pattern; empty where it has.
        seed: Of the bootstraps.
    """
    amount = columns["dissolve_amount"]
    makers = {
        "patterns": lambda: shares(PATTERNS, patterns, null_patterns, seed),
        "verdicts": lambda: shares(VERDICTS, verdicts, None, seed),
        **{
            column: lambda column=column: (
                share_of(column, columns[column], seed)
                if column in FLAGS
                else median_of(column, columns[column])
            )
            for column in columns
        },
        **{
            relation: lambda relation=relation, other=other: (
                correlation(relation, amount, columns[other], seed),
            )
            for relation, other in WITH.items()
            if other in columns
        },
    }
    left = int((verdicts == "undefined").sum())
    note = f"{len(verdicts):,} trajectories; medians over those that define a number"
    note += f"; {left} without a verdict" if left else ""
    return row_of(name, makers, note="; ".join([note, *_counted(reasons)]))


def _counted(reasons: Sequence[np.ndarray]) -> Iterator[str]:
    """Each reason once, with the number of pairs that have it."""
    for column in reasons:
        for why, n in Counter(str(why) for why in column if why).most_common():
            yield f"{n:,}: {why}"


def shares(
    names: tuple[str, ...], found: np.ndarray, null: np.ndarray | None, seed: int
) -> Iterator[Measure]:
    """Share of each name among those found, beside its share among the dissolves' names."""
    known = found != "undefined"
    if not known.any():
        raise UndefinedError("no trajectory defines it", "look at the reasons beside the pairs")
    columns = {name: (found[known] == name.replace("_", " ")).astype(float) for name in names}
    intervals = bootstrap_intervals(columns, seed=seed)
    for name, column in columns.items():
        reference = None
        if null is not None and (null != "undefined").any():
            share = float((null[null != "undefined"] == name).mean())
            reference = Reference(value=share, words="the cross-dissolves of the same ends")
        yield measured(
            f"share_{name}",
            column.mean(),
            n=len(column),
            interval=intervals.get(name),
            reference=reference,
        )


def median_of(name: str, values: np.ndarray) -> tuple[Measure]:
    """Median over the pairs that define it, with its interval from order statistics."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        raise UndefinedError("no trajectory defines it", "look at the reasons beside the pairs")
    interval = quantile_interval(finite, 0.5)
    note = "median" if len(finite) == len(values) else f"median of {len(finite):,}"
    return (measured(name, float(np.median(finite)), n=len(finite), interval=interval, note=note),)


def share_of(name: str, flags: np.ndarray, seed: int) -> tuple[Measure]:
    """Share of the pairs at which a flag is 1."""
    known = flags[np.isfinite(flags)]
    if not len(known):
        raise UndefinedError("no trajectory defines it", "look at the reasons beside the pairs")
    interval = bootstrap_intervals({name: known}, seed=seed).get(name)
    return (measured(name, known.mean(), n=len(known), interval=interval),)


def correlation(name: str, amount: np.ndarray, other: np.ndarray, seed: int) -> Measure:
    """Spearman's, with a bootstrap over pairs; 0 is what independence would give."""
    both = np.isfinite(amount) & np.isfinite(other)
    x, y = amount[both], other[both]
    if len(x) < FEWEST:
        raise UndefinedError(f"{len(x)} pairs are too few for a correlation", "travel more pairs")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise UndefinedError("one of the two is the same for all pairs", "choose other pairs")
    drawn = np.random.default_rng(seed).integers(0, len(x), (N_RESAMPLES, len(x)))
    resampled = rank_correlations(x[drawn], y[drawn])
    resampled = resampled[np.isfinite(resampled)]
    low, high = np.quantile(resampled, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    how = f"({N_RESAMPLES:,} resamples, seed {seed})"
    words = f"{100 * LEVEL:g} % bootstrap over {len(x):,} pairs {how}"
    return measured(
        name,
        rank_correlations(x[None], y[None])[0],
        n=len(x),
        interval=Interval(float(low), float(high), words),
        reference=Reference(value=0.0, words="independent"),
    )


def rank_correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(rows,) Spearman's ρ of each row of ``x`` with that of ``y``; NaN where one is constant."""
    from scipy.stats import rankdata

    a, b = (rankdata(values, axis=1) for values in (x, y))
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    sizes = np.sqrt(np.square(a).sum(1) * np.square(b).sum(1))
    return np.divide((a * b).sum(1), sizes, out=np.full(len(a), np.nan), where=sizes > 0)
