import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.metrics import bootstrap_intervals
from latentscape.metrics.interval import centred_interval, dealt, quantile_interval


def test_width_is_that_of_the_normal_theory():
    values = np.random.default_rng(0).normal(size=4000)
    (low, high, words) = bootstrap_intervals({"x": values}, seed=0)["x"]
    expected = 1.96 * values.std() / np.sqrt(4000)
    assert (high - low) / 2 == pytest.approx(expected, rel=0.1)
    assert low < values.mean() < high
    assert words == "95 % bootstrap over 4,000 samples (1,000 resamples, seed 0)"


def test_the_interval_covers_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(1)
    columns = {str(i): rng.exponential(size=200) for i in range(300)}
    found = bootstrap_intervals(columns, seed=0)
    covered = np.mean([low <= 1 <= high for low, high, _ in found.values()])
    assert 0.89 < covered < 0.98


def test_many_images_in_cells_keep_the_width():
    values = np.random.default_rng(0).normal(size=30_000)
    low, high, words = bootstrap_intervals({"x": values}, seed=0)["x"]
    assert (high - low) / 2 == pytest.approx(1.96 / np.sqrt(30_000), rel=0.12)
    assert "10,000 random cells" in words


def test_resembling_images_widen_the_interval():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(40), 50)
    values = rng.normal(size=40)[groups] + 0.01 * rng.normal(size=2000)
    single = bootstrap_intervals({"x": values}, seed=0)["x"]
    grouped = bootstrap_intervals({"x": values}, seed=0, groups=groups)["x"]
    assert grouped.high - grouped.low > 4 * (single.high - single.low)
    assert "40 groups of 2,000 samples" in grouped.words


def test_same_seed_same_interval_and_columns_do_not_disturb_each_other():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, 100))
    alone = bootstrap_intervals({"a": a}, seed=4)["a"]
    assert bootstrap_intervals({"a": a, "b": b}, seed=4)["a"][:2] == pytest.approx(alone[:2])
    assert bootstrap_intervals({"a": a}, seed=5)["a"] != alone


def test_values_that_are_not_finite_are_left_out():
    values = np.array([1.0, 2.0, 3.0, np.inf, np.nan])
    low, high, _ = bootstrap_intervals({"x": values}, seed=0)["x"]
    assert 1 <= low < high <= 3


def test_nothing_to_draw_gives_no_interval():
    assert bootstrap_intervals({"x": np.ones(1)}, seed=0) == {}
    assert bootstrap_intervals({"x": np.array([])}, seed=0) == {}
    assert bootstrap_intervals({"x": np.ones(5)}, seed=0, groups=np.zeros(5)) == {}
    with pytest.raises(ShapeError):
        bootstrap_intervals({"x": np.ones(5), "y": np.ones(4)}, seed=0)


def test_the_interval_of_a_quantile_covers_it_whatever_the_distribution():
    rng = np.random.default_rng(0)
    for q, n in ((0.5, 40), (0.95, 128), (0.1, 60)):
        truth = -np.log(1 - q)  # of the exponential distribution
        found = [quantile_interval(rng.exponential(size=n), q) for _ in range(600)]
        covered = np.mean([low <= truth <= high for low, high, _ in found])
        assert 0.93 < covered < 0.99
    assert quantile_interval(np.arange(16.0), 0.95) is None  # its upper end would lie beyond
    assert quantile_interval(np.full(50, 3.0), 0.5)[:2] == (3, 3)


def test_rows_are_dealt_to_even_cells_and_groups_stay_whole():
    cells, words = dealt(1000, seed=0, most=30)
    assert set(np.bincount(cells)) <= {33, 34}
    assert words == "1,000 samples in 30 random cells"
    groups = np.repeat(np.arange(100), 10)
    of_groups, words = dealt(1000, seed=0, groups=groups, most=30)
    assert all(len(set(of_groups[groups == g])) == 1 for g in range(100))
    assert words == "100 groups of 1,000 samples in 30 random cells"
    assert dealt(5, seed=0, most=30)[0].tolist() == [0, 1, 2, 3, 4]


def test_a_centred_interval_holds_the_value_and_keeps_the_bounds():
    biased = np.random.default_rng(0).normal(0.7, 0.01, 1000)
    found = centred_interval(0.8, biased, (0, 1), "by hand")
    assert found.low == pytest.approx(0.8 - 0.0196, abs=0.002)
    assert found.high == pytest.approx(0.8 + 0.0196, abs=0.002)
    assert centred_interval(0.999, biased, (0, 1), "by hand").high == 1
    assert centred_interval(0.8, np.full(9, np.nan), (0, 1), "by hand") is None
