"""What lies between two frames' latents: predictors of the middle one, one family a file.

All answer the same two calls, `fit` on motion triplets and `predict` from the two ends. The line
through both ends, half-way, is the one to beat; every learned predictor begins as exactly that line
and learns what to add to it. None is told which end came first: they learn from each triplet
forwards and backwards, as what lies between two frames does not depend on the way the film runs.

Only `on_the_line.BestTime` is exempt: a time other than one half is an asymmetry.
"""

from collections.abc import Callable

from latentscape.errors import UsageError, nearest
from latentscape.motion.predictors.blurred import BlurredLinear
from latentscape.motion.predictors.conv import CONV
from latentscape.motion.predictors.on_the_line import BestTime, OnTheLine
from latentscape.motion.predictors.predictor import FitConfig, Fitted, Predictor
from latentscape.motion.predictors.ridge import Ridge
from latentscape.motion.predictors.trained import Trained
from latentscape.motion.predictors.transformer import TRANSFORMER
from latentscape.motion.predictors.triplet_latents import TripletLatents
from latentscape.motion.predictors.unet import UNET

PREDICTORS: dict[str, Callable[[FitConfig], Predictor]] = {
    "copy-first": lambda config: OnTheLine("copy-first", 0.0),
    "copy-last": lambda config: OnTheLine("copy-last", 1.0),
    "linear": lambda config: OnTheLine("linear", 0.5),
    "best-t": lambda config: BestTime(),
    "blurred-linear": lambda config: BlurredLinear(),
    "ridge-1x1": lambda config: Ridge(1, config),
    "ridge-3x3": lambda config: Ridge(3, config),
    "ridge-5x5": lambda config: Ridge(5, config),
    "conv": lambda config: Trained(CONV, config),
    "unet": lambda config: Trained(UNET, config),
    "transformer": lambda config: Trained(TRANSFORMER, config),
}
LEARNED = ("ridge-1x1", "ridge-3x3", "ridge-5x5", "conv", "unet", "transformer")


def predictor_named(name: str, config: FitConfig | None = None) -> Predictor:
    """A fresh predictor.

    Args:
        name: A key of `PREDICTORS`.
        config: How it is fitted, if it is.

    Raises:
        UsageError: If there is none of that name; the nearest is named.
    """
    if name not in PREDICTORS:
        raise UsageError(f"there is no predictor {name!r}", nearest(name, PREDICTORS))
    return PREDICTORS[name](config or FitConfig())


__all__ = [
    "LEARNED",
    "PREDICTORS",
    "FitConfig",
    "Fitted",
    "Predictor",
    "TripletLatents",
    "predictor_named",
]
