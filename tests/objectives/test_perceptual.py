"""LPIPS beside the reconstruction: the published weight, in nats, whatever σ the objective has."""

from dataclasses import replace

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.models import build_likelihood
from latentscape.nn.lpips import Lpips
from latentscape.objectives import Perceptual
from latentscape.shapes import ImageShape
from latentscape.testing.toys import toy_images, toy_model, toy_pass, toy_style_net
from latentscape.training.recipes import recipe_named

SHAPE = ImageShape(3, 20, 20)  # as small as the toy net sees


@pytest.fixture
def net() -> Lpips:
    toy = toy_style_net()
    heads = [torch.ones(1, channels, 1, 1) for channels in (16, 32, 64)]
    return Lpips(toy, heads, words="toy")


@pytest.fixture
def done():
    return toy_pass(toy_model(recipe_named("vae"), SHAPE), toy_images(4, SHAPE))


@pytest.mark.parametrize(("name", "scale"), [("gaussian-fixed", 0.1), ("laplace", 0.2)])
def test_it_weighs_as_beside_an_averaged_error_in_minus_one_to_one(net, done, name, scale):
    """Reconstruction and term together are one constant times the published sum."""
    done = replace(done, likelihood=build_likelihood(name, scale))
    x, y = 2 * done.images - 1, 2 * torch.sigmoid(done.logits) - 1
    distance = net.distance(torch.sigmoid(done.logits), done.images).mean()
    power = 1 if name == "laplace" else 2
    error = (x - y).abs().pow(power).mean()
    nats = SHAPE.size / (2 * scale) if name == "laplace" else SHAPE.size / (8 * scale**2)
    term = Perceptual(perceptual=0.3).loss(done, net)
    constant = done.likelihood.nll(torch.logit(done.images.clamp(1e-6, 1 - 1e-6)), done.images)
    whole = done.likelihood.nll(done.logits, done.images).mean() - constant.mean() + term
    torch.testing.assert_close(whole, nats * (error + 0.3 * distance), rtol=1e-3, atol=1e-2)


def test_gradients_pass_through_the_frozen_net(net, done):
    """Neither stopped (METHODS T3) nor kept by the net."""
    logits = done.logits.detach().requires_grad_()
    Perceptual().loss(replace(done, logits=logits), net).backward()
    assert logits.grad is not None
    assert logits.grad.abs().sum() > 0
    assert all(weight.grad is None for weight in net.parameters())


def test_an_image_is_no_distance_from_itself(net, done):
    same = replace(done, logits=torch.logit(done.images.clamp(1e-6, 1 - 1e-6)))
    assert Perceptual().loss(same, net).item() == pytest.approx(0, abs=1e-3)


def test_a_negative_weight_is_refused():
    with pytest.raises(UsageError, match="cannot be negative"):
        Perceptual(perceptual=-1)
