"""What a latent of some images is worth, against pPCA and a dense eigenvalue."""

import numpy as np
import pytest

from latentscape.errors import UndefinedError
from latentscape.metrics.spread import MOST_IMAGES, MOST_VALUES, images_for_spread, spread_of


def planted(n=2000, d=30, *, strength=3.0, noise=0.02, seed=0):
    """Images on one line through gray, and white noise: λ₁ is known."""
    rng = np.random.default_rng(seed)
    direction = rng.standard_normal(d)
    direction /= np.linalg.norm(direction)
    codes = rng.standard_normal((n, 1)) * strength * 0.05
    return 0.5 + codes * direction + noise * rng.standard_normal((n, d)), direction


def test_break_even_is_the_largest_eigenvalue_over_the_noise():
    pixels, _ = planted()
    largest = np.linalg.eigvalsh(np.cov(pixels.T, bias=True))[-1]
    spread = spread_of(pixels, likelihood="gaussian-fixed", scale=0.1)
    assert spread.break_even == pytest.approx(largest / 0.01, rel=1e-4)
    assert largest == pytest.approx(0.15**2 + 0.02**2, rel=0.1)
    assert spread.mse == pytest.approx(pixels.var(0).mean(), rel=1e-4)
    learned = spread_of(pixels, likelihood="gaussian")
    assert learned.break_even == pytest.approx(largest / pixels.var(0).mean(), rel=1e-4)


def test_pca_pays_for_its_first_latent_just_below_break_even():
    """½·SE/σ² + β·KL of the best linear Gaussian code against the mean image's (pPCA, Lucas)."""
    pixels, _ = planted()
    sigma = 0.1
    largest = np.linalg.eigvalsh(np.cov(pixels.T, bias=True))[-1]
    even = spread_of(pixels, likelihood="gaussian-fixed", scale=sigma).break_even

    def saved(beta, signal):
        """At code variance `signal`: error saved − β·rate of a linear Gaussian channel."""
        rate = 0.5 * np.log1p(signal)
        return 0.5 * largest / sigma**2 * signal / (1 + signal) - beta * rate

    signals = np.geomspace(1e-6, 1e3, 400)
    assert max(saved(0.95 * even, s) for s in signals) > 0
    assert max(saved(1.05 * even, s) for s in signals) <= 0


def test_wide_images_take_the_smaller_product():
    pixels, _ = planted(n=40, d=500)
    dense = np.linalg.eigvalsh(np.cov(pixels.T, bias=True))[-1]
    found = spread_of(pixels, likelihood="gaussian-fixed")
    assert found.break_even == pytest.approx(dense, rel=1e-3)


def test_bernoulli_values_are_weighed_by_their_own_noise():
    rng = np.random.default_rng(0)
    pixels = (rng.random((4000, 6)) < 0.3).astype(float)
    found = spread_of(pixels, likelihood="bernoulli")
    assert found.break_even == pytest.approx(1, abs=0.15)  # independent coins are worth a nat each
    same = np.repeat(pixels[:, :1], 6, axis=1)
    assert spread_of(same, likelihood="bernoulli").break_even == pytest.approx(6, rel=0.05)


def test_images_that_do_not_differ_have_no_spread():
    with pytest.raises(UndefinedError, match="the same"):
        spread_of(np.full((5, 1, 4, 4), 0.3), likelihood="gaussian")
    with pytest.raises(UndefinedError, match="one image"):
        spread_of(np.zeros((1, 1, 4, 4)), likelihood="gaussian")


def test_it_looks_at_a_seeded_few():
    rows = np.arange(60_000)
    few = images_for_spread(rows, 784, seed=0)
    assert len(few) == MOST_IMAGES
    assert len(images_for_spread(rows, 3 * 1024**2, seed=0)) * 3 * 1024**2 <= MOST_VALUES
    np.testing.assert_array_equal(few, images_for_spread(rows, 784, seed=0))
    assert len(images_for_spread(rows[:9], 784, seed=0)) == 9
