"""TAEF2, a tiny autoencoder of 8× smaller grids with 32 channels, from its two .pth files.

    latentscape measure reconstruction python:examples/adapters/taef2.py:taef2 folder:PICTURES

The files (`taef2_encoder.pth`, `taef2_decoder.pth`, from github.com/madebyollin/taesd) are looked
for in the folder named by TAEF2_WEIGHTS, else in `weights` of the one named by LATENTSCAPE_DATA.
They hold weights in fp16, which become fp32 here.
"""

import os
from pathlib import Path

import torch
from torch import Tensor, nn

CHANNELS, LATENT, POOLED = 64, 32, 256


class Clamp(nn.Module):
    """Latents within about ±3."""

    def forward(self, latents: Tensor) -> Tensor:
        return torch.tanh(latents / 3) * 3


class Block(nn.Module):
    """Three convolutions beside the identity; some add a mixture over large regions before."""

    def __init__(self, *, pool: bool = False):
        super().__init__()
        self.conv = nn.Sequential(
            conv(), nn.ReLU(), conv(), nn.ReLU(), conv()
        )  # fmt: skip
        if pool:
            self.pool = nn.Sequential(
                nn.Conv2d(CHANNELS, POOLED, 1, bias=False), nn.GroupNorm(4, POOLED), nn.ReLU(),
                nn.Conv2d(POOLED, CHANNELS, 1, bias=False),
            )  # fmt: skip

    def forward(self, x: Tensor) -> Tensor:
        if hasattr(self, "pool"):
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


def conv(n_in: int = CHANNELS, n_out: int = CHANNELS, **settings) -> nn.Conv2d:
    return nn.Conv2d(n_in, n_out, 3, padding=1, **settings)


def down() -> nn.Conv2d:
    return conv(stride=2, bias=False)


def up() -> tuple[nn.Module, nn.Module]:
    return nn.Upsample(scale_factor=2), conv(bias=False)


class TAEF2(nn.Module):
    """Encoder and decoder; images in [0, 1] on both sides, no posterior, no latent scale."""

    name = "taef2"
    pixel_range = (0.0, 1.0)
    size_step = 8

    def __init__(self):
        super().__init__()
        three, pooled = (Block, Block, Block), {"pool": True}
        self.encoder = nn.Sequential(
            conv(3), Block(),
            down(), *(block() for block in three),
            down(), *(block() for block in three),
            down(), *(block(**pooled) for block in three),
            conv(n_out=LATENT),
        )  # fmt: skip
        self.decoder = nn.Sequential(
            Clamp(), conv(LATENT), nn.ReLU(),
            *(block(**pooled) for block in three), *up(),
            *(block() for block in three), *up(),
            *(block() for block in three), *up(),
            Block(), conv(n_out=3),
        )  # fmt: skip

    def encode(self, images: Tensor) -> Tensor:
        return self.encoder(images)

    def decode(self, latents: Tensor) -> Tensor:
        return self.decoder(latents)


def taef2() -> TAEF2:
    """The model with its trained weights."""
    place = os.environ.get("TAEF2_WEIGHTS")
    folder = Path(place) if place else Path(os.environ["LATENTSCAPE_DATA"]) / "weights"
    model = TAEF2()
    for half in ("encoder", "decoder"):
        state = torch.load(folder / f"taef2_{half}.pth", map_location="cpu", weights_only=True)
        getattr(model, half).load_state_dict({key: value.float() for key, value in state.items()})
    return model
