"""Frozen feature nets: what images are compared in where pixels say too little.

A net, its layer, its weights and the way an image enters it decide every number that is computed
in its features; `FeatureNet.facts` says all four.
"""

import warnings
from abc import ABC, abstractmethod
from typing import Literal, NamedTuple, get_args

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from latentscape.errors import ModelError, UsageError, nearest
from latentscape.nn.squeezenet import CHANNELS, SQUEEZENET_WEIGHTS, SqueezeNet

FeatureName = Literal["squeezenet", "random", "pixels"]

SIDE = 64  # the shorter side of a small image as the net sees it
LARGEST = 256
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
BATCH, MOST_PIXELS = 128, 1 << 20  # images and pixels at a time
TINY = 1e-10


class FeatureFacts(NamedTuple):
    """What has to be said of features before numbers in them can be compared.

    Attributes:
        net: Name of the net.
        layer: Which layer is read, and how many numbers it gives.
        weights: Where the weights are from.
        sha256: Of the file of weights; empty where there is no file.
        entry: How an image enters: colour, range, size.
    """

    net: str
    layer: str
    weights: str
    sha256: str
    entry: str

    @property
    def words(self) -> str:
        """The first three in one line."""
        file = f", sha256 {self.sha256[:8]}" if self.sha256 else ""
        return f"{self.net}, {self.layer}, {self.weights}{file}"


class FeatureNet(nn.Module, ABC):
    """Images in [0, 1] to a vector of numbers each; frozen."""

    facts: FeatureFacts
    trained: bool

    @abstractmethod
    def vectors(self, images: Tensor) -> Tensor:
        """``batch channels height width`` in [0, 1] to ``batch features``."""

    @abstractmethod
    def distance(self, first: Tensor, second: Tensor) -> Tensor:
        """Squared distance of each image to its partner, ``batch``: 0 is alike; no unit."""

    @torch.inference_mode()
    def of(self, images: np.ndarray) -> np.ndarray:
        """Features of uint8 images ``n channels height width``, a batch at a time.

        Returns:
            (n, features) float32.
        """
        found = []
        step = max(1, min(BATCH, MOST_PIXELS // (images.shape[2] * images.shape[3])))
        for start in range(0, len(images), step):
            batch = images[start : start + step].astype(np.float32) / np.float32(255)
            found.append(self.vectors(torch.from_numpy(batch)).numpy())
        return np.concatenate(found)


class Pixels(FeatureNet):
    """No net at all: the pixels themselves."""

    trained = False

    def __init__(self):
        super().__init__()
        self.facts = FeatureFacts("pixels", "as they are", "no weights", "", "as they are")

    def vectors(self, images: Tensor) -> Tensor:
        """Every pixel value of every channel."""
        return images.flatten(1)

    def distance(self, first: Tensor, second: Tensor) -> Tensor:
        """Mean squared difference."""
        return (first - second).square().flatten(1).mean(1)


class SqueezeFeatures(FeatureNet):
    """SqueezeNet 1.1: the mean over the image of its last layer, 512 numbers.

    Args:
        net: With its weights.
        weights: What they are, in words.
        sha256: Of their file; empty for random ones.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, net: SqueezeNet, *, weights: str, sha256: str = ""):
        super().__init__()
        self.net = net.eval().requires_grad_(False)
        self.net.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.trained = bool(sha256)
        self.register_buffer("mean", torch.tensor(MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(STD).view(1, 3, 1, 1))
        self.facts = FeatureFacts(
            net="SqueezeNet 1.1",
            layer=f"step 12 averaged over the image, {CHANNELS} numbers",
            weights=weights,
            sha256=sha256,
            entry=f"RGB in [0, 1] less ImageNet's mean over its deviation; gray repeated three "
            f"times; a shorter side under {SIDE} pixels enlarged to {SIDE} (bilinear), one over "
            f"{LARGEST} reduced to {LARGEST} (bilinear, antialiased), aspect kept",
        )

    def vectors(self, images: Tensor) -> Tensor:
        """The mean over positions of the last layer."""
        return self.net(self._entered(images)).mean((2, 3))

    def distance(self, first: Tensor, second: Tensor) -> Tensor:
        """LPIPS without its learned weights.

        At seven layers channels are scaled to unit length at each position; squared differences
        are summed over channels, averaged over positions, summed over layers.

        Reference: Zhang et al. 2018, The unreasonable effectiveness of deep features, eq. 1, w = 1.
        """
        one = self.net.taps(self._entered(first))
        other = self.net.taps(self._entered(second))
        parts = [
            (_unit(a) - _unit(b)).square().sum(1).mean((1, 2))
            for a, b in zip(one, other, strict=True)
        ]
        return torch.stack(parts).sum(0)

    def _entered(self, images: Tensor) -> Tensor:
        """Images as the net takes them."""
        channels, height, width = images.shape[1:]
        if channels != 3:
            images = images.mean(1, keepdim=True).expand(-1, 3, -1, -1)
        short = min(height, width)
        wanted = min(max(short, SIDE), LARGEST)
        if wanted != short:
            size = round(height * wanted / short), round(width * wanted / short)
            images = F.interpolate(
                images, size, mode="bilinear", align_corners=False, antialias=wanted < short
            )
        return (images - self.mean) / self.std


def feature_net(
    name: FeatureName | None = None, *, fetch: bool = False, seed: int = 0
) -> FeatureNet:
    """The feature net called `name`, frozen.

    Args:
        name: ``squeezenet`` (trained on ImageNet), ``random`` (the same net with random weights)
            or ``pixels``. None takes ``squeezenet`` where its weights can be had, else
            ``random``.
        fetch: Whether weights that are not on this machine may be fetched. A warning says so
            where None then has to make do with random ones.
        seed: Of random weights.

    Raises:
        UsageError: If there is no such net.
        ModelError: If the named net's weights cannot be had or read.
    """
    if name is not None and name not in get_args(FeatureName):
        raise UsageError(f"there are no features {name!r}", nearest(name, get_args(FeatureName)))
    if name == "pixels":
        return Pixels()
    if name == "random":
        return _random(seed)
    path = SQUEEZENET_WEIGHTS.find()
    if path is None and (fetch or name is not None):
        try:
            path = SQUEEZENET_WEIGHTS.fetch()
        except ModelError as error:
            if name is not None:
                raise
            warnings.warn(
                f"features are SqueezeNet's with random weights: {error.message}; {error.hint}",
                stacklevel=2,
            )
    if path is None:
        return _random(seed)
    state, sha256 = SQUEEZENET_WEIGHTS.read(path, prefix="features.")
    net = SqueezeNet()
    try:
        net.load_state_dict(state)
    except RuntimeError as error:
        raise ModelError(
            f"the weights {path} are not SqueezeNet 1.1's", "restore the published file"
        ) from error
    return SqueezeFeatures(net, weights=f"ImageNet weights {path.name}", sha256=sha256)


def _random(seed: int) -> FeatureNet:
    net = SqueezeNet()
    net.draw(seed)
    return SqueezeFeatures(net, weights=f"random weights (seed {seed})")


def _unit(maps: Tensor) -> Tensor:
    return maps / (maps.norm(dim=1, keepdim=True) + TINY)
