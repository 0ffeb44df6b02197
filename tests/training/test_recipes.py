"""Every recipe under the contract, and the table against METHODS §8."""

from math import log, pi

import pytest
import torch

from latentscape.errors import UsageError
from latentscape.models import build_likelihood
from latentscape.objectives import KL, Covariance
from latentscape.testing import (
    RecipeContract,
    toy_images,
    toy_model,
    toy_objective,
    toy_pass,
)
from latentscape.training.recipes import RECIPES, prior_matched, recipe_named, settings_of

NAMES = "ae vae beta_vae aae tvae sigma_vae wae_mmd info_vae beta_tcvae dip_vae rae"


class TestEveryRecipe(RecipeContract):
    @pytest.fixture(params=RECIPES.values(), ids=lambda recipe: recipe.name)
    def recipe(self, request):
        return request.param


def test_the_table_is_complete_and_keyed_by_name():
    assert list(RECIPES) == NAMES.split()
    assert all(recipe.name == name for name, recipe in RECIPES.items())
    assert [r.name for r in RECIPES.values() if r.needs_labels] == ["tvae"]


def test_only_what_nothing_draws_to_the_prior_is_without_one():
    assert [r.name for r in RECIPES.values() if not r.prior_matched] == ["ae", "rae"]
    assert prior_matched("aae", posterior="point")
    assert not prior_matched("ae", posterior="point")
    assert prior_matched("a stranger's", posterior="gaussian")
    assert not prior_matched("a stranger's", posterior="point")


def test_dip_vaes_diagonal_follows_its_off_diagonal():
    """λ_d = 10 λ_od (METHODS §8), also when λ_od is changed."""
    model = toy_model(RECIPES["dip_vae"])
    done = toy_pass(model, toy_images())
    for recipe, factor in ((RECIPES["dip_vae"], 1), (recipe_named("dip_vae", off_diagonal=5), 0.5)):
        asked = Covariance(off_diagonal=10 * factor, diagonal=100 * factor)
        assert recipe.terms[2].loss(done, None) == asked.loss(done, None)


def test_capacity_is_reached_through_the_recipe():
    term = recipe_named("vae", capacity=25, gamma=5).terms[1]
    assert (term.capacity, term.gamma) == (25, 5)


def test_wae_has_the_whole_squared_error():
    """Σ(x−x̂)², not half of it: σ² = ½ in the likelihood, up to the density's constant."""
    recipe = RECIPES["wae_mmd"]
    likelihood = build_likelihood(recipe.likelihood, recipe.likelihood_scale)
    images, logits = toy_images(), torch.randn(12, 1, 8, 8)
    squared = (torch.sigmoid(logits) - images).square().flatten(1).sum(1)
    constant = 64 / 2 * log(2 * pi * 0.5)
    torch.testing.assert_close(likelihood.nll(logits, images), squared + constant)


def test_sigma_vae_is_half_d_log_mse():
    """(D/2) ln MSE of the batch, up to a constant, and so the gradient of that."""
    model = toy_model(RECIPES["sigma_vae"]).train()
    done = toy_pass(model, toy_images())
    loss = toy_objective(RECIPES["sigma_vae"], model).losses(done)["reconstruction"]
    mse = (torch.sigmoid(done.logits) - done.images).square().mean()
    (ours,) = torch.autograd.grad(loss, done.logits, retain_graph=True)
    (paper,) = torch.autograd.grad(64 / 2 * mse.log(), done.logits)
    torch.testing.assert_close(ours, paper, rtol=0.02, atol=1e-4)


def test_overrides_reach_the_term_that_has_the_setting():
    recipe = recipe_named("beta-vae", beta=2, free_bits=0.25)
    assert recipe.terms[1] == KL(beta=2, free_bits=0.25)
    assert RECIPES["beta_vae"].terms[1] == KL(beta=4)
    assert recipe_named("info_vae", lam=10).terms[1].lam == 10
    assert settings_of(RECIPES["rae"])["decoder_weight"] == 1e-4


@pytest.mark.parametrize(
    ("name", "overrides", "near"),
    [
        ("vea", {}, "vae"),
        ("beta_tcva", {}, "beta_tcvae"),
        ("vae", {"bta": 2}, "beta"),
        ("vae", {"freebits": 2}, "free_bits"),
        ("ae", {"beta": 2}, "none that can be changed"),
    ],
)
def test_unknown_words_name_the_nearest(name, overrides, near):
    with pytest.raises(UsageError) as error:
        recipe_named(name, **overrides)
    assert near in error.value.hint


def test_info_vae_below_one_is_refused():
    with pytest.raises(UsageError, match="mismatch"):
        recipe_named("info_vae", lam=1e-3)
