"""Autoencoder = encoder + posterior + decoder; saving and loading."""

from latentscape.models.autoencoder import Autoencoder, Conventions
from latentscape.models.build import build_model
from latentscape.models.config import ModelConfig, NetworkName
from latentscape.models.likelihood import Likelihood, LikelihoodName, build_likelihood
from latentscape.models.opened import OpenModel, open_model, precision_of
from latentscape.models.posterior import Gaussian, Point, Posterior, PosteriorKind
from latentscape.models.precision import Format, PrecisionName, running_in

__all__ = [
    "Autoencoder",
    "Conventions",
    "Format",
    "Gaussian",
    "Likelihood",
    "LikelihoodName",
    "ModelConfig",
    "NetworkName",
    "OpenModel",
    "Point",
    "Posterior",
    "PosteriorKind",
    "PrecisionName",
    "build_likelihood",
    "build_model",
    "open_model",
    "precision_of",
    "running_in",
]
