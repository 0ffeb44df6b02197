"""Which network, for which images, with which latent: all that is needed to build a model anew."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from latentscape.errors import ModelError, UsageError
from latentscape.models.likelihood import LikelihoodName
from latentscape.models.posterior import PosteriorKind
from latentscape.shapes import ImageShape, LatentShape

NetworkName = Literal["tutorial", "conv", "resnet", "mlp"]
BASE = "base"  # stands for the networks of another program's model that was fine-tuned here


@dataclass(frozen=True)
class ModelConfig:
    """The recipe's model half.

    Attributes:
        network: Which pair of networks; ``base`` for those that run.json names under ``base``.
        image_shape: Channels, height, width.
        latent_shape: ``(d,)`` or, for spatial latents, ``(channels, height, width)``.
        posterior: ``point`` or ``gaussian``.
        likelihood: How the decoder's output is scored.
        likelihood_scale: σ or b of the likelihoods that state one.
        options: The network's own settings, e.g. ``{"hidden": [400]}``.
    """

    network: NetworkName | Literal["base"]
    image_shape: ImageShape
    latent_shape: LatentShape
    posterior: PosteriorKind = "gaussian"
    likelihood: LikelihoodName = "bernoulli"
    likelihood_scale: float = 1.0
    options: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.network not in (*get_args(NetworkName), BASE):
            names = ", ".join(get_args(NetworkName))
            raise UsageError(f"there is no network {self.network!r}", f"the networks: {names}")
        if min(self.latent_shape, default=0) < 1:
            raise UsageError(
                f"a latent of size {self.latent_shape} holds nothing",
                "give --latent-dim of at least 1",
            )

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "ModelConfig":
        """Read what `to_json` wrote.

        Raises:
            ModelError: If a key is missing or unknown.
        """
        try:
            shapes = {
                "image_shape": ImageShape(*content["image_shape"]),
                "latent_shape": tuple(content["latent_shape"]),
            }
            return cls(**{**content, **shapes})
        except (KeyError, TypeError) as error:
            raise ModelError(
                f"the model's description does not fit this version ({error})",
                "it may have been written by another version of latentscape",
            ) from error
