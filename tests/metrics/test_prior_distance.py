import numpy as np
import pytest
from scipy import stats

from latentscape.metrics.interval import dealt
from latentscape.metrics.moments import CovarianceSums
from latentscape.metrics.prior_distance import (
    SCALES,
    distance_to_gaussian,
    fitted_kl,
    kernel_of_gaussians,
    kernel_to_gaussian,
    no_prior,
    prior_distance,
    sample_distances,
    sliced_w2,
)
from latentscape.records import Row

NAMES = (
    "prior_kl", "norm_ratio", "norm_ks", "prior_mmd2", "prior_sliced_w2", "prior_energy",
)  # fmt: skip


def row_for(rows: np.ndarray) -> Row:
    cells, words = dealt(len(rows), seed=0, most=200)
    sums = CovarianceSums.of(rows, cells, n_cells=int(cells.max()) + 1)
    return prior_distance(rows, sums, seed=0, words=words)


def test_the_prior_itself_is_at_no_distance():
    row = row_for(np.random.default_rng(5).normal(size=(600, 6)))
    assert [m.name for m in row.measures] == list(NAMES)
    for measure in row.measures:
        low, high = measure.reference.low, measure.reference.high
        reach = (high - low) / 2
        assert low - reach <= measure.value <= high + reach, measure.name


@pytest.mark.parametrize(
    "moved",
    [lambda z: z + 0.5, lambda z: 0.6 * z, lambda z: 1.5 * z, lambda z: np.sign(z)],
    ids=["shifted", "narrow", "wide", "corners of a cube"],
)
def test_what_is_not_the_prior_is_farther_than_chance(moved):
    row = row_for(moved(np.random.default_rng(0).normal(size=(600, 4))))
    for name in ("norm_ks", "prior_mmd2", "prior_sliced_w2", "prior_energy"):
        assert row[name].value > 1.3 * row[name].reference.high, name


def test_kl_is_the_closed_form_and_torchs():
    import torch
    from torch.distributions import MultivariateNormal, kl_divergence

    rng = np.random.default_rng(0)
    rows = rng.normal(size=(200, 3)) @ rng.normal(size=(3, 3)) + [1, 2, 3]
    mean, covariance = torch.tensor(rows.mean(0)), torch.tensor(np.cov(rows.T))
    there = kl_divergence(
        MultivariateNormal(mean, covariance),
        MultivariateNormal(torch.zeros_like(mean), torch.eye(3, dtype=mean.dtype)),
    )
    found = row_for(rows)["prior_kl"]
    assert found.value == pytest.approx(float(there))
    assert found.low < found.value < found.high
    assert fitted_kl(np.ones(4), 0.0) == 0


def test_kernel_means_are_those_of_samples():
    rng = np.random.default_rng(0)
    for d in (1, 2, 8, 64):
        x, prior, more = rng.normal(size=d) * 1.3, *rng.normal(size=(2, 60_000, d))

        def kernel(apart, d=d):
            return sum(2 * d * s / (2 * d * s + np.square(apart).sum(1)) for s in SCALES)

        assert kernel_to_gaussian(np.array([x @ x]), d)[0] == pytest.approx(
            kernel(x - prior).mean(), abs=0.04
        )
        assert kernel_of_gaussians(d) == pytest.approx(kernel(more - prior).mean(), abs=0.04)


def test_kernel_means_are_exact_integrals():
    from scipy.integrate import quad

    for d, size in ((1, 0.0), (3, 2.5), (16, 30.0)):
        law = stats.ncx2(d, size) if size else stats.chi2(d)
        there = sum(
            quad(lambda x, c=2 * d * s, law=law: c / (c + x) * law.pdf(x), 0, np.inf, limit=400)[0]
            for s in SCALES
        )
        assert kernel_to_gaussian(np.array([size]), d)[0] == pytest.approx(there, abs=2e-3)


def test_mmd_equals_a_ten_line_twin_with_the_prior_worked_out():
    rows = np.random.default_rng(0).gamma(1, size=(301, 3))
    D = np.square(rows[:, None] - rows[None]).sum(2)
    K = sum(6 * s / (6 * s + D) for s in SCALES)
    within = (K.sum() - np.trace(K)) / (301 * 300)
    across = kernel_to_gaussian(np.square(rows).sum(1), 3).mean()
    found = sample_distances(rows, np.random.default_rng(0))["prior_mmd2"]
    assert found == pytest.approx(within - 2 * across + kernel_of_gaussians(3))


