"""Whether single latents follow single factors: MIG, DCI, SAP, modularity and two votes.

Latents and known factors go in as `Known`; `disentanglement` gives every score with an interval,
its chance level, and the same score of the same latents turned at random, which a prior N(0, I)
cannot tell from the latents themselves.
"""

from latentscape.metrics.disentanglement.factors import Factor, Known, factors_of
from latentscape.metrics.disentanglement.importance import DCI, dci
from latentscape.metrics.disentanglement.information import (
    information,
    information_gaps,
    modularity,
)
from latentscape.metrics.disentanglement.sap import sap_scores
from latentscape.metrics.disentanglement.scores import Findings, disentanglement, label_gap
from latentscape.metrics.disentanglement.votes import beta_vae_score, factor_vae_score

__all__ = [
    "DCI",
    "Factor",
    "Findings",
    "Known",
    "beta_vae_score",
    "dci",
    "disentanglement",
    "factor_vae_score",
    "factors_of",
    "information",
    "information_gaps",
    "label_gap",
    "modularity",
    "sap_scores",
]
