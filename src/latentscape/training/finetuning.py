"""What fine-tuning is told, and what it takes from the model that it begins with."""

from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from latentscape.errors import UsageError, nearest
from latentscape.models import LikelihoodName, ModelConfig
from latentscape.records.fields import fitted
from latentscape.training.config import TrainConfig, Trained
from latentscape.training.recipes import OF_RECIPE, Recipe, recipe_named, settings_of

RATES: dict[Trained, float] = {"decoder": 1e-4, "all": 1e-5}
AVERAGED = 0.1  # share of a run's steps that the running mean of the weights spans
LONGEST = 1000  # steps
PERCEPTUAL = 0.1
Held = Literal["nothing", "sigma", "rate"]
SCHEDULES = ("warmup_epochs", "cycles", "free_bits", "capacity", "capacity_epochs", "gamma")
PRESSURE = 10.0  # γ: how much more than the ELBO's nats those count that leave the held rate


@dataclass(frozen=True)
class FinetuneConfig:
    """How a model that exists is trained further.

    What is left at None is the base's own, or follows from what is trained.

    Attributes:
        train: The ``decoder`` alone, whose encoder then stays as it is, bit for bit, and with it
            every latent; or ``all`` weights.
        recipe: None for the base's own with its settings: of a model that is no run ``sigma_vae``,
            of a point posterior ``ae``; with a `beta_convention`, ``vae``.
        epochs: Passes over the training images.
        batch_size: Images a step (on each device).
        learning_rate: None for 1e-4 of a decoder, which nothing else depends on, and 1e-5 of all
            weights, for whatever was built on the latents depends on the encoder.
        beta, beta_convention: As in `TrainConfig`.
        likelihood: None for the recipe's, else the base's own with the σ that it has.
        perceptual: Weight of LPIPS beside the mean squared error; None for .1 where a decoder is
            trained and the net's weights are on this machine, else 0.
        adversarial: Weight of the discriminator of patches; 0 for none.
        equivariance: Which moves of the latent grid the decoder must follow: ``scale``, ``shift``,
            ``rotation``; none if empty.
        hold: What is held at the base's, where all weights are trained: its ``sigma``, and with it
            the price of a nat in squared error; its ``rate`` itself; or ``nothing``.
        ema: Decay of the running mean of the weights, which is what is kept; None for one over the
            last tenth of the steps (1,000 at most) of a decoder, and for none of all weights.
        seed: Of order, noise and augmentation.
        more: Any other field of `TrainConfig`, and under ``recipe_options`` the terms' settings.
    """

    train: Trained = "decoder"
    recipe: str | None = None
    epochs: int = 10
    batch_size: int = 8
    learning_rate: float | None = None
    beta: float | None = None
    beta_convention: str | None = None
    likelihood: LikelihoodName | None = None
    perceptual: float | None = None
    adversarial: float = 0.0
    equivariance: tuple[str, ...] = ()
    hold: Held = "nothing"
    ema: float | None = None
    seed: int = 0
    more: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self):
        if self.train not in RATES:
            raise UsageError(
                f"there is nothing called {self.train!r} to train", "say decoder or all"
            )
        self._require_ranges()
        if self.hold not in get_args(Held):
            raise UsageError(
                f"there is nothing called {self.hold!r} to hold", nearest(self.hold, get_args(Held))
            )
        if self.hold != "nothing" and self.train == "decoder":
            raise UsageError(
                "where the decoder alone is trained the rate stays as it is", "leave --hold out"
            )
        if self.hold == "sigma" and self.likelihood not in (None, "gaussian-fixed"):
            raise UsageError(
                f"--hold sigma is a Gaussian of stated σ, and --likelihood is {self.likelihood}",
                "leave one of them out",
            )

    def _require_ranges(self) -> None:
        """Refuse numbers before a model is opened for them."""
        for name in ("epochs", "batch_size"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}", "give at least 1")
        if self.learning_rate is not None and not 0 < self.learning_rate < float("inf"):
            raise UsageError(
                f"the learning rate is {self.learning_rate}", "give a number above 0, such as 1e-5"
            )
        for name in ("beta", "perceptual", "adversarial", "seed"):
            value = getattr(self, name)
            if value is not None and not 0 <= value < float("inf"):
                raise UsageError(f"{name} is {value}", "give a number that is not below 0")
        if self.ema is not None and not 0 <= self.ema < 1:
            raise UsageError(f"ema is {self.ema}", "give a decay in [0, 1), such as .999")


@dataclass(frozen=True)
class Base:
    """What is known of the model that fine-tuning begins with.

    Attributes:
        model: Of the networks; their name is ``base`` where another program made them.
        recipe: By which it was trained, if this program trained it.
        training: The settings of that, as in run.json.
        sigma: That it ended with, where it learned one.
        rate: Mean nats an image over the training images, where all weights are trained and there
            is one.
    """

    model: ModelConfig
    recipe: str | None
    training: dict[str, Any]
    sigma: float | None = None
    rate: float | None = None


