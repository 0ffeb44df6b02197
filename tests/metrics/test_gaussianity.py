import numpy as np
import pytest
from scipy import stats

from latentscape.errors import UndefinedError
from latentscape.metrics.gaussianity import gaussianity, whitened, whole_statistics
from latentscape.metrics.interval import dealt
from latentscape.metrics.moments import CovarianceSums
from latentscape.records import Row


def row_for(rows: np.ndarray) -> Row:
    cells, words = dealt(len(rows), seed=0, most=200)
    sums = CovarianceSums.of(rows, cells, n_cells=int(cells.max()) + 1)
    return gaussianity(rows, sums, seed=0, words=words)


def missing(row: Row) -> dict[str, str]:
    return {undefined.name: undefined.why for undefined in row.undefined}


def twin(X: np.ndarray) -> dict[str, float]:
    """Mardia's b₁ and b₂ and Henze and Zirkler's statistic, straight from the papers."""
    n, d = X.shape
    C = X - X.mean(0)
    G = C @ np.linalg.inv(C.T @ C / n) @ C.T
    D = np.diag(G)[:, None] + np.diag(G)[None] - 2 * G
    b = ((2 * d + 1) * n / 4) ** (1 / (d + 4)) / np.sqrt(2)
    hz = n * (
        np.exp(-(b**2) / 2 * D).sum() / n**2
        - 2 * (1 + b**2) ** (-d / 2) * np.exp(-(b**2) * np.diag(G) / 2 / (1 + b**2)).sum() / n
        + (1 + 2 * b**2) ** (-d / 2)
    )
    return {"mardia_skew": (G**3).mean(), "mardia_kurtosis": (np.diag(G) ** 2).mean(),
            "henze_zirkler": hz}  # fmt: skip


@pytest.mark.parametrize(("n", "d"), [(700, 3), (251, 8), (60, 1), (12, 10)])
def test_mardia_and_henze_zirkler_equal_their_twin(n, d):
    rng = np.random.default_rng(0)
    rows = rng.gamma(2, size=(n, d)) @ rng.normal(size=(d, d)) + 9
    found = whole_statistics(rows)
    for name, value in twin(rows).items():
        assert found[name] == pytest.approx(value, rel=1e-6)


def test_in_one_dimension_mardia_is_skew_squared_and_kurtosis():
    x = np.random.default_rng(0).gamma(2, size=(500, 1))
    found = whole_statistics(x)
    assert found["mardia_skew"] == pytest.approx(stats.skew(x[:, 0]) ** 2)
    assert found["mardia_kurtosis"] == pytest.approx(stats.kurtosis(x[:, 0], fisher=False))


def test_whole_statistics_do_not_move_with_an_affine_change():
    rng = np.random.default_rng(0)
    rows = rng.gamma(2, size=(300, 4))
    moved = rows @ rng.normal(size=(4, 4)) * 50 - 3
    assert whole_statistics(rows) == pytest.approx(whole_statistics(moved))


def test_a_gaussian_of_any_covariance_lies_in_its_null():
    rng = np.random.default_rng(3)
    row = row_for(rng.normal(size=(600, 6)) @ rng.normal(size=(6, 6)))
    for measure in row.measures:
        low, high = measure.reference.low, measure.reference.high
        reach = high - low
        assert low - reach <= measure.value <= high + reach


@pytest.mark.parametrize("kind", ["skewed", "heavy", "two clouds"])
def test_what_is_not_gaussian_lies_outside_its_null(kind):
    rng = np.random.default_rng(0)
    rows = {
        "skewed": lambda: rng.exponential(size=(600, 4)),
        "heavy": lambda: rng.standard_t(4, size=(600, 4)),
        "two clouds": lambda: rng.normal(size=(600, 4)) + 5 * rng.integers(0, 2, (600, 1)),
    }[kind]()
    found = row_for(rows)["henze_zirkler"]
    assert found.value > 1.05 * found.reference.high


