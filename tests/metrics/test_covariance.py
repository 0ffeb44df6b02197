import numpy as np
import pytest
from scipy import stats

from latentscape.errors import UndefinedError
from latentscape.metrics.covariance import covariance_shape, shape_numbers, shape_verdict
from latentscape.metrics.interval import dealt
from latentscape.metrics.moments import CovarianceSums
from latentscape.metrics.spectrum import (
    Spectrum,
    descending,
    isotropic_eigenvalues,
    principal_axes,
    spectrum_of,
    spectrum_of_few,
)
from latentscape.records import Row


def sums_of(rows: np.ndarray, *, most: int = 200) -> tuple[CovarianceSums, str]:
    cells, words = dealt(len(rows), seed=0, most=most)
    return CovarianceSums.of(rows, cells, n_cells=int(cells.max()) + 1), words


def shape_of(rows: np.ndarray) -> Row:
    sums, words = sums_of(rows)
    return covariance_shape(spectrum_of(sums, seed=0, words=words))


def values(row: Row) -> dict[str, float]:
    return {measure.name: measure.value for measure in row.measures}


def missing(row: Row) -> dict[str, str]:
    return {undefined.name: undefined.why for undefined in row.undefined}


def gaussian(n: int, deviations, seed: int = 0) -> np.ndarray:
    """Rows whose deviations along hidden, turned axes are these, exactly."""
    rng = np.random.default_rng(seed)
    d = len(deviations)
    white = rng.normal(size=(n, d))
    white -= white.mean(0)
    white = white @ np.linalg.inv(np.linalg.cholesky(white.T @ white / (n - 1)).T)
    return white * np.asarray(deviations) @ np.linalg.qr(rng.normal(size=(d, d)))[0] + 7


def test_an_isotropic_cloud_has_every_dimension_and_is_spherical():
    row = shape_of(gaussian(2000, np.full(8, 3.0)))
    found = values(row)
    assert found["participation_ratio"] == pytest.approx(8)
    assert found["effective_rank"] == pytest.approx(8)
    for name in ("participation_share", "anisotropy", "condition_number", "sphericity"):
        assert found[name] == pytest.approx(1)
    assert found["mauchly_p"] == pytest.approx(1)
    assert shape_verdict(row) == "spherical: GM/AM 1.00 ≥ 0.9 and PR/d 1.00 ≥ 0.9"


def test_known_variances_give_known_numbers():
    found = values(shape_of(gaussian(500, [2, 1, 1, 1])))  # variances 4 1 1 1
    assert found["participation_ratio"] == pytest.approx(49 / 19)
    assert found["anisotropy"] == pytest.approx(4 / (7 / 4))
    assert found["condition_number"] == pytest.approx(4)
    assert found["sphericity"] == pytest.approx(4**0.25 / (7 / 4))
    shares = np.array([4, 1, 1, 1]) / 7
    assert found["effective_rank"] == pytest.approx(np.exp(stats.entropy(shares)))


@pytest.mark.parametrize(
    ("deviations", "said"),
    [
        ([9] + [1] * 7, "oblong"),
        ([2, 1], "oblong"),  # variances 4 to 1: 1.6 times the mean, of 2 latents 1.5 is enough
        ([2, 1, 1, 1, 1, 1], "neither"),
        ([1.1, 1, 1, 0.95], "spherical"),
        ([1, 1, 1, 1e-4], "neither"),
    ],
)
def test_the_verdict_follows_its_thresholds(deviations, said):
    assert shape_verdict(shape_of(gaussian(400, deviations))).startswith(said)


def test_an_oblong_verdict_says_how_oblong():
    told = shape_verdict(shape_of(gaussian(400, [3, 1, 1, 1, 1, 1, 1, 1])))  # 9 / 2
    assert told == "oblong: λ₁ is 4.5 times the mean, ≥ 3"


def test_numbers_do_not_move_with_scale_turn_or_shift():
    rows = np.random.default_rng(0).gamma(1, size=(300, 5))
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(5, 5)))[0]
    first, second = values(shape_of(rows)), values(shape_of(1e3 * rows @ turn + 5))
    assert first == pytest.approx(second, rel=1e-6)


def test_mauchlys_and_johns_tests_keep_their_level_under_the_null():
    rng = np.random.default_rng(0)
    for n, name in ((300, "mauchly_p"), (40, "john_p")):
        clouds = (np.cov(rng.normal(size=(n, 8)).T) for _ in range(100))
        p = [values(covariance_shape(Spectrum(descending(S), n=n)))[name] for S in clouds]
        assert stats.kstest(p, "uniform").pvalue > 0.01


def test_mauchlys_statistic_is_the_formula_of_the_textbook():
    rows = np.random.default_rng(0).normal(size=(200, 4)) * [1, 1, 1, 1.3]
    S, n, d = np.cov(rows.T), 200, 4
    W = np.linalg.det(S) / (np.trace(S) / d) ** d
    chi2 = -(n - 1 - (2 * d**2 + d + 2) / (6 * d)) * np.log(W)
    found = values(shape_of(rows))
    assert found["mauchly_chi2"] == pytest.approx(chi2)
    assert found["mauchly_p"] == pytest.approx(stats.chi2.sf(chi2, 9))


def test_intervals_cover_the_truth():
    truth = 49 / 19  # participation ratio of variances 4 1 1 1
    covered = 0
    for seed in range(30):
        rows = np.random.default_rng(seed).normal(size=(400, 4)) * [2, 1, 1, 1]
        measure = shape_of(rows)["participation_ratio"]
        assert measure.low <= measure.value <= measure.high
        covered += measure.low <= truth <= measure.high
    assert covered >= 25


