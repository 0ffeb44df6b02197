"""What fine-tuning takes from its base, and what it asks for itself."""

import pytest

from latentscape.errors import UsageError
from latentscape.models import ModelConfig
from latentscape.shapes import ImageShape
from latentscape.training import FinetuneConfig, TrainConfig
from latentscape.training.finetuning import (
    Base,
    averaging_over,
    description_of,
    training_of,
)
from latentscape.training.recipes import rate_term, recipe_of

MODEL = ModelConfig("resnet", ImageShape(3, 64, 64), (4, 8, 8), "gaussian", "gaussian")
VAE = Base(MODEL, "beta_vae", {"recipe_options": {"beta": 2.0}}, sigma=0.05, rate=500.0)


def asked(base: Base = VAE, *, perceptual: float = 0.0, **words) -> TrainConfig:
    return training_of(FinetuneConfig(**words), base, perceptual=perceptual)


def test_it_goes_on_by_the_bases_own_recipe():
    config = asked(train="all")
    assert (config.recipe, config.recipe_options) == ("beta_vae", {"beta": 2.0})
    assert (config.network, config.latent) == ("resnet", (4, 8, 8))
    recipe = recipe_of(config, MODEL.image_shape)
    assert description_of(config, recipe, VAE) == MODEL
    assert asked(train="all", beta=3.0).recipe_options == {"beta": 3.0}
    assert asked(train="all", recipe="vae").recipe_options == {}


def test_steps_are_smaller_where_more_depends_on_the_weights():
    assert asked(train="decoder").learning_rate == 1e-4
    assert asked(train="all").learning_rate == 1e-5
    assert asked(train="all", learning_rate=3e-4).learning_rate == 3e-4


def test_of_a_decoder_only_what_it_can_learn_is_left():
    aae = Base(ModelConfig("mlp", ImageShape(1, 8, 8), (4,), "point", "gaussian"), "aae", {})
    config = asked(aae, perceptual=0.1)
    names = [term.name for term in recipe_of(config, aae.model.image_shape).terms]
    assert names == ["reconstruction", "perceptual"]
    whole = recipe_of(asked(aae, train="all"), aae.model.image_shape)
    assert [term.name for term in whole.terms] == ["reconstruction", "adversarial"]


def test_the_failed_recipe_can_be_said():
    """Mean squared error plus summed KL, weight 1 (METHODS §0a)."""
    config = asked(train="all", beta=1.0, beta_convention="mean-sum", learning_rate=1e-4)
    recipe = recipe_of(config, MODEL.image_shape)
    term = rate_term(recipe)
    assert term is not None
    assert term.beta == pytest.approx(3 * 64 * 64 / 2)
    described = description_of(config, recipe, VAE)
    assert (described.likelihood, described.likelihood_scale) == ("gaussian-fixed", 1.0)


def test_latent_diffusions_weight_can_be_said():
    config = asked(train="all", beta=1e-6, beta_convention="ldm")
    recipe = recipe_of(config, MODEL.image_shape)
    term = rate_term(recipe)
    assert term is not None
    assert description_of(config, recipe, VAE).likelihood == "laplace"
    assert term.beta == pytest.approx(5e-7)  # beside Σ|x − x̂| in [0, 1], b = 1


def test_what_is_held():
    config = asked(train="all", hold="sigma")
    described = description_of(config, recipe_of(config, MODEL.image_shape), VAE)
    assert (described.likelihood, described.likelihood_scale) == ("gaussian-fixed", 0.05)
    options = asked(train="all", hold="rate").recipe_options
    assert (options["capacity"], options["capacity_epochs"]) == (500.0, 0.0)
    assert asked(train="all", hold="rate", more={"recipe_options": {"gamma": 3.0}})


def test_further_terms_and_their_settings():
    config = asked(
        adversarial=0.5, equivariance=("scale",), perceptual=0.2,
        more={"recipe_options": {"patch_start": 2.0}, "clip_gradient": 1.0},
    )  # fmt: skip
    terms = {term.name: term for term in recipe_of(config, MODEL.image_shape).terms}
    assert list(terms)[-1] == "patch_adversary"  # it weighs itself by those before it
    assert (terms["patch_adversary"].patch_weight, terms["patch_adversary"].patch_start) == (0.5, 2)
    assert tuple(terms["equivariance"].moves) == ("scale",)
    assert terms["perceptual"].perceptual == 0.2
    assert config.clip_gradient == 1.0


def test_words_that_do_not_fit():
    point = Base(ModelConfig("mlp", ImageShape(1, 8, 8), (4,), "point", "gaussian"), None, {})
    config = asked(point, train="all", recipe="sigma_vae")
    recipe = recipe_of(config, ImageShape(1, 8, 8))
    with pytest.raises(UsageError, match="posterior"):
        description_of(config, recipe, point)
    assert asked(point, train="all").recipe == "ae"
    with pytest.raises(UsageError, match="pays no rate"):
        asked(point, train="all", hold="rate")
    with pytest.raises(UsageError, match="learned no σ"):
        asked(point, train="all", hold="sigma")
    with pytest.raises(UsageError, match="stays as it is"):
        FinetuneConfig(train="decoder", hold="rate")
    with pytest.raises(UsageError, match="nothing called 'rat'"):
        FinetuneConfig(train="all", hold="rat")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="stated σ"):
        FinetuneConfig(train="all", hold="sigma", likelihood="laplace")
    with pytest.raises(UsageError, match="nothing called 'encoder'"):
        asked(train="encoder")


def test_the_running_mean_never_spans_more_than_the_run():
    assert averaging_over(1) == 0.5
    for n in (20, 300, 10_000, 10**7):
        assert averaging_over(n) ** n < 0.01


def test_a_beta_without_a_convention_is_in_elbo_units_whatever_the_bases_was():
    told = {"beta_convention": "mean-sum", "recipe_options": {"beta": 2.0}}
    base = Base(MODEL, "vae", told)
    assert asked(base, train="all").beta_convention == "mean-sum"
    config = asked(base, train="all", beta=1.0)
    assert config.beta_convention is None
    term = rate_term(recipe_of(config, MODEL.image_shape))
    assert term is not None
    assert term.beta == 1.0


def test_a_learning_rate_of_nothing_is_not_the_default():
    with pytest.raises(UsageError, match="learning rate is 0"):
        asked(train="all", learning_rate=0.0)


def test_a_held_rate_leaves_the_bases_schedules_behind():
    base = Base(MODEL, "beta_vae", {"recipe_options": {"beta": 2.0, "warmup_epochs": 3}}, rate=90.0)
    options = asked(base, train="all", hold="rate").recipe_options
    assert "warmup_epochs" not in options
    assert options["capacity"] == 90.0
    recipe_of(asked(base, train="all", hold="rate"), MODEL.image_shape)


@pytest.mark.parametrize(
    "words",
    [{"epochs": 0}, {"batch_size": -1}, {"learning_rate": 0.0}, {"beta": -1.0},
     {"perceptual": -0.1}, {"adversarial": float("nan")}, {"ema": 1.0}, {"seed": -1}],
    ids=str,
)  # fmt: skip
def test_what_is_out_of_range_is_refused_before_a_model_is_opened(words):
    with pytest.raises(UsageError):
        FinetuneConfig(**words)