def training_of(config: FinetuneConfig, base: Base, *, perceptual: float) -> TrainConfig:
    """The training that a fine-tuning comes to.

    Args:
        config: What was asked for.
        base: What it begins with.
        perceptual: Weight of LPIPS, settled; 0 for none.

    Raises:
        UsageError: If the words do not fit each other, or the base.
    """
    inherited = _inherited(config, base)
    options = {**inherited.pop("recipe_options", {}), **config.more.get("recipe_options", {})}
    options |= {} if config.beta is None else {"beta": config.beta}
    further = {
        "perceptual": {"perceptual": perceptual} if perceptual else {},
        "equivariance": {"moves": config.equivariance} if config.equivariance else {},
        "patch_adversary": {"patch_weight": config.adversarial} if config.adversarial else {},
    }
    for settings in further.values():
        options = {**settings, **options}
    given = {
        key: fitted(TrainConfig, key, value)
        for key, value in config.more.items()
        if key != "recipe_options"
    }
    if config.likelihood is not None:
        inherited |= {"likelihood": config.likelihood, "likelihood_scale": None}
    held = _held(config, base)
    options |= held.pop("recipe_options", {})
    rate = RATES[config.train] if config.learning_rate is None else config.learning_rate
    return TrainConfig(
        **{
            **inherited,
            "network": base.model.network,
            "latent": tuple(base.model.latent_shape),
            "network_options": base.model.options,
            "epochs": config.epochs,
            "batch_size": config.batch_size,
            "learning_rate": rate,
            "recipe_options": options,
            "more_terms": tuple(name for name, settings in further.items() if settings),
            "trains": config.train,
            "ema": config.ema,
            "seed": config.seed,
            **held,
            **given,
        }
    )


def _held(config: FinetuneConfig, base: Base) -> dict[str, Any]:
    """Settings that hold σ or the rate where the base has them."""
    if config.hold == "sigma":
        if base.sigma is None:
            raise UsageError(
                f"the base learned no σ that could be held: its likelihood is "
                f"{base.model.likelihood}",
                "leave --hold out: a stated scale is held anyway",
            )
        sigma = float(f"{base.sigma:.4g}")  # it is shown, and typed again
        return {"likelihood": "gaussian-fixed", "likelihood_scale": sigma}
    if config.hold == "rate":
        if base.rate is None:
            raise UsageError(
                "a point posterior pays no rate that could be held", "leave --hold out"
            )
        capacity = {"capacity": base.rate, "capacity_epochs": 0.0, "gamma": PRESSURE}
        return {"recipe_options": capacity}
    return {}


def _inherited(config: FinetuneConfig, base: Base) -> dict[str, Any]:
    """Recipe and its settings: the base's, unless another is asked for."""
    if config.recipe is not None or config.beta_convention is not None or base.recipe is None:
        plain = "ae" if base.model.posterior == "point" else "sigma_vae"
        recipe = config.recipe or ("vae" if config.beta_convention else plain)
        return {"recipe": recipe, "beta_convention": config.beta_convention}
    told = {key: base.training[key] for key in OF_RECIPE if key in base.training}
    told = {key: fitted(TrainConfig, key, value) for key, value in told.items()}
    known = settings_of(recipe_named(base.recipe))  # not those of further terms
    past = SCHEDULES if config.hold == "rate" else ()  # a held rate is reached at once
    options = told.get("recipe_options", {}).items()
    options = {key: value for key, value in options if key in known and key not in past}
    kept = {**told, "recipe": base.recipe, "recipe_options": options}
    if config.beta is not None and kept.get("beta_convention") is not None:
        options.pop("beta", None)  # a β of its own is in ELBO units, and so is the likelihood
        kept |= {"beta_convention": None, "likelihood": None, "likelihood_scale": None}
    return {key: value for key, value in kept.items() if key not in ("more_terms", "trains")}


def description_of(config: TrainConfig, recipe: Recipe, base: Base) -> ModelConfig:
    """The model's description: the base's, with the likelihood that the recipe asks for.

    Raises:
        UsageError: If the recipe wants another posterior than the base has.
    """
    model = base.model
    if recipe.posterior != model.posterior:
        fits = "ae" if model.posterior == "point" else "sigma_vae"
        raise UsageError(
            f"the recipe {recipe.name!r} is of {recipe.posterior} posteriors, and the base has a "
            f"{model.posterior} one",
            f"fine-tune it by --recipe {fits}",
        )
    asked, scale = config.likelihood or recipe.likelihood, config.likelihood_scale
    if asked is None:
        return model if scale is None else replace(model, likelihood_scale=scale)
    own = recipe.likelihood_scale if scale is None else scale
    return replace(model, likelihood=asked, likelihood_scale=own)


def averaging_over(n_steps: int) -> float:
    """Decay of a running mean that spans a tenth of a run's steps, 1,000 at most.

    Longer than the run itself it would keep the weights that the run began with.

    >>> averaging_over(100_000), averaging_over(500)
    (0.999, 0.98)
    """
    return round(1 - 1 / min(max(AVERAGED * n_steps, 2), LONGEST), 4)
