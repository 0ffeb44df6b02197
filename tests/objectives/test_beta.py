"""β means the same at every image size; other programs' numbers translate (METHODS §0a, T1)."""

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.models import build_likelihood
from latentscape.objectives import beta_from_convention, beta_in_conventions
from latentscape.objectives.beta import HALF_SUM, MEAN_L1, MEAN_MEAN, MEAN_SUM, NORMALISED, SUM
from latentscape.shapes import ImageShape

SEED = ImageShape(3, 256, 256)
LATENT = (4, 32, 32)


def test_the_table_of_the_failed_fine_tune():
    unit = beta_in_conventions(1, SEED, latent_shape=LATENT)
    assert unit[MEAN_SUM] == pytest.approx(1.0e-5, rel=0.02)
    sigma_vae = beta_in_conventions(1, SEED, latent_shape=LATENT, sigma=0.0036**0.5)
    assert sigma_vae[MEAN_SUM] == pytest.approx(3.7e-8, rel=0.02)
    diffusion = beta_in_conventions(1e-6, SEED, latent_shape=LATENT)
    assert diffusion[MEAN_L1] == pytest.approx(5.1e-12, rel=0.01)


def test_other_programs_weights_in_elbo_units():
    seed = {"image_shape": SEED, "latent_shape": LATENT}
    assert beta_from_convention(1, MEAN_SUM, **seed) == pytest.approx(98304)
    antixk = {"image_shape": ImageShape(3, 64, 64), "latent_shape": (128,)}
    assert beta_from_convention(0.00025, MEAN_SUM, **antixk) == pytest.approx(1.5, rel=0.03)
    assert beta_from_convention(2, HALF_SUM, **antixk) == pytest.approx(2)
    assert beta_in_conventions(4, ImageShape(1, 64, 64), latent_shape=(10,))[
        NORMALISED
    ] == pytest.approx(4 * 10 / 4096)


@pytest.mark.parametrize("sigma", [1.0, 0.3])
def test_each_form_of_the_loss_has_the_same_gradient_direction(sigma):
    """The converted losses are the ELBO times a constant: proven on numbers, not on algebra."""
    torch.manual_seed(0)
    beta, shape, m = 3.0, ImageShape(2, 5, 6), 7
    betas = beta_in_conventions(beta, shape, latent_shape=(m,), sigma=sigma)
    logits = torch.randn(4, *shape, requires_grad=True)
    rate = torch.randn(4, m, requires_grad=True)
    images = torch.rand(4, *shape)
    nll = build_likelihood("gaussian-fixed", sigma).nll(logits, images)
    squared = (torch.sigmoid(logits) - images).square().flatten(1)
    kl = rate.square().sum(1)
    losses = {
        "elbo": nll + beta * kl,
        HALF_SUM: 0.5 * squared.sum(1) + betas[HALF_SUM] * kl,
        SUM: squared.sum(1) + betas[SUM] * kl,
        MEAN_SUM: squared.mean(1) + betas[MEAN_SUM] * kl,
        MEAN_MEAN: squared.mean(1) + betas[MEAN_MEAN] * kl / m,
    }
    directions = []
    for loss in losses.values():
        grads = torch.autograd.grad(loss.mean(), (logits, rate), retain_graph=True)
        flat = torch.cat([g.flatten() for g in grads])
        directions.append(flat / flat.norm())
    for direction in directions[1:]:
        torch.testing.assert_close(direction, directions[0])


@pytest.mark.parametrize("name", ["bernoulli", "gaussian-fixed", "laplace"])
def test_doubling_the_image_leaves_beta_its_meaning(name):
    """Each pixel shown four times is four times the evidence, and the rate costs what it did.

    Reconstruction and rate are both per image, so the exchange rate of nats for nats stays β.
    A mean over pixels would have left the reconstruction as it was and made β four times as
    strong per nat of evidence.
    """
    torch.manual_seed(0)
    likelihood = build_likelihood(name)
    images, logits = torch.rand(3, 1, 8, 8), torch.randn(3, 1, 8, 8)

    def doubled(x):
        return x.repeat_interleave(2, 2).repeat_interleave(2, 3)

    small = likelihood.nll(logits, images)
    large = likelihood.nll(doubled(logits), doubled(images))
    torch.testing.assert_close(large, 4 * small)
    elbo_units = beta_in_conventions(1, ImageShape(1, 8, 8), latent_shape=(2,))
    doubled_units = beta_in_conventions(1, ImageShape(1, 16, 16), latent_shape=(2,))
    assert doubled_units[HALF_SUM] == elbo_units[HALF_SUM]
    assert doubled_units[MEAN_SUM] == elbo_units[MEAN_SUM] / 4


def test_unknown_conventions_and_noise_are_refused():
    with pytest.raises(UsageError, match="no convention"):
        beta_from_convention(1, "max", image_shape=SEED, latent_shape=LATENT)
    with pytest.raises(UsageError, match="sigma"):
        beta_in_conventions(1, SEED, latent_shape=LATENT, sigma=0)