def test_dependence_that_no_single_latent_shows_is_seen_together():
    """Each latent is Gaussian, their signs are not independent."""
    rng = np.random.default_rng(0)
    rows = np.abs(rng.normal(size=(800, 2))) * rng.choice([-1, 1], (800, 1))
    row = row_for(rows)
    assert row["kurtosis_worst"].value == pytest.approx(0, abs=0.5)
    assert row["henze_zirkler"].value > 2 * row["henze_zirkler"].reference.high


def test_skew_and_kurtosis_of_the_worst_latent_are_scipys_with_their_sign():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(800, 3))
    rows[:, 1] = -rng.exponential(size=800)
    row = row_for(rows)
    assert row["skew_worst"].value == pytest.approx(stats.skew(rows[:, 1]))
    assert row["skew_worst"].value < -1
    assert "latent 2 of 3" in row["skew_worst"].note
    assert row["kurtosis_mean_size"].value == pytest.approx(np.abs(stats.kurtosis(rows)).mean())
    assert row["skew_worst"].low < row["skew_worst"].value < row["skew_worst"].high


@pytest.mark.parametrize(("n", "d"), [(200, 32), (4900, 2), (5100, 2)])
def test_one_gaussian_cloud_in_forty_lies_beyond_each_end_of_the_null(n, d):
    rng = np.random.default_rng(0)
    row, n_clouds = row_for(rng.normal(size=(n, d))), 1000
    for name, of in (("skew", stats.skew), ("kurtosis", stats.kurtosis)):
        values = np.concatenate([of(rng.normal(size=(d * 50, n)), axis=1) for _ in range(20)])
        values = values.reshape(n_clouds, d)
        worst = values[np.arange(n_clouds), np.abs(values).argmax(1)]
        for measure, found in (("worst", worst), ("mean_size", np.abs(values).mean(1))):
            held = row[f"{name}_{measure}"].reference
            assert (found > held.high).mean() == pytest.approx(0.025, abs=0.018), measure
            assert (found < held.low).mean() == pytest.approx(0.025, abs=0.018), measure


def test_the_null_of_the_worst_latent_has_both_signs():
    held = row_for(np.random.default_rng(0).normal(size=(300, 4)))["skew_worst"].reference
    assert held.low == pytest.approx(-held.high, rel=0.1)
    assert held.low < held.value < held.high


def test_large_clouds_are_asked_by_subsets_with_an_interval_over_them():
    row = row_for(np.random.default_rng(0).normal(size=(7000, 3)))
    found = row["henze_zirkler"]
    assert found.n == 6000
    assert "3 seeded subsets of 2,000 of 7,000" in found.note
    assert found.low < found.value < found.high


def test_constant_latents_are_left_out_and_counted():
    rows = np.random.default_rng(0).normal(size=(100, 3))
    rows[:, 0] = 0.1
    row = row_for(rows)
    assert "1 constant ones left out" in row["skew_worst"].note
    assert "singular: rank 2 of 3" in missing(row)["mardia_henze_zirkler"]


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (np.full((50, 3), 0.1), "one point"),
        (np.random.default_rng(0).normal(size=(10, 20)), "10 samples of 20 latents"),
        (np.random.default_rng(0).normal(size=(5, 2)), "too few"),
        (np.random.default_rng(0).normal(size=(1, 2)), "no spread"),
        (np.tile(np.random.default_rng(0).normal(size=(2, 3)), (30, 1)), "singular: rank 1"),
    ],
    ids=["constant", "n < d", "n = 5", "n = 1", "two points again and again"],
)
def test_what_is_not_defined_says_why(rows, why):
    assert any(why in told for told in missing(row_for(rows)).values())


def test_whitened_rows_have_the_identity_for_covariance():
    rows = np.random.default_rng(0).gamma(1, size=(80, 4)) * [1, 10, 0.1, 3]
    white = whitened(rows)
    np.testing.assert_allclose(white.T @ white / 80, np.eye(4), atol=1e-10)
    with pytest.raises(UndefinedError):
        whitened(np.ones((5, 2)))
