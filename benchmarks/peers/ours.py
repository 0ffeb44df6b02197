"""Ours: the same job in latentscape's loop, with its checkpoints, validation and snapshots."""

from importlib.metadata import version
from pathlib import Path

import numpy as np
from peer import WARM_UP_STEPS, Job, Prepared, main

N_VALIDATION = 1000


def prepare(job: Job, network: str = "tutorial") -> Prepared:
    """Build the loop as `latentscape train` does, and take its steps once on a spare."""
    from latentscape.training.hardware import keep_freed_memory

    keep_freed_memory()  # as the command line does at its start
    loop = build_loop(job, job.scratch / "run", network=network)
    spare = build_loop(job, job.scratch / "spare", network=network)
    rows = spare.train_feed.order(0, 0)[: job.batch_size]
    for step in range(WARM_UP_STEPS):
        spare._train_step(rows, step, WARM_UP_STEPS)
    about = {
        "library": f"latentscape {version('latentscape')}, torch {version('torch')}",
        "precision": str(loop.fabric._precision.precision),
    }
    return Prepared(train=lambda: loop.run(), test_elbo=lambda: test_elbo(loop, job), about=about)


def build_loop(job: Job, folder: Path, *, network: str = "tutorial"):
    """The loop of `latentscape train` over a job's arrays."""
    import torch

    from latentscape.data import ImageSet
    from latentscape.models import ModelConfig, build_model
    from latentscape.objectives import Objective, Sizes
    from latentscape.training import TrainConfig
    from latentscape.training.feed import Feed
    from latentscape.training.hardware import make_fabric
    from latentscape.training.learner import Learner
    from latentscape.training.loop import Loop
    from latentscape.training.recipes import recipe_named

    pixels = (job.train * 255).round().astype(np.uint8)
    images = ImageSet(
        name="job",
        images=pixels,
        sample_ids=np.arange(len(pixels)).astype(str),
        labels=np.zeros(len(pixels), np.int64),
    )
    config = TrainConfig(
        recipe="vae",
        network=network,
        latent=job.latent_dim,
        epochs=job.epochs,
        batch_size=job.batch_size,
        learning_rate=job.learning_rate,
        seed=job.seed,
    )
    fabric = make_fabric(config)
    tutorial = network == "tutorial"
    model = build_model(
        ModelConfig(
            network=network,
            image_shape=images.shape,
            latent_shape=config.latent_shape,
            likelihood="bernoulli" if tutorial else "gaussian-fixed",
            options={} if tutorial else WIDTHS_64,
        ),
        seed=job.seed,
    )
    model.to(memory_format=torch.channels_last)
    sizes = Sizes(images.shape, config.latent_shape, n_train=len(pixels))
    learner = Learner(model, Objective(recipe_named("vae").terms, sizes))
    feeds = (
        Feed(images, np.arange(len(pixels)), device=fabric.device),
        Feed(images, np.arange(N_VALIDATION), device=fabric.device),
    )
    return Loop(learner, feeds, config=config, fabric=fabric, folder=folder)


WIDTHS_64 = {"widths": [32, 64, 128, 256, 512], "strides": [2, 2, 2, 2, 2]}


def test_elbo(loop, job: Job) -> float:
    """Mean ELBO of the test images with one draw of z each, as every peer takes it."""
    import torch

    model = loop.final_model().eval()
    total = 0.0
    with torch.no_grad():
        for piece in torch.from_numpy(job.test).split(1000):
            posterior = model.encode(piece)
            z = posterior.sample()
            nll = model.likelihood.nll(model.logits(z), piece)
            normal = torch.distributions.Normal(0.0, 1.0)
            drawn = torch.distributions.Normal(posterior.mean, posterior.std)
            ratio = (drawn.log_prob(z) - normal.log_prob(z)).flatten(1).sum(1)
            total += (nll + ratio).sum().item()
    return -total / len(job.test)


if __name__ == "__main__":
    main(prepare)
