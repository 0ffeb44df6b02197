from itertools import combinations

import numpy as np
import pytest
from scipy import stats

from latentscape.metrics.interval import Interval, quantile_interval
from latentscape.trajectories.shared_ends import SharedEnds


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


@pytest.mark.parametrize(("n", "rho"), [(30, 0.0), (200, 0.6), (200, 0.9)])
def test_intervals_of_rank_correlations_hold_the_truth(n, rho):
    rng, alone = np.random.default_rng(0), SharedEnds.of([(f"a{i}", f"b{i}") for i in range(n)])
    truth = 6 / np.pi * np.arcsin(rho / 2)  # Spearman's of two Gaussians
    held = 0
    for _ in range(400):
        x = rng.normal(size=n)
        y = rho * x + np.sqrt(1 - rho**2) * rng.normal(size=n)
        found = alone.of_rank_correlation(x, y, stats.spearmanr(x, y).statistic)
        held += found.low <= truth <= found.high
    assert 0.91 < held / 400 < 0.985


def test_intervals_hold_the_truth_where_few_samples_make_many_pairs():
    every, rng = np.array(list(combinations(range(49), 2))), np.random.default_rng(0)
    held, naive = np.zeros(3), np.zeros(3)
    for _ in range(150):
        a, b = every[rng.permutation(len(every))[:500]].T
        first, second = rng.normal(size=(2, 49))
        x = first[a] + first[b] + rng.normal(size=500)
        y = second[a] + second[b] + rng.normal(size=500)
        rho = stats.spearmanr(x, y).statistic
        shared = SharedEnds.of([(str(i), str(j)) for i, j in zip(a, b, strict=True)])
        alone = SharedEnds(np.arange(500), np.arange(500, 1000))
        for ends, count in ((shared, held), (alone, naive)):
            found = (
                ends.of_rank_correlation(x, y, rho),
                ends.of_median(x),
                ends.of_share((x > 0).astype(float)),
            )
            truths = (0, 0, 0.5)
            count += [i.low <= t <= i.high for i, t in zip(found, truths, strict=True)]
    assert (held / 150 > 0.85).all()
    assert (naive / 150 < 0.75).all()


def test_shares_of_none_and_of_all_have_intervals():
    alone = SharedEnds.of([(f"a{i}", f"b{i}") for i in range(200)])
    none, every = alone.of_share(np.zeros(200)), alone.of_share(np.ones(200))
    assert none.low == 0
    assert all(
        alone.of_share(np.repeat([0.0, np.nan], [n, 200 - n])).low == 0 for n in range(2, 200)
    )
    assert none.high == pytest.approx(0.0188, abs=1e-3), "Wilson's of 0 in 200"
    assert every.low == pytest.approx(1 - none.high)
    assert every.high == 1
    assert alone.of_share(np.where(np.arange(200) < 1, 1.0, np.nan)) is None


def test_medians_of_pairs_that_share_nothing_go_by_order_statistics():
    values = np.random.default_rng(0).normal(size=60)
    alone = SharedEnds.of([(f"a{i}", f"b{i}") for i in range(60)])
    assert alone.of_median(values) == quantile_interval(values, 0.5)
    assert alone.of_median(np.where(np.arange(60) < 4, values, np.nan)) is None


def test_a_perfect_correlation_has_no_interval():
    alone = SharedEnds.of([(f"a{i}", f"b{i}") for i in range(20)])
    x = np.arange(20.0)
    assert alone.of_rank_correlation(x, x, 1.0) is None
    assert alone.of_rank_correlation(x[:3], x[:3], 0.5) is None


def test_what_does_not_vary_has_nothing_to_widen():
    ends = SharedEnds.of(pairs_of(4))
    assert ends.widening(np.ones(6)) == 1
    assert ends.widening(np.full(6, np.nan)) == 1
