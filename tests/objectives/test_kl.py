"""The rate against torch.distributions; its schedules, free bits and capacity."""

import pytest
import torch
from torch.distributions import Normal, kl_divergence

from latentscape.errors import UsageError
from latentscape.models import Gaussian
from latentscape.objectives import KL
from latentscape.testing import toy_images, toy_model, toy_pass
from latentscape.training.recipes import recipe_named


def a_pass(**changes):
    from dataclasses import replace

    model = toy_model(recipe_named("vae"))
    torch.manual_seed(0)
    posterior = Gaussian(torch.randn(12, 4), torch.randn(12, 4))
    return replace(toy_pass(model, toy_images()), posterior=posterior, **changes)


def reference(done):
    """KL of each latent, batch mean."""
    return kl_divergence(Normal(done.posterior.mean, done.posterior.std), Normal(0, 1)).mean(0)


def test_kl_is_the_sum_over_latents_and_mean_over_rows():
    done = a_pass()
    torch.testing.assert_close(KL(beta=3).loss(done, None), 3 * reference(done).sum())


def test_free_bits_lift_each_latent_to_its_allowance():
    done = a_pass()
    rates = reference(done)
    bits = rates.sort().values[2].item() + 0.01  # three latents below, one above
    expected = 3 * bits + rates.max()
    torch.testing.assert_close(KL(free_bits=bits).loss(done, None), expected)


def test_a_latent_within_its_free_bits_is_not_pushed():
    mean = torch.tensor([[0.1, 3.0]]).repeat(12, 1).requires_grad_()
    done = a_pass()
    from dataclasses import replace

    done = replace(done, posterior=Gaussian(mean, torch.zeros(12, 2)))
    KL(free_bits=0.5).loss(done, None).backward()
    assert not mean.grad[:, 0].any()
    assert mean.grad[:, 1].all()


def test_warm_up_rises_once():
    kl = KL(beta=2, warmup_epochs=10)
    assert [kl.weight(e, 50) for e in (0, 5, 10, 50)] == [0, 1, 2, 2]


def test_cycles_rise_and_rest():
    kl = KL(beta=1, cycles=4, ramp=0.5)
    assert [kl.weight(e, 40) for e in (0, 2.5, 5, 9.9, 10, 12.5, 39.9, 40)] == pytest.approx(
        [0, 0.5, 1, 1, 0, 0.5, 1, 1]
    )


def test_capacity_is_the_distance_to_a_growing_rate():
    done = a_pass(epoch=5.0)
    rate = reference(done).sum()
    term = KL(gamma=10, capacity=30, capacity_epochs=10)
    torch.testing.assert_close(term.loss(done, None), 10 * (rate - 15).abs())
    assert [term.capacity_at(epoch) for epoch in (0, 5, 10, 100)] == [0, 15, 30, 30]
    assert KL(capacity=30, capacity_epochs=0).capacity_at(0) == 30


def test_capacity_takes_the_place_of_beta():
    done = a_pass(epoch=5.0)
    settings = {"gamma": 5, "capacity": 30, "capacity_epochs": 25}
    losses = [recipe_named(n, **settings).terms[1].loss(done, None) for n in ("vae", "beta_vae")]
    torch.testing.assert_close(losses[0], 5 * (reference(done).sum() - 6).abs())
    assert losses[0] == losses[1]


@pytest.mark.parametrize(
    "wrong",
    [
        {"beta": -1},
        {"free_bits": -0.1},
        {"ramp": 0},
        {"cycles": 2, "warmup_epochs": 3},
        {"capacity": -1},
        {"gamma": 5},
        {"capacity": 25, "free_bits": 0.1},
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(UsageError):
        KL(**wrong)
