import numpy as np
import pytest
from scipy.stats import kstest

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import linear, lol, lol_of_many, spherical

N = 20_000
MEAN = np.array([-3.0, 0.0, 7.0])
SPREAD = np.array([[2.0, 0.0, 0.0], [1.0, 0.5, 0.0], [-0.3, 0.2, 0.1]])


def draws(seed: int, n: int = N) -> np.ndarray:
    return MEAN + np.random.default_rng(seed).normal(size=(n, 3)) @ SPREAD.T


def assert_drawn_from_the_same_law(found: np.ndarray) -> None:
    """Each whitened coordinate is standard normal, and no two correlate."""
    white = np.linalg.solve(SPREAD, (found - MEAN).T)
    np.testing.assert_allclose(white.mean(1), 0, atol=4 / np.sqrt(N))
    np.testing.assert_allclose(np.cov(white), np.eye(3), atol=6 / np.sqrt(N))
    assert min(kstest(row, "norm").pvalue for row in white) > 1e-3


def test_every_step_has_the_law_of_the_ends():
    line = lol(draws(0), draws(1), n_steps=6, mean=MEAN)
    for step in range(6):
        assert_drawn_from_the_same_law(line[:, step])


def test_the_straight_line_and_the_arc_do_not():
    half = np.cov(linear(draws(0), draws(1), n_steps=3)[:, 1].T)
    np.testing.assert_allclose(half, np.cov(draws(2).T) / 2, rtol=0.1, atol=0.1)
    arc = np.cov(spherical(draws(0), draws(1), n_steps=3)[:, 1].T)
    assert np.trace(arc) < 0.7 * np.trace(np.cov(draws(2).T))


@pytest.mark.parametrize(
    "weights", [[1 / 4] * 4, [1, 1, -1, 0], [-2, 0, 0, 0], [0.1, 5, -3, 1]], ids=str
)
def test_combinations_of_many_have_the_law_of_each(weights):
    points = np.stack([draws(seed) for seed in range(4)])  # 4 points, n draws of each
    found = np.stack(
        [lol_of_many(points[:, i], np.array(weights), mean=MEAN) for i in range(0, N, 10)]
    )
    white = np.linalg.solve(SPREAD, (found - MEAN).T)
    np.testing.assert_allclose(white.mean(1), 0, atol=5 / np.sqrt(len(found)))
    np.testing.assert_allclose(np.cov(white), np.eye(3), atol=7 / np.sqrt(len(found)))


def test_two_of_many_is_two():
    a, b = draws(0, 5), draws(1, 5)
    t = np.linspace(0, 1, 7)
    weights = np.stack([1 - t, t], 1)
    for pair in range(5):
        found = lol_of_many(np.stack([a[pair], b[pair]]), weights, mean=MEAN)
        expected = lol(a[pair : pair + 1], b[pair : pair + 1], n_steps=7, mean=MEAN)[0]
        np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_the_formula_word_for_word():
    rng = np.random.default_rng(0)
    points, weights = rng.normal(size=(5, 2, 3, 3)), rng.normal(size=5)
    mean = rng.normal(size=(2, 3, 3))
    alpha, beta = weights.sum(), (weights**2).sum()
    expected = (1 - alpha / np.sqrt(beta)) * mean
    for weight, point in zip(weights, points, strict=True):
        expected = expected + weight * point / np.sqrt(beta)
    np.testing.assert_allclose(lol_of_many(points, weights, mean=mean), expected, atol=1e-12)


def test_one_point_alone_is_itself():
    points = np.random.default_rng(0).normal(size=(3, 4)).astype(np.float32) * 7
    np.testing.assert_array_equal(
        lol_of_many(points, np.array([0, 0.3, 0]), mean=np.full(4, 1e6)), points[1]
    )
    both = lol_of_many(points, np.array([[0, 0, 5e-200], [1, 1, 1]]))
    np.testing.assert_array_equal(both[0], points[2])
    assert both.dtype == np.float32


def test_ends_that_are_one_latent_are_thrown_outwards():
    """They are no independent draws; the docs say so."""
    start = np.full((1, 4), 2.0)
    middle = lol(start, start, n_steps=3, mean=np.ones(4))[0, 1]
    np.testing.assert_allclose(middle, 1 + np.sqrt(2))


def test_weights_that_say_nothing_are_refused():
    points = np.zeros((3, 4))
    for weights in ([0, 0, 0], [1, np.nan, 0], [[1, 0, 0], [0, 0, 0]]):
        with pytest.raises(UsageError, match="weights"):
            lol_of_many(points, np.array(weights))
    for weights in ([1, 2], [[[1, 2, 3]]]):
        with pytest.raises(ShapeError):
            lol_of_many(points, np.array(weights))
    with pytest.raises(ShapeError):
        lol_of_many(points, np.ones(3), mean=np.zeros(5))
    with pytest.raises(ShapeError):
        lol(points, points, n_steps=3, mean=np.zeros(5))
