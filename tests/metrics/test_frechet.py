import numpy as np
import pytest
from scipy.linalg import sqrtm

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.frechet import frechet_distance, gaussian_distance, require_photographs


def twin(X: np.ndarray, Y: np.ndarray) -> float:
    """The formula as it is printed, with SciPy's root of a matrix."""
    first, second = np.cov(X.T), np.cov(Y.T)
    root = np.real(sqrtm(first @ second))
    return float(np.square(X.mean(0) - Y.mean(0)).sum() + np.trace(first + second - 2 * root))


def test_it_is_the_printed_formula():
    rng = np.random.default_rng(0)
    mix = rng.normal(size=(6, 6))
    X, Y = rng.normal(size=(400, 6)) @ mix, rng.normal(size=(300, 6)) + 2
    assert gaussian_distance(X, Y) == pytest.approx(twin(X, Y), rel=1e-8)


def test_known_gaussians():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(200_000, 2))
    Y = 3 * rng.normal(size=(200_000, 2)) + [1, 0]
    assert gaussian_distance(X, Y) == pytest.approx(1 + 2 * (3 - 1) ** 2, rel=0.02)
    assert gaussian_distance(X, X) == pytest.approx(0, abs=1e-9)


def test_singular_covariances_do_no_harm():
    rng = np.random.default_rng(0)
    line = rng.normal(size=(50, 1)) * np.ones((1, 8))  # rank 1
    point = np.zeros((50, 8))
    assert gaussian_distance(line, line) == pytest.approx(0, abs=1e-6)
    assert gaussian_distance(line, point) == pytest.approx(
        np.trace(np.cov(line.T)) + np.square(line.mean(0)).sum()
    )
    assert gaussian_distance(rng.normal(size=(5, 8)), line) > 0  # n < d


def test_it_is_refused_where_bias_outweighs_it():
    rng = np.random.default_rng(0)
    enough = rng.normal(size=(2048, 3))
    assert frechet_distance(enough, enough).value == pytest.approx(0, abs=1e-9)
    with pytest.raises(UndefinedError, match="under 2,048 images"):
        frechet_distance(enough[:-1], enough)
    wide = np.zeros((2500, 3000))
    with pytest.raises(UndefinedError, match="under 3,001 images"):
        frechet_distance(wide, wide)
    with pytest.raises(ShapeError, match="cannot be compared"):
        frechet_distance(enough, enough[:, :2])


@pytest.mark.parametrize(
    ("shape", "trained", "why"),
    [((1, 28, 28), True, "not in colour"), ((3, 8, 8), True, "enlarged"),
     ((3, 64, 64), False, "trained net")],
)  # fmt: skip
def test_it_is_refused_on_what_is_no_photograph(shape, trained, why):
    with pytest.raises(UndefinedError, match=why):
        require_photographs(shape, trained=trained)


def test_photographs_pass():
    require_photographs((3, 32, 32), trained=True)
