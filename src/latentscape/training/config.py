"""Everything a training run is told, in one frozen value."""

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from latentscape.errors import UsageError, nearest
from latentscape.models import LikelihoodName
from latentscape.models.config import NetworkName
from latentscape.objectives.beta import form_of

Precision = Literal["auto", "fp32", "bf16"]
DoctorMode = Literal["stop", "reweight", "off"]
Trained = Literal["all", "decoder"]


@dataclass(frozen=True)
class TrainConfig:
    """How a model is trained.

    Attributes:
        recipe: Name in the recipe table.
        network: Name of the network pair; ``base`` for another program's that is fine-tuned.
        latent: Latent size, or shape ``(channels, height, width)`` for spatial latents.
        epochs: Passes over the training images.
        batch_size: Images a step (on each device).
        learning_rate: Adam's step.
        likelihood: None lets the data decide: Bernoulli where nearly binary, else Gaussian with
            learned σ.
        likelihood_scale: σ or b of the likelihoods that state one; None for the recipe's own.
        recipe_options: Changes to the recipe's terms: ``beta``, ``free_bits``, ``warmup_epochs``.
        beta_convention: How ``beta`` is written: None for ELBO units, else the form of the loss it
            comes from, ``mean-sum`` (mean squared error + β·summed KL), say; see
            `latentscape.objectives.beta`. The likelihood then follows from the form.
        more_terms: Terms beside the recipe's own, ``perceptual``, say; their settings stand among
            the recipe's options.
        trains: ``all`` weights, or the ``decoder`` alone: then the encoder stays as it is, bit for
            bit, and of the recipe's terms those are left out that look at latents only.
        network_options: The network's own: ``widths``, ``kernel``, ``strides``, ``hidden``.
        seed: Of weights, order, noise and augmentation.
        weight_decay: Adam's L2 penalty.
        clip_gradient: Largest gradient norm; None for no clipping.
        accumulate: Batches whose gradients are added before a step.
        ema: Decay of the running mean of the weights (.999, say); None for none.
        precision: ``auto`` is bf16 where the processor has it natively, else fp32.
        compile: Run the networks through torch.compile.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        devices, n_nodes: How many processes train together, on how many machines; taken from
            torchrun where it started them.
        patience: Stop after this many epochs without a better validation loss; None never stops.
        loggers: ``tensorboard``, ``wandb``, ``mlflow``; each must be installed.
        checkpoint_seconds: Also save within an epoch, this often.
        doctor: What is done about a run that collapses: ``stop`` it, ``reweight`` it (lower β to
            what the σ-VAE would take; a run that still collapses stops), or ``off`` for nothing.
    """

    recipe: str = "vae"
    network: NetworkName | Literal["base"] = "conv"
    latent: int | tuple[int, ...] = 16
    epochs: int = 10
    batch_size: int = 128
    learning_rate: float = 1e-3
    likelihood: LikelihoodName | None = None
    likelihood_scale: float | None = None
    recipe_options: dict[str, Any] = field(default_factory=dict)
    beta_convention: str | None = None
    more_terms: tuple[str, ...] = ()
    trains: Trained = "all"
    network_options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    weight_decay: float = 0.0
    clip_gradient: float | None = None
    accumulate: int = 1
    ema: float | None = None
    precision: Precision = "auto"
    compile: bool = False
    device: str = "auto"
    devices: int = 1
    n_nodes: int = 1
    patience: int | None = None
    loggers: tuple[str, ...] = ()
    checkpoint_seconds: float = 60.0
    doctor: DoctorMode = "stop"

    def __post_init__(self):
        for name in ("epochs", "batch_size", "accumulate", "devices", "n_nodes"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}; it must be at least 1")
        if min(self.latent_shape, default=0) < 1:
            raise UsageError(
                f"a latent of size {self.latent} holds nothing", "give a latent size of at least 1"
            )
        if not 0 < self.learning_rate < float("inf"):
            raise UsageError(f"the learning rate is {self.learning_rate}; it must be above 0")
        for name in ("seed", "weight_decay", "checkpoint_seconds"):
            if not getattr(self, name) >= 0:
                raise UsageError(f"{name} is {getattr(self, name)}; it cannot be below 0")
        for name in ("likelihood_scale", "clip_gradient"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise UsageError(f"{name} is {value}; it must be above 0")
        if self.patience is not None and self.patience < 1:
            raise UsageError(
                f"a patience of {self.patience} epochs stops before the first",
                "give at least 1, or none for no early stop",
            )
        if self.doctor not in get_args(DoctorMode):
            raise UsageError(
                f"there is no doctor {self.doctor!r}", nearest(self.doctor, get_args(DoctorMode))
            )
        if self.trains not in get_args(Trained):
            raise UsageError(
                f"there is nothing called {self.trains!r} to train", "say all or decoder"
            )
        if self.beta_convention is not None:
            form_of(self.beta_convention)
        if self.ema is not None and not 0 < self.ema < 1:
            raise UsageError(f"ema is {self.ema}; it is a decay between 0 and 1, such as 0.999")

    @property
    def latent_shape(self) -> tuple[int, ...]:
        """The latent's shape; a plain size is a vector."""
        return (self.latent,) if isinstance(self.latent, int) else tuple(self.latent)

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values."""
        return asdict(self)
