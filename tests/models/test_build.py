"""Every network under the model contract; seeds; descriptions that survive JSON."""

import itertools
import json

import pytest
import torch

from latentscape.errors import ShapeError
from latentscape.models import ModelConfig, build_model
from latentscape.nn import NETWORKS
from latentscape.shapes import ImageShape
from latentscape.testing import ModelContract

KINDS = [("point", "gaussian-fixed"), ("gaussian", "bernoulli"), ("gaussian", "laplace")]


class TestEveryNetwork(ModelContract):
    @pytest.fixture(
        params=[
            *itertools.product(NETWORKS, KINDS[:2], [(1, 28, 28)], [(5,)]),
            *itertools.product(NETWORKS, KINDS[2:], [(3, 45, 37)], [(3,)]),
            ("resnet", KINDS[1], (3, 32, 32), (4, 8, 8)),
            ("conv", KINDS[0], (3, 29, 35), (4, 8, 9)),
        ],
        ids=lambda p: f"{p[0]}-{p[1][0]}-{'x'.join(map(str, p[2]))}-{'x'.join(map(str, p[3]))}",
    )
    def model(self, request):
        network, (posterior, likelihood), image_shape, latent_shape = request.param
        config = ModelConfig(network, ImageShape(*image_shape), latent_shape, posterior, likelihood)
        return build_model(config, seed=0)


def weights(config: ModelConfig, seed: int | None) -> torch.Tensor:
    return torch.cat([w.detach().flatten() for w in build_model(config, seed).parameters()])


@pytest.mark.parametrize("network", NETWORKS)
def test_a_seed_decides_the_weights_and_nothing_else(network):
    config = ModelConfig(network, ImageShape(1, 16, 16), (3,))
    state = torch.get_rng_state()
    first = weights(config, 4)
    assert torch.equal(state, torch.get_rng_state())
    torch.rand(3)
    assert torch.equal(first, weights(config, 4))
    assert not torch.equal(first, weights(config, 5))


def test_a_description_survives_json():
    config = ModelConfig("conv", ImageShape(3, 20, 30), (4, 5, 8), options={"widths": [8, 8, 8],
                         "strides": [2, 2, 1]})  # fmt: skip
    read = ModelConfig.from_json(json.loads(json.dumps(config.to_json())))
    assert read == config
    assert torch.equal(weights(read, 0), weights(config, 0))


def test_latents_of_another_size_are_refused():
    """Convolutions alone would make a smaller image of a smaller grid."""
    model = build_model(ModelConfig("conv", ImageShape(1, 16, 16), (4, 4, 4)), 0)
    assert model.decode(torch.zeros(2, 4, 4, 4)).shape == (2, 1, 16, 16)
    for wrong in ((4, 2, 2), (4, 4, 8), (64,)):
        with pytest.raises(ShapeError, match=r"have the shape \(4, 4, 4\), not") as no:
            model.decode(torch.zeros(2, *wrong))
        assert no.value.hint
