"""SqueezeNet 1.1, the convolutional part, under the key names of torchvision's weights."""

import torch
from torch import Tensor, nn

from latentscape.nn.weights import PublishedWeights, draw_weights

CHANNELS = 512  # of the last layer
TAPS = (1, 4, 7, 9, 10, 11, 12)
PLACES: dict[str, int] = dict(
    zip(("conv1", "fire3", "fire5", "fire6", "fire7", "fire8", "fire9"), TAPS, strict=True)
)
SQUEEZENET_WEIGHTS = PublishedWeights(
    local=("squeezenet1_1_fp16.pth", "squeezenet1_1-b8a52dc0.pth"),
    url="https://download.pytorch.org/models/squeezenet1_1-b8a52dc0.pth",
    sha256_start="b8a52dc0",
)


class Fire(nn.Module):
    """Squeeze to few channels, expand by a 1×1 and a 3×3 convolution side by side."""

    def __init__(self, n_in: int, n_squeezed: int, n_expanded: int):
        super().__init__()
        self.squeeze = nn.Conv2d(n_in, n_squeezed, 1)
        self.expand1x1 = nn.Conv2d(n_squeezed, n_expanded, 1)
        self.expand3x3 = nn.Conv2d(n_squeezed, n_expanded, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """``batch in height width`` to ``batch 2·expanded height width``."""
        x = torch.relu(self.squeeze(x))
        return torch.relu(torch.cat([self.expand1x1(x), self.expand3x3(x)], 1))


class SqueezeNet(nn.Module):
    """The thirteen steps before the classifier; what follows step 12 is not built.

    Reference: Iandola et al. 2016, SqueezeNet; version 1.1 of the authors' repository.
    """

    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, stride=2),
            nn.ReLU(),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(64, 16, 64),
            Fire(128, 16, 64),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(128, 32, 128),
            Fire(256, 32, 128),
            nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(256, 48, 192),
            Fire(384, 48, 192),
            Fire(384, 64, 256),
            Fire(512, 64, 256),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images to the last layer's maps, ``batch 512 height width``."""
        return self.features(x)

    def taps(self, x: Tensor) -> list[Tensor]:
        """The maps after steps 1, 4, 7, 9, 10, 11 and 12: the layers that LPIPS reads."""
        maps = []
        for i, step in enumerate(self.features):
            x = step(x)
            if i in TAPS:
                maps.append(x)
        return maps

    def draw(self, seed: int) -> None:
        """Fill in random weights."""
        draw_weights(self, seed)
