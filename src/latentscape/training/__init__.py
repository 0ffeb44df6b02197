"""Recipes, the loop, callbacks, checkpoints."""

from latentscape.training.config import Precision, TrainConfig
from latentscape.training.finetuning import FinetuneConfig

__all__ = ["FinetuneConfig", "Precision", "TrainConfig"]
