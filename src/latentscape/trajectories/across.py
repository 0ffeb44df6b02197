"""Several models on the same pairs: does the amount of dissolve go with the shape of the curve?"""

from collections.abc import Iterator, Mapping

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics import measured, row_of
from latentscape.metrics.interval import LEVEL, Interval
from latentscape.records import Journeys, Measure, Row
from latentscape.trajectories.shared_ends import SharedEnds
from latentscape.trajectories.summary import INDEPENDENT, correlation, rank_correlations

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
        **{name: lambda name=name: (_over_pairs(name, found),) for name in CURVE},
    }
    pairs = sum(len(journeys.pairs) for journeys in found)
    note = f"{len(found)} models, {pairs:,} trajectories"
    return row_of(criterion, makers, note=note)


def _over_models(models: list[Journeys], seed: int) -> Iterator[Measure]:
    """Median amount of dissolve against the share of each shape, a point a model."""
    told = [j for j in models if np.isfinite(j.numbers["dissolve_amount"]).any()]
    if len(told) < FEWEST_MODELS:
        raise UndefinedError(
            f"{len(told)} models are too few for a correlation",
            f"compare {FEWEST_MODELS} or more",
        )
    words = (
        f"{100 * LEVEL:g} % bootstrap over the pairs of each model ({N_RESAMPLES:,} resamples, "
        f"seed {seed}), as if no two shared an end; other models may lie elsewhere"
    )
    points = np.stack([_point(journeys, None) for journeys in told], axis=1)
    rng = np.random.default_rng(seed)
    moved = np.stack([_resampled(journeys, rng) for journeys in told], axis=2)
    for i, shape in enumerate(SHAPES, start=1):
        value = rank_correlations(points[:1], points[i : i + 1])[0]
        if not np.isfinite(value):
            continue
        found = rank_correlations(moved[:, 0], moved[:, i])
        found = found[np.isfinite(found)]
        interval = None
        if len(found) > N_RESAMPLES / 2:
            low, high = np.quantile(found, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
            interval = Interval(float(low), float(high), words)
        yield measured(
            f"models_amount_with_{shape}", value, n=len(told), interval=interval,
            reference=INDEPENDENT,
        )  # fmt: skip


def _point(journeys: Journeys, drawn: np.ndarray | None) -> np.ndarray:
    """Median amount of dissolve, and share of each shape among the curves that have one."""
    rows = slice(None) if drawn is None else drawn
    amount = np.asarray(journeys.numbers["dissolve_amount"], float)[rows]
    named = np.array(journeys.patterns)[rows]
    known = max(1, int((named != "undefined").sum()))
    middle = np.median(amount[np.isfinite(amount)]) if np.isfinite(amount).any() else np.nan
    return np.array([middle, *((named == shape).sum() / known for shape in SHAPES)])


def _resampled(journeys: Journeys, rng: np.random.Generator) -> np.ndarray:
    """(resamples, 1 + shapes) of the same on pairs drawn with return."""
    n = len(journeys.pairs)
    return np.stack([_point(journeys, rng.integers(0, n, n)) for _ in range(N_RESAMPLES)])


def _over_pairs(name: str, models: list[Journeys]) -> Measure:
    """All pairs of all models, which travel between the same samples."""
    amounts = [np.asarray(j.numbers["dissolve_amount"], float) for j in models]
    others = [
        np.asarray(j.numbers.get(CURVE[name], np.full(len(j.pairs), np.nan)), float) for j in models
    ]
    ends = SharedEnds.of(*(journeys.pairs for journeys in models))
    return correlation(name, np.concatenate(amounts), np.concatenate(others), ends)
