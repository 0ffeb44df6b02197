"""What β comes to, and what is said of it before training and of a finished run."""

import numpy as np
import pytest

from latentscape.data import DataConfig, load_images
from latentscape.errors import UsageError
from latentscape.metrics.spread import ImageSpread
from latentscape.models import ModelConfig
from latentscape.objectives import KL
from latentscape.shapes import ImageShape
from latentscape.training import TrainConfig
from latentscape.training.cure import cause_of, cure, diagnose
from latentscape.training.recipes import rate_term, recipe_named, recipe_of
from latentscape.training.watch import Signs
from latentscape.training.weighting import Weighting, figure, weighting_of

SEED = ImageShape(3, 256, 256)


def weighting(beta, *, likelihood="gaussian-fixed", scale=1.0, even=400.0, mse=0.0328):
    spread = ImageSpread(mse=mse, mae=0.2, break_even=even, n=100)
    return Weighting(beta, likelihood, scale, SEED, (4, 32, 32), spread)


def signs(rate=20.0, active=10, share=0.9):
    return Signs(rate=rate, active_units=active, output_share=share)


EMPTY = signs(rate=1e-4, active=0, share=1e-6)


class TestConvention:
    def config(self, **more):
        return TrainConfig(latent=(4, 32, 32), beta_convention="mean-sum", **more)

    def test_the_failed_fine_tune_comes_to_half_of_d(self):
        recipe = recipe_of(self.config(), SEED)
        assert rate_term(recipe).beta == pytest.approx(98_304)
        assert recipe.likelihood == "gaussian-fixed"
        by_name = self.config(recipe_options={"beta": 0.5})
        assert rate_term(recipe_of(by_name, SEED)).beta == pytest.approx(49_152)

    def test_a_form_of_the_loss_may_stand_for_its_word(self):
        config = TrainConfig(latent=(4, 32, 32), beta_convention="mean-SE + β·sum-KL")
        assert rate_term(recipe_of(config, SEED)).beta == pytest.approx(98_304)

    def test_absolute_errors_are_laplace_and_ratios_leave_the_likelihood(self):
        laplace = TrainConfig(latent=(4, 32, 32), beta_convention="mean-l1")
        assert recipe_of(laplace, SEED).likelihood == "laplace"
        higgins = TrainConfig(latent=(4, 32, 32), beta_convention="higgins", likelihood="bernoulli")
        assert rate_term(recipe_of(higgins, SEED)).beta == pytest.approx(196_608 / 4096)

    def test_other_terms_and_settings_stay(self):
        config = self.config(recipe="tvae", recipe_options={"warmup_epochs": 3})
        recipe, plain = recipe_of(config, SEED), recipe_named("tvae")
        assert [t.name for t in recipe.terms] == [t.name for t in plain.terms]
        assert rate_term(recipe).warmup_epochs == 3
        assert rate_term(recipe_named("vae", capacity=10)) is None
        assert rate_term(recipe_named("vae")) == KL()

    def test_without_a_beta_or_with_another_likelihood_it_is_refused(self):
        for recipe in ("ae", "beta_tcvae"):
            with pytest.raises(UsageError, match="no β"):
                recipe_of(self.config(recipe=recipe), SEED)
        with pytest.raises(UsageError, match="belongs to"):
            recipe_of(self.config(likelihood="bernoulli"), SEED)


class TestWords:
    def test_the_table_of_the_failed_fine_tune(self):
        """METHODS §0a: 1 ran, 1.0e-5 is the unit-variance ELBO, 3.7e-8 the σ-VAE at .0036."""
        lines = weighting(98_304, mse=0.0036).table()
        (row,) = [line for line in lines if "mean-SE + β·sum-KL" in line]
        assert row.split()[-3:] == ["1", "1.0e-05", "3.7e-08"]
        assert lines[0].startswith("β = 98,304 in ELBO units")

    @pytest.mark.parametrize(
        ("beta", "scale", "likelihood", "said"),
        [
            (98_304, 1, "gaussian-fixed", "98,304 times the unit-variance ELBO"),
            (500, 1, "gaussian-fixed", "expect every output to be the mean image"),
            (1, 1, "gaussian-fixed", None),
            (0.03, 1, "gaussian-fixed", None),
            (1e-6, 1, "gaussian-fixed", "below the unit-variance ELBO"),
            (1, 0.1, "gaussian-fixed", None),
            (1, 1, "gaussian", None),
            (4, 1, "bernoulli", None),
            (1000, 1, "bernoulli", "the mean image"),
            (1e-6, 1, "laplace", "below"),
        ],
    )
    def test_only_what_is_far_off_is_warned_of(self, beta, scale, likelihood, said):
        warning = weighting(beta, scale=scale, likelihood=likelihood).warning()
        assert (warning is None) if said is None else (said in warning)

    def test_above_break_even_is_far_off_at_any_size(self):
        assert "at most: expect" in weighting(20, even=13).warning()
        assert weighting(12, even=13).warning() is None

    def test_the_sigma_vaes_weight(self):
        assert weighting(1).fitted(0.004, 0.03) == pytest.approx(0.004)
        assert weighting(1, scale=0.1).fitted(0.004, 0.03) == pytest.approx(0.4)
        assert weighting(1, likelihood="laplace", scale=0.1).fitted(0.004, 0.03) == pytest.approx(
            0.3
        )
        assert weighting(1, likelihood="gaussian").fitted(0.004, 0.03) == 1

    def test_figures_are_short(self):
        told = [figure(x) for x in (0.0312, 4, 404.2, 98304, 3.7e-8, 2e9)]
        assert told == ["0.0312", "4", "404", "98,304", "3.7e-08", "2.0e+09"]


