"""What different people call style loss: layers, normalisation and weights, by name.

With G' = G / (channels · positions) all are multiples of ‖G'_a − G'_b‖²; values are comparable
inside one preset only.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from latentscape.errors import UsageError, nearest
from latentscape.nn.style_nets import LAYERS
from latentscape.nn.vgg import Pool

_FIRST_FIVE = ("conv1_1", "conv1_2", "conv2_1", "conv2_2", "conv3_1")
_LAST_OF_BLOCKS = ("relu1_2", "relu2_2", "relu3_3", "relu4_3")


@dataclass(frozen=True)
class StylePreset:
    """One reading of "style loss".

    Attributes:
        name: What it is called here.
        layers: Family of nets → layers, for `style_net`.
        pool: How VGG halves images in it.
        factor: Channels → what multiplies ‖G'_a − G'_b‖².
        over_layers: Whether the total is the mean or the sum over layers.
        words: The formula, in words.
    """

    name: str
    layers: dict[str, tuple[str, ...]]
    pool: Pool
    factor: Callable[[int], float]
    over_layers: Literal["mean", "sum"]
    words: str


PRESETS = {
    # Gatys et al. 2015, eqs. 4 and 5, w = 1/5
    "gatys": StylePreset(
        "gatys",
        LAYERS,
        "average",
        lambda channels: 1 / 4,
        "mean",
        "‖ΔG‖² / (4 N² M²), mean over layers",
    ),
    # Johnson et al. 2016, Perceptual losses for real-time style transfer, eqs. 3 and 4
    "johnson": StylePreset(
        "johnson",
        LAYERS | {"vgg16": _LAST_OF_BLOCKS, "vgg19": _LAST_OF_BLOCKS},
        "max",
        lambda channels: 1.0,
        "sum",
        "‖ΔG'‖², G' = G / (C H W), sum over layers",
    ),
    # The PyTorch tutorial "Neural transfer": its first five convolutions, before their ReLU
    "tutorial": StylePreset(
        "tutorial",
        LAYERS | {"vgg16": _FIRST_FIVE, "vgg19": _FIRST_FIVE},
        "max",
        lambda channels: 1 / channels**2,
        "sum",
        "mean of the N² entries of ΔG'², G' = G / (C H W), sum over layers",
    ),
}


def preset_named(name: str) -> StylePreset:
    """The preset called `name`.

    Raises:
        UsageError: If there is none.
    """
    if name not in PRESETS:
        raise UsageError(f"there is no style preset {name!r}", nearest(name, PRESETS))
    return PRESETS[name]
