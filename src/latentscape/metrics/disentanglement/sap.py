"""SAP: how well each single latent predicts each factor, and how far the best is ahead."""

from typing import Any

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.disentanglement.factors import Factor, Known

MOST_CLASSIFIED = 5_000


def sap_scores(known: Known, *, seed: int = 0) -> np.ndarray:
    """``d K`` how well each latent alone predicts each factor, in [0, 1].

    Of a number, the squared correlation; of an angle, the share of the variance of its cosine and
    sine that a line explains; of a category, the held-out mean recall of a linear support vector
    classifier (C = .01, classes balanced) on the standardised latent, trained on one half. A
    constant latent scores 0.

    Args:
        known: Latents and factors.
        seed: Of the halves.

    Raises:
        UndefinedError: If there is one latent only.

    Reference:
        Kumar et al. 2018, Variational inference of disentangled latent concepts, §3.
    """
    n, size = known.latents.shape
    if size < 2:
        raise UndefinedError(
            "one latent has no second to be ahead of", "measure a model of more latents"
        )
    spread = known.latents.std(0)
    scaled = (known.latents - known.latents.mean(0)) / np.where(spread > 0, spread, 1)
    order = np.random.default_rng(seed).permutation(n)
    scores = np.zeros((size, len(known.factors)))
    for k, factor in enumerate(known.factors):
        if factor.kind == "category":
            for j in np.flatnonzero(spread > 0):
                scores[j, k] = _recall(scaled[order, j], factor.codes[order], seed)
        else:
            scores[:, k] = _explained(scaled, factor)
    return scores


def _explained(scaled: np.ndarray, factor: Factor) -> np.ndarray:
    """(d,) share of the variance of a factor's targets that each latent explains."""
    centred = factor.targets - factor.targets.mean(0)
    products = scaled.T @ centred / len(scaled)
    return np.square(products).sum(1) / centred.var(0).sum()


def _recall(column: np.ndarray, codes: np.ndarray, seed: int) -> float:
    from sklearn.svm import LinearSVC

    cut = len(column) // 2
    train, asked = codes[:cut], codes[cut:]
    if np.ptp(train) == 0:
        return 0.0
    model: Any = LinearSVC(C=0.01, class_weight="balanced", dual="auto", random_state=seed)
    right = model.fit(column[:cut, None], train).predict(column[cut:, None]) == asked
    return float(np.mean([right[asked == value].mean() for value in np.unique(asked)]))
