"""The two-layer convolutional network of the 2-D CVAE, for any height, width and channels."""

from math import ceil

from torch import Tensor, nn

from latentscape.errors import ShapeError
from latentscape.nn.blocks import refuse_narrow
from latentscape.nn.transposed import TransposedConv2d
from latentscape.shapes import ImageShape, LatentShape, latent_size

SMALLEST_SIDE = 7


class TutorialDecoder(nn.Module):
    """Dense to a quarter of the image, two doublings, one layer to the image's channels."""

    def __init__(self, image_shape: ImageShape, n_latents: int):
        super().__init__()
        channels, height, width = image_shape
        self.image_shape = image_shape
        self.start = (32, ceil(height / 4), ceil(width / 4))
        self.dense = nn.Linear(n_latents, 32 * self.start[1] * self.start[2])
        self.up = nn.Sequential(
            nn.ReLU(),
            TransposedConv2d(32, 64),
            nn.ReLU(),
            TransposedConv2d(64, 32),
            nn.ReLU(),
            TransposedConv2d(32, channels, stride=1, output_padding=0),
        )

    def forward(self, latents: Tensor) -> Tensor:
        """``batch latent`` to logits ``batch channels height width``; an overhang is cropped."""
        grid = self.dense(latents.flatten(1)).unflatten(1, self.start)
        logits = self.up(grid)
        return logits[..., : self.image_shape.height, : self.image_shape.width]


def tutorial_networks(
    image_shape: ImageShape, latent_shape: LatentShape, n_parameters: int
) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder of METHODS §0b, with the tutorial's Glorot-uniform weights.

    Args:
        image_shape: Any channels; height and width of at least 7.
        latent_shape: ``(d,)``.
        n_parameters: Numbers the encoder gives per latent: 1 (point) or 2 (Gaussian).

    Raises:
        ShapeError: If the image is too small or the latent is a grid.
        UsageError: If the decoder's dense layer, its narrowest, is narrower than the latent.
    """
    channels, height, width = image_shape
    if min(height, width) < SMALLEST_SIDE:
        raise ShapeError(
            f"the tutorial network needs images of at least {SMALLEST_SIDE}×{SMALLEST_SIDE}, "
            f"these are {height}×{width}",
            "use --network mlp, or --size to enlarge the images",
        )
    if len(latent_shape) != 1:
        raise ShapeError(
            f"the tutorial network has a vector latent, not {latent_shape}",
            "use --network resnet for a spatial latent",
        )
    n_latents = latent_size(latent_shape)
    n_features = 64 * _after_two(height) * _after_two(width)
    encoder = nn.Sequential(
        nn.Conv2d(channels, 32, kernel_size=3, stride=2),
        nn.ReLU(),
        nn.Conv2d(32, 64, kernel_size=3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(n_features, n_parameters * n_latents),
    )
    decoder = TutorialDecoder(image_shape, n_latents)
    refuse_narrow((decoder.dense.out_features,), latent_shape, option=None)
    for network in (encoder, decoder):
        network.apply(glorot_uniform)
    return encoder, decoder


def glorot_uniform(layer: nn.Module) -> None:
    """Glorot-uniform weights and zero biases; part of this network's definition (METHODS §9)."""
    if isinstance(layer, (nn.Linear, nn.Conv2d, nn.ConvTranspose2d)):
        nn.init.xavier_uniform_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)


def _after_two(side: int) -> int:
    """Side of an image after two convolutions of kernel 3, stride 2, without padding."""
    return ((side - 3) // 2 + 1 - 3) // 2 + 1
