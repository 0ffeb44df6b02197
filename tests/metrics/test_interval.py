import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.metrics import bootstrap_intervals
from latentscape.metrics.interval import (
    FEWEST_UNITS,
    Grouping,
    centred_interval,
    dealt,
    quantile_interval,
)


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


def scenes_of(n_scenes: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Values about 0 whose scenes differ by 1, images of a scene by .5; 15 images a scene."""
    rng = np.random.default_rng(seed)
    scenes = np.repeat(np.arange(n_scenes), 15)
    return rng.normal(size=n_scenes)[scenes] + 0.5 * rng.normal(size=len(scenes)), scenes


@pytest.mark.parametrize(("n_scenes", "these"), [(1, "this scene"), (5, "these 5 scenes")])
def test_of_few_scenes_the_interval_is_of_these_alone_and_says_so(n_scenes, these):
    values, scenes = scenes_of(n_scenes, seed=0)
    grouping = Grouping(scenes, "scene", "images")
    found = bootstrap_intervals({"x": values}, seed=0, groups=grouping)["x"]
    assert found[:2] == bootstrap_intervals({"x": values}, seed=0)["x"][:2]
    assert found.words.startswith(
        f"95 % bootstrap over the {len(values)} images of {these}: says nothing of other scenes"
    )
    plain = bootstrap_intervals({"x": values}, seed=0, groups=scenes)["x"]
    assert plain.words.endswith("says nothing of other groups (1,000 resamples, seed 0)")


def test_what_such_an_interval_holds_is_the_mean_of_its_scenes_and_not_of_all():
    """A planted effect of the scene: with few scenes its own mean is held, and all scenes' not."""
    own, every = [], {4: [], 30: []}
    for seed in range(120):
        for n_scenes, held in every.items():
            values, scenes = scenes_of(n_scenes, seed=seed)
            low, high, _ = bootstrap_intervals({"x": values}, seed=0, groups=scenes)["x"]
            held.append(low <= 0 <= high)
            if n_scenes == 4:
                truth = np.random.default_rng(seed).normal(size=4).mean()
                own.append(low <= truth <= high)
    assert np.mean(own) > 0.93
    assert np.mean(every[4]) < 0.6
    assert np.mean(every[30]) > 0.87


def test_from_eight_groups_on_groups_are_drawn():
    values, scenes = scenes_of(FEWEST_UNITS, seed=1)
    found = bootstrap_intervals({"x": values}, seed=0, groups=scenes)["x"]
    assert "8 groups of 120 samples" in found.words
    assert "nothing" not in found.words
    assert bootstrap_intervals({"x": values[:7]}, seed=0, groups=scenes[:7]) == {}


def test_rows_of_few_groups_are_dealt_where_asked():
    groups = np.repeat([0, 1], 20)
    whole, words = dealt(40, seed=0, groups=groups)
    assert len(set(whole)) == 2
    assert words == "2 groups of 40 samples"
    single, words = dealt(40, seed=0, groups=groups, given=True, most=10)
    assert len(set(single)) == 10
    assert words == (
        "the 40 samples of these 2 groups in 10 random cells: says nothing of other groups"
    )


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
