"""The adversary of patches: balanced, detached, and silent before its start."""

from dataclasses import replace

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.objectives import Objective, PatchAdversary, Sizes
from latentscape.shapes import ImageShape
from latentscape.testing.toys import toy_images, toy_model, toy_pass
from latentscape.training.recipes import recipe_named

SHAPE = ImageShape(3, 32, 32)


@pytest.fixture
def made():
    """A model, an objective with the adversary, and a pass."""
    torch.manual_seed(0)
    recipe = recipe_named("vae", ("patch_adversary",), patch_weight=1.0, patch_width=8)
    model = toy_model(recipe, SHAPE)
    objective = Objective(recipe.terms, Sizes(SHAPE, model.latent_shape, 100))
    return model, objective, toy_pass(model, toy_images(6, SHAPE))


def test_it_pulls_on_the_last_layer_as_hard_as_the_reconstruction(made):
    """Esser et al., eq. 7, where nothing is clamped."""
    _, objective, done = made
    losses = objective.losses(done)
    last = [weight for weight in done.decoder_parameters if weight.dim() > 1][-1]
    pulls = [
        torch.autograd.grad(losses[name], last, retain_graph=True)[0].norm()
        for name in ("reconstruction", "patch_adversary")
    ]
    torch.testing.assert_close(pulls[1], pulls[0], rtol=0.05, atol=0)


class FirstRegisteredLast(torch.nn.Module):
    """A decoder whose last layer is registered first, as its first one is by others."""

    def __init__(self, decoder: torch.nn.Module):
        super().__init__()
        self.to_pixels = torch.nn.Conv2d(SHAPE.channels, SHAPE.channels, 1)
        self.rest = decoder

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return self.to_pixels(self.rest(latents))


def test_the_last_layer_is_the_graphs_not_the_last_registered(made):
    model, objective, _ = made
    model.decoder = FirstRegisteredLast(model.decoder)
    done = toy_pass(model, toy_images(6, SHAPE))
    losses = objective.losses(done)
    pulls = [
        torch.autograd.grad(losses[name], model.decoder.to_pixels.weight, retain_graph=True)[0]
        for name in ("reconstruction", "patch_adversary")
    ]
    torch.testing.assert_close(pulls[1].norm(), pulls[0].norm(), rtol=0.05, atol=0)


def test_neither_step_leaves_gradients_with_the_other(made):
    """METHODS T3: fakes are detached, and the model's loss does not move the discriminator."""
    model, objective, done = made
    torch.stack(list(objective.losses(done).values())).sum().backward()
    assert all(weight.grad is None for weight in objective.critic_parameters())
    before = [None if w.grad is None else w.grad.clone() for w in model.parameters()]
    torch.stack(list(objective.critic_losses(done).values())).sum().backward()
    assert all(weight.grad is not None for weight in objective.critic_parameters())
    for weight, gradient in zip(model.parameters(), before, strict=True):
        assert gradient is None or torch.equal(weight.grad, gradient)


def test_the_discriminator_learns_to_tell_apart(made):
    _, objective, done = made
    done = replace(done, logits=done.logits.detach())
    optimiser = torch.optim.Adam(objective.critic_parameters(), 1e-3)
    first = None
    for _ in range(40):
        loss = objective.critic_losses(done)["patch_adversary"]
        first = loss.item() if first is None else first
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert loss.item() < 0.3 * first


def test_it_is_silent_before_its_start_and_where_nothing_learns(made):
    model, _, done = made
    late = PatchAdversary(patch_start=5.5)
    part = late.build(Sizes(SHAPE, model.latent_shape, 100))
    assert late.loss(done, part) == 0
    assert late.critic_loss(done, part) is None
    assert late.critic_loss(replace(done, epoch=5.5), part) is not None
    with torch.no_grad():
        assert PatchAdversary().loss(done, part) == 0


@pytest.mark.parametrize("side", [8, 9, 20, 64])
def test_small_images_have_fewer_halvings(side):
    shape = ImageShape(1, side, side)
    net = PatchAdversary(patch_width=4).build(Sizes(shape, (2,), 10))
    assert net(torch.rand(2, *shape)).shape[:2] == (2, 1)


def test_wrong_settings_are_refused():
    with pytest.raises(UsageError, match="no patches"):
        PatchAdversary().build(Sizes(ImageShape(1, 4, 4), (2,), 10))
    with pytest.raises(UsageError, match="cannot be negative"):
        PatchAdversary(patch_weight=-1)
    with pytest.raises(UsageError, match="width and layers"):
        PatchAdversary(patch_layers=0)
