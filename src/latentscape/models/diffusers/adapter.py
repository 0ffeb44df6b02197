"""`diffusers:ID-or-FOLDER`: an autoencoder of diffusers behind `encode` and `decode`.

Its own range of pixels is converted inside, its latents are those of `vae.encode(...)`: the
posterior mean and log variance, neither scaled nor shifted.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import nn

from latentscape.errors import ModelError
from latentscape.models.autoencoder import Autoencoder, Conventions
from latentscape.models.diffusers.families import FAMILIES, PIXEL_RANGE, Family
from latentscape.models.diffusers.files import find_files
from latentscape.models.diffusers.halves import Back, There, load, set_options
from latentscape.models.diffusers.words import read_words
from latentscape.models.identity import identity_of
from latentscape.models.likelihood import GaussianOfImages
from latentscape.models.opened import OpenModel
from latentscape.shapes import ImageShape

TRIED = (64, 128, 256)  # sides of the image that is sent through to find out the step


def open_diffusers(words: str) -> OpenModel:
    """Open a model of diffusers.

    Args:
        words: A folder that `save_pretrained` wrote, or an id of the hub; of a pipeline its
            autoencoder is taken. Options follow after commas: ``tiling``, ``tiling=SIDE``,
            ``slicing``, ``subfolder=NAME``, ``revision=NAME``.

    Raises:
        UsageError: If a word is unknown, or there is no such folder.
        ModelError: If it is no autoencoder of images, cannot be fetched, or cannot be read.
    """
    asked = read_words(words)
    files = find_files(asked)
    model, family = load(files), FAMILIES[files.config["_class_name"]]
    autoencoder = build(model, family)
    step = autoencoder.size_step or 1
    for half in (autoencoder.encoder.model, autoencoder.decoder.model):
        set_options(half, tiling=asked.tiling, slicing=asked.slicing, step=step)
    return OpenModel(
        asked.name,
        autoencoder,
        recipe=type(model).__name__,
        seed=0,
        sha256=identity_of(files.sha256, autoencoder, config=files.config),
        settings=asked.settings,
    )


def build(model: nn.Module, family: Family) -> Autoencoder:
    """An autoencoder of diffusers as one of ours, with its sizes found by sending an image."""
    config: Mapping[str, Any] = model.config  # pyright: ignore[reportAssignmentType]
    channels = config.get("in_channels", config.get("input_channels", 3))
    shape, latent = _sent(model, family, channels)
    back = Back(model, family, pixels_a_cell=shape.size / (latent[1] * latent[2]))
    autoencoder = Autoencoder(
        There(model, family),
        back,
        image_shape=shape,
        latent_shape=latent,
        posterior=family.posterior,
        likelihood=GaussianOfImages(),
        size_step=max(1, shape.height // latent[1]),
    ).eval()
    autoencoder.conventions = _conventions(model, config, latent[0])
    for name, weight in autoencoder.named_parameters():
        weight.requires_grad_(not any(part in name for part in family.unreached))
    return autoencoder


@torch.inference_mode()
def _sent(model: nn.Module, family: Family, channels: int) -> tuple[ImageShape, tuple[int, ...]]:
    """The first size of image that comes back in its size, and the shape of its latent."""
    there, back = There(model, family), Back(model, family, pixels_a_cell=1)
    reason = ""
    for side in TRIED:
        shape = ImageShape(channels, side, side)
        try:
            made = there(torch.zeros(1, *shape))
            latent = made[:, : made.shape[1] // (1 + (family.posterior == "gaussian"))]
            if tuple(back(latent).shape[1:]) == shape:
                return shape, tuple(latent.shape[1:])
        except (RuntimeError, ValueError) as error:
            reason = f" ({str(error).partition(chr(10))[0]})"
    raise ModelError(
        f"{type(model).__name__} does not give images back in the size they have{reason}",
        "it is no autoencoder of single images",
    )


def _conventions(model: nn.Module, config: Mapping[str, Any], channels: int) -> Conventions:
    """Scale and shift as config and buffers state them, a number each or one a channel."""
    scale, shift = config.get("scaling_factor") or 1.0, config.get("shift_factor") or 0.0
    means, deviations = config.get("latents_mean"), config.get("latents_std")
    if means and deviations and len(means) == len(deviations) == channels:
        scale = tuple(float(scale) / float(deviation) for deviation in deviations)
        shift = tuple(float(mean) for mean in means)
    moments = getattr(model, "bn", None)  # of latents in patches; the model itself never calls it
    if isinstance(moments, nn.BatchNorm2d) and moments.track_running_stats:
        variances, means = moments.get_buffer("running_var"), moments.get_buffer("running_mean")
        scale, shift = tuple((variances + moments.eps).rsqrt().tolist()), tuple(means.tolist())
    return Conventions(PIXEL_RANGE, scale, shift)
