"""Rank correlation, plain and with a third column held still; one pair of columns or many rows."""

import numpy as np


def spearman(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Spearman's correlation along the last axis; ties share their mean rank.

    Args:
        x, y: ``... n``.

    Returns:
        ``...`` from −1 to 1; NaN where either is constant.
    """
    return _pearson(_ranks(x), _ranks(y))


def partial_spearman(x: np.ndarray, y: np.ndarray, control: np.ndarray) -> np.ndarray:
    """What is left of Spearman's correlation once a third column's ranks are regressed out.

    Returns:
        ``...`` from −1 to 1; NaN where x or y is constant or is told by the control wholly. A
        constant control controls nothing.

    Reference:
        Conover 1999, Practical Nonparametric Statistics, §5.4.
    """
    a, b, c = _ranks(x), _ranks(y), _ranks(control)
    xy, xc, yc = _pearson(a, b), _pearson(a, c), _pearson(b, c)
    return controlled(xy, xc, yc, np.ptp(c, axis=-1) == 0)


def controlled(xy: np.ndarray, xc: np.ndarray, yc: np.ndarray, still: np.ndarray) -> np.ndarray:
    """The partial correlation that three plain ones make.

    Args:
        xy: Of the two columns.
        xc, yc: Of each with the control.
        still: Where the control is constant, and controls nothing.
    """
    xc, yc = (np.where(still, 0.0, one) for one in (xc, yc))
    left = (1 - xc**2) * (1 - yc**2)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (xy - xc * yc) / np.sqrt(left)
    return np.clip(np.where(left > 1e-12, found, np.nan), -1, 1)


def area_under_curve(scores: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Chance that a cell of the mask scores higher than one outside it; ties count half.

    Args:
        scores: ``... n``.
        mask: ``... n`` bool.

    Returns:
        ``...`` from 0 to 1, ½ by chance; NaN where the mask is empty or everything.
    """
    inside, outside = mask.sum(-1), (~mask).sum(-1)
    total = np.where(mask, _ranks(scores), 0).sum(-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (total - inside * (inside + 1) / 2) / (inside * outside)
    return np.where((inside > 0) & (outside > 0), found, np.nan)


def _ranks(values: np.ndarray) -> np.ndarray:
    from scipy.stats import rankdata

    return rankdata(np.asarray(values, np.float64), axis=-1)


def _pearson(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    a, b = a - a.mean(-1, keepdims=True), b - b.mean(-1, keepdims=True)
    scale = np.sqrt((a**2).sum(-1) * (b**2).sum(-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = (a * b).sum(-1) / scale
    return np.where(scale > 0, np.clip(found, -1, 1), np.nan)
