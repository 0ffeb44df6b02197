"""The 2-D CVAE's two networks in plain PyTorch, as the torch peers train them."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn


def encoder(channels: int, side: int, latent_dim: int) -> nn.Sequential:
    """Two stride-2 convolutions without padding, one dense layer: mean and log variance."""
    small = ((side - 3) // 2 + 1 - 3) // 2 + 1
    layers = nn.Sequential(
        nn.Conv2d(channels, 32, 3, stride=2),
        nn.ReLU(),
        nn.Conv2d(32, 64, 3, stride=2),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(64 * small * small, 2 * latent_dim),
    )
    return glorot(layers)


def decoder(channels: int, side: int, latent_dim: int) -> nn.Sequential:
    """A dense layer, two stride-2 transposed convolutions, one of stride 1: logits."""
    small = side // 4
    layers = nn.Sequential(
        nn.Linear(latent_dim, small * small * 32),
        nn.ReLU(),
        nn.Unflatten(1, (32, small, small)),
        nn.ConvTranspose2d(32, 64, 3, stride=2, padding=1, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 32, 3, stride=2, padding=1, output_padding=1),
        nn.ReLU(),
        nn.ConvTranspose2d(32, channels, 3, padding=1),
    )
    return glorot(layers)


def glorot(layers: nn.Sequential) -> nn.Sequential:
    """Keras' default initialisation: Glorot-uniform weights, zero biases."""
    for layer in layers:
        if isinstance(layer, (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return layers


def negative_elbo(images: Tensor, *, encode: nn.Module, decode: nn.Module) -> Tensor:
    """Mean of −(log p(x|z) + log p(z) − log q(z|x)) with one draw of z an image, nats."""
    mean, log_var = encode(images).chunk(2, dim=1)
    noise = torch.randn_like(mean)
    z = mean + noise * torch.exp(0.5 * log_var)
    cross_entropy = F.binary_cross_entropy_with_logits(decode(z), images, reduction="none")
    log_prior = -0.5 * (z.square() + math.log(2 * math.pi)).sum(1)
    log_posterior = -0.5 * (noise.square() + log_var + math.log(2 * math.pi)).sum(1)
    return (cross_entropy.flatten(1).sum(1) - log_prior + log_posterior).mean()


@torch.no_grad()
def test_elbo(images: Tensor, *, encode: nn.Module, decode: nn.Module) -> float:
    """The same, over a whole test set in pieces of 1,000."""
    pieces = [
        len(piece) * negative_elbo(piece, encode=encode, decode=decode).item()
        for piece in images.split(1000)
    ]
    return -sum(pieces) / len(images)
