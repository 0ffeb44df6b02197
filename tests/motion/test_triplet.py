import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.motion.triplet import (
    cosine_at_middle,
    holder_exponent,
    midpoint_deviation,
    other_middles,
    perpendicular_share,
    time_of_middle,
    triangle,
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


def test_the_angle_is_that_of_the_triangle(triplets):
    first, middle, last = triplets
    d12, d23, d13 = distance(first, middle), distance(middle, last), distance(first, last)
    by_cosine_rule = (d12**2 + d23**2 - d13**2) / (2 * d12 * d23)
    np.testing.assert_allclose(cosine_at_middle(first, middle, last), by_cosine_rule)


def test_all_numbers_of_three_points_equally_far_apart():
    corners = np.eye(3)[:, None]
    found = triangle(*corners)
    assert found.midpoint_deviation[0] == pytest.approx(np.sqrt(3) / 2)
    assert found.holder_exponent[0] == pytest.approx(0, abs=1e-12)
    assert found.cosine_at_middle[0] == pytest.approx(0.5)
    assert found.triangle_ratio[0] == pytest.approx(2)


@pytest.mark.parametrize("power", [1, 0.75, 0.5, 0.25])
def test_the_exponent_comes_back_from_distances_that_grow_by_it(power):
    deviation = np.sqrt(4.0**-power - 0.25)
    assert holder_exponent(np.array([deviation]))[0] == pytest.approx(power)


def test_beyond_saturation_the_exponent_is_nought_and_of_nothing_it_is_nothing():
    found = holder_exponent(np.array([0.9, 5, np.nan]))
    assert found[:2].tolist() == [0, 0]
    assert np.isnan(found[2])


def test_a_still_triplet_has_no_numbers_but_its_distances():
    z = np.ones((1, 4))
    found = triangle(z, z, z)
    assert found.displacement[0] == 0
    assert all(np.isnan(column[0]) for column in found[3:])


def test_middles_are_swapped_within_or_between_shots():
    shots = np.array(["a", "a", "b", "b", "b", "c"])
    middles = np.array([1, 4, 7, 7, 10, 13])
    rows = np.stack([middles - 1, middles, middles + 1], 1)
    for seed in range(20):
        within = other_middles(rows, shots, within=True, seed=seed)
        between = other_middles(rows, shots, within=False, seed=seed)
        assert within[5] == -1
        assert (shots[within[:5]] == shots[:5]).all()
        assert (middles[within[:5]] != middles[:5]).all()
        assert (shots[between] != shots).all()


def test_one_shot_has_no_other():
    rows = np.arange(9).reshape(3, 3)
    assert (other_middles(rows, np.array(["a"] * 3), within=False, seed=0) == -1).all()


def test_of_triplets_that_overlap_no_end_takes_the_place_of_the_middle():
    rows = np.arange(6)[:, None] + np.arange(3)  # 0 1 2, 1 2 3, ...
    for seed in range(20):
        found = other_middles(rows, np.full(6, "a"), within=True, seed=seed)
        assert (found >= 0).all()
        assert all(rows[other, 1] not in own for other, own in zip(found, rows, strict=True))
    assert (other_middles(rows[:2], np.full(2, "a"), within=True, seed=0) == -1).all()
