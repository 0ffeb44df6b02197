"""What an error costs in nats, and decoders that put out images instead of logits."""

import math

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.models import build_likelihood
from latentscape.models.likelihood import GaussianOfImages

torch.manual_seed(0)
IMAGES, LOGITS = torch.rand(5, 2, 4, 4), torch.randn(5, 2, 4, 4)
D = 32


@pytest.mark.parametrize("name", ["gaussian-fixed", "laplace"])
def test_the_price_is_what_the_error_costs(name):
    likelihood = build_likelihood(name, 0.3)
    back = torch.sigmoid(LOGITS)
    error = (back - IMAGES).abs().pow(likelihood.power).mean()
    exact = torch.logit(IMAGES.clamp(1e-6, 1 - 1e-6))
    nats = likelihood.nll(LOGITS, IMAGES).mean() - likelihood.nll(exact, IMAGES).mean()
    torch.testing.assert_close(likelihood.price(LOGITS, IMAGES) * error, nats, rtol=1e-3, atol=0)


@pytest.mark.parametrize("training", [True, False])
def test_of_a_learned_sigma_it_is_the_slope(training):
    """d nll / d MSE, with the batch's own σ in training and the kept one elsewhere."""
    likelihood = build_likelihood("gaussian").train()
    likelihood.nll(LOGITS, IMAGES)
    likelihood.train(training)
    logits = LOGITS.clone().requires_grad_()
    (nats,) = torch.autograd.grad(likelihood.nll(logits, IMAGES).mean(), logits)
    error = (torch.sigmoid(logits) - IMAGES).square().mean()
    (slope,) = torch.autograd.grad(error, logits)
    price = likelihood.price(LOGITS, IMAGES)
    torch.testing.assert_close(nats, price * slope, rtol=2e-2, atol=1e-4)
    assert not price.requires_grad


def test_of_cross_entropy_it_is_the_curvature_at_gray():
    likelihood, gray = build_likelihood("bernoulli"), torch.full((1, 1, 8, 8), 0.5)
    back = gray + 0.02
    nats = likelihood.nll(torch.logit(back), gray) - 64 * math.log(2)
    assert nats.item() == pytest.approx(likelihood.price(back, gray).item() * 0.02**2, rel=0.01)


@pytest.mark.parametrize("name", ["gaussian", "gaussian-fixed", "laplace"])
def test_decoders_of_images_are_scored_as_they_are(name):
    """Clamped where they are measured; in training not, for a clamp teaches nothing."""
    of_images, of_logits = build_likelihood(name, of_images=True), build_likelihood(name)
    for likelihood in (of_images, of_logits):
        likelihood.train()
    back = torch.sigmoid(LOGITS)
    torch.testing.assert_close(of_images.nll(back, IMAGES), of_logits.nll(LOGITS, IMAGES))
    too_bright = torch.full_like(IMAGES, 1.5, requires_grad=True)
    of_images.nll(too_bright, IMAGES).sum().backward()
    assert too_bright.grad is not None
    assert (too_bright.grad > 0).all()
    of_images.eval()
    assert of_images.mean(too_bright).max() == 1


def test_the_plain_one_of_images_is_a_gaussian_of_sigma_one():
    plain, same = GaussianOfImages().eval(), build_likelihood("gaussian-fixed", of_images=True)
    torch.testing.assert_close(plain.nll(LOGITS, IMAGES), same.eval().nll(LOGITS, IMAGES))
    assert plain.price(LOGITS, IMAGES) == same.price(LOGITS, IMAGES) == D / 2


def test_a_bernoulli_needs_logits():
    with pytest.raises(UsageError, match="reads logits"):
        build_likelihood("bernoulli", of_images=True)
