"""Peer: pythae's BaseTrainer with the tutorial networks, Bernoulli likelihood and analytic KL."""

from peer import WARM_UP_STEPS, Job, Prepared, main


def prepare(job: Job) -> Prepared:
    from importlib.metadata import version

    import torch
    from pythae.data.datasets import BaseDataset
    from pythae.models import VAE, VAEConfig
    from pythae.models.base.base_utils import ModelOutput
    from pythae.models.nn import BaseDecoder, BaseEncoder
    from pythae.trainers import BaseTrainer, BaseTrainerConfig
    from torch_tutorial import decoder, encoder, test_elbo

    _, channels, side, _ = job.train.shape

    class Encoder(BaseEncoder):
        def __init__(self):
            super().__init__()
            self.layers = encoder(channels, side, job.latent_dim)

        def forward(self, x):
            mean, log_var = self.layers(x).chunk(2, dim=1)
            return ModelOutput(embedding=mean, log_covariance=log_var)

    class Decoder(BaseDecoder):
        def __init__(self):
            super().__init__()
            self.layers = decoder(channels, side, job.latent_dim)

        def forward(self, z):
            return ModelOutput(reconstruction=torch.sigmoid(self.layers(z)))

    def trainer(n_images: int, epochs: int) -> BaseTrainer:
        torch.manual_seed(job.seed)
        config = VAEConfig(
            input_dim=(channels, side, side), latent_dim=job.latent_dim, reconstruction_loss="bce"
        )
        images = torch.from_numpy(job.train[:n_images])
        return BaseTrainer(
            model=VAE(config, encoder=Encoder(), decoder=Decoder()),
            train_dataset=BaseDataset(images, torch.zeros(len(images))),
            training_config=BaseTrainerConfig(
                output_dir=str(job.scratch),
                per_device_train_batch_size=job.batch_size,
                num_epochs=epochs,
                learning_rate=job.learning_rate,
                seed=job.seed,
                no_cuda=True,
            ),
        )

    trainer(WARM_UP_STEPS * job.batch_size, 1).train()
    timed = trainer(len(job.train), job.epochs)
    parts = timed.model
    return Prepared(
        train=timed.train,
        test_elbo=lambda: test_elbo(
            torch.from_numpy(job.test), encode=parts.encoder.layers, decode=parts.decoder.layers
        ),
        about={
            "library": f"pythae {version('pythae')}, torch {torch.__version__}",
            "precision": "fp32",
        },
    )


if __name__ == "__main__":
    main(prepare)
