"""DCI: predict each factor from all latents, and ask which latents the prediction leans on.

Importances are those of gradient boosting: trees for categories (30 rounds at rate .3) and for
numbers and angles (100 rounds at rate .1), on at most 1,000 images. Boosting costs grow with
latents times values, so that above 32 latents a linear predictor stands in: L1 support vectors for
categories, the lasso for numbers and angles, importances being absolute weights. Which of the two
it was is part of the result: their scores are not comparable.
"""

from typing import Any, NamedTuple

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.disentanglement.factors import Factor, Known

MOST_BOOSTED = 32  # latents
TRAIN_SHARE = 2 / 3
MOST_SPLIT = 1_500  # images, to train and to answer


class DCI(NamedTuple):
    """The three scores and what they are made of.

    Attributes:
        disentanglement: Whether each latent matters to one factor only; in [0, 1].
        completeness: (K,) whether each factor leans on one latent only; in [0, 1].
        informativeness: (K,) held-out share of right answers (categories) or of explained
            variance (numbers, angles), in [0, 1].
        importance: ``d K``; each column adds up to 1, or to 0 where nothing mattered.
        by: ``boosting`` or ``linear``.
    """

    disentanglement: float
    completeness: np.ndarray
    informativeness: np.ndarray
    importance: np.ndarray
    by: str


def dci(known: Known, *, seed: int = 0) -> DCI:
    """Disentanglement, completeness and informativeness.

    Args:
        known: Latents and factors; two thirds of the images train, the others answer.
        seed: Of the split and the trees.

    Raises:
        UndefinedError: If there is one latent or one factor only, or nothing mattered.

    Reference:
        Eastwood and Williams 2018, A framework for the quantitative evaluation of disentangled
        representations, §2.
    """
    size = known.latents.shape[1]
    if size < 2 or len(known.factors) < 2:
        what = "one latent" if size < 2 else "one factor"
        raise UndefinedError(f"{what} cannot be told apart from others", "it takes two of each")
    order = np.random.default_rng(seed).permutation(len(known))
    cut = round(TRAIN_SHARE * len(order))
    spread = known.latents.std(0)
    scaled = (known.latents - known.latents.mean(0)) / np.where(spread > 0, spread, 1)
    halves = (scaled[order[:cut]], scaled[order[cut:]])
    by = "boosting" if size <= MOST_BOOSTED else "linear"
    columns, answers = [], []
    for factor in known.factors:
        weights, right = _predicted(factor.take(order), halves, by=by, seed=seed)
        total = weights.sum()
        columns.append(weights / total if total > 0 else weights)
        answers.append(max(right, 0.0))
    importance = np.stack(columns, axis=1)
    if not importance.any():
        raise UndefinedError(
            "no latent matters to any factor", "the latents carry nothing of these factors"
        )
    return DCI(
        _disentangled(importance), _concentration(importance.T), np.array(answers), importance, by
    )


def _disentangled(importance: np.ndarray) -> float:
    """Mean of the latents' scores, each latent weighed by its share of all importance."""
    weight = importance.sum(1) / importance.sum()
    return float(weight @ _concentration(importance))


def _concentration(rows: np.ndarray) -> np.ndarray:
    """1 − entropy of each row in units of its largest possible; 0 for a row of nothing."""
    total = rows.sum(1, keepdims=True)
    share = rows / np.where(total > 0, total, 1)
    entropy = -np.sum(share * np.log(np.where(share > 0, share, 1)), axis=1)
    return np.where(total[:, 0] > 0, 1 - entropy / np.log(rows.shape[1]), 0.0).clip(0, 1)


def _predicted(
    factor: Factor, halves: tuple[np.ndarray, np.ndarray], *, by: str, seed: int
) -> tuple[np.ndarray, float]:
    """(d,) importance of each latent, and how well the held-out images are answered."""
    train, held = halves
    cut = len(train)
    if factor.kind == "category":
        known, asked = factor.codes[:cut], factor.codes[cut:]
        if np.ptp(known) == 0:
            return np.zeros(train.shape[1]), float((asked == known[0]).mean())
        model = _classifier(by, seed).fit(train, known)
        return _weights(model), float((model.predict(held) == asked).mean())
    known, asked = factor.targets[:cut], factor.targets[cut:]
    weights, left = np.zeros(train.shape[1]), 0.0
    for column, wanted in zip(known.T, asked.T, strict=True):
        model = _regressor(by, seed).fit(train, column)
        # Of an angle, cosine and sine weigh as much as each varies.
        weights += _weights(model) * column.var()
        left += float(np.square(model.predict(held) - wanted).sum())
    whole = float(np.square(asked - known.mean(0)).sum())
    return weights, 1 - left / whole if whole > 0 else 0.0


def _classifier(by: str, seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingClassifier
    from sklearn.svm import LinearSVC

    if by == "boosting":
        return GradientBoostingClassifier(n_estimators=30, learning_rate=0.3, random_state=seed)
    return LinearSVC(penalty="l1", dual="auto", C=0.1, random_state=seed)


def _regressor(by: str, seed: int) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor
    from sklearn.linear_model import Lasso

    if by == "boosting":
        return GradientBoostingRegressor(random_state=seed)
    return Lasso(alpha=0.02)


def _weights(model: Any) -> np.ndarray:
    if hasattr(model, "feature_importances_"):
        return model.feature_importances_
    weights = np.atleast_2d(np.abs(model.coef_)).sum(0)
    return weights / weights.sum() if weights.any() else weights
