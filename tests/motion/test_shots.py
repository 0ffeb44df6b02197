import numpy as np
import pytest

from latentscape.errors import UndefinedError
from latentscape.motion.shots import course, sequences, shuffled_order


def test_a_line_a_walk_and_noise():
    rng = np.random.default_rng(0)
    line = course(np.outer(np.arange(20), rng.normal(size=50)))
    assert line.curvature == pytest.approx(0, abs=1e-4)
    assert line.straightness == pytest.approx(1)
    assert line.roughness == pytest.approx(0, abs=1e-9)
    walk = course(rng.normal(size=(400, 500)).cumsum(0))
    assert walk.curvature == pytest.approx(90, abs=1)
    assert walk.roughness == pytest.approx(2, abs=0.05)
    noise = course(rng.normal(size=(400, 500)))
    assert noise.curvature == pytest.approx(120, abs=1)
    assert noise.roughness == pytest.approx(3, abs=0.05)
    assert noise.straightness < 0.05


def test_a_circle_turns_evenly():
    turn = np.linspace(0, np.pi, 19)
    found = course(np.stack([np.cos(turn), np.sin(turn)], 1))
    assert found.curvature == pytest.approx(10)
    assert found.straightness == pytest.approx(2 / (18 * 2 * np.sin(np.pi / 36)))


def test_shots_too_short_or_still_have_no_course():
    with pytest.raises(UndefinedError):
        course(np.zeros((3, 2)))
    with pytest.raises(UndefinedError):
        course(np.zeros((5, 2)))


def test_a_pause_is_no_turn():
    points = np.array([[0.0], [1], [1], [2], [3]])
    assert course(points).curvature == pytest.approx(0, abs=1e-6)


def test_triplets_that_share_frames_are_one_sequence():
    rows = np.array([[0, 1, 2], [1, 2, 3], [3, 4, 5], [10, 12, 14], [11, 13, 15], [20, 21, 22]])
    found = [chain.tolist() for chain in sequences(rows)]
    assert found == [[0, 1, 2, 3, 4, 5], [10, 12, 14], [11, 13, 15], [20, 21, 22]]


def test_a_frame_with_two_followers_ends_a_sequence():
    found = sequences(np.array([[0, 1, 2], [2, 3, 4], [2, 5, 6]]))
    assert all(2 not in chain for chain in found)


def test_the_other_order_holds_the_same_frames():
    order = shuffled_order(9, seed=(0, 1))
    assert sorted(order) == list(range(9))
    assert (order != shuffled_order(9, seed=(0, 2))).any()
