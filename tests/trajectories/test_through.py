from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import linear, through

KINDS = ["hermite", "catmull-rom", "rbf"]


def keys(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


def barry_goldman(points: np.ndarray, knots: np.ndarray, at: float) -> np.ndarray:
    """A Catmull–Rom piece between the second and third of four points, by their pyramid."""
    level = list(points)
    for width in (1, 2):
        level = [
            ((knots[i + width] - at) * level[i] + (at - knots[i]) * level[i + 1])
            / (knots[i + width] - knots[i])
            for i in range(len(level) - 1)
        ]
    return ((knots[2] - at) * level[0] + (at - knots[1]) * level[1]) / (knots[2] - knots[1])


@pytest.mark.parametrize("kind", KINDS)
def test_two_keys_make_the_straight_line(kind):
    ends = keys(5, 2, 3, 2, 2)
    found = through(ends, 7, kind=kind)
    np.testing.assert_allclose(found, linear(ends[:, 0], ends[:, 1], n_steps=7), atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_the_ends_are_exact_and_the_keys_are_met(kind):
    frames = keys(3, 4, 2, 3, 3).astype(np.float32) * 9
    found = through(frames, 31, kind=kind, times=np.array([0, 1, 4, 5]))
    assert found.shape == (3, 31, 2, 3, 3)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found[:, [0, -1]], frames[:, [0, -1]])
    np.testing.assert_allclose(found[:, [0, 6, 24, 30]], frames, rtol=1e-5, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_keys_on_a_line_at_even_times_stay_on_it(kind):
    steps = np.arange(5.0)[None, :, None] * np.array([1.0, -2.0, 0.5])
    found = through(steps, 13, kind=kind)
    np.testing.assert_allclose(found, linear(steps[:, 0], steps[:, -1], n_steps=13), atol=1e-9)


def test_radial_basis_functions_in_time_are_the_natural_spline():
    frames = keys(4, 6, 5)
    at = np.linspace(0, 1, 6)
    for curve, found in zip(frames, through(frames, 40, kind="rbf"), strict=True):
        expected = CubicSpline(at, curve, bc_type="natural")(np.linspace(0, 1, 40))
        np.testing.assert_allclose(found, expected, atol=1e-7)


def test_catmull_rom_is_the_pyramid_of_barry_and_goldman():
    frames = keys(1, 4, 3)[0]
    gaps = [np.linalg.norm(b - a) ** 0.5 for a, b in pairwise(frames)]
    knots = np.concatenate([[0], np.cumsum(gaps)])
    found = through(frames[None], 101, kind="catmull-rom")[0]
    at = np.linspace(0, knots[-1], 101)
    inner = np.flatnonzero((at > knots[1]) & (at < knots[2]))
    assert len(inner) > 10
    expected = [barry_goldman(frames, knots, at[step]) for step in inner]
    np.testing.assert_allclose(found[inner], expected, atol=1e-9)


def test_hermite_is_catmull_rom_at_even_times():
    frames = keys(1, 4, 3)[0]
    found = through(frames[None], 31)[0]
    expected = [barry_goldman(frames, np.arange(4.0), t) for t in np.linspace(0, 3, 31)[10:21]]
    np.testing.assert_allclose(found[10:21], expected, atol=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@given(seed=st.integers(0, 99), n_keys=st.integers(3, 7))
def test_a_turned_and_shifted_curve_is_the_same_curve(kind, seed, n_keys):
    frames = keys(2, n_keys, 3, seed=seed)
    turn = np.linalg.qr(keys(3, 3, seed=seed))[0]
    found = through(frames @ turn + 5, 15, kind=kind)
    np.testing.assert_allclose(found, through(frames, 15, kind=kind) @ turn + 5, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_the_curve_back_is_the_curve_there(kind):
    frames = keys(4, 5, 3)
    back = through(frames[:, ::-1], 20, kind=kind)[:, ::-1]
    np.testing.assert_allclose(back, through(frames, 20, kind=kind), atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_a_curve_has_no_corners(kind):
    found = through(keys(3, 5, 4), 4001, kind=kind)
    speed = np.diff(found, axis=1) * 4000
    assert np.linalg.norm(np.diff(speed, axis=1), axis=2).max() < 0.01 * np.abs(speed).max()


@pytest.mark.parametrize("kind", KINDS)
def test_keys_that_coincide_and_broken_ones(kind):
    frames = keys(4, 5, 3)
    frames[0] = frames[0, 0]
    frames[1, 2] = frames[1, 1]
    frames[2, 3, 0] = np.nan
    frames[3, 0] = frames[3, -1]
    found = through(frames, 17, kind=kind)
    assert np.isfinite(found[[0, 1, 3]]).all()
    np.testing.assert_allclose(found[0], np.broadcast_to(frames[0, 0], (17, 3)), atol=1e-9)
    assert np.isnan(found[2, 1:-1]).all()
    assert np.abs(found[1]).max() < 10 * np.abs(frames[1]).max()


def test_wrong_words_are_refused():
    frames = keys(2, 3, 4)
    with pytest.raises(UsageError) as caught:
        through(frames, 5, kind="catmul-rom")
    assert caught.value.hint == "did you mean catmull-rom?"
    for times in ([0, 1], [0, 0, 1], [0, 2, 1], [0, np.nan, 1]):
        with pytest.raises(UsageError, match="rising"):
            through(frames, 5, times=np.array(times))
    with pytest.raises(UsageError, match="no line"):
        through(frames, 1)
    for odd in (frames[:, :1], frames[0]):
        with pytest.raises(ShapeError):
            through(odd, 5)