class TestOfImages:
    def test_it_reads_the_training_images(self):
        images = load_images(DataConfig("digits"))
        rows = np.arange(300)
        model = ModelConfig("mlp", images.shape, (4,), likelihood="gaussian-fixed")
        found = weighting_of(images, rows, recipe=recipe_named("beta_vae"), model=model)
        assert found.beta == 4
        flat = images.pixels(rows).reshape(300, -1)
        assert found.spread.break_even == pytest.approx(
            np.linalg.eigvalsh(np.cov(flat.T, bias=True))[-1], rel=1e-3
        )

    def test_what_has_no_beta_or_no_spread_has_no_weighting(self):
        images = load_images(DataConfig("digits"))
        model = ModelConfig("mlp", images.shape, (4,))
        rows = np.arange(100)
        assert weighting_of(images, rows, recipe=recipe_named("ae"), model=model) is None
        free = recipe_named("vae", beta=0)
        assert weighting_of(images, rows, recipe=free, model=model) is None
        assert weighting_of(images, rows[:1], recipe=recipe_named("vae"), model=model) is None


class TestCure:
    @pytest.mark.parametrize(
        ("told", "has_rate", "cause", "flag"),
        [
            (weighting(98_304), True, "scale bug", "--beta 1"),
            (weighting(20, even=13), True, "over-regularised", "--beta 1 or below"),
            (weighting(1), True, "optimisation collapse", "recipe.free_bits"),
            (None, True, "optimisation collapse", "recipe.cycles"),
            (None, False, "not learnt", "--learning-rate"),
        ],
    )
    def test_each_cause_has_its_own(self, told, has_rate, cause, flag):
        assert cause_of(told, has_rate=has_rate) == cause
        assert flag in cure(cause, recipe="vae")

    def test_a_scale_bug_is_not_cured_by_free_bits(self):
        told = cure("scale bug", recipe="vae", convention="mean-sum")
        assert "leave out --beta-convention mean-sum" in told
        assert "--recipe sigma_vae" in told
        assert "free_bits" not in told
        assert "--likelihood gaussian" in cure("scale bug", recipe="tvae")
        assert "let σ" not in cure(
            "scale bug", recipe="vae", weighting=weighting(98_304, likelihood="gaussian")
        )

    def test_a_weight_that_a_latent_can_pay_is_no_scale_bug(self):
        """Images that differ so much that even 200 times the unit-variance ELBO pays."""
        assert cause_of(weighting(200, even=400), has_rate=True) == "optimisation collapse"
        found = diagnose(EMPTY, weighting(200, even=400), errors=(0.03, 0.1), recipe="vae")
        assert "it is not the weight" in found.verdict
        assert "free_bits" in found.cure

    @pytest.mark.parametrize(
        ("likelihood", "scale", "cause", "flag"),
        [
            ("gaussian-fixed", 5, "over-regularised", "likelihood_scale=0.18"),
            ("gaussian-fixed", 20, "scale bug", "likelihood_scale=0.18"),
            ("laplace", 5, "over-regularised", "likelihood_scale=0.2"),
        ],
    )
    def test_where_the_stated_scale_weighs_too_much_it_is_the_cure(
        self, likelihood, scale, cause, flag
    ):
        told = weighting(1, likelihood=likelihood, scale=scale, even=0.5)
        found = diagnose(EMPTY, told, errors=(0.03, 0.1), recipe="vae")
        assert found.finding == cause
        assert flag in found.cure
        assert "--beta 1" not in found.cure

    def test_a_scale_that_fits_the_images_is_not_blamed(self):
        told = weighting(1, scale=0.15, even=0.5)
        assert "--beta 1 or below" in cure("over-regularised", recipe="vae", weighting=told)

    def test_a_pretrained_model_keeps_its_encoder(self):
        assert "decoder alone" in cure("optimisation collapse", recipe="pretrained")

    def test_a_healthy_model_gets_none(self):
        found = diagnose(signs(), weighting(1), errors=(0.01, 0.05), recipe="vae")
        assert (found.finding, found.cure) == ("healthy", "")
        assert "20.0 nat" in found.verdict

    def test_an_empty_one_gets_cause_and_cure(self):
        found = diagnose(EMPTY, weighting(98_304), errors=(0.03, 0.1), recipe="vae")
        assert found.finding == "scale bug"
        assert "98,304" in found.verdict
        assert diagnose(EMPTY, None, errors=(0.03, 0.1), recipe="vae").finding == (
            "optimisation collapse"
        )

    def test_a_blurred_one_under_a_heavy_rate_is_over_regularised(self):
        blurred = signs(share=0.3)
        heavy = diagnose(blurred, weighting(1), errors=(0.02, 0.1), recipe="vae")
        assert heavy.finding == "over-regularised"
        assert "no collapse, but" in heavy.verdict
        light = diagnose(blurred, weighting(0.03), errors=(0.02, 0.1), recipe="vae")
        assert light.finding == "healthy"

    def test_a_point_is_judged_by_its_outputs_alone(self):
        alive, dead = signs(rate=None, active=0), signs(rate=None, active=0, share=1e-4)
        assert diagnose(alive, None, errors=(0.01, 0.1), recipe="ae").finding == "healthy"
        assert diagnose(dead, None, errors=(0.01, 0.1), recipe="ae").finding == "not learnt"
