"""The rate taken apart: closed forms, and a loop over posteriors in plain SciPy."""

import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import norm

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.catalogue import CATALOGUE
from latentscape.metrics.collapse_rows import Sampling, gaussian_kl, surgery_row
from latentscape.metrics.surgery import choose_codes, elbo_surgery


def plain(means, log_vars, seed):
    """The same estimator, one code at a time."""
    n, d = means.shape
    std = np.exp(0.5 * log_vars)
    z = means + std * np.random.default_rng(seed).standard_normal((n, d))
    parts = {"information": [], "marginal_kl": [], "total_correlation": [], "dimension_wise_kl": []}
    for code, mean, width in zip(z, means, std, strict=True):
        each = norm.logpdf(code, means, std)  # (n, d)
        joint = logsumexp(each.sum(1)) - np.log(n)
        alone = logsumexp(each, axis=0) - np.log(n)
        prior = norm.logpdf(code)
        parts["information"].append(norm.logpdf(code, mean, width).sum() - joint)
        parts["marginal_kl"].append(joint - prior.sum())
        parts["total_correlation"].append(joint - alone.sum())
        parts["dimension_wise_kl"].append((alone - prior).sum())
    return {name: np.array(values) for name, values in parts.items()}


CASES = {
    "overlapping": lambda rng: (rng.normal(0, 1, (60, 3)), rng.normal(-1, 0.5, (60, 3))),
    "far apart": lambda rng: (rng.normal(0, 1e3, (40, 5)), rng.normal(-12, 1, (40, 5))),
    "duplicated": lambda rng: (np.repeat(rng.normal(0, 1, (5, 2)), 8, 0), np.full((40, 2), -2.0)),
    "constant": lambda rng: (np.full((20, 4), 3.0), np.full((20, 4), 1.0)),
    "two codes": lambda rng: (rng.normal(size=(2, 1)), rng.normal(size=(2, 1))),
    "fewer than latents": lambda rng: (rng.normal(size=(6, 50)), rng.normal(-3, 1, (6, 50))),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_the_plain_estimator(case):
    means, log_vars = CASES[case](np.random.default_rng(1))
    found, twin = elbo_surgery(means, log_vars, seed=7), plain(means, log_vars, 7)
    for name, values in twin.items():
        np.testing.assert_allclose(found.columns()[name], values, rtol=1e-4, atol=2e-3)
    rate = found.columns()["rate"]
    np.testing.assert_allclose(found.information + found.marginal_kl, rate, atol=1e-8)
    sums = found.information + found.total_correlation + found.dimension_wise
    np.testing.assert_allclose(sums, rate, atol=1e-8)
    assert found.per_unit.sum() == pytest.approx(found.dimension_wise.mean())


def test_a_posterior_that_is_the_prior_has_nothing_in_any_part():
    found = elbo_surgery(np.zeros((500, 4)), np.zeros((500, 4)), seed=0)
    for values in found.columns().values():
        assert np.abs(values).max() < 1e-4


def test_codes_far_apart_tell_which_image_it_was():
    means = 100.0 * np.arange(200)[:, None]
    found = elbo_surgery(means, np.full((200, 1), -4.0), seed=0)
    assert found.information == pytest.approx(np.full(200, np.log(200)), abs=1e-6)
    assert found.is_capped
    assert found.cap == pytest.approx(np.log(200))


def test_gaussian_codes_have_closed_forms():
    """μ ~ N(0, a²), σ² = s²: q(z) is N(0, a² + s²), I = ½ ln(1 + a²/s²), and no latent helps."""
    rng = np.random.default_rng(0)
    n, a, s = 4000, np.array([1.2, 0.5]), 0.8
    means = a * rng.standard_normal((n, 2))
    found = elbo_surgery(means, np.full((n, 2), 2 * np.log(s)), seed=1)
    total = a**2 + s**2
    information = 0.5 * np.log(total / s**2).sum()
    marginal = 0.5 * (total - 1 - np.log(total))
    assert found.information.mean() == pytest.approx(information, abs=0.06)
    assert found.marginal_kl.mean() == pytest.approx(marginal.sum(), abs=0.06)
    assert found.per_unit == pytest.approx(marginal, abs=0.04)
    assert found.total_correlation.mean() == pytest.approx(0, abs=0.03)
    exact = gaussian_kl(means, np.full((n, 2), 2 * np.log(s))).sum(1).mean()
    assert found.rate.mean() == pytest.approx(exact, abs=0.06)


def test_latents_that_say_the_same_have_total_correlation():
    """Two latents of correlation ρ: TC = −½ ln(1 − ρ²)."""
    rng = np.random.default_rng(0)
    shared = rng.standard_normal((3000, 1))
    means, s2 = np.repeat(shared, 2, 1), 0.5
    rho = 1 / (1 + s2)
    found = elbo_surgery(means, np.full((3000, 2), np.log(s2)), seed=2)
    expected = -0.5 * np.log(1 - rho**2)
    assert found.total_correlation.mean() == pytest.approx(expected, abs=0.05)


def test_a_grid_is_flattened_and_blocks_change_nothing(monkeypatch):
    rng = np.random.default_rng(0)
    means, log_vars = rng.normal(size=(50, 2, 3, 3)), rng.normal(-1, 1, (50, 2, 3, 3))
    grid = elbo_surgery(means, log_vars, seed=0)
    flat = elbo_surgery(means.reshape(50, 18), log_vars.reshape(50, 18), seed=0)
    monkeypatch.setattr("latentscape.metrics.surgery.CHUNK_CELLS", 120)
    cut = elbo_surgery(means, log_vars, seed=0)
    for name, values in flat.columns().items():
        np.testing.assert_array_equal(grid.columns()[name], values)
        np.testing.assert_allclose(cut.columns()[name], values, rtol=1e-6, atol=1e-6)


def test_what_has_no_mixture_is_refused():
    with pytest.raises(UndefinedError, match="one code"):
        elbo_surgery(np.zeros((1, 2)), np.zeros((1, 2)), seed=0)
    with pytest.raises(UndefinedError, match="point"):
        elbo_surgery(np.zeros((9, 2)), np.full((9, 2), -np.inf), seed=0)
    with pytest.raises(ShapeError):
        elbo_surgery(np.zeros((9, 2)), np.zeros((9, 3)), seed=0)


def test_codes_are_chosen_by_seed_and_work():
    assert len(choose_codes(100, 4, seed=0)) == 100
    assert len(choose_codes(100_000, 2, seed=0)) == 5000
    spatial = choose_codes(100_000, 4096, seed=0)
    assert len(spatial) ** 2 * 4096 <= 2e9
    np.testing.assert_array_equal(spatial, choose_codes(100_000, 4096, seed=0))
    assert not np.array_equal(spatial, choose_codes(100_000, 4096, seed=1))


def test_the_row_says_its_cap_and_holds_it_beside_the_information():
    means = 100.0 * np.arange(50)[:, None]
    log_vars = np.zeros((50, 1))
    row = surgery_row(lambda: elbo_surgery(means, log_vars, seed=0), sampling=Sampling(0), total=80)
    assert row["information"].reference.value == pytest.approx(np.log(50))
    assert "stands at its cap" in row.note
    assert "N = 50 codes of 80" in row.note
    assert row["marginal_kl"].low <= row["marginal_kl"].value <= row["marginal_kl"].high
    assert all(measure.unit == "nat" for measure in row.measures)


def test_a_small_negative_information_is_explained():
    """Codes that overlap wholly: the draw's noise goes either way round nought."""
    rng = np.random.default_rng(100)  # not the stream of the draws below
    rows = []
    for seed in range(20):
        means = rng.normal(0, 1e-3, (300, 8))
        rows.append(
            surgery_row(
                lambda means=means, seed=seed: elbo_surgery(means, np.zeros_like(means), seed=seed),
                sampling=Sampling(0),
                total=300,
            )
        )
    below = [row for row in rows if row["information"].value < 0]
    assert below
    assert all("noise of one draw" in row.note for row in below)
    assert all(abs(row["information"].value) < 5e-3 for row in rows)


def test_point_posteriors_leave_the_row_with_a_reason():
    row = surgery_row(
        lambda: elbo_surgery(np.zeros((9, 2)), np.full((9, 2), -np.inf), seed=0),
        sampling=Sampling(0),
        total=9,
    )
    assert row.measures == ()
    assert "point" in row.undefined[0].why
    assert set(CATALOGUE) >= {"information", "marginal_kl", "total_correlation"}
