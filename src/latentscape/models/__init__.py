"""Autoencoder = encoder + posterior + decoder; saving and loading."""

from latentscape.models.autoencoder import Autoencoder
from latentscape.models.build import build_model
from latentscape.models.config import ModelConfig, NetworkName
from latentscape.models.likelihood import Likelihood, LikelihoodName, build_likelihood
from latentscape.models.opened import OpenModel, open_model
from latentscape.models.posterior import Gaussian, Point, Posterior, PosteriorKind

__all__ = [
    "Autoencoder",
    "Gaussian",
    "Likelihood",
    "LikelihoodName",
    "ModelConfig",
    "NetworkName",
    "OpenModel",
    "Point",
    "Posterior",
    "PosteriorKind",
    "build_likelihood",
    "build_model",
    "open_model",
]
