"""LPIPS: the learned perceptual distance of two images, on the same frozen nets."""

from typing import Literal

import torch
from torch import Tensor, nn

from latentscape.errors import ModelError, ShapeError, UsageError
from latentscape.nn.features import TINY
from latentscape.nn.style_nets import StyleNet, style_net
from latentscape.nn.weights import PublishedWeights

LpipsName = Literal["squeeze", "vgg"]

SIDE = 64  # the patches that the heads were learned on
PUBLISHED = "https://raw.githubusercontent.com/richzhang/PerceptualSimilarity/master/lpips/weights"
HEADS = {
    "squeeze": PublishedWeights(
        local=("lpips_squeeze_v0.1.pth",),
        url=f"{PUBLISHED}/v0.1/squeeze.pth",
        sha256_start="4a5350f2",
        name="lpips_squeeze_v0.1.pth",
    ),
    "vgg": PublishedWeights(
        local=("lpips_vgg_v0.1.pth",),
        url=f"{PUBLISHED}/v0.1/vgg.pth",
        sha256_start="a78928a0",
        name="lpips_vgg_v0.1.pth",
    ),
}
VGG_LAYERS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3", "relu5_3")


class Lpips(nn.Module):
    """Distance of images in [0, 1], layer by layer weighed by learned heads; differentiable.

    Attributes:
        words: Net, heads and how images enter: what must agree before two numbers are compared.

    Args:
        net: A net of one draw with the layers that the heads belong to.
        heads: For each layer, a weight for each channel.
        words: What the heads are.

    Reference: Zhang et al. 2018, The unreasonable effectiveness of deep features, eq. 1;
    version 0.1 of the authors' weights.
    """

    def __init__(self, net: StyleNet, heads: list[Tensor], *, words: str):
        super().__init__()
        self.net = net
        self.heads = nn.ParameterList(heads).requires_grad_(False)
        size = net.facts.entry.rpartition("; ")[2]
        self.words = f"LPIPS, {words}; {net.facts.words}; inputs in [-1, 1]; {size}"

    def distance(self, first: Tensor, second: Tensor) -> Tensor:
        """Distance of each image to its partner.

        The authors' code shifts and scales [-1, 1] by constants that are ImageNet's mean and
        deviation of [0, 1]: an image in [0, 1] so enters the net as any other does here.

        Args:
            first, second: ``batch channels height width`` in [0, 1]; gray is repeated.

        Returns:
            ``batch``; 0 for the same image, lower is nearer, no unit, no upper bound.

        Raises:
            ShapeError: If the images differ in shape, or are smaller than 3 pixels.
        """
        if first.shape != second.shape:
            raise ShapeError(f"images {tuple(first.shape)} and {tuple(second.shape)} are no pairs")
        both = [layer.chunk(2) for layer in self.seen(torch.cat([first, second]))]
        return self.between([one for one, _ in both], [other for _, other in both])

    def seen(self, images: Tensor) -> list[Tensor]:
        """Maps of each layer, every position of length 1: what distances are taken between.

        Args:
            images: ``batch channels height width`` in [0, 1].
        """
        return [_unit(layer) for layer in self.net.maps(images)]

    def between(self, first: list[Tensor], second: list[Tensor]) -> Tensor:
        """`distance` of images by what was `seen` of them."""
        parts = [
            ((one - other).square() * head).sum(1).mean((1, 2))
            for one, other, head in zip(first, second, self.heads, strict=True)
        ]
        return torch.stack(parts).sum(0)


def lpips(name: LpipsName = "squeeze", *, fetch: bool = False) -> Lpips:
    """LPIPS on SqueezeNet 1.1 or VGG-16, with the authors' heads where they can be had.

    Args:
        name: ``squeeze`` or ``vgg``.
        fetch: Whether heads that are not on this machine may be fetched; without them every
            channel counts 1, and `Lpips.words` says so.

    Raises:
        UsageError: If there is no such net.
        ModelError: If the net's weights cannot be had, or a file is not what its name says.
    """
    if name not in HEADS:
        raise UsageError(f"there is no LPIPS on {name!r}", f"known: {', '.join(HEADS)}")
    layers = {"vgg16": VGG_LAYERS}
    trunk = "squeezenet" if name == "squeeze" else "vgg16"
    net = style_net(trunk, layers=layers, pool="max", small=SIDE)
    published = HEADS[name]
    path = published.find()
    if path is None and fetch:
        try:
            path = published.fetch()
        except ModelError:
            path = None  # said in the words below
    if path is None:
        return Lpips(net, _unit_heads(net), words=f"{name}, unit weights in place of heads")
    state, sha256 = published.read(path)
    try:
        heads = [state[f"lin{i}.model.1.weight"] for i in range(len(net.layers))]
        heads = [
            head.view(1, unit.shape[1], 1, 1)
            for head, unit in zip(heads, _unit_heads(net), strict=True)
        ]
    except (KeyError, RuntimeError) as error:
        raise ModelError(
            f"the weights {path} are no heads of LPIPS on {name}", "restore the published file"
        ) from error
    return Lpips(net, heads, words=f"{name}, heads {path.name}, sha256 {sha256[:8]}")


def _unit_heads(net: StyleNet) -> list[Tensor]:
    """Weights of 1 for every channel of every layer."""
    maps = net.maps(torch.zeros(1, 3, SIDE, SIDE))
    return [torch.ones(1, layer.shape[1], 1, 1) for layer in maps]


def _unit(maps: Tensor) -> Tensor:
    return maps / (maps.norm(dim=1, keepdim=True) + TINY)
