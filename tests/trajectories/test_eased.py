import numpy as np
import pytest

from latentscape.trajectories import eased, linear


def test_it_stays_on_the_line_at_the_cosine_s_times():
    starts, ends = np.random.default_rng(0).normal(size=(2, 3, 4, 2, 2))
    line = eased(starts, ends, n_steps=9)
    share = np.sin(np.linspace(0, np.pi / 2, 9)) ** 2
    for step, part in enumerate(share):
        np.testing.assert_allclose(line[:, step], (1 - part) * starts + part * ends, atol=1e-12)


def test_it_starts_and_ends_slowly_and_halves_the_way_at_half_time():
    line = eased(np.zeros((1, 1)), np.ones((1, 1)), n_steps=101)[0, :, 0]
    speed = np.diff(line) * 100
    assert max(speed[0], speed[-1]) < 0.03
    assert 0 < speed.min() < speed.max() < np.pi / 2 + 1e-3
    assert line[50] == pytest.approx(0.5)


def test_two_and_three_steps_are_the_straight_line_s():
    starts, ends = np.random.default_rng(0).normal(size=(2, 3, 4))
    for n_steps in (2, 3):
        np.testing.assert_allclose(
            eased(starts, ends, n_steps=n_steps), linear(starts, ends, n_steps=n_steps)
        )
