import tracemalloc

import numpy as np
import pytest
from scipy.stats import rankdata, spearmanr

from latentscape.data.motion_triplets import MotionTriplets
from latentscape.motion.correlation import area_under_curve, partial_spearman, spearman
from latentscape.motion.resampled import (
    draws_for,
    draws_of,
    means,
    medians,
    once,
    partial_spearmans,
    shuffled_spearmans,
    spearmans,
)


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    x, y, z = rng.normal(size=(3, 40))
    return x, np.round(x + y, 1), np.round(z + x, 0)  # with ties


def repeated(counts: np.ndarray, *columns: np.ndarray) -> list[np.ndarray]:
    return [np.repeat(column, counts.astype(int)) for column in columns]


def regressed_out(x, y, control):
    """Partial correlation as the correlation of residues of ranks."""
    a, b, c = (rankdata(column) for column in (x, y, control))
    design = np.stack([np.ones_like(c), c], 1)
    a, b = (v - design @ np.linalg.lstsq(design, v, rcond=None)[0] for v in (a, b))
    return np.corrcoef(a, b)[0, 1]


def test_every_number_is_that_of_the_repeated_rows(columns):
    x, y, z = columns
    counts = np.random.default_rng(1).integers(0, 4, (25, 40)).astype(float)
    for k, one in enumerate(counts):
        a, b, c = repeated(one, x, y, z)
        assert medians(y, counts)[k] == pytest.approx(np.median(b))
        assert means(y, counts)[k] == pytest.approx(b.mean())
        assert spearmans(x, y, counts)[k] == pytest.approx(spearmanr(a, b)[0])
        expected = regressed_out(a, b, c)
        assert partial_spearmans(x, y, z, counts)[k] == pytest.approx(expected)


def test_resamples_are_worked_on_in_blocks_whose_size_does_not_grow(columns, monkeypatch):
    x, y, z = np.tile(columns, 500)
    counts = np.random.default_rng(1).integers(0, 4, (100, len(x))).astype(float)
    found = []
    for block in (1 << 18, 1 << 62):
        monkeypatch.setattr("latentscape.motion.resampled.BLOCK", block)
        tracemalloc.start()
        found.append((medians(y, counts), spearmans(x, y, counts), means(x, counts),
                      partial_spearmans(x, y, z, counts)))  # fmt: skip
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        if block == 1 << 18:
            assert peak < 16 * 8 * block
    np.testing.assert_array_equal(*found)


def test_values_that_are_none_are_left_out(columns):
    x, y, _ = columns
    broken = np.where(np.arange(40) < 5, np.nan, x)
    assert medians(broken, once(40))[0] == pytest.approx(np.median(x[5:]))
    assert spearmans(broken, y, once(40))[0] == pytest.approx(spearmanr(x[5:], y[5:])[0])
    nothing = np.full(40, np.nan)
    for found in (medians(nothing, once(40)), means(nothing, once(40)),
                  spearmans(nothing, y, once(40))):  # fmt: skip
        assert np.isnan(found).all()


def test_what_is_constant_correlates_with_nothing_and_controls_nothing(columns):
    x, y, _ = columns
    flat = np.ones(40)
    assert np.isnan(spearmans(x, flat, once(40))[0])
    assert np.isnan(spearman(x, flat))
    assert partial_spearmans(x, y, flat, once(40))[0] == pytest.approx(spearmanr(x, y)[0])
    assert partial_spearman(x, y, flat) == pytest.approx(spearmanr(x, y)[0])
    assert np.isnan(partial_spearman(x, y, x))


def test_rows_of_pairs_are_each_as_one_pair():
    rng = np.random.default_rng(0)
    x, y, z = np.round(rng.normal(size=(3, 6, 30)), 1)
    for k in range(6):
        assert spearman(x, y)[k] == pytest.approx(spearmanr(x[k], y[k])[0])
        assert partial_spearman(x, y, z)[k] == pytest.approx(regressed_out(x[k], y[k], z[k]))


def test_area_under_the_curve_is_scikit_learns():
    from sklearn.metrics import roc_auc_score

    rng = np.random.default_rng(0)
    scores, mask = np.round(rng.normal(size=(5, 20)), 1), rng.random((5, 20)) > 0.6
    expected = [roc_auc_score(m, s) for m, s in zip(mask, scores, strict=True)]
    np.testing.assert_allclose(area_under_curve(scores, mask), expected)
    assert np.isnan(area_under_curve(scores[0], np.ones(20, bool)))


def test_shots_are_drawn_whole_and_films_where_there_are_many():
    shots = np.repeat(np.arange(10).astype(str), 3)
    draws = draws_of(np.full(30, "f"), shots, seed=0)
    assert draws.counts.shape == (1000, 30)
    assert (draws.counts.reshape(1000, 10, 3).std(2) == 0).all()
    assert (draws.counts.sum(1) == 30).all()
    assert "10 shots of 30 triplets" in draws.words
    assert "10 films" in draws_of(shots, np.arange(30).astype(str), seed=0).words
    assert draws_of(np.full(30, "f"), np.full(30, "s"), seed=0).counts.shape == (0, 30)


def test_the_interval_of_a_median_holds_it():
    values = np.random.default_rng(0).normal(size=200)
    draws = draws_of(np.full(200, "f"), np.arange(200).astype(str), seed=0)
    found = draws.interval(float(np.median(values)), medians(values, draws.counts), (None, None))
    assert found is not None
    assert found.low < np.median(values) < found.high
    assert 0.1 < found.high - found.low < 0.6  # 2 · 1.96 · 1.25 / √200 = .35


def test_chance_lies_about_nought(columns):
    found = shuffled_spearmans(columns[0], columns[1], np.arange(40), n=400, seed=0)
    assert abs(found.mean()) < 0.03
    assert found.std() == pytest.approx(1 / np.sqrt(39), rel=0.15)


def test_triplets_are_drawn_by_the_scene_that_they_share():
    told = {"rows": np.arange(18).reshape(6, 3), "names": np.arange(6).astype(str),
            "shots": np.arange(6).astype(str), "films": np.full(6, "f")}  # fmt: skip
    assert "6 shots of 6" in draws_for(MotionTriplets(**told), seed=0).words
    scenes = np.array(["a", "a", "a", "b", "b", "b"])
    draws = draws_for(MotionTriplets(**told, notes={"scene": scenes}), seed=0)
    assert draws.note == "no interval: 2 scenes of 6 triplets, fewer than 8"
    assert draws.unit.tolist() == [0, 0, 0, 1, 1, 1]


def test_of_fewer_than_eight_scenes_there_is_no_interval():
    films = np.full(24, "f")
    for n_units in (1, 2, 7, 8):
        draws = draws_of(films, np.arange(24) % n_units, seed=0)
        found = draws.interval(0.5, means(np.arange(24.0), draws.counts), (None, None))
        assert (found is None) == (n_units < 8)
        assert bool(draws.note) == (n_units < 8)


def test_chance_is_as_wide_as_there_are_groups_not_triplets():
    """Both columns are the same all through a group: ten groups, not two hundred triplets."""
    rng = np.random.default_rng(0)
    x, y = np.repeat(rng.normal(size=(2, 10)), 20, axis=1)
    found = shuffled_spearmans(x, y, np.repeat(np.arange(10), 20), n=1000, seed=0)
    assert found.std() == pytest.approx(1 / np.sqrt(9), rel=0.15)
    assert abs(found.mean()) < 0.05
    one = shuffled_spearmans(x, y, np.zeros(200, int), n=3, seed=0)
    np.testing.assert_allclose(one, spearmanr(x, y)[0])
