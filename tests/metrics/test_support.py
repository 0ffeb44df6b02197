import numpy as np
import pytest

from latentscape.errors import ShapeError, UndefinedError, UsageError
from latentscape.metrics.support import (
    expected_coverage,
    nearest_row,
    support,
    support_measures,
)


def twin(X: np.ndarray, Y: np.ndarray, k: int) -> dict[str, float]:
    """By the definitions, one pair of images at a time."""

    def radius(points: np.ndarray, i: int) -> float:
        return sorted(np.linalg.norm(points[i] - p) for j, p in enumerate(points) if j != i)[k - 1]

    inside_real = [[np.linalg.norm(x - y) <= radius(Y, j) for j, y in enumerate(Y)] for x in X]
    inside_fake = [[np.linalg.norm(x - y) <= radius(X, i) for i, x in enumerate(X)] for y in Y]
    return {
        "precision": np.mean([any(row) for row in inside_real]),
        "recall": np.mean([any(row) for row in inside_fake]),
        "density": np.sum(inside_real) / (k * len(X)),
        "coverage": np.mean(np.any(inside_real, axis=0)),
    }


def found(X: np.ndarray, Y: np.ndarray, k: int = 5) -> dict[str, float]:
    return {measure.name: measure.value for measure in support_measures(X, Y, k=k)}


@pytest.mark.parametrize("k", [1, 3])
@pytest.mark.parametrize("kind", ["random", "duplicates", "constant", "lattice"])
def test_all_four_equal_brute_force(kind, k):
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(23, 4)), rng.normal(size=(31, 4))
    if kind == "duplicates":  # balls of radius 0, touched only by their own like
        X, Y = Y[np.arange(23) % 5] + 1e6, Y[np.arange(31) % 7] + 1e6
    if kind == "constant":
        X = np.full((23, 4), 3.0)
    if kind == "lattice":  # many points exactly on the rim
        X, Y = rng.integers(0, 3, (23, 2)) * 1.0, rng.integers(0, 3, (31, 2)) * 1.0
    assert found(X, Y, k) == pytest.approx(twin(X, Y, k))


def test_the_same_distribution_is_covered():
    rng = np.random.default_rng(0)
    same = found(*rng.normal(size=(2, 1500, 2)))
    assert same["precision"] > 0.97
    assert same["recall"] > 0.97
    assert same["density"] == pytest.approx(1, abs=0.05)
    assert same["coverage"] == pytest.approx(expected_coverage(1500, 1500), abs=0.02)


def test_far_apart_nothing_is_shared():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(2, 200, 3))
    assert set(found(X + 100, Y).values()) == {0}


def test_half_of_the_modes_is_precise_but_not_all():
    rng = np.random.default_rng(0)
    Y = np.concatenate([rng.normal(size=(300, 2)), rng.normal(size=(300, 2)) + 50])
    half = found(rng.normal(size=(600, 2)), Y)
    assert half["precision"] > 0.97
    assert half["recall"] == pytest.approx(0.5, abs=0.03)
    assert half["coverage"] == pytest.approx(0.5, abs=0.03)
    other = found(Y, rng.normal(size=(600, 2)))
    assert other["precision"] == pytest.approx(0.5, abs=0.03)
    assert other["recall"] > 0.97


def test_expected_coverage_is_what_many_draws_give():
    rng = np.random.default_rng(0)
    drawn = [support(rng.normal(size=(20, 2)), rng.normal(size=(30, 2)), k=2).coverage.mean()
             for _ in range(300)]  # fmt: skip
    assert np.mean(drawn) == pytest.approx(expected_coverage(20, 30, k=2), abs=0.015)


def test_intervals_surround_and_references_stand_beside():
    rng = np.random.default_rng(0)
    for measure in support_measures(*rng.normal(size=(2, 80, 3))):
        assert measure.low <= measure.value <= measure.high
        assert (measure.reference is None) == (measure.name in ("precision", "recall"))
        assert "k = 5" in measure.note


def test_the_nearest_row_and_its_distance():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(40, 6)) + 1e4, rng.normal(size=(70, 6)) + 1e4
    between = np.linalg.norm(X[:, None] - Y[None], axis=2)
    places, distances = nearest_row(X, Y)
    np.testing.assert_array_equal(places, between.argmin(1))
    np.testing.assert_allclose(distances, between.min(1))
    np.testing.assert_array_equal(nearest_row(Y, Y)[1], 0)


def test_bad_input_is_refused():
    with pytest.raises(UndefinedError, match="more than 5 images, and here are 5"):
        support(np.ones((5, 2)), np.ones((50, 2)))
    with pytest.raises(ShapeError, match="cannot be compared"):
        support(np.ones((20, 2)), np.ones((20, 3)))
    with pytest.raises(UsageError, match="balls of 0"):
        support(np.ones((20, 2)), np.ones((20, 2)), k=0)