def test_energy_distance_is_scipys_in_one_dimension():
    rows = np.random.default_rng(0).gamma(2, size=(2000, 1))
    prior = stats.norm.ppf((np.arange(20_000) + 0.5) / 20_000)
    found = sample_distances(rows, np.random.default_rng(0))["prior_energy"]
    # SciPy's is the square root, and counts a row's distance to itself among the pairs
    itself = np.abs(rows - rows.T).mean() / (len(rows) - 1)
    assert found + itself == pytest.approx(stats.energy_distance(rows[:, 0], prior) ** 2, rel=1e-3)


def test_distance_to_the_prior_is_its_closed_form():
    """√2 Γ((d + 1)/2)/Γ(d/2) ₁F₁(−½; d/2; −‖x‖²/2), where SciPy can sum it."""
    from scipy.special import gammaln, hyp1f1

    for d in (1, 2, 5, 50):
        x = np.random.default_rng(0).normal(size=(20, d)) * np.linspace(0, 3, 20)[:, None]
        scale = np.sqrt(2) * np.exp(gammaln((d + 1) / 2) - gammaln(d / 2))
        there = scale * hyp1f1(-0.5, d / 2, -np.square(x).sum(1) / 2)
        np.testing.assert_allclose(distance_to_gaussian(x), there, rtol=1e-6)


def test_distance_to_the_prior_is_that_of_samples_far_out_and_in_many_dimensions():
    rng = np.random.default_rng(0)
    for d, far in ((1, 1e4), (100, 1.0), (1000, 1.0), (1000, 50.0)):
        x = rng.normal(size=(1, d)) * far
        there = np.linalg.norm(x - rng.normal(size=(4000, d)), axis=1).mean()
        assert distance_to_gaussian(x)[0] == pytest.approx(there, rel=0.005)


def test_sliced_wasserstein_is_exact_where_it_is_known():
    """Of one line, W₂ of a finely cut N(m, σ²) to N(0, 1) is √(m² + (σ − 1)²)."""
    x = 0.4 + 1.7 * stats.norm.ppf((np.arange(5000) + 0.5) / 5000)[:, None]
    signs = [sliced_w2(x, np.random.default_rng(0)) for _ in range(2)]
    assert signs[0] == pytest.approx(np.hypot(0.4, 0.7), rel=1e-3)
    assert sliced_w2(np.zeros((7, 3)), np.random.default_rng(0)) == pytest.approx(1)


def test_the_norm_law_is_scipys_test():
    rows = np.random.default_rng(0).normal(size=(500, 4)) * 1.1
    found = row_for(rows)
    squares = np.square(rows).sum(1)
    assert found["norm_ks"].value == pytest.approx(stats.kstest(squares, stats.chi2(4).cdf)[0])
    assert found["norm_ratio"].value == pytest.approx(squares.mean() / 4)


@pytest.mark.parametrize(
    ("rows", "why"),
    [
        (np.full((50, 3), 0.1), "one point"),
        (np.random.default_rng(0).normal(size=(10, 20)), "10 samples span at most 9 of 20"),
        (np.random.default_rng(0).normal(size=(1, 2)), "no spread"),
        (np.random.default_rng(0).normal(size=(90, 3)) * [1, 0, 1], "1 of 3 latents are constant"),
    ],
    ids=["constant", "n < d", "n = 1", "a dead latent"],
)
def test_what_is_not_defined_says_why_and_the_rest_goes_on(rows, why):
    row = row_for(rows)
    assert why in {u.name: u.why for u in row.undefined}["prior_kl"]
    if len(rows) > 1:
        assert [m.name for m in row.measures] == list(NAMES[1:])
        assert all(np.isfinite(m.value) for m in row.measures)


def test_without_a_prior_there_is_no_distance():
    row = no_prior("no prior was used")
    assert not row.measures
    assert row.undefined[0].why == "no prior was used"
