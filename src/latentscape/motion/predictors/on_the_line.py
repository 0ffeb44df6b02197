"""Points on the line through both ends: copies, the midpoint, the best one time for all."""

from collections.abc import Mapping

import numpy as np

from latentscape.motion.predictors.predictor import Fitted, Predictor, Told
from latentscape.motion.predictors.triplet_latents import TripletLatents, require_some


class OnTheLine(Predictor):
    """first + t (last − first) with a t that is known beforehand.

    t = 0 and 1 are copies, ½ is linear interpolation: the predictor that others must beat.
    """

    def __init__(self, name: str, t: float):
        self.name = name
        self.t = t

    def fit(
        self, train: TripletLatents, val: TripletLatents, *, progress: Told | None = None
    ) -> Fitted:
        """Nothing is fitted."""
        return Fitted(f"t = {self.t:g}")

    def between(self, ends: np.ndarray) -> np.ndarray:
        """The point at t."""
        return on_the_line(ends, self.t)


class BestTime(Predictor):
    """first + t (last − first) with the one t that fits the training triplets best.

    t = Σ⟨z2 − z1, z3 − z1⟩ / Σ‖z3 − z1‖², METHODS §7. Away from ½ only where middles lie nearer
    to one end throughout, such as in footage that slows down.
    """

    name = "best-t"

    def __init__(self) -> None:
        self.t = 0.5

    def fit(
        self, train: TripletLatents, val: TripletLatents, *, progress: Told | None = None
    ) -> Fitted:
        """One number, in closed form."""
        require_some(train, "train")
        along, whole = 0.0, 0.0
        for ends, middles in train.batches():
            first, step = ends[:, 0].astype(np.float64), np.float64(1) * ends[:, 1] - ends[:, 0]
            along += float(((middles - first) * step).sum())
            whole += float(np.square(step).sum())
        self.t = along / whole if whole > 0 else 0.5
        return Fitted(f"t = {self.t:.3f}", 1)

    def state(self) -> dict[str, np.ndarray]:
        """The time."""
        return {"t": np.array(self.t)}

    def restore(self, state: Mapping[str, np.ndarray], latent_shape: tuple[int, ...]) -> None:
        """With that time."""
        self.t = float(state["t"])

    def between(self, ends: np.ndarray) -> np.ndarray:
        """The point at t."""
        return on_the_line(ends, self.t)


def on_the_line(ends: np.ndarray, t: float) -> np.ndarray:
    """first + t (last − first); exact at 0, ½ and 1."""
    return np.float32(1 - t) * ends[:, 0] + np.float32(t) * ends[:, 1]
