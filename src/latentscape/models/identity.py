"""What tells a model that was trained elsewhere from others: a hash of what its numbers come of.

A run is known by the file of its weights, whose description lies beside it. Of another program's
model the same weights may stand under other conventions: they go into the hash too.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from operator import itemgetter
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from latentscape.models.autoencoder import Autoencoder

NOTES = ("_diffusers_version", "_name_or_path")  # in a config; of its writing, not of the model


def identity_of(
    source: str, autoencoder: Autoencoder, *, config: Mapping[str, Any] | None = None
) -> str:
    """The sha256 of a model's source and of all that is declared about it.

    Args:
        source: Hash of its weights, or of the code that answers without any.
        autoencoder: Whose range of pixels, scale, shift, posterior, sizes and likelihood count.
        config: What its makers' description says; notes in it do not count.
    """
    made, likelihood = autoencoder.conventions, autoencoder.likelihood
    is_open = autoencoder.size_step is not None
    scale = getattr(likelihood, "sigma", getattr(likelihood, "scale", None))
    told = {
        "source": source,
        "config": {key: value for key, value in (config or {}).items() if key not in NOTES},
        "pixel_range": _plain(made.pixel_range),
        "latent_scale": _plain(made.latent_scale),
        "latent_shift": _plain(made.latent_shift),
        "posterior": autoencoder.posterior,
        "size_step": autoencoder.size_step,
        "image_shape": None if is_open else list(autoencoder.image_shape),
        "likelihood": [likelihood.name, scale, likelihood.of_images],
    }
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def weights_sha256(thing: Any) -> str:
    """Hash of a model's weights and buffers, names and shapes included; empty without.

    Args:
        thing: A torch module; or any object, whose attributes are looked through.
    """
    digest, n = hashlib.sha256(), 0
    for name, value in sorted(_tensors(thing), key=itemgetter(0)):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}".encode())
        digest.update(value.detach().cpu().contiguous().flatten().view(torch.uint8).numpy().data)
        n += 1
    return digest.hexdigest() if n else ""


def _tensors(thing: Any) -> Iterator[tuple[str, Tensor]]:
    """Tensors of a module, or of what an object that is none keeps under a name."""
    if isinstance(thing, nn.Module):
        yield from thing.state_dict().items()
        return
    for name, part in getattr(thing, "__dict__", {}).items():
        if isinstance(part, nn.Module):
            yield from ((f"{name}.{key}", value) for key, value in part.state_dict().items())
        elif isinstance(part, Tensor):
            yield name, part
        elif isinstance(part, np.ndarray) and part.dtype.kind in "fiub":
            yield name, torch.from_numpy(np.ascontiguousarray(part))


def _plain(value: Any) -> Any:
    """A number as a float, several as a list of such, in whichever form they were declared."""
    return np.asarray(value, float).tolist()
