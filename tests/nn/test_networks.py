"""Every network, every image size: right shapes, no hidden bottleneck, clear refusals."""

import pytest
import torch
from torch import nn

from latentscape.errors import LatentscapeError, ShapeError, UsageError
from latentscape.nn import NETWORKS, build_networks, options_of
from latentscape.nn.blocks import grids_after, halvings_to
from latentscape.shapes import ImageShape

SHAPES = [(1, 28, 28), (3, 45, 37), (2, 13, 64), (1, 8, 8), (4, 64, 64)]


@pytest.mark.parametrize("n_parameters", [1, 2])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("network", NETWORKS)
def test_any_image_goes_in_and_comes_out(network, shape, n_parameters):
    shape = ImageShape(*shape)
    encoder, decoder = build_networks(network, shape, latent_shape=(6,), n_parameters=n_parameters)
    assert encoder(torch.rand(2, *shape)).shape == (2, 6 * n_parameters)
    assert decoder(torch.randn(2, 6)).shape == (2, *shape)


@pytest.mark.parametrize(
    ("network", "latent_shape"),
    [("resnet", (4, 12, 10)), ("resnet", (2, 23, 19)), ("conv", (4, 6, 5)), ("mlp", (3, 2, 2))],
)
def test_spatial_latents(network, latent_shape):
    shape = ImageShape(3, 45, 37)
    encoder, decoder = build_networks(network, shape, latent_shape=latent_shape, n_parameters=2)
    parameters = encoder(torch.rand(2, *shape))
    assert parameters.shape == (2, 2 * latent_shape[0], *latent_shape[1:])
    assert decoder(parameters[:, : latent_shape[0]]).shape == (2, *shape)


@pytest.mark.parametrize("kernel", [3, 5])
@pytest.mark.parametrize("strides", [(1, 2, 2), (2, 1, 2, 1), (2, 2, 2, 2, 2)])
def test_conv_takes_the_layers_it_is_given(kernel, strides):
    widths = [8 * (i + 1) for i in range(len(strides))]
    shape = ImageShape(3, 33, 50)
    encoder, decoder = build_networks(
        "conv",
        shape,
        latent_shape=(4,),
        n_parameters=1,
        options={"widths": widths, "strides": strides, "kernel": kernel},
    )
    convs = [layer for layer in encoder if isinstance(layer, nn.Conv2d)]
    mirror = [layer for layer in decoder if isinstance(layer, nn.ConvTranspose2d)]
    assert [c.out_channels for c in convs] == widths
    assert [c.kernel_size for c in convs] == [(kernel, kernel)] * len(widths)
    assert [c.in_channels for c in mirror] == widths[::-1]
    assert decoder(encoder(torch.rand(2, *shape))).shape == (2, *shape)


@pytest.mark.parametrize(("side", "n_layers"), [(28, 3), (32, 3), (64, 4), (128, 5), (256, 5)])
def test_conv_grows_deeper_with_the_image(side, n_layers):
    encoder, _ = build_networks(
        "conv", ImageShape(1, side, side), latent_shape=(16,), n_parameters=2
    )
    assert sum(isinstance(layer, nn.Conv2d) for layer in encoder) == n_layers


@pytest.mark.parametrize("network", ["conv", "mlp", "resnet"])
def test_no_decoder_layer_is_narrower_than_the_latent(network):
    latent_size = 700
    shape = ImageShape(1, 16, 16)
    _, decoder = build_networks(network, shape, latent_shape=(latent_size,), n_parameters=1)
    sizes = []

    def note(_, __, output):
        sizes.append(output[0].numel())

    for module in decoder.modules():
        module.register_forward_hook(note)
    decoder(torch.randn(1, latent_size))
    assert min(size for size in sizes if size != shape.size) >= latent_size


@pytest.mark.parametrize(
    ("network", "options"),
    [
        ("conv", {"widths": [8, 8, 8]}),
        ("mlp", {"hidden": [400, 100]}),
        ("resnet", {"widths": [1, 1]}),
    ],
)
def test_widths_below_the_latent_are_refused(network, options):
    with pytest.raises(UsageError, match="fewer than the latent's 300"):
        build_networks(
            network, ImageShape(1, 16, 16), latent_shape=(300,), n_parameters=1, options=options
        )


