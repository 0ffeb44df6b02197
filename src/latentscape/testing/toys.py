"""Toys: images, models and passes small enough that a contract runs in milliseconds."""

import torch
from torch import Tensor, nn

from latentscape.models import Autoencoder, ModelConfig, build_model
from latentscape.nn.features import FeatureFacts
from latentscape.nn.style_nets import StyleNet
from latentscape.nn.weights import draw_weights
from latentscape.objectives import Objective, Pass, Sizes
from latentscape.shapes import ImageShape
from latentscape.training.recipes import Recipe

TOY_SHAPE = ImageShape(1, 8, 8)


def toy_images(n: int = 12, image_shape: ImageShape = TOY_SHAPE, *, seed: int = 0) -> Tensor:
    """Soft discs of random place and size, ``n channels height width`` in [0, 1]."""
    rng = torch.Generator().manual_seed(seed)
    channels, height, width = image_shape
    y = torch.linspace(-1, 1, height)[:, None]
    x = torch.linspace(-1, 1, width)[None]
    place = torch.rand(n, channels, 2, 1, 1, generator=rng) - 0.5
    radius = 0.3 + 0.4 * torch.rand(n, channels, 1, 1, generator=rng)
    distance = ((x - place[:, :, 0]).square() + (y - place[:, :, 1]).square()).sqrt()
    return torch.sigmoid((radius - distance) * 8)


def toy_labels(n: int = 12, n_classes: int = 3) -> Tensor:
    """Classes 0, 1, 2, 0, 1, 2 ... of `n` images."""
    return torch.arange(n) % n_classes


def toy_model(
    recipe: Recipe, image_shape: ImageShape = TOY_SHAPE, *, latent_dim: int = 4, seed: int = 0
) -> Autoencoder:
    """A small `mlp` with the recipe's posterior and likelihood; Bernoulli where that is by data."""
    config = ModelConfig(
        network="mlp",
        image_shape=image_shape,
        latent_shape=(latent_dim,),
        posterior=recipe.posterior,
        likelihood=recipe.likelihood or "bernoulli",
        likelihood_scale=recipe.likelihood_scale,
        options={"hidden": [32]},
    )
    return build_model(config, seed=seed)


def toy_objective(recipe: Recipe, model: Autoencoder, *, n_train: int = 100) -> Objective:
    """The recipe's objective for a model."""
    return Objective(recipe.terms, Sizes(model.image_shape, model.latent_shape, n_train))


def toy_pass(
    model: Autoencoder, images: Tensor, *, labels: Tensor | None = None, seed: int = 0
) -> Pass:
    """One forward pass half-way through a run of ten epochs."""
    rng = torch.Generator(device=images.device).manual_seed(seed)
    posterior = model.encode(images)
    latents = posterior.sample(rng)
    return Pass(
        images=images,
        logits=model.logits(latents),
        posterior=posterior,
        latents=latents,
        labels=toy_labels(len(images)) if labels is None else labels,
        likelihood=model.likelihood,
        decoder=model.logits,
        decoder_parameters=tuple(model.decoder.parameters()),
        epoch=5.0,
        n_epochs=10,
        rng=rng,
    )


def toy_style_net(*, linear: bool = False, n_draws: int = 1, seed: int = 0) -> StyleNet:
    """Three random convolutions with average pooling between; with ReLUs unless `linear`.

    Without ReLUs maps are affine in the image, as the theory of METHODS §4.2 supposes.
    """
    bend = nn.Identity if linear else nn.ReLU
    trunks = []
    for draw in range(n_draws):
        trunk = nn.Sequential(
            nn.Conv2d(3, 16, 3, padding=1), bend(), nn.AvgPool2d(2),
            nn.Conv2d(16, 32, 3, padding=1), bend(), nn.AvgPool2d(2),
            nn.Conv2d(32, 64, 3, padding=1), bend(),
        )  # fmt: skip
        draw_weights(trunk, seed + draw)
        trunks.append(trunk)
    facts = FeatureFacts("toy net", "one two three", f"random weights (seed {seed})", "", "")
    return StyleNet(trunks, {"one": 1, "two": 4, "three": 7}, facts=facts, small="refuse")
