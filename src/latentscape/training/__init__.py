"""Recipes, the loop, callbacks, checkpoints."""

from latentscape.training.config import Precision, TrainConfig

__all__ = ["Precision", "TrainConfig"]
