import numpy as np
import pytest
from scipy import stats

from latentscape.errors import ShapeError
from latentscape.metrics.moments import CovarianceSums, Moments

FIELDS = ("n", "mean", "scatter", "third", "fourth")


def lopsided(n: int = 3000, d: int = 5) -> np.ndarray:
    rng = np.random.default_rng(0)
    return rng.gamma(2, size=(n, d)) @ rng.normal(size=(d, d)) + 100


def merged(parts: list) -> CovarianceSums:
    whole, *rest = parts
    for part in rest:
        whole = whole.merge(part)
    return whole


def test_merged_moments_are_those_of_all_rows():
    rows = lopsided()
    parts = [Moments.of(part) for part in np.array_split(rows, 7)]
    whole, *rest = parts
    for part in rest:
        whole = whole.merge(part)
    np.testing.assert_allclose(whole.variance, rows.var(0, ddof=1))


def test_covariance_skew_and_kurtosis_equal_numpys_and_scipys():
    rows = lopsided()
    sums = CovarianceSums.of(rows)
    np.testing.assert_allclose(sums.covariance[0], np.cov(rows.T))
    np.testing.assert_allclose(sums.skew[0], stats.skew(rows), atol=1e-10)
    np.testing.assert_allclose(sums.excess_kurtosis[0], stats.kurtosis(rows), atol=1e-10)


@pytest.mark.parametrize("shards", [1, 2, 8, 3000])
def test_one_shard_or_many_give_the_same_answer(shards):
    rows = lopsided()
    cells = np.random.default_rng(1).integers(0, 20, len(rows))
    pieces = np.array_split(np.arange(len(rows)), shards)
    parts = [CovarianceSums.of(rows[piece], cells[piece], n_cells=20) for piece in pieces]
    together, one = merged(parts).total(), CovarianceSums.of(rows)
    for name in FIELDS:
        there = getattr(one, name)
        np.testing.assert_allclose(
            getattr(together, name), there, rtol=1e-9, atol=1e-9 * np.abs(there).max()
        )


def test_a_resample_is_what_its_rows_would_give():
    rows = lopsided(40, 3)
    sums = CovarianceSums.of(rows, np.arange(40), n_cells=40)
    drawn = np.random.default_rng(2).integers(0, 40, 40)
    counts = np.bincount(drawn, minlength=40)[None].astype(float)
    origin = rows.mean(0)
    there = CovarianceSums.of(rows[drawn])
    mean, covariance = sums.products(origin).resampled(counts).mean_and_covariance()
    np.testing.assert_allclose(mean + origin, there.mean)
    np.testing.assert_allclose(covariance, there.covariance)
    columns = sums.columns(origin).resampled(counts).central()
    np.testing.assert_allclose(columns.third, there.third, rtol=1e-7)
    np.testing.assert_allclose(columns.fourth, there.fourth, rtol=1e-7)


def test_empty_cells_and_empty_shards_change_nothing():
    rows = lopsided(50, 2)
    sums = CovarianceSums.of(rows, np.full(50, 3), n_cells=9)
    sums = sums.merge(CovarianceSums.of(rows[:0], np.zeros(0, int), n_cells=9))
    np.testing.assert_allclose(sums.total().covariance[0], np.cov(rows.T))


def test_a_constant_column_is_known_however_it_is_rounded():
    rows = lopsided(500, 3)
    rows[:, 1] = 0.1
    cells = np.arange(500) % 7
    sums = CovarianceSums.of(rows.astype(np.float32), cells, n_cells=7).total()
    assert sums.constant[0].tolist() == [False, True, False]
    assert np.isnan(sums.skew[0]).tolist() == [False, True, False]


def test_sums_of_other_columns_or_cells_do_not_merge():
    rows = lopsided(10, 3)
    with pytest.raises(ShapeError):
        CovarianceSums.of(rows).merge(CovarianceSums.of(rows[:, :2]))
    with pytest.raises(ShapeError):
        CovarianceSums.of(rows).merge(CovarianceSums.of(rows, np.zeros(10, int), n_cells=2))
