"""VGG-16 and VGG-19, the convolutional part, under the key names of torchvision's weights."""

from typing import Literal

from torch import Tensor, nn

from latentscape.errors import UsageError
from latentscape.nn.weights import PublishedWeights, draw_weights

Pool = Literal["max", "average"]

WIDTHS = (64, 128, 256, 512, 512)  # channels of the five blocks
DEPTHS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}  # convolutions in each
VGG_WEIGHTS = {
    16: PublishedWeights(
        local=("vgg16-397923af.pth",),
        url="https://download.pytorch.org/models/vgg16-397923af.pth",
        sha256_start="397923af",
    ),
    19: PublishedWeights(
        local=("vgg19-dcbb9e9d.pth",),
        url="https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        sha256_start="dcbb9e9d",
    ),
}


class Vgg(nn.Module):
    """3×3 convolutions in five blocks, each followed by a pooling that halves the image.

    Attributes:
        places: Where in `features` each layer's maps are: ``conv3_1`` is the first convolution of
            the third block before its ReLU, ``relu3_1`` after it.

    Args:
        depth: 16 or 19.
        pool: ``max`` as trained; ``average`` as Gatys et al. recommend for style.
        last: Name of the last layer to build; all of them if empty.

    Raises:
        UsageError: If there is no such layer.

    Reference: Simonyan & Zisserman 2014, Very deep convolutional networks, table 1, D and E.
    """

    places: dict[str, int]

    def __init__(self, depth: Literal[16, 19] = 19, *, pool: Pool = "max", last: str = ""):
        super().__init__()
        steps: list[nn.Module] = []
        self.places = {}
        n_in = 3
        for block, (width, n_convs) in enumerate(zip(WIDTHS, DEPTHS[depth], strict=True), 1):
            for i in range(1, n_convs + 1):
                self.places[f"conv{block}_{i}"] = len(steps)
                self.places[f"relu{block}_{i}"] = len(steps) + 1
                steps += [nn.Conv2d(n_in, width, 3, padding=1), nn.ReLU()]
                n_in = width
            steps.append(nn.MaxPool2d(2) if pool == "max" else nn.AvgPool2d(2))
        if last and last not in self.places:
            raise UsageError(
                f"VGG-{depth} has no layer {last!r}", f"layers: {', '.join(self.places)}"
            )
        end = self.places[last] if last else len(steps)
        self.places = {name: place for name, place in self.places.items() if place <= end}
        self.features = nn.Sequential(*steps[: end + 1])

    def forward(self, x: Tensor) -> Tensor:
        """Normalised images to the last layer's maps, ``batch channels height width``."""
        return self.features(x)

    def draw(self, seed: int) -> None:
        """Fill in random weights."""
        draw_weights(self, seed)
