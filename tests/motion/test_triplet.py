import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.motion import (
    midpoint_deviation,
    perpendicular_share,
    time_of_middle,
    triangle_ratio,
)


@pytest.fixture
def triplets():
    return np.random.default_rng(0).normal(size=(3, 50, 4, 3, 3))


def distance(a, b):
    return np.linalg.norm((a - b).reshape(len(a), -1), axis=1)


def test_midpoint_deviation_agrees_with_apollonius(triplets):
    first, middle, last = triplets
    d12, d23, d13 = distance(first, middle), distance(middle, last), distance(first, last)
    expected = np.sqrt((d12**2 + d23**2) / (2 * d13**2) - 0.25)
    np.testing.assert_allclose(midpoint_deviation(first, middle, last), expected)


def test_deviation_is_along_and_across_by_pythagoras(triplets):
    along = time_of_middle(*triplets) - 0.5
    across = perpendicular_share(*triplets)
    np.testing.assert_allclose(midpoint_deviation(*triplets) ** 2, along**2 + across**2)


def test_a_point_on_the_line():
    first, last = np.zeros((1, 2)), np.array([[4.0, 0.0]])
    middle = np.array([[1.0, 0.0]])
    assert time_of_middle(first, middle, last) == pytest.approx(0.25)
    assert midpoint_deviation(first, middle, last) == pytest.approx(0.25)
    assert perpendicular_share(first, middle, last) == pytest.approx(0)
    assert triangle_ratio(first, middle, last) == pytest.approx(1)


def test_three_points_equally_far_apart_are_saturated():
    first, middle, last = np.eye(3)[:, None]
    assert midpoint_deviation(first, middle, last) == pytest.approx(np.sqrt(3) / 2)
    assert triangle_ratio(first, middle, last) == pytest.approx(2)


def test_a_random_walk_deviates_by_half():
    steps = np.random.default_rng(1).normal(size=(2, 300, 2000))
    first = np.zeros((300, 2000))
    r = midpoint_deviation(first, steps[0], steps[0] + steps[1])
    np.testing.assert_allclose(r.mean(), 0.5, atol=0.01)


def test_no_way_gone_has_no_numbers():
    still = np.ones((2, 3))
    for measure in (midpoint_deviation, time_of_middle, perpendicular_share, triangle_ratio):
        assert np.isnan(measure(still, still * 2, still)).all()


def test_shapes_that_differ_are_refused():
    with pytest.raises(ShapeError, match="differ in shape"):
        triangle_ratio(np.zeros((2, 3)), np.zeros((2, 4)), np.zeros((2, 3)))
