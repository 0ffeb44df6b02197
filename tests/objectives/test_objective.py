"""Terms add up; critics stay apart; nothing is added twice."""

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.objectives import KL, Adversarial, Objective, Reconstruction, Sizes
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


@pytest.mark.parametrize("terms", [(), (KL(), KL(beta=2)), (KL(), KL(capacity=25))])
def test_doubled_or_missing_terms_are_refused(terms):
    with pytest.raises(UsageError, match="different names"):
        Objective(terms, SIZES)
