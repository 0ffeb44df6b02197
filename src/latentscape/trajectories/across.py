"""Several models on the same pairs: does the amount of dissolve go with the shape of the curve?"""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics import measured, row_of
from latentscape.metrics.interval import LEVEL, Interval
from latentscape.records import Journeys, Measure, Reference, Row
from latentscape.trajectories.shared_ends import SharedEnds, rank_influence
from latentscape.trajectories.summary import FEWEST, rank_correlations

FEWEST_MODELS = 4
N_RESAMPLES = 1000
SHAPES = ("horseshoe", "wave", "arch")
CURVE = {"pairs_amount_with_bow": "style_bow", "pairs_amount_with_waves": "style_wave_share"}


def across_models(criterion: str, models: Mapping[str, Journeys], *, seed: int) -> Row:
    """Rank correlations over models, and over the pairs of all models together.

    Args:
        criterion: How the pairs were chosen.
        models: Name to trajectories between the same kind of pairs.
        seed: Of the bootstraps.
    """
    found = list(models.values())
    makers = {
        "over models": lambda: _over_models(found, seed),
        **{name: lambda name=name: (_over_pairs(name, found, seed),) for name in CURVE},
    }
    pairs = sum(len(journeys.pairs) for journeys in found)
    note = f"{len(found)} models, {pairs:,} trajectories"
    return row_of(criterion, makers, note=note)


def _over_models(models: list[Journeys], seed: int) -> Iterator[Measure]:
    """Median amount of dissolve against the share of each shape, a point a model."""
    if len(models) < FEWEST_MODELS:
        raise UndefinedError(
            f"{len(models)} models are too few for a correlation",
            f"compare {FEWEST_MODELS} or more",
        )
    rng = np.random.default_rng(seed)
    amounts = [np.asarray(j.numbers["dissolve_amount"], float) for j in models]
    drawn = [rng.integers(0, len(a), (N_RESAMPLES, len(a))) for a in amounts]
    middle = np.array([np.nanmedian(a) for a in amounts])
    middles = np.stack([np.nanmedian(a[d], axis=1) for a, d in zip(amounts, drawn, strict=True)], 1)
    words = (
        f"{100 * LEVEL:g} % bootstrap over the pairs of each model ({N_RESAMPLES:,} resamples, "
        f"seed {seed}); other models may lie elsewhere"
    )
    for shape in SHAPES:
        named = [np.array([name == shape for name in j.patterns], float) for j in models]
        share = np.array([is_so.mean() for is_so in named])
        if np.ptp(share) == 0:
            continue
        resampled = np.stack([m[d].mean(1) for m, d in zip(named, drawn, strict=True)], 1)
        name, known = f"models_amount_with_{shape}", rank_correlations(middles, resampled)
        found = _correlation(name, (middle, share), known, words=words)
        yield found.measure(len(models), found.interval)


def _over_pairs(name: str, models: list[Journeys], seed: int) -> Measure:
    """All pairs of all models; resamples draw pairs within each model."""
    columns = []
    for journeys in models:
        x = np.asarray(journeys.numbers["dissolve_amount"], float)
        y = np.asarray(journeys.numbers.get(CURVE[name], np.full_like(x, np.nan)), float)
        columns.append((x, y, np.isfinite(x) & np.isfinite(y)))
    every, other, both = (np.concatenate(parts) for parts in zip(*columns, strict=True))
    x, y = every[both], other[both]
    if len(x) < FEWEST:
        raise UndefinedError(f"{len(x)} pairs are too few for a correlation", "travel more pairs")
    rng = np.random.default_rng(seed)
    starts = np.cumsum([0, *(int(known.sum()) for _, _, known in columns)])
    drawn = np.concatenate(
        [rng.integers(a, b, (N_RESAMPLES, b - a)) for a, b in pairwise(starts.tolist())],
        axis=1,
    )
    words = (
        f"{100 * LEVEL:g} % bootstrap over {len(x):,} pairs within {len(models)} models "
        f"({N_RESAMPLES:,} resamples, seed {seed})"
    )
    found = _correlation(name, (x, y), rank_correlations(x[drawn], y[drawn]), words=words)
    scores = np.full(len(both), np.nan)
    scores[both] = rank_influence(x, y, found.value)
    ends = SharedEnds.of(*(journeys.pairs for journeys in models))
    interval = ends.widened(found.interval, found.value, scores, bounds=(-1, 1))
    return found.measure(len(x), interval)


class _Found(NamedTuple):
    """A correlation with its interval as if pairs were independent."""

    name: str
    value: float
    interval: Interval | None

    def measure(self, n: int, interval: Interval | None) -> Measure:
        independent = Reference(value=0.0, words="independent")
        return measured(self.name, self.value, n=n, interval=interval, reference=independent)


def _correlation(
    name: str, both: tuple[np.ndarray, np.ndarray], resampled: np.ndarray, *, words: str
) -> _Found:
    value = rank_correlations(both[0][None], both[1][None])[0]
    if not np.isfinite(value):
        raise UndefinedError("one of the two is the same everywhere", "choose other pairs")
    finite = resampled[np.isfinite(resampled)]
    interval = None
    if len(finite) > len(resampled) / 2:
        low, high = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        interval = Interval(float(low), float(high), words)
    return _Found(name, float(value), interval)
