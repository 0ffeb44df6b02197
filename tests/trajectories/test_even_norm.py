import numpy as np
import pytest

from latentscape.trajectories import latent_moments, linear, linear_even_norm


def twin(a: np.ndarray, b: np.ndarray, n_steps: int) -> np.ndarray:
    line = []
    for t in np.linspace(0, 1, n_steps):
        middle = (1 - t) * a + t * b
        length = (1 - t) * np.linalg.norm(a) + t * np.linalg.norm(b)
        line.append(middle / np.linalg.norm(middle) * length)
    return np.stack(line)


@pytest.mark.parametrize("d", [2, 3, 50])
def test_it_has_the_line_s_directions_and_even_lengths(d):
    starts, ends = np.random.default_rng(0).normal(size=(2, 40, d))
    found = linear_even_norm(starts, 4 * ends, n_steps=7)
    expected = [twin(a, 4 * b, 7) for a, b in zip(starts, ends, strict=True)]
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


def test_near_opposite_ends_no_digits_are_lost():
    for gap in (1e-2, 1e-3, 2e-4):
        a, b = np.array([[1.0, 0.0]]), np.array([[-np.cos(gap), np.sin(gap)]])
        length = np.linalg.norm(linear_even_norm(a, b, n_steps=9), axis=2)
        np.testing.assert_allclose(length, 1, rtol=1e-9)


def test_whitened_lengths_are_mahalanobis():
    rng = np.random.default_rng(0)
    latents = 4 + rng.normal(size=(500, 6)) @ rng.normal(size=(6, 6)) * 3
    moments = latent_moments(latents)
    starts, ends = latents[:20], latents[20:40]
    line = linear_even_norm(starts, ends, n_steps=5, moments=moments, frame="whitened")
    length = np.linalg.norm(moments.whitened(line.reshape(-1, 6))[:, 0], axis=1).reshape(20, 5)
    np.testing.assert_allclose(length, linear(length[:, :1], length[:, -1:], n_steps=5)[..., 0])


def test_opposite_ends_are_joined_by_the_straight_line():
    a = np.random.default_rng(0).normal(size=(3, 5))
    np.testing.assert_allclose(linear_even_norm(a, -a, n_steps=4), linear(a, -a, n_steps=4))
