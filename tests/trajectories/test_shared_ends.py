from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from latentscape.metrics.interval import Interval
from latentscape.trajectories.shared_ends import SharedEnds, rank_influence


def pairs_of(n: int) -> list[tuple[str, str]]:
    return [(str(a), str(b)) for a, b in combinations(range(n), 2)]


def test_pairs_that_share_nothing_are_left_alone():
    alone = SharedEnds.of([(f"a{i}", f"b{i}") for i in range(30)])
    scores = np.random.default_rng(0).normal(size=30)
    assert alone.widening(scores) == 1
    interval = Interval(0.1, 0.3, "words")
    assert alone.widened(interval, 0.2, scores) is interval


def test_by_hand():
    ends = SharedEnds.of([("a", "b"), ("b", "c"), ("d", "e"), ("d", "e")])
    scores = np.array([2.0, 1.0, -1.0, -2.0])  # mean 0
    # single squares 4 + 1 + 1 + 4; shared: 2·(2·1) over b, 2·(−1·−2) over d and e, once
    assert ends.widening(scores) == pytest.approx(np.sqrt((10 + 4 + 4) / 10))
    # a pair that does not count takes no part, not even in the mean
    some = np.array([2.0, 0.0, np.nan, np.nan])
    assert ends.widening(some) == 1, "opposite about their mean: covariance below 0"


def test_of_a_sample_with_itself_there_is_one_end():
    ends = SharedEnds.of([("a", "a"), ("a", "b"), ("c", "d")])
    scores = np.array([1.0, 2.0, -3.0])
    assert ends.widening(scores) == pytest.approx(np.sqrt((14 + 2 * 2) / 14))


def test_standard_errors_are_those_of_drawing_all_samples_anew():
    """Values that samples bring along: the mean over all pairs of 20 samples, drawn 4,000 times."""
    n, rng = 20, np.random.default_rng(0)
    pairs = pairs_of(n)
    a, b = np.array(list(combinations(range(n), 2))).T
    ends = SharedEnds.of(pairs)
    means, told, plain = [], [], []
    for _ in range(4000):
        brought = rng.normal(size=n)
        values = brought[a] + brought[b] + rng.normal(size=len(a))
        error = values.std(ddof=1) / np.sqrt(len(values))
        means.append(values.mean())
        plain.append(error)
        told.append(ends.widening(values) * error)
    truth = np.std(means)
    assert np.mean(plain) < 0.4 * truth, "as if pairs were independent"
    assert 0.85 * truth < np.mean(told) < 1.05 * truth


def test_intervals_widen_about_the_value_and_stay_in_bounds():
    ends = SharedEnds.of(pairs_of(6))
    brought = np.array([0.0, 0, 0, 1, 1, 1])
    scores = np.array([brought[int(a)] + brought[int(b)] for a, b in pairs_of(6)])
    by = ends.widening(scores)
    assert by > 1.3
    wide = ends.widened(Interval(0.8, 0.95, "words"), 0.9, scores, bounds=(0, 1))
    assert wide.low == pytest.approx(0.9 - by * 0.1)
    assert wide.high == pytest.approx(min(1, 0.9 + by * 0.05))
    assert wide.words.startswith("words, ")
    assert ends.widened(None, 0.9, scores) is None


def test_the_influence_of_pairs_on_a_rank_correlation_gives_its_standard_error():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 200))
    y = 0.6 * x + 0.8 * rng.normal(size=x.shape)
    values = np.array([stats.spearmanr(*both).statistic for both in zip(x, y, strict=True)])
    scores = rank_influence(x[0], y[0], values[0])
    assert scores.mean() == pytest.approx(0, abs=1e-9)
    assert scores.std() / np.sqrt(200) == pytest.approx(values.std(), rel=0.25)


def test_what_does_not_vary_has_nothing_to_widen():
    ends = SharedEnds.of(pairs_of(4))
    assert ends.widening(np.ones(6)) == 1
    assert ends.widening(np.full(6, np.nan)) == 1
