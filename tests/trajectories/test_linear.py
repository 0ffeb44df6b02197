import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import linear


def test_steps_are_equally_spaced():
    line = linear(np.zeros((1, 2)), np.array([[3.0, 4.0]]), n_steps=6)
    np.testing.assert_allclose(np.linalg.norm(np.diff(line[0], axis=0), axis=1), 1.0)


@given(t=st.integers(1, 9), seed=st.integers(0, 99))
def test_squared_norm_on_the_line_is_as_the_identity_says(t, seed):
    a, b = np.random.default_rng(seed).normal(size=(2, 1, 16))
    share = t / 10
    z = linear(a, b, n_steps=11)[0, t]
    expected = (1 - share) * (a**2).sum() + share * (b**2).sum()
    expected -= share * (1 - share) * ((a - b) ** 2).sum()
    np.testing.assert_allclose((z**2).sum(), expected)


def test_the_middle_of_two_draws_lies_off_the_shell():
    a, b = np.random.default_rng(0).normal(size=(2, 200, 400))
    middle = linear(a, b, n_steps=3)[:, 1]
    np.testing.assert_allclose((middle**2).sum(1).mean(), 200, rtol=0.02)


def test_one_step_and_odd_shapes_are_refused():
    with pytest.raises(UsageError, match="no line"):
        linear(np.zeros((1, 2)), np.zeros((1, 2)), n_steps=1)
    with pytest.raises(ShapeError):
        linear(np.zeros((1, 2)), np.zeros((2, 2)), n_steps=3)
