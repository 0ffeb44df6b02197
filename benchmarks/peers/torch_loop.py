"""Peer: the loop most people write, PyTorch with a DataLoader, eager, fp32."""

from copy import deepcopy

from peer import WARM_UP_STEPS, Job, Prepared, main


def prepare(job: Job) -> Prepared:
    import torch
    from torch.utils.data import DataLoader, TensorDataset
    from torch_tutorial import decoder, encoder, negative_elbo, test_elbo

    torch.manual_seed(job.seed)
    _, channels, side, _ = job.train.shape
    model = torch.nn.ModuleList(
        [encoder(channels, side, job.latent_dim), decoder(channels, side, job.latent_dim)]
    )
    loader = DataLoader(
        TensorDataset(torch.from_numpy(job.train)), batch_size=job.batch_size, shuffle=True
    )

    def epoch(trained: torch.nn.ModuleList, optimiser: torch.optim.Optimizer, batches) -> None:
        for (images,) in batches:
            optimiser.zero_grad()
            loss = negative_elbo(images, encode=trained[0], decode=trained[1])
            loss.backward()
            optimiser.step()

    def train() -> None:
        optimiser = torch.optim.Adam(model.parameters(), lr=job.learning_rate)
        for _ in range(job.epochs):
            epoch(model, optimiser, loader)

    spare = deepcopy(model)
    first = (torch.from_numpy(job.train[: job.batch_size]),)
    epoch(spare, torch.optim.Adam(spare.parameters()), [first] * WARM_UP_STEPS)
    return Prepared(
        train=train,
        test_elbo=lambda: test_elbo(torch.from_numpy(job.test), encode=model[0], decode=model[1]),
        about={"library": f"torch {torch.__version__}", "precision": "fp32"},
    )


if __name__ == "__main__":
    main(prepare)
