import numpy as np
import pytest

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.kernel_distance import kernel_distance


def twin(X: np.ndarray, Y: np.ndarray) -> float:
    """The unbiased squared MMD, pair by pair."""

    def k(x: np.ndarray, y: np.ndarray) -> float:
        return (x @ y / len(x) + 1) ** 3

    same_x = np.mean([k(a, b) for i, a in enumerate(X) for j, b in enumerate(X) if i != j])
    same_y = np.mean([k(a, b) for i, a in enumerate(Y) for j, b in enumerate(Y) if i != j])
    return float(same_x + same_y - 2 * np.mean([k(a, b) for a in X for b in Y]))


@pytest.mark.parametrize("kind", ["random", "shifted", "duplicates", "constant", "one feature"])
def test_it_is_the_sum_over_all_pairs(kind):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(31, 7)), rng.normal(size=(24, 7))
    if kind == "shifted":
        X = 2 * X + 3
    if kind == "duplicates":
        X = X[np.zeros(31, int)]
    if kind == "constant":
        X, Y = np.ones((31, 7)), np.ones((24, 7))
    if kind == "one feature":
        X, Y = X[:, :1], Y[:, :1]
    assert kernel_distance(X, Y).value == pytest.approx(twin(X, Y), abs=1e-9)


def test_of_one_distribution_it_lies_about_nought():
    rng = np.random.default_rng(0)
    found = [
        kernel_distance(*rng.normal(size=(2, 100, 8)), seed=i).value  # fresh sets each time
        for i in range(60)
    ]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(60)


def test_the_interval_is_as_wide_as_the_value_scatters():
    rng = np.random.default_rng(0)
    found = [
        kernel_distance(rng.normal(size=(150, 6)) + 0.7, rng.normal(size=(150, 6)), seed=i)
        for i in range(60)
    ]
    scatter = np.std([m.value for m in found])
    width = np.mean([m.high - m.low for m in found]) / (2 * 1.96)
    assert width == pytest.approx(scatter, rel=0.3)
    assert all(m.low < m.value < m.high for m in found)
    assert "75 generated" in found[0].interval


def test_sets_of_unequal_size_and_seeds():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(3000, 3)), rng.normal(size=(40, 3)) + 5
    one, other = kernel_distance(X, Y, seed=1), kernel_distance(X, Y, seed=2)
    assert one.value == other.value
    assert one == kernel_distance(X, Y, seed=1)
    assert one.low != other.low


def test_bad_input_is_refused():
    with pytest.raises(UndefinedError, match="9 images"):
        kernel_distance(np.ones((9, 2)), np.ones((50, 2)))
    with pytest.raises(ShapeError, match="cannot be compared"):
        kernel_distance(np.ones((20, 2)), np.ones((20, 3)))
