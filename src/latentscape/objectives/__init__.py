"""One loss term a file, all in nats per image; an `Objective` adds them up."""

from latentscape.objectives.adversarial import Adversarial
from latentscape.objectives.beta import beta_from_convention, beta_in_conventions
from latentscape.objectives.covariance import Covariance
from latentscape.objectives.decoder_norm import DecoderNorm, LatentNorm
from latentscape.objectives.equivariance import Equivariance
from latentscape.objectives.kl import KL
from latentscape.objectives.mmd import MMD, Information
from latentscape.objectives.objective import Objective
from latentscape.objectives.patches import PatchAdversary
from latentscape.objectives.perceptual import Perceptual
from latentscape.objectives.reconstruction import Reconstruction
from latentscape.objectives.term import Pass, Sizes, Term
from latentscape.objectives.total_correlation import TotalCorrelation
from latentscape.objectives.triplet import Triplet

__all__ = [
    "KL",
    "MMD",
    "Adversarial",
    "Covariance",
    "DecoderNorm",
    "Equivariance",
    "Information",
    "LatentNorm",
    "Objective",
    "Pass",
    "PatchAdversary",
    "Perceptual",
    "Reconstruction",
    "Sizes",
    "Term",
    "TotalCorrelation",
    "Triplet",
    "beta_from_convention",
    "beta_in_conventions",
]
