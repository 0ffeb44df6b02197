"""Two VAEs trained with github.com/YannDubs/disentangling-vae: the "Burgess" net, 10 latents.

    latentscape interpolate python:examples/adapters/disentangling_vae.py:vae_mnist mnist --size 32
    latentscape traverse python:examples/adapters/disentangling_vae.py:btcvae_dsprites folder:SHAPES

Each lies as `model.pt` beside `specs.json` in a folder of its own (`VAE_mnist`, `btcvae_dsprites`)
in the folder named by DISENTANGLING_VAE, else in `weights/disentangling-vae` of the one named by
LATENTSCAPE_DATA.
"""

import json
import os
from pathlib import Path

import torch
from torch import Tensor, nn

GRID = (32, 4, 4)


class Encoder(nn.Module):
    """Gray images of 32 or 64 pixels to means and log variances, which lie side by side in turn."""

    def __init__(self, side: int, n_latents: int):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, 4, 2, 1)
        self.conv2 = nn.Conv2d(32, 32, 4, 2, 1)
        self.conv3 = nn.Conv2d(32, 32, 4, 2, 1)
        if side == 64:
            self.conv_64 = nn.Conv2d(32, 32, 4, 2, 1)
        self.lin1 = nn.Linear(512, 256)
        self.lin2 = nn.Linear(256, 256)
        self.mu_logvar_gen = nn.Linear(256, 2 * n_latents)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        for name in ("conv1", "conv2", "conv3", "conv_64"):
            x = torch.relu(getattr(self, name)(x)) if hasattr(self, name) else x
        x = torch.relu(self.lin2(torch.relu(self.lin1(x.flatten(1)))))
        pairs = self.mu_logvar_gen(x)
        return pairs[:, 0::2], pairs[:, 1::2]


class Decoder(nn.Module):
    """Latents to images in [0, 1]."""

    def __init__(self, side: int, n_latents: int):
        super().__init__()
        self.lin1 = nn.Linear(n_latents, 256)
        self.lin2 = nn.Linear(256, 256)
        self.lin3 = nn.Linear(256, 512)
        if side == 64:
            self.convT_64 = nn.ConvTranspose2d(32, 32, 4, 2, 1)
        self.convT1 = nn.ConvTranspose2d(32, 32, 4, 2, 1)
        self.convT2 = nn.ConvTranspose2d(32, 32, 4, 2, 1)
        self.convT3 = nn.ConvTranspose2d(32, 1, 4, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        for name in ("lin1", "lin2", "lin3"):
            x = torch.relu(getattr(self, name)(x))
        x = x.unflatten(1, GRID)
        for name in ("convT_64", "convT1", "convT2"):
            x = torch.relu(getattr(self, name)(x)) if hasattr(self, name) else x
        return torch.sigmoid(self.convT3(x))


class BurgessVAE(nn.Module):
    """Reference: Burgess et al. 2018, Understanding disentangling in β-VAE, appendix A."""

    pixel_range = (0.0, 1.0)

    def __init__(self, name: str, side: int, n_latents: int):
        super().__init__()
        self.name = name
        self.image_shape = (1, side, side)
        self.encoder = Encoder(side, n_latents)
        self.decoder = Decoder(side, n_latents)

    def encode(self, images: Tensor) -> tuple[Tensor, Tensor]:
        return self.encoder(images)

    def decode(self, latents: Tensor) -> Tensor:
        return self.decoder(latents)


def trained(name: str) -> BurgessVAE:
    """The model in the folder of that name."""
    place = os.environ.get("DISENTANGLING_VAE")
    rooms = Path(place) if place else (
        Path(os.environ["LATENTSCAPE_DATA"]) / "weights" / "disentangling-vae"
    )  # fmt: skip
    about = json.loads((rooms / name / "specs.json").read_text())
    model = BurgessVAE(name, about["img_size"][-1], about["latent_dim"])
    model.load_state_dict(torch.load(rooms / name / "model.pt", weights_only=True))
    return model


def vae_mnist() -> BurgessVAE:
    """A VAE of MNIST at 32×32."""
    return trained("VAE_mnist")


def btcvae_dsprites() -> BurgessVAE:
    """A β-TC-VAE of dSprites at 64×64."""
    return trained("btcvae_dsprites")
