import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.covariance import LedoitWolf

from latentscape.errors import ShapeError, UndefinedError
from latentscape.trajectories import latent_moments, marginal_laws


def covariance(moments) -> np.ndarray:
    factor = moments.scale[:, None] * moments.axes * moments.spread
    return factor @ factor.T


@pytest.mark.parametrize(("n", "d"), [(500, 4), (30, 6), (8, 20)])
def test_mean_and_correlations_equal_scikit_learns(n, d):
    rng = np.random.default_rng(0)
    rows = 5 + rng.normal(size=(n, d)) @ rng.normal(size=(d, d))
    scale = rows.std(0)
    found, expected = latent_moments(rows), LedoitWolf().fit((rows - rows.mean(0)) / scale)
    np.testing.assert_allclose(found.mean, rows.mean(0))
    np.testing.assert_allclose(
        covariance(found), expected.covariance_ * np.outer(scale, scale), rtol=1e-6, atol=1e-9
    )
    assert found.shrinkage == pytest.approx(expected.shrinkage_)
    assert found.n == n


def test_whitened_latents_are_round_about_zero():
    rng = np.random.default_rng(0)
    rows = 5 + rng.normal(size=(20_000, 2, 2, 1)) * np.array([[9.0], [0.1]])
    white = latent_moments(rows).whitened(rows)
    assert white.shape == (20_000, 1, 4)
    np.testing.assert_allclose(np.cov(white[:, 0].T), np.eye(4), atol=0.02)
    np.testing.assert_allclose(white.mean(0), 0, atol=1e-9)


def test_a_large_grid_is_a_field_of_channels():
    rng = np.random.default_rng(0)
    mix, mean = rng.normal(size=(3, 3)), np.array([4.0, -2.0, 0.0])
    rows = np.einsum("ij,njhw->nihw", mix, rng.normal(size=(20, 3, 20, 20)))
    rows = (rows + mean[:, None, None]).astype(np.float32)
    moments = latent_moments(rows)
    assert moments.by_channel
    np.testing.assert_allclose(covariance(moments), mix @ mix.T, rtol=0.1, atol=0.1)
    np.testing.assert_allclose(moments.mean[:, 3, 7], mean, atol=0.1)
    white = moments.whitened(rows)
    assert white.shape == (20, 400, 3)
    np.testing.assert_allclose(np.cov(white.reshape(-1, 3).T), np.eye(3), atol=0.02)
    np.testing.assert_allclose(moments.coloured(white), rows, atol=1e-9)


@given(seed=st.integers(0, 99), n=st.integers(2, 12), d=st.integers(1, 8))
def test_there_and_back_again(seed, n, d):
    rows = np.random.default_rng(seed).normal(size=(n, d)) * 3 + 1
    moments = latent_moments(rows)
    np.testing.assert_allclose(moments.coloured(moments.whitened(rows)), rows, atol=1e-8)


def test_units_of_single_latents_do_not_matter():
    rng = np.random.default_rng(0)
    rows, units = rng.normal(size=(40, 3)) @ rng.normal(size=(3, 3)), np.array([1e3, 1.0, 1e-4])
    lengths = [
        np.linalg.norm(latent_moments(some).whitened(some), axis=2) for some in (rows, rows * units)
    ]
    np.testing.assert_allclose(*lengths, rtol=1e-6)


def test_constant_latents_and_constant_clouds_are_survived():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(5000, 3))
    rows[:, 1] = 7
    white = latent_moments(rows).whitened(rows)
    assert np.isfinite(white).all()
    still = latent_moments(np.full((9, 3), 2.0))
    np.testing.assert_array_equal(still.scale, 1)
    np.testing.assert_array_equal(np.abs(still.whitened(np.full((1, 3), 3.0))), 1)


def test_latents_that_are_not_finite_are_left_out():
    rows = np.random.default_rng(0).normal(size=(50, 3))
    broken = np.concatenate([rows, [[np.nan, 0, 0], [np.inf, 0, 0]]])
    np.testing.assert_array_equal(latent_moments(broken).mean, latent_moments(rows).mean)


def test_of_very_many_a_seeded_draw_is_read(monkeypatch):
    rows = np.random.default_rng(0).normal(size=(1000, 2))
    module = sys.modules["latentscape.trajectories.latent_moments"]
    monkeypatch.setattr(module, "MOST_VALUES", 200)
    found = latent_moments(rows, seed=3)
    assert found.n == 100
    np.testing.assert_array_equal(found.mean, latent_moments(rows, seed=3).mean)
    assert not np.array_equal(found.mean, latent_moments(rows, seed=4).mean)
    laws = marginal_laws(rows, seed=3)  # of the same draw
    np.testing.assert_allclose([law.mean() for law in laws.values], found.mean, rtol=1e-12)


def test_too_few_latents_have_none():
    for rows in (np.zeros((0, 3)), np.zeros((1, 3)), np.full((5, 3), np.nan)):
        with pytest.raises(UndefinedError):
            latent_moments(rows)
    with pytest.raises(ShapeError):
        latent_moments(np.zeros(5))
    with pytest.raises(ShapeError):
        latent_moments(np.eye(3)).whitened(np.eye(4))
