"""How a map bends distances: their rank correlation, and two kinds of stress."""

import math
from typing import Any

import numpy as np


def shepard_spearman(in_space: np.ndarray, on_map: np.ndarray) -> float:
    """Rank correlation of distances of the same pairs in the space and on the map, −1 to 1."""
    from scipy.stats import spearmanr

    ranked: Any = spearmanr(in_space, on_map)
    return float(ranked.statistic)


def stresses(in_space: np.ndarray, on_map: np.ndarray) -> tuple[float, float]:
    """What is left of distances that the map cannot show; 0 is a map without stress, 1 the most.

    Args:
        in_space: (pairs,) distances in the space.
        on_map: (pairs,) distances of the same pairs on the map; not all 0.

    Returns:
        Normalised stress √(Σ(d − αδ)² / Σd²) at the best scale α = Σdδ / Σδ², and Kruskal's
        stress-1 √(Σ(δ − δ̂)² / Σδ²), δ̂ the monotone regression of δ on d. Pairs equally far
        apart in the space may lie at any distances on the map (Kruskal's primary approach).

    Reference:
        Kruskal 1964, Multidimensional scaling by optimizing goodness of fit, §§2–3.
    """
    from scipy.optimize import isotonic_regression

    scale = (in_space @ on_map) / (on_map @ on_map)
    metric = math.sqrt(np.square(in_space - scale * on_map).sum() / np.square(in_space).sum())
    ordered = on_map[np.lexsort((on_map, in_space))]
    fitted = isotonic_regression(ordered).x
    ordinal = math.sqrt(np.square(ordered - fitted).sum() / np.square(ordered).sum())
    return metric, ordinal
