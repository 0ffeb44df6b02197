"""Many trajectories of one kind as one row: shares of names, medians, and what goes with what."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics import measured, row_of
from latentscape.metrics.catalogue.journeys import PATTERNS, VERDICTS
from latentscape.records import Measure, Reference, Row
from latentscape.trajectories.shared_ends import SharedEnds

FEWEST = 10  # pairs from which a rank correlation says anything
FLAGS = ("search_converged", "morph_by_frames")
INDEPENDENT = Reference(value=0.0, words="independent")
WITH = {
    "amount_with_bow": "style_bow",
    "amount_with_waves": "style_wave_share",
    "amount_with_parabola": "style_parabola",
}


def _nothing() -> UndefinedError:
    return UndefinedError("no trajectory defines it", "look at the reasons beside the pairs")


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
    ends: SharedEnds,
    reasons: Sequence[np.ndarray] = (),
) -> Row:
    """The row of all trajectories between pairs of one criterion.

    Args:
        name: Of the row.
        columns: Name in the catalogue to (pairs,) values; NaN where not defined.
        patterns, null_patterns: (pairs,) names of the style curves, and of the dissolves' curves.
        verdicts: (pairs,) what the trajectories are.
        ends: Which pairs share an end.
        reasons: (pairs,) each, why a pair has no verdict or no pattern; empty where it has.
    """
    amount = columns["dissolve_amount"]
    makers = {
        "patterns": lambda: shares(PATTERNS, patterns, null_patterns, ends),
        "verdicts": lambda: shares(VERDICTS, verdicts, None, ends),
        **{
            column: lambda column=column: (
                share_of(column, columns[column], ends)
                if column in FLAGS
                else median_of(column, columns[column], ends)
            )
            for column in columns
        },
        **{
            relation: lambda relation=relation, other=other: (
                correlation(relation, amount, columns[other], ends),
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
    names: tuple[str, ...], found: np.ndarray, null: np.ndarray | None, ends: SharedEnds
) -> Iterator[Measure]:
    """Share of each name among those found, beside its share among the dissolves' names."""
    known = found != "undefined"
    if not known.any():
        raise _nothing()
    for name in names:
        flags = np.where(known, found == name.replace("_", " "), np.nan)
        reference = None
        if null is not None and (null != "undefined").any():
            beside = float((null[null != "undefined"] == name).mean())
            reference = Reference(value=beside, words="the cross-dissolves of the same ends")
        yield measured(
            f"share_{name}",
            float(np.nanmean(flags)),
            n=int(known.sum()),
            interval=ends.of_share(flags),
            reference=reference,
        )


def median_of(name: str, values: np.ndarray, ends: SharedEnds) -> tuple[Measure]:
    """Median over the pairs that define it."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        raise _nothing()
    note = "median" if len(finite) == len(values) else f"median of {len(finite):,}"
    interval = ends.of_median(values)
    return (measured(name, float(np.median(finite)), n=len(finite), interval=interval, note=note),)


def share_of(name: str, flags: np.ndarray, ends: SharedEnds) -> tuple[Measure]:
    """Share of the pairs at which a flag is 1."""
    n = int(np.isfinite(flags).sum())
    if not n:
        raise _nothing()
    return (measured(name, float(np.nanmean(flags)), n=n, interval=ends.of_share(flags)),)


def correlation(name: str, amount: np.ndarray, other: np.ndarray, ends: SharedEnds) -> Measure:
    """Spearman's over the pairs at which both are finite; 0 is what independence would give."""
    both = np.isfinite(amount) & np.isfinite(other)
    x, y = amount[both], other[both]
    if len(x) < FEWEST:
        raise UndefinedError(f"{len(x)} pairs are too few for a correlation", "travel more pairs")
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        raise UndefinedError("one of the two is the same for all pairs", "choose other pairs")
    value = float(rank_correlations(x[None], y[None])[0])
    interval = ends.of_rank_correlation(amount, other, value)
    return measured(name, value, n=len(x), interval=interval, reference=INDEPENDENT)


def rank_correlations(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """(rows,) Spearman's ρ of each row of ``x`` with that of ``y``; NaN where one is constant."""
    from scipy.stats import rankdata

    a, b = (rankdata(values, axis=1) for values in (x, y))
    a, b = a - a.mean(1, keepdims=True), b - b.mean(1, keepdims=True)
    sizes = np.sqrt(np.square(a).sum(1) * np.square(b).sum(1))
    return np.divide((a * b).sum(1), sizes, out=np.full(len(a), np.nan), where=sizes > 0)
