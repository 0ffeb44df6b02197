"""A run that breaks down says so, and why."""

import math
from dataclasses import dataclass

from latentscape.errors import TrainingError
from latentscape.metrics.collapse import signs_in

FIRST_STEPS = 200
SLOW_STEPS = 1000
EPOCHS_IN_A_ROW = 2


@dataclass(frozen=True)
class Signs:
    """What a validation pass says about collapse (METHODS §6, trap T2).

    Attributes:
        rate: Mean KL to the prior, nats per image; None for point posteriors.
        active_units: Latents whose posterior mean varies by more than .01 over images.
        output_share: Variance of reconstructions over images ÷ variance of the images.
    """

    rate: float | None
    active_units: int
    output_share: float

    def sentences(self) -> dict[str, str]:
        """Each sign of collapse that is there, by its kind."""
        values = {
            "rate": self.rate,
            "active_units": None if self.rate is None else self.active_units,
            "spread": self.output_share,
        }
        alone = {kind: dict.fromkeys(values) | {kind: values[kind]} for kind in values}
        found = {kind: signs_in(**one) for kind, one in alone.items()}
        return {kind: said[0] for kind, said in found.items() if said}

    def collapse(self, since: "Signs | None" = None) -> str | None:
        """The sentence that names the collapse, or None.

        Args:
            since: Of the model that training began with: a sign that it showed is none of training.
        """
        known = {} if since is None else since.sentences()
        return next((said for kind, said in self.sentences().items() if kind not in known), None)


def check_finite(parts: dict[str, float], moment: str) -> None:
    """Stop at the first loss that is no number.

    Raises:
        TrainingError: Naming the terms that broke.
    """
    broken = [name for name, value in parts.items() if not math.isfinite(value)]
    if broken:
        raise TrainingError(
            f"the loss became NaN or infinite by {moment}, in: {', '.join(broken)}",
            "train anew in another --out, with a lower --learning-rate or --set clip_gradient=1",
        )


def settled_after(*, hopeless: bool) -> int:
    """Steps after which an empty latent is no longer a slow start.

    Args:
        hopeless: Whether the weight of the rate alone keeps it empty. Else patience: at a small
            step a healthy model paints the mean image for hundreds of steps before it learns more.
    """
    return FIRST_STEPS if hopeless else SLOW_STEPS
