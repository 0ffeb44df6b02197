"""Peer: our network, objective and arithmetic in the shortest loop: what the trainer costs.

No validation, snapshots, history, progress or checkpoints; precision as the trainer would choose.
"""

from peer import WARM_UP_STEPS, Job, Prepared, main


def prepare(job: Job) -> Prepared:
    import torch

    from latentscape.models import ModelConfig, build_model
    from latentscape.objectives import Objective, Sizes
    from latentscape.shapes import ImageShape
    from latentscape.training.hardware import has_native_bf16, keep_freed_memory
    from latentscape.training.learner import Learner
    from latentscape.training.recipes import recipe_named

    keep_freed_memory()
    shape, latent = ImageShape(*job.train.shape[1:]), (job.latent_dim,)
    bf16 = has_native_bf16("cpu")
    pixels = torch.from_numpy((job.train * 255).round().astype("uint8"))
    sizes = Sizes(shape, latent, n_train=len(pixels))

    def learner() -> Learner:
        model = build_model(ModelConfig("tutorial", shape, latent), seed=job.seed)
        return Learner(model, Objective(recipe_named("vae").terms, sizes))

    def epochs(trained: Learner, images: torch.Tensor, n_epochs: int) -> None:
        optimiser = torch.optim.Adam(trained.parameters(), lr=job.learning_rate, fused=True)
        rng = torch.Generator().manual_seed(job.seed)
        labels = torch.full((job.batch_size,), -1)
        for epoch in range(n_epochs):
            for rows in torch.randperm(len(images), generator=rng).split(job.batch_size):
                batch = images.index_select(0, rows).float().div_(255)
                with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
                    parts = trained(batch, labels[: len(rows)], rng, epoch, n_epochs)
                parts.sum().backward()
                optimiser.step()
                optimiser.zero_grad()

    @torch.no_grad()
    def test_elbo() -> float:
        model, total = timed.model.eval(), 0.0
        rng = torch.Generator().manual_seed(job.seed)
        for images in torch.from_numpy(job.test).split(1000):
            posterior = model.encode(images)
            logits = model.logits(posterior.sample(rng))
            nats = model.likelihood.nll(logits, images) + posterior.kl().flatten(1).sum(1)
            total += nats.sum().item()
        return -total / len(job.test)

    epochs(learner(), pixels[: WARM_UP_STEPS * job.batch_size], 1)
    timed = learner()
    return Prepared(
        train=lambda: epochs(timed, pixels, job.epochs),
        test_elbo=test_elbo,
        about={"library": f"torch {torch.__version__}", "precision": "bf16" if bf16 else "fp32"},
    )


if __name__ == "__main__":
    main(prepare)
