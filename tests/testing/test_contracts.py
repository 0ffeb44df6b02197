"""The contracts can fail: a model or recipe that breaks a promise is caught."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from latentscape import testing
from latentscape.objectives import KL, Reconstruction
from latentscape.testing import (
    InterpolatorContract,
    ModelContract,
    RecipeContract,
    toy_images,
    toy_model,
)
from latentscape.training.recipes import RECIPES
from latentscape.trajectories import linear


def test_every_contract_is_shipped():
    files = Path(testing.__file__).parent.glob("*_contract.py")
    names = {"".join(word.title() for word in file.stem.split("_")) for file in files}
    assert names <= set(testing.__all__)
    assert set(testing.__all__) == set(testing.WHERE)
    for name in testing.__all__:
        assert getattr(testing, name) is not None
    with pytest.raises(AttributeError, match="NoContract"):
        _ = testing.NoContract


def test_toys_are_repeatable_images():
    assert torch.equal(toy_images(), toy_images())
    assert not torch.equal(toy_images(), toy_images(seed=1))
    assert toy_images().min() >= 0
    assert toy_images().max() <= 1


def test_a_model_that_mixes_rows_is_caught():
    model = toy_model(RECIPES["ae"])
    centre = torch.nn.Module()
    centre.forward = lambda x: x - x.mean(0)
    model.encoder = torch.nn.Sequential(model.encoder, centre)
    with pytest.raises(AssertionError):
        ModelContract().test_rows_are_samples(model)


def test_a_recipe_that_ignores_the_decoder_is_caught():
    recipe = replace(RECIPES["vae"], terms=(KL(),))
    with pytest.raises(AssertionError):
        RecipeContract().test_gradients_reach_encoder_and_decoder(recipe)


def test_a_term_that_sums_over_the_batch_is_caught():
    class Summed(Reconstruction):
        def loss(self, done, part):
            return super().loss(done, part) * len(done.images)

    recipe = replace(RECIPES["ae"], terms=(Summed(),))
    with pytest.raises(AssertionError):
        RecipeContract().test_means_over_the_batch(recipe)


def test_a_way_that_misses_its_ends_or_divides_by_their_distance_is_caught():
    def near(starts, ends, *, n_steps):
        return linear(starts, ends, n_steps=n_steps) * np.float32(1 + 1e-5)

    def undefined(starts, ends, *, n_steps):
        apart = np.abs(ends - starts).reshape(len(starts), -1).max(1)
        with np.errstate(invalid="ignore", divide="ignore"):
            return linear(starts, ends, n_steps=n_steps) * (apart / apart)[:, None, None]

    with pytest.raises(AssertionError):
        InterpolatorContract().test_ends_are_exact(near, (2,), 3)
    with pytest.raises(AssertionError):
        InterpolatorContract().test_no_pair_is_too_degenerate(undefined, (2,), np.float64)
