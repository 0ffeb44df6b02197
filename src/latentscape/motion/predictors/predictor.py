"""What every predictor of the middle latent is, and how those that learn are fitted."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentscape.errors import UsageError
from latentscape.motion.predictors.triplet_latents import TripletLatents, as_grid

Told = Callable[[int, int, str], None]
"""What is told of a fit's progress: done, in all, unit."""


@dataclass(frozen=True)
class FitConfig:
    """How learned predictors are fitted.

    Attributes:
        epochs: Most passes over the training triplets. A pass has no fewer than 25 and no more
            than 200 steps, so that few triplets still teach and many do not take for ever.
        patience: Passes without a better error on the validation triplets before training stops.
        batch_size: Triplets a step.
        rate: Learning rate, of Adam.
        reverse: Whether each triplet is also learnt backwards; predictions are then the same
            whichever end comes first.
        device: Where nets are trained and asked.
        seed: Of first weights, order and crops.
    """

    epochs: int = 40
    patience: int = 6
    batch_size: int = 32
    rate: float = 1e-3
    reverse: bool = True
    device: str = "cpu"
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("epochs", "patience", "batch_size"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}", "give at least 1")
        if not self.rate > 0:
            raise UsageError(f"a learning rate of {self.rate} learns nothing", "try 1e-3")


class Fitted(NamedTuple):
    """What came of a fit.

    Attributes:
        words: What was found or chosen.
        n_parameters: Numbers that were fitted.
        history: Squared error on the validation triplets, mean over values: first that of the
            linear predictor, then one an epoch, as long as it was finite; of nets only.
    """

    words: str
    n_parameters: int = 0
    history: tuple[float, ...] = ()


class Predictor(ABC):
    """Says where between two latents a third lies.

    Attributes:
        name: As in `PREDICTORS`.
    """

    name: str

    def refusal(self, latent_shape: tuple[int, ...]) -> str | None:
        """Why it does not apply to latents of that shape; None where it does."""
        return None

    @abstractmethod
    def fit(
        self, train: TripletLatents, val: TripletLatents, *, progress: Told | None = None
    ) -> Fitted:
        """Learn from the training triplets; choose and stop by the validation triplets.

        Args:
            train: To learn from.
            val: To choose and to stop by.
            progress: Called after each epoch, where there are any.

        Raises:
            DataError: If there are none of either.
            UsageError: If it does not apply to latents of their shape.
        """

    @abstractmethod
    def between(self, ends: np.ndarray) -> np.ndarray:
        """float32 ``n channels height width`` between ``n 2 channels height width``."""

    def predict(self, ends: np.ndarray) -> np.ndarray:
        """The middle latents.

        Args:
            ends: float32 ``n 2 *latent``: first and last.

        Returns:
            float32 ``n *latent``, in the latents' own unit.
        """
        shape = ends.shape[2:]
        return self.between(as_grid(np.asarray(ends, np.float32), shape)).reshape(len(ends), *shape)

    def error(self, triplets: TripletLatents) -> float:
        """Squared error on triplets, mean over values, in the latents' own unit squared."""
        total, n = 0.0, 0
        with np.errstate(over="ignore", invalid="ignore"):  # of a net that diverges
            for ends, middles in triplets.batches():
                missed = self.between(ends) - middles
                total += float(np.square(missed, dtype=np.float64).sum())
                n += middles.size
        return total / n

    def state(self) -> dict[str, np.ndarray]:
        """All that a fit found, to be kept; nothing where nothing is fitted."""
        return {}

    def restore(self, state: Mapping[str, np.ndarray], latent_shape: tuple[int, ...]) -> None:
        """Become again what was kept, without a fit.

        Args:
            state: As `state` gave it.
            latent_shape: Of one latent, as in the fit.

        Raises:
            KeyError, ValueError, RuntimeError: If the state is another predictor's.
        """
        if state:
            raise ValueError(f"{self.name} keeps nothing of a fit, and was given {sorted(state)}")

    def _require_fit(self, train: TripletLatents) -> None:
        refused = self.refusal(train.latent_shape)
        if refused:
            raise UsageError(f"{self.name} does not apply: {refused}", "leave it out")


def half_way(ends: np.ndarray) -> np.ndarray:
    """The linear predictor: (first + last) / 2."""
    return (ends[:, 0] + ends[:, 1]) / 2


def needs_places(latent_shape: tuple[int, ...]) -> str | None:
    """Why what looks at neighbouring places does not apply; None where it does."""
    if len(latent_shape) == 1:
        return "a vector has no neighbouring places"
    if latent_shape[1] * latent_shape[2] == 1:
        return "a grid of one place has no neighbouring places"
    return None
