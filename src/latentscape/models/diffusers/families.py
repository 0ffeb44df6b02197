"""Which classes of diffusers are autoencoders of images, and how each answers."""

from dataclasses import dataclass, field
from typing import Any, Literal

from latentscape.models.posterior import PosteriorKind


@dataclass(frozen=True)
class Family:
    """How one class is spoken to.

    Attributes:
        posterior: What it encodes to.
        takes: ``images``, or ``videos``: an image is then a video of one frame.
        words: What `decode` wants to be told besides the latents.
        unreached: Parts of weights' names that no gradient of a decoded image reaches.
    """

    posterior: PosteriorKind = "gaussian"
    takes: Literal["images", "videos"] = "images"
    words: dict[str, Any] = field(default_factory=dict)
    unreached: tuple[str, ...] = ()


FAMILIES = {
    "AutoencoderKL": Family(),
    "AsymmetricAutoencoderKL": Family(unreached=("condition_encoder.",)),
    "AutoencoderKLFlux2": Family(),
    "AutoencoderKLHunyuanImage": Family(),
    "AutoencoderKLKVAE": Family(),
    "AutoencoderKLTemporalDecoder": Family(
        words={"num_frames": 1}, unreached=("decoder.mid_block.attentions.",)
    ),
    "AutoencoderTiny": Family("point"),
    "AutoencoderDC": Family("point"),
    "VQModel": Family("point", unreached=("quantize.",)),
    "AutoencoderKLWan": Family(takes="videos"),
    "AutoencoderKLQwenImage": Family(takes="videos"),
    "AutoencoderKLHunyuanVideo": Family(takes="videos"),
    "AutoencoderKLCogVideoX": Family(takes="videos"),
    "AutoencoderKLLTXVideo": Family(takes="videos"),
    "AutoencoderKLMagvit": Family(takes="videos"),
    "AutoencoderKLCosmos": Family("point", takes="videos"),
}

PIXEL_RANGE = (-1.0, 1.0)  # of every one of them, AutoencoderTiny's own conversion included
