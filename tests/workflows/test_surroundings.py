import numpy as np
import pytest
import torch

from latentscape.errors import UsageError
from latentscape.store import Store
from latentscape.workflows.encode import encode
from latentscape.workflows.interpolate import crowd_of, interpolate
from latentscape.workflows.opening import open_subject
from latentscape.workflows.surroundings import surroundings_of


def around(run, method: str, *, split: str = "test", seed: int = 0):
    subject = open_subject(run, None, split)
    crowd = crowd_of(subject)
    return surroundings_of(subject, crowd, method, seed=seed), crowd


def test_latents_are_fetched_only_where_a_method_needs_them(vae):
    found, crowd = around(vae, "linear")
    assert found.latents is None
    assert "latents" not in vars(crowd)
    found, crowd = around(vae, "lol")
    np.testing.assert_array_equal(found.latents, crowd.latents)


def test_the_training_split_s_store_comes_before_the_split_itself(vae):
    store = Store.open(encode(vae, split="test").folder)
    assert len(around(vae, "graph")[0].latents) == len(store)
    store = Store.open(encode(vae, split="train").folder)
    found, crowd = around(vae, "graph")
    np.testing.assert_array_equal(found.latents, store.mean())
    assert "latents" not in vars(crowd)


def test_a_store_of_other_weights_is_passed_over(vae, spoil):
    encode(vae, split="train")
    spoil(vae, lambda model: next(model.parameters()).mul_(1.5))
    found, crowd = around(vae, "graph")
    np.testing.assert_array_equal(found.latents, crowd.latents)


def test_decode_takes_latents_to_images(vae):
    images = around(vae, "linear")[0].decode(torch.zeros(3, 2))
    assert images.shape == (3, 1, 8, 8)
    assert 0 <= images.min() <= images.max() <= 1
    assert images.requires_grad


@pytest.mark.parametrize("method", ["spherical-whitened", "lol", "graph", "graph-decoded"])
def test_ways_that_need_surroundings_find_them(vae, method):
    record = interpolate(vae, n_pairs=3, n_steps=4, method=method)
    straight = interpolate(vae, n_pairs=3, n_steps=4)
    assert record.method == method
    np.testing.assert_array_equal(record.latents[:, [0, -1]], straight.latents[:, [0, -1]])
    assert not np.allclose(record.latents, straight.latents)


def test_a_misspelt_way_is_met_before_anything_is_opened():
    with pytest.raises(UsageError) as caught:
        interpolate("no such run", method="grap")
    assert caught.value.hint == "did you mean graph?"
