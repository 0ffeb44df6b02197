"""What every recipe must keep to: its objective can be trained on, and means what it says.

Subclass it in a test module and give a pytest fixture ``recipe``.
"""

from dataclasses import FrozenInstanceError, is_dataclass, replace

import torch

from latentscape.testing.toys import toy_images, toy_labels, toy_model, toy_objective, toy_pass
from latentscape.training.recipes import Recipe


class RecipeContract:
    """Promises of a recipe and of each of its terms, each a test."""

    def test_losses_are_finite_scalars(self, recipe: Recipe):
        """One named, finite fp32 scalar a term, in training and in evaluation."""
        model = toy_model(recipe)
        objective = toy_objective(recipe, model)
        for mode in (True, False):
            model.train(mode)
            losses = objective.losses(toy_pass(model, toy_images()))
            assert list(losses) == [term.name for term in recipe.terms]
            for loss in losses.values():
                assert loss.shape == ()
                assert loss.dtype == torch.float32
                assert loss.isfinite()

    def test_gradients_reach_encoder_and_decoder(self, recipe: Recipe):
        """The loss moves every weight of the model, and none of a critic's."""
        model = toy_model(recipe)
        objective = toy_objective(recipe, model)
        torch.stack(list(objective.losses(toy_pass(model, toy_images())).values())).sum().backward()
        for name, weight in model.named_parameters():
            assert weight.grad is not None, name
            assert weight.grad.isfinite().all(), name
        for half in (model.encoder, model.decoder):
            grads = [weight.grad for weight in half.parameters()]
            assert any(grad is not None and bool(grad.any()) for grad in grads)
        assert all(weight.grad is None for weight in objective.critic_parameters())

    def test_critics_learn_apart(self, recipe: Recipe):
        """A critic's loss moves the critic and nothing of the model."""
        model = toy_model(recipe)
        objective = toy_objective(recipe, model)
        losses = objective.critic_losses(toy_pass(model, toy_images()))
        assert bool(losses) == bool(objective.critic_parameters())
        if losses:
            torch.stack(list(losses.values())).sum().backward()
            assert all(weight.grad is not None for weight in objective.critic_parameters())
        assert all(weight.grad is None for weight in model.parameters())

    def test_a_few_steps_lower_the_loss(self, recipe: Recipe):
        """Fifty steps on twelve images reconstruct them better than none."""
        model = toy_model(recipe)
        objective = toy_objective(recipe, model)
        images = toy_images()
        optimiser = torch.optim.Adam(model.parameters(), 1e-2)

        def error() -> float:
            with torch.no_grad():
                return (model.decode(model.encode(images).mean) - images).square().mean().item()

        before = error()
        for _ in range(50):
            optimiser.zero_grad()
            losses = objective.losses(toy_pass(model, images))
            torch.stack(list(losses.values())).sum().backward()
            optimiser.step()
        assert error() < 0.8 * before

    def test_means_over_the_batch(self, recipe: Recipe):
        """The same rows twice cost per image what they cost once.

        Estimators that compare rows with each other (MMD, total correlation, triplets) see
        other pairs in a doubled batch and are left out.
        """
        once = toy_images()
        model = toy_model(recipe)
        simple = tuple(t for t in recipe.terms if t.name in BATCH_MEANS)
        objective = toy_objective(replace(recipe, terms=simple), model)
        model.eval()
        a = toy_pass(model, once)
        b = toy_pass(model, torch.cat([once, once]), labels=toy_labels(12).repeat(2))
        b = replace(
            b,
            latents=a.latents.repeat(2, *[1] * (a.latents.dim() - 1)),
            logits=a.logits.repeat(2, 1, 1, 1),
        )
        for name, loss in objective.losses(a).items():
            torch.testing.assert_close(objective.losses(b)[name], loss, atol=1e-4, rtol=1e-4)

    def test_losses_stay_in_fp32_under_autocast(self, recipe: Recipe):
        """bf16 around the model does not reach the losses."""
        model = toy_model(recipe)
        objective = toy_objective(recipe, model)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            losses = objective.losses(toy_pass(model, toy_images()))
        assert {loss.dtype for loss in losses.values()} == {torch.float32}
        assert all(loss.isfinite() for loss in losses.values())

    def test_a_batch_of_one_is_no_accident(self, recipe: Recipe):
        """The last batch of an epoch may hold one image: finite, whatever the estimator."""
        model = toy_model(recipe)
        losses = toy_objective(recipe, model).losses(toy_pass(model, toy_images(1)))
        assert all(loss.isfinite() for loss in losses.values())

    def test_draws_come_from_the_pass(self, recipe: Recipe):
        """Same generator, same losses; torch's own generator is not touched."""
        model = toy_model(recipe).eval()
        objective = toy_objective(recipe, model)
        state = torch.get_rng_state()
        runs = [objective.losses(toy_pass(model, toy_images())) for _ in range(2)]
        assert torch.equal(state, torch.get_rng_state())
        assert all(torch.equal(runs[0][name], runs[1][name]) for name in runs[0])

    def test_recipe_and_terms_are_frozen(self, recipe: Recipe):
        """Recipes are values: they cannot be changed in place, only made anew."""
        for value in (recipe, *recipe.terms):
            assert is_dataclass(value)
            try:
                value.name = "other"  # type: ignore[misc]
            except FrozenInstanceError:
                continue
            raise AssertionError(f"{value} can be changed in place")
        assert recipe.description
        assert recipe.reference


BATCH_MEANS = ("reconstruction", "kl", "adversarial", "covariance", "latent_norm", "decoder_norm")