def test_cells_leave_the_interval_as_it_is():
    rows = np.random.default_rng(0).normal(size=(20_000, 4)) * [2, 1, 1, 1]
    widths = []
    for most in (200, 2000):
        sums, words = sums_of(rows, most=most)
        measure = covariance_shape(spectrum_of(sums, seed=0, words=words))["sphericity"]
        widths.append(measure.high - measure.low)
    assert widths[0] == pytest.approx(widths[1], rel=0.2)


def test_the_null_is_that_of_real_gaussian_rows():
    for n, d in ((50, 8), (6, 8), (9, 8), (2, 3), (30, 1)):
        rng = np.random.default_rng(0)
        real = [descending(np.atleast_2d(np.cov(rng.normal(size=(n, d)).T))) for _ in range(2000)]
        drawn = np.concatenate([isotropic_eigenvalues(n, d, seed=s) for s in range(100)])
        np.testing.assert_allclose(drawn.mean(0), np.mean(real, 0), rtol=0.06, atol=1e-9)


def test_fewer_samples_than_latents_say_why_and_the_rest_goes_on():
    rows = np.random.default_rng(0).normal(size=(10, 32))
    row = shape_of(rows)
    assert set(missing(row)) == {"condition_number", "sphericity"}
    assert "10 samples span at most 9 of 32" in missing(row)["sphericity"]
    assert values(row)["participation_ratio"] < 10
    assert "john_p" in values(row)
    assert row["participation_ratio"].reference.high < 10
    assert shape_verdict(row).startswith("no verdict on the shape: 10 samples are too few for 32")


@pytest.mark.parametrize("n", [5, 20, 40, 100])
def test_few_samples_of_a_sphere_are_never_called_oblong(n):
    rows = np.random.default_rng(n).normal(size=(n, 32))
    assert shape_verdict(shape_of(rows)).startswith("no verdict")
    stretched = rows * [200, *[1] * 31]
    assert n < 20 or shape_verdict(shape_of(stretched)).startswith("oblong")


def test_few_rows_have_the_same_spectrum_by_their_products():
    rows = np.random.default_rng(0).normal(size=(10, 32))
    np.testing.assert_allclose(
        spectrum_of_few(rows, seed=0).values[:9], spectrum_of(sums_of(rows)[0], seed=0).values[:9]
    )


def test_constant_and_dependent_latents_are_named():
    rows = np.random.default_rng(0).normal(size=(200, 4))
    constant, dependent = rows.copy(), rows.copy()
    constant[:, 2] = 0.1
    dependent[:, 2] = dependent[:, 0] + dependent[:, 1]
    assert missing(shape_of(constant))["sphericity"].startswith("1 of 4 latents are constant")
    assert "rank 3 of 4" in missing(shape_of(dependent))["condition_number"]
    assert "mauchly" in missing(shape_of(dependent))


@pytest.mark.parametrize("rows", [np.full((50, 3), 0.1), np.zeros((1, 3)), np.ones((2, 3))])
def test_one_point_has_no_shape(rows):
    with pytest.raises(UndefinedError, match=r"one point|no spread"):
        spectrum_of(sums_of(rows)[0], seed=0)
    with pytest.raises(UndefinedError, match=r"one point|no spread"):
        spectrum_of_few(rows, seed=0)


def test_two_samples_are_a_line():
    row = shape_of(np.array([[0.0, 0, 0], [1, 2, 3]]))
    assert values(row)["participation_ratio"] == pytest.approx(1)
    assert row["participation_ratio"].low is None


def test_a_single_latent_is_no_question():
    row = shape_of(np.random.default_rng(0).normal(size=(100, 1)))
    assert values(row)["participation_ratio"] == pytest.approx(1)
    assert "a single latent" in missing(row)["mauchly"]
    assert "single latent" in shape_verdict(row)


def test_the_seed_decides():
    rows = np.random.default_rng(0).normal(size=(100, 3))
    assert shape_of(rows) == shape_of(rows)


def test_numbers_of_many_spectra_are_those_of_each():
    many = np.sort(np.random.default_rng(0).random((5, 4)), axis=1)[:, ::-1]
    together = shape_numbers(many)
    for i, one in enumerate(many):
        np.testing.assert_allclose([each[i] for each in together], shape_numbers(one))


def test_a_spectrum_of_known_values_needs_no_rows():
    row = covariance_shape(Spectrum(np.array([3.0, 1.0]), n=100))
    assert values(row)["participation_share"] == pytest.approx(0.8)
    assert row["sphericity"].low is None


@pytest.mark.parametrize("n", [2, 6, 40])
def test_points_on_one_line_still_have_two_axes(n):
    rng = np.random.default_rng(3)
    direction = rng.normal(size=30)
    rows = (rng.normal(size=(n, 1)) * direction + 5).astype(np.float32)
    for sums in (None, CovarianceSums.of(rows)):
        axes = principal_axes(rows, sums)
        np.testing.assert_allclose(axes.T @ axes, np.eye(2), atol=1e-9)
        assert abs(axes[:, 0] @ direction) == pytest.approx(np.linalg.norm(direction), rel=1e-5)


@pytest.mark.parametrize("n", [500, 5])
def test_principal_axes_are_scikit_learns(n):
    from sklearn.decomposition import PCA

    rows = np.random.default_rng(0).normal(size=(n, 6)) * [5, 3, 1, 1, 1, 1]
    axes = principal_axes(rows, CovarianceSums.of(rows))
    there = PCA(2).fit(rows).components_
    np.testing.assert_allclose(np.abs(there @ axes), np.eye(2), atol=1e-8)
    assert (axes[np.abs(axes).argmax(0), [0, 1]] > 0).all()
