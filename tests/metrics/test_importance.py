"""A linear Gaussian decoder, whose log p(x) and true posterior are known in closed form."""

import math

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from latentscape.errors import UndefinedError
from latentscape.metrics.importance import (
    ImportanceBounds,
    importance_bounds,
    importance_measures,
)

SIGMA, SCALES = 0.3, torch.tensor([2.0, 0.5])
WEIGHT = torch.linalg.qr(torch.randn(12, 2, generator=torch.Generator().manual_seed(0)))[0] * SCALES
VARIANCE = 1 / (1 + SCALES.square() / SIGMA**2)  # of the true posterior: diagonal


def images(n: int = 6) -> torch.Tensor:
    rng = torch.Generator().manual_seed(1)
    z, noise = torch.randn(n, 2, generator=rng), torch.randn(n, 12, generator=rng)
    return (z @ WEIGHT.T + SIGMA * noise).view(n, 3, 2, 2)


def nll(latents: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    apart = (x.flatten(1) - latents @ WEIGHT.T) / SIGMA
    return 0.5 * apart.square().sum(1) + 12 * (math.log(SIGMA) + 0.5 * math.log(2 * math.pi))


def exact(x: torch.Tensor) -> np.ndarray:
    covariance = WEIGHT @ WEIGHT.T + SIGMA**2 * torch.eye(12)
    return multivariate_normal(np.zeros(12), covariance.numpy()).logpdf(x.flatten(1).numpy())


def bounds(x: torch.Tensor, *, stretch: float, n_draws: int) -> ImportanceBounds:
    mean = x.flatten(1) @ WEIGHT * VARIANCE / SIGMA**2
    log_var = torch.log(VARIANCE * stretch**2).expand_as(mean)
    rng = torch.Generator().manual_seed(0)
    return importance_bounds(x, mean, log_var, nll=nll, n_draws=n_draws, rng=rng)


def test_under_the_true_posterior_any_draw_gives_log_p():
    x = images()
    for n_draws in (1, 7):
        found = bounds(x, stretch=1, n_draws=n_draws)
        np.testing.assert_allclose(found.bound, exact(x), rtol=1e-5)
        np.testing.assert_allclose(found.elbo, exact(x), rtol=1e-5)
        np.testing.assert_allclose(found.effective, n_draws, rtol=1e-4)


def test_under_another_posterior_the_bound_closes_in_and_the_elbo_does_not():
    x, stretch = images(), 1.7
    found = bounds(x, stretch=stretch, n_draws=20_000)
    np.testing.assert_allclose(found.bound, exact(x), atol=0.05)
    kl = 2 * 0.5 * (stretch**2 - 1 - 2 * math.log(stretch))  # of both latents, posterior to truth
    np.testing.assert_allclose(found.elbo, exact(x) - kl, atol=0.05)
    assert (found.effective < 20_000).all()


def test_more_draws_raise_it():
    x = images(40)
    found = [bounds(x, stretch=2.5, n_draws=k).bound.mean() for k in (1, 5, 50)]
    assert found[0] < found[1] < found[2] <= exact(x).mean() + 0.05


def test_the_draws_are_seeded_and_batches_do_not_matter_to_the_law():
    x = images(700)  # more images than are decoded at once
    first, again = (bounds(x, stretch=1.2, n_draws=3) for _ in range(2))
    np.testing.assert_array_equal(first.bound, again.bound)
    assert (first.bound >= first.elbo - 1e-9).all()


def test_the_measures_stand_beside_each_other():
    found = bounds(images(30), stretch=2, n_draws=10)
    rows = {m.name: m for m in importance_measures(found, n_draws=10, note="by hand")}
    assert rows["iwae_gain"].value == pytest.approx(rows["iwae"].value - rows["elbo"].value)
    assert rows["iwae"].low < rows["iwae"].value < rows["iwae"].high
    assert 1 <= rows["effective_draws"].value <= 10
    assert all("k = 10" in m.note and "by hand" in m.note for m in rows.values())


def test_a_point_posterior_and_infinite_likelihoods_are_undefined():
    x = images()
    with pytest.raises(UndefinedError, match="point"):
        importance_bounds(x, x.flatten(1)[:, :2], torch.full((6, 2), -torch.inf), nll=nll)
    broken = ImportanceBounds(np.array([np.inf]), np.array([0.0]), np.array([1.0]))
    with pytest.raises(UndefinedError, match="infinite"):
        importance_measures(broken, n_draws=1)
