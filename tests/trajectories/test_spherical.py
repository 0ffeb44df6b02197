import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import latent_moments, linear, spherical
from latentscape.trajectories.spherical import angles_between


def on_the_circle(angle: np.ndarray) -> np.ndarray:
    return np.stack([np.cos(angle), np.sin(angle)], -1)


def twin(a: np.ndarray, b: np.ndarray, n_steps: int, *, even_norm: bool = False) -> np.ndarray:
    """One pair by the textbook: arc cosine of the product of unit vectors, about zero."""
    size_a, size_b = np.sqrt((a**2).sum()), np.sqrt((b**2).sum())
    angle = np.arccos((a * b).sum() / (size_a * size_b))
    line = []
    for t in np.linspace(0, 1, n_steps):
        first, second = np.sin((1 - t) * angle), np.sin(t * angle)
        if even_norm:
            unit = (first * a / size_a + second * b / size_b) / np.sin(angle)
            line.append(unit * ((1 - t) * size_a + t * size_b))
        else:
            line.append((first * a + second * b) / np.sin(angle))
    return np.stack(line)


def pairs(*shape: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    a, b = np.random.default_rng(seed).normal(size=(2, *shape))
    return a, b


@pytest.mark.parametrize("turn", [1e-6, 0.01, 1.0, 2.0, np.pi - 0.01, np.pi - 2e-4])
def test_the_unit_circle_is_walked_at_equal_angles(turn):
    starts, ends = on_the_circle(np.array([0.3])), on_the_circle(np.array([0.3 + turn]))
    expected = on_the_circle(0.3 + turn * np.linspace(0, 1, 11))
    for even_norm in (False, True):
        found = spherical(starts, ends, n_steps=11, even_norm=even_norm)[0]
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9)


@pytest.mark.parametrize("even_norm", [False, True])
def test_every_sample_is_one_flat_vector(even_norm):
    starts, ends = pairs(5, 4, 3, 3)
    found = spherical(starts, ends, n_steps=7, even_norm=even_norm)
    expected = [twin(a, b, 7, even_norm=even_norm) for a, b in zip(starts, ends, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-12, atol=1e-12)


def test_length_goes_evenly_from_one_end_s_to_the_other_s():
    starts, ends = pairs(30, 8)
    line = spherical(starts, 5 * ends, n_steps=5, even_norm=True)
    length = np.linalg.norm(line, axis=2)
    np.testing.assert_allclose(length, linear(length[:, :1], length[:, -1:], n_steps=5)[..., 0])


def test_draws_of_many_dimensions_stay_on_their_shell():
    starts, ends = pairs(200, 400)
    middle = np.linalg.norm(spherical(starts, ends, n_steps=3)[:, 1], axis=1)
    np.testing.assert_allclose(middle.mean(), 20, rtol=0.01)


def test_centring_keeps_the_mean_that_plain_slerp_pushes_outwards():
    rng = np.random.default_rng(0)
    latents = -3 + 5.6 * rng.normal(size=(400, 4, 8, 8))
    moments = latent_moments(latents)
    plain = spherical(latents[:200], latents[200:], n_steps=3)[:, 1]
    centred = spherical(latents[:200], latents[200:], n_steps=3, moments=moments, frame="centred")[
        :, 1
    ]
    straight = linear(latents[:200], latents[200:], n_steps=3)[:, 1]
    assert plain.mean() < -3.5
    assert centred.mean() == pytest.approx(-3, abs=0.1)
    assert centred.std() == pytest.approx(5.6, rel=0.02)
    assert straight.std() == pytest.approx(5.6 / np.sqrt(2), rel=0.02)


def test_whitened_is_slerp_of_whitened_latents_brought_back():
    rng = np.random.default_rng(0)
    latents = 4 + rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6)) * 3
    moments = latent_moments(latents)
    starts, ends = latents[:20], latents[20:40]
    for even_norm in (False, True):
        found = spherical(
            starts, ends, n_steps=6, moments=moments, frame="whitened", even_norm=even_norm
        )
        white = spherical(
            moments.whitened(starts), moments.whitened(ends), n_steps=6, even_norm=even_norm
        )
        expected = moments.coloured(white.reshape(-1, 1, 6)).reshape(20, 6, 6)
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-9)


@given(seed=st.integers(0, 999), d=st.integers(2, 12), even_norm=st.booleans())
def test_a_turned_pair_has_the_turned_way(seed, d, even_norm):
    starts, ends = pairs(3, d, seed=seed)
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(d, d)))[0]
    way = spherical(starts, ends, n_steps=6, even_norm=even_norm)
    turned = spherical(starts @ turn, ends @ turn, n_steps=6, even_norm=even_norm)
    np.testing.assert_allclose(turned, way @ turn, rtol=1e-6, atol=1e-6)


@given(seed=st.integers(0, 999), size=st.floats(-30, 30), even_norm=st.booleans())
def test_scale_does_not_matter(seed, size, even_norm):
    starts, ends = pairs(3, 5, seed=seed)
    scale = 10.0**size
    way = spherical(starts, ends, n_steps=6, even_norm=even_norm)
    scaled = spherical(scale * starts, scale * ends, n_steps=6, even_norm=even_norm)
    np.testing.assert_allclose(scaled / scale, way, rtol=1e-7, atol=1e-9)


def test_where_there_is_no_one_arc_the_straight_line_stands_in():
    a, b = pairs(1, 6)
    zero = np.zeros_like(a)
    for starts, ends in ((a, a), (a, 3 * a), (a, -a), (a, -2 * a), (zero, a), (a, zero)):
        for even_norm in (False, True):
            found = spherical(starts, ends, n_steps=5, even_norm=even_norm)
            np.testing.assert_allclose(found, linear(starts, ends, n_steps=5), atol=1e-12)
    nearly = spherical(a, a + 1e-5 * b, n_steps=5)
    np.testing.assert_allclose(nearly, linear(a, a + 1e-5 * b, n_steps=5), atol=1e-9)


def test_angles_are_exact_near_nought_and_near_the_half_turn():
    small = np.array([1e-12, 1e-9, 1e-6, 1e-3])
    turns = np.concatenate([small, np.pi - small])
    starts = on_the_circle(np.zeros(8))
    found = angles_between(starts, on_the_circle(turns), None, "plain")
    np.testing.assert_allclose(found.angle, turns, rtol=1e-6)
    np.testing.assert_allclose(np.pi - found.angle[4:], small, rtol=1e-3, atol=1e-15)
    np.testing.assert_array_equal(found.flat, [True, True, True, False] * 2)


def test_huge_and_tiny_latents_neither_overflow_nor_vanish():
    a, b = pairs(2, 4)
    for scale in (1e-200, 1e200):
        line = spherical(scale * a, scale * b, n_steps=4)
        np.testing.assert_allclose(line / scale, spherical(a, b, n_steps=4), rtol=1e-9)


def test_a_frame_without_moments_or_of_another_shape_is_refused():
    a, b = pairs(2, 4)
    with pytest.raises(UsageError, match="needs moments"):
        spherical(a, b, n_steps=3, frame="centred")
    with pytest.raises(UsageError, match="no frame"):
        spherical(a, b, n_steps=3, frame="white")
    with pytest.raises(ShapeError):
        spherical(a, b, n_steps=3, moments=latent_moments(np.eye(5)), frame="whitened")