def test_mlp_is_the_example_of_784_400_20():
    encoder, decoder = build_networks(
        "mlp",
        ImageShape(1, 28, 28),
        latent_shape=(20,),
        n_parameters=2,
        options={"hidden": [400]},
    )
    linear = [m for n in (encoder, decoder) for m in n.modules() if isinstance(m, nn.Linear)]
    assert [(m.in_features, m.out_features) for m in linear] == [
        (784, 400), (400, 40), (20, 400), (400, 784),
    ]  # fmt: skip
    for layer in linear:  # PyTorch's own initialisation: uniform up to 1/√fan_in
        bound = layer.in_features**-0.5
        assert layer.weight.abs().max() <= bound
        assert layer.weight.std().item() == pytest.approx(bound / 3**0.5, rel=0.02)
    assert sum(isinstance(m, nn.ReLU) for n in (encoder, decoder) for m in n.modules()) == 2


def test_a_fresh_residual_block_is_the_identity():
    from latentscape.nn.blocks import ResidualBlock

    x = torch.randn(2, 8, 5, 5)
    block = ResidualBlock(8, 8)
    torch.nn.init.zeros_(block.conv2.bias)
    torch.testing.assert_close(block(x), x)


def test_odd_sizes_round_up():
    assert grids_after(ImageShape(1, 45, 37), (2, 2, 1)) == [(45, 37), (23, 19), (12, 10), (12, 10)]
    assert halvings_to(ImageShape(1, 45, 37), (4, 12, 10)) == 2


def test_impossible_grids_name_the_possible_ones():
    with pytest.raises(ShapeError) as error:
        build_networks("resnet", ImageShape(3, 64, 64), latent_shape=(4, 9, 9), n_parameters=2)
    assert "8×8" in error.value.hint
    with pytest.raises(ShapeError, match="neither a vector nor a grid"):
        build_networks("resnet", ImageShape(3, 64, 64), latent_shape=(4, 9), n_parameters=2)


@pytest.mark.parametrize(
    ("network", "options", "words"),
    [
        ("convv", {}, "conv"),
        ("mlp", {"hiden": [4]}, "hidden"),
        ("conv", {"activation": "rellu"}, "relu"),
        ("mlp", {"hidden": []}, "hidden"),
        ("mlp", {"hidden": [4.5]}, "hidden"),
        ("mlp", {"hidden": "many"}, "hidden"),
        ("conv", {"widths": [8, 8]}, "3 to 5"),
        ("conv", {"widths": [8, 8, 8], "strides": [2, 2]}, "layer"),
        ("conv", {"kernel": 4}, "kernel"),
        ("conv", {"strides": [3, 2, 2]}, "strides"),
        ("conv", {"kernel": None}, "kernel"),
        ("resnet", {"widths": [8]}, "halving"),
        ("resnet", {"n_blocks": 0}, "n_blocks"),
    ],
)
def test_impossible_options_say_what_would_do(network, options, words):
    with pytest.raises(UsageError) as error:
        build_networks(
            network, ImageShape(1, 32, 32), latent_shape=(2,), n_parameters=2, options=options
        )
    assert words in f"{error.value.message} {error.value.hint}"


def test_a_latent_of_nothing_is_refused():
    with pytest.raises(LatentscapeError, match="holds nothing"):
        build_networks("mlp", ImageShape(1, 8, 8), latent_shape=(0,), n_parameters=1)


def test_options_are_those_of_the_function():
    assert options_of("mlp") == ("hidden", "activation")


def test_the_tutorials_dense_layer_holds_the_latent():
    """28×28 images: 7·7·32 values behind the latent."""
    build_networks("tutorial", ImageShape(1, 28, 28), latent_shape=(1568,), n_parameters=1)
    with pytest.raises(UsageError, match="layer 1 holds 1568 values") as caught:
        build_networks("tutorial", ImageShape(1, 28, 28), latent_shape=(1569,), n_parameters=1)
    assert caught.value.hint == "take a latent of at most 1568"
