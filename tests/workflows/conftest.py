"""Run folders as `train` leaves them, but with untrained weights: made in milliseconds."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from latentscape.data import DataConfig, load_images
from latentscape.models import (
    Autoencoder,
    ModelConfig,
    NetworkName,
    PosteriorKind,
    build_model,
    open_model,
)
from latentscape.models.saved import save_weights
from latentscape.records import FORMAT

DIGITS = DataConfig("digits")


def write_run(folder: Path, config: ModelConfig, data: DataConfig, *, seed: int = 0) -> Path:
    """A run folder around a freshly built model."""
    folder.mkdir(parents=True)
    model = build_model(config, seed=seed)
    with torch.no_grad():
        for parameter in model.encoder.parameters():
            parameter.mul_(2)
    about = {
        "format": FORMAT,
        "version": "0.1.0",
        "state": "finished",
        "recipe": "vae" if config.posterior == "gaussian" else "ae",
        "seed": seed,
        "model": config.to_json(),
        "data": asdict(data),
        "fingerprint": load_images(data).fingerprint,
        "weights_sha256": save_weights(model, folder / "model.safetensors"),
    }
    (folder / "run.json").write_text(json.dumps(about))
    return folder


@pytest.fixture
def make_run(tmp_path) -> Callable[..., Path]:
    """Makes a run: ``make_run(name, latent=2, posterior="gaussian", data=..., network=...)``."""

    def make(
        name: str,
        *,
        latent: int | tuple[int, ...] = 2,
        posterior: PosteriorKind = "gaussian",
        data: DataConfig = DIGITS,
        network: NetworkName = "mlp",
    ) -> Path:
        config = ModelConfig(
            network=network,
            image_shape=load_images(data).shape,
            latent_shape=latent if isinstance(latent, tuple) else (latent,),
            posterior=posterior,
            likelihood="gaussian-fixed",
            options={"hidden": [32]} if network == "mlp" else {},
        )
        return write_run(tmp_path / name, config, data)

    return make


PATCHES = """
import torch
from torch import nn

class Mine(nn.Module):
    pixel_range = (-1, 1)
    {sizes}

    def __init__(self):
        super().__init__()
        torch.manual_seed({seed})
        self.there = nn.Conv2d(1, 3, 4, 4)
        self.back = nn.ConvTranspose2d(3, 1, 4, 4)

    def encode(self, images):
        return self.there(images)

    def decode(self, latents):
        return self.back(latents)
"""


@pytest.fixture
def patches(tmp_path) -> Callable[..., str]:
    """Writes a model of one's own, a code for each patch of 4×4: ``patches(sizes)`` is MODEL."""

    def write(sizes: str, *, seed: int = 0) -> str:
        path = tmp_path / "mine.py"
        path.write_text(PATCHES.format(sizes=sizes, seed=seed))
        return f"python:{path}:Mine"

    return write


@pytest.fixture
def vae(make_run) -> Path:
    """A VAE with two latents on the digits."""
    return make_run("vae")


@pytest.fixture
def ae(make_run) -> Path:
    """A plain autoencoder with five latents on the digits."""
    return make_run("ae", latent=5, posterior="point")


@pytest.fixture
def spoil() -> Callable[..., None]:
    """Changes a run's weights: ``spoil(run, change)`` calls ``change(model)`` and saves."""

    def change_weights(run: Path, change: Callable[[Autoencoder], object]) -> None:
        model = open_model(run).autoencoder
        with torch.no_grad():
            change(model)
        about = json.loads((run / "run.json").read_text())
        about["weights_sha256"] = save_weights(model, run / "model.safetensors")
        (run / "run.json").write_text(json.dumps(about))

    return change_weights
