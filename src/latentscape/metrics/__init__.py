"""Numbers about images, latents and maps: each with unit, direction, bounds and interval.

What needs torch (reconstruction, similarity, elbo, baselines) is fetched when first used, so that
a map can be measured with torch uninstalled.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from latentscape.metrics.catalogue import CATALOGUE, Entry, measured, row_of
from latentscape.metrics.classes import class_structure
from latentscape.metrics.collapse import LatentSums, collapse_signs
from latentscape.metrics.faithfulness import faithfulness
from latentscape.metrics.interval import Interval, bootstrap_intervals
from latentscape.metrics.neighbours import nearest_neighbours
from latentscape.metrics.trust import point_trust

if TYPE_CHECKING:
    from latentscape.metrics.baselines import Baseline, fit_baselines, score_baselines
    from latentscape.metrics.elbo import bits_per_dim, entropy_floor
    from latentscape.metrics.reconstruction import ReconstructionScore
    from latentscape.metrics.similarity import ms_ssim, ssim

WHERE = {
    "Baseline": "baselines",
    "ReconstructionScore": "reconstruction",
    "bits_per_dim": "elbo",
    "entropy_floor": "elbo",
    "fit_baselines": "baselines",
    "ms_ssim": "similarity",
    "score_baselines": "baselines",
    "ssim": "similarity",
}

__all__ = [
    "CATALOGUE",
    "Baseline",
    "Entry",
    "Interval",
    "LatentSums",
    "ReconstructionScore",
    "bits_per_dim",
    "bootstrap_intervals",
    "class_structure",
    "collapse_signs",
    "entropy_floor",
    "faithfulness",
    "fit_baselines",
    "measured",
    "ms_ssim",
    "nearest_neighbours",
    "point_trust",
    "row_of",
    "score_baselines",
    "ssim",
]


def __getattr__(name: str) -> object:
    if name not in WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{WHERE[name]}"), name)
