"""The three parts of the rate against loops, closed forms and the whole."""

import pytest
import torch
from torch.distributions import Normal

from latentscape.errors import UsageError
from latentscape.models import Gaussian, Point
from latentscape.objectives import Sizes, TotalCorrelation
from latentscape.objectives.total_correlation import rate_parts, stratified_log_weights
from latentscape.testing import TOY_SHAPE

N_TRAIN = 50


def a_posterior(n=7, d=3, seed=0):
    rng = torch.Generator().manual_seed(seed)
    return Gaussian(torch.randn(n, d, generator=rng), torch.randn(n, d, generator=rng) - 1)


def test_weights_are_those_of_stratified_sampling():
    """Own image 1/N, one other (N−M)/(NM), the rest 1/M each; rows sum to 1."""
    weights = stratified_log_weights(6, N_TRAIN, device=torch.device("cpu")).exp()
    m = 5
    torch.testing.assert_close(weights.diagonal(), torch.full((6,), 1 / N_TRAIN))
    torch.testing.assert_close(weights.sum(1), torch.ones(6))
    values = sorted(weights[2].tolist())
    assert values == pytest.approx(
        sorted([1 / N_TRAIN, (N_TRAIN - m) / (N_TRAIN * m), *[1 / m] * 4])
    )


def test_a_batch_that_is_the_whole_set_gives_the_true_mixture():
    """With N = batch, every weight is 1/N, and q(z) is exact."""
    weights = stratified_log_weights(6, 6, device=torch.device("cpu")).exp()
    assert weights.diagonal().tolist() == pytest.approx([1 / 6] * 6)
    posterior = a_posterior(400, 2, seed=1)
    z = posterior.sample(torch.Generator().manual_seed(0))
    mixture = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(torch.ones(400)),
        torch.distributions.Independent(Normal(posterior.mean, posterior.std), 1),
    )
    own = Normal(posterior.mean, posterior.std).log_prob(z).sum(1)
    exact = (own - mixture.log_prob(z)).mean()
    ours = rate_parts(posterior, z, n_train=400).information
    torch.testing.assert_close(ours, exact, atol=0.02, rtol=0.02)


def test_parts_against_loops():
    posterior = a_posterior()
    z = posterior.sample(torch.Generator().manual_seed(1))
    weights = stratified_log_weights(7, N_TRAIN, device=torch.device("cpu")).exp().double()
    mean, std = posterior.mean.double(), posterior.std.double()
    prior, information, correlation, each = Normal(0.0, 1.0), 0.0, 0.0, 0.0
    for i, row in enumerate(z.double()):
        densities = torch.stack([Normal(mean[j], std[j]).log_prob(row).exp() for j in range(7)])
        q_z = (weights[i] * densities.prod(1)).sum().log()
        q_each = (weights[i][:, None] * densities).sum(0).log().sum()
        information += Normal(mean[i], std[i]).log_prob(row).sum() - q_z
        correlation += q_z - q_each
        each += q_each - prior.log_prob(row).sum()
    parts = rate_parts(posterior, z, n_train=N_TRAIN)
    expected = [x / 7 for x in (information, correlation, each)]
    for ours, reference in zip(parts, expected, strict=True):
        assert ours.item() == pytest.approx(reference.item(), rel=1e-4, abs=1e-4)


def test_equal_weights_give_the_elbo_rate():
    """α = β = γ = 1 is the single-sample KL, whatever the size of the training set."""
    posterior = a_posterior()
    z = posterior.sample(torch.Generator().manual_seed(2))
    single = Normal(posterior.mean, posterior.std).log_prob(z) - Normal(0.0, 1.0).log_prob(z)
    for n_train in (10, 60_000):
        torch.testing.assert_close(
            torch.stack(rate_parts(posterior, z, n_train=n_train)).sum(), single.sum(1).mean()
        )


def test_total_correlation_sees_dependence_and_only_that():
    rng = torch.Generator().manual_seed(0)
    factors = torch.randn(600, 2, generator=rng)
    apart = Gaussian(factors, torch.full((600, 2), -3.0))
    tied = Gaussian(factors[:, :1].repeat(1, 2), torch.full((600, 2), -3.0))
    values = [rate_parts(q, q.sample(rng), n_train=600).total_correlation for q in (apart, tied)]
    assert values[0].abs() < 0.15
    assert values[1] > 0.8


def test_the_training_sets_size_is_the_terms_own():
    term = TotalCorrelation()
    part = term.build(Sizes(TOY_SHAPE, (3,), 1234))
    assert part.n_train == 1234
    assert not list(part.parameters())


def test_points_have_no_density():
    z = torch.randn(4, 2)
    with pytest.raises(UsageError, match="Gaussian posterior"):
        rate_parts(Point(z), z, n_train=10)
