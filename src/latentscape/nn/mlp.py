"""`mlp`: dense layers only. With the defaults, 784-400-20: PyTorch's example VAE."""

from collections.abc import Sequence

from torch import nn

from latentscape.errors import UsageError
from latentscape.nn.blocks import FromLatent, ToLatent, activation_named, refuse_narrow
from latentscape.shapes import ImageShape, LatentShape, latent_size

DEFAULT_HIDDEN = 400


def mlp_networks(
    image_shape: ImageShape,
    latent_shape: LatentShape,
    n_parameters: int,
    *,
    hidden: Sequence[int] | int | None = None,
    activation: str = "relu",
) -> tuple[nn.Module, nn.Module]:
    """Encoder and decoder of `mlp`, with PyTorch's own initialisation.

    Args:
        image_shape: Channels, height and width of the images.
        latent_shape: Any shape; a grid is a reshaped vector here.
        n_parameters: Parameters of the posterior per latent: 1 for a point, 2 for a Gaussian.
        hidden: Units of the encoder's hidden layers, from the image inwards; the decoder mirrors
            them. Default one layer of 400, or of the latent's size where that is larger.
        activation: ``relu``, ``silu``, ``gelu`` or ``leaky``.

    Raises:
        UsageError: If an option is out of range, or a decoder layer narrower than the latent.
    """
    if hidden is None:
        hidden = (max(DEFAULT_HIDDEN, latent_size(latent_shape)),)
    hidden = (hidden,) if isinstance(hidden, int) else tuple(hidden)
    if not hidden or any(not isinstance(units, int) or units < 1 for units in hidden):
        raise UsageError(
            f"`hidden` takes whole numbers of at least 1, not {hidden}", "e.g. hidden=400,200"
        )
    refuse_narrow(hidden[::-1], latent_shape, option="hidden")
    encoder: list[nn.Module] = [nn.Flatten()]
    decoder: list[nn.Module] = [FromLatent(latent_shape, hidden[-1:]), activation_named(activation)]
    for inside, outside in zip((image_shape.size, *hidden), hidden, strict=False):
        encoder += [nn.Linear(inside, outside), activation_named(activation)]
    for inside, outside in zip(hidden[::-1], hidden[-2::-1], strict=False):
        decoder += [nn.Linear(inside, outside), activation_named(activation)]
    encoder.append(ToLatent(hidden[-1:], latent_shape, n_parameters))
    decoder += [nn.Linear(hidden[0], image_shape.size), nn.Unflatten(1, tuple(image_shape))]
    return nn.Sequential(*encoder), nn.Sequential(*decoder)
