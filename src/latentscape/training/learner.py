"""Model and objective as the one module that is trained, so that Fabric wraps one thing."""

from typing import Any

import torch
from torch import Tensor, nn

from latentscape.models import Autoencoder
from latentscape.objectives import Objective, Pass
from latentscape.training.config import Trained


class Learner(nn.Module):
    """One forward pass: encode, draw, decode, score.

    Where the decoder alone is trained, the encoder is frozen: no gradient, no change of mode.

    The objective is no submodule: its learned parts (a discriminator) have an optimiser of their
    own, and a data-parallel wrapper would wait for gradients that the main pass never gives them.

    Attributes:
        part_names: Names of the loss parts, in the order `forward` gives them.
        done: What the last pass left, for the critic's own step; never saved.
        rate_share: What is left of β after the collapse doctor has lowered it.
    """

    def __init__(self, model: Autoencoder, objective: Objective, *, trains: Trained = "all"):
        super().__init__()
        self.trains = trains
        if trains == "decoder":
            for weight in weights_of_encoding(model):
                weight.requires_grad_(False)
        self.model = model
        self._objective = (objective,)
        self.part_names: tuple[str, ...] = tuple(term.name for term in objective.terms)
        self.done: Pass | None = None
        self.rate_share = 1.0

    @property
    def objective(self) -> Objective:
        """What is minimised."""
        return self._objective[0]

    def forward(
        self, images: Tensor, labels: Tensor, rng: torch.Generator | None, epoch: float, epochs: int
    ) -> Tensor:
        """The objective's parts for a batch, nats per image; their sum is the loss."""
        model = self.model
        with torch.set_grad_enabled(torch.is_grad_enabled() and self.trains == "all"):
            posterior = model.encode(images)
        latents = posterior.sample(rng)
        self.done = Pass(
            images=images,
            logits=model.logits(latents),
            posterior=posterior,
            latents=latents,
            labels=labels,
            likelihood=model.likelihood,
            decoder=model.logits,
            decoder_parameters=tuple(model.decoder.parameters()),
            epoch=epoch,
            n_epochs=epochs,
            rng=rng,
            rate_share=self.rate_share,
        )
        return torch.stack(list(self.objective.losses(self.done).values()))

    def train(self, mode: bool = True) -> "Learner":
        """Into training mode, or out of it; a frozen encoder stays as in evaluation."""
        super().train(mode)
        if self.trains == "decoder":
            self.model.encoder.eval()
        return self

    def critic_loss(self) -> Tensor | None:
        """Loss of the learned parts (a discriminator) on the last pass; None without any."""
        assert self.done is not None
        losses = self.objective.critic_losses(self.done)
        return torch.stack(list(losses.values())).sum() if losses else None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "done": None}


def weights_of_encoding(model: Autoencoder) -> list[nn.Parameter]:
    """Weights that latents depend on.

    Where another program's encoder and decoder are one module, an image is sent there to see.
    """
    own = list(model.encoder.parameters())
    theirs = {id(weight) for weight in model.decoder.parameters()}
    if not any(id(weight) in theirs for weight in own):
        return own
    learning = [weight for weight in own if weight.requires_grad]
    with torch.enable_grad():
        image = torch.zeros(1, *model.image_shape, device=model.device)
        posterior = model.encode(image)
        told = posterior.mean.sum() + posterior.kl().sum()
        reached = torch.autograd.grad(told, learning, allow_unused=True)
    return [w for w, slope in zip(learning, reached, strict=True) if slope is not None]
