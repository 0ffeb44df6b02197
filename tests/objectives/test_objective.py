"""Terms add up; critics stay apart; nothing is added twice."""

from dataclasses import dataclass
from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.objectives import KL, Adversarial, Objective, Pass, Reconstruction, Sizes, Term
from latentscape.testing import TOY_SHAPE, toy_images, toy_model, toy_pass
from latentscape.training.recipes import recipe_named

SIZES = Sizes(TOY_SHAPE, (4,), 100)


def test_losses_are_named_and_sum_to_the_negative_elbo():
    model = toy_model(recipe_named("vae"))
    done = toy_pass(model, toy_images())
    losses = Objective((Reconstruction(), KL()), SIZES).losses(done)
    assert list(losses) == ["reconstruction", "kl"]
    nll = model.likelihood.nll(done.logits, done.images).mean()
    rate = done.posterior.kl().sum(1).mean()
    torch.testing.assert_close(losses["reconstruction"] + losses["kl"], nll + rate)


def test_critic_parameters_are_the_discriminators():
    objective = Objective((Reconstruction(), Adversarial(hidden=(5,))), SIZES)
    assert sum(w.numel() for w in objective.critic_parameters()) == 4 * 5 + 5 + 5 + 1
    assert not Objective((Reconstruction(), KL()), SIZES).critic_parameters()


@dataclass(frozen=True)
class Looks(Term):
    """A term that compares by a frozen net, as the perceptual one does."""

    name: ClassVar[str] = "looks"

    def build(self, sizes: Sizes) -> nn.Module:
        return nn.BatchNorm2d(1).requires_grad_(False)

    def loss(self, done: Pass, part: nn.Module | None) -> Tensor:
        return done.images.new_zeros(())


def test_what_is_kept_of_an_objective_is_what_it_has_learnt():
    terms = (Reconstruction(), Looks(), Adversarial(hidden=(5,)))
    first, second = Objective(terms, SIZES), Objective(terms, SIZES)
    kept = first.learned_state()
    assert len(kept) == 4
    assert all(key.startswith("parts.adversarial") for key in kept)
    nn.init.constant_(second.parts["looks"].weight, 3)  # pyright: ignore[reportArgumentType]
    second.load_learned_state(kept)
    assert all(torch.equal(second.state_dict()[key], value) for key, value in kept.items())
    assert second.state_dict()["parts.looks.weight"].item() == 3
    with pytest.raises(KeyError):
        second.load_learned_state({})


@pytest.mark.parametrize("terms", [(), (KL(), KL(beta=2)), (KL(), KL(capacity=25))])
def test_doubled_or_missing_terms_are_refused(terms):
    with pytest.raises(UsageError, match="different names"):
        Objective(terms, SIZES)
