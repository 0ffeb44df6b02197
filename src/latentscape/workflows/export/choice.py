"""Which samples an exported page holds: a seeded choice, each class by its share."""

import numpy as np


def chosen_rows(
    labels: np.ndarray, limit: int, *, seed: int, among: np.ndarray | None = None
) -> np.ndarray:
    """Rows in ascending order, at most `limit`, each class by its share and with one at least.

    Args:
        labels: (n,) class of each sample; those of −1 are a class of their own.
        limit: At least 1.
        seed: Of the choice within each class.
        among: Rows to choose from; all if None.
    """
    rows = np.arange(len(labels)) if among is None else np.asarray(among)
    if len(rows) <= limit:
        return np.sort(rows)
    rng = np.random.default_rng(seed)
    rows = rng.permutation(rows)
    classes, code, counts = np.unique(labels[rows], return_inverse=True, return_counts=True)
    wanted = _shares(counts, limit)
    # Place of each row within its own class, in the order of the draw.
    order = np.argsort(code, kind="stable")
    place = np.empty(len(rows), np.int64)
    place[order] = np.arange(len(rows)) - np.repeat(np.cumsum(counts) - counts, counts)
    return np.sort(rows[place < wanted[code]]) if len(classes) else rows


def _shares(counts: np.ndarray, limit: int) -> np.ndarray:
    """How many of each class, adding up to `limit`: largest remainders, one at least."""
    if len(counts) >= limit:
        found = np.zeros(len(counts), np.int64)
        found[np.argsort(-counts, kind="stable")[:limit]] = 1
        return found
    exact = counts * limit / counts.sum()
    found = np.maximum(1, np.floor(exact)).astype(np.int64)
    while found.sum() != limit:
        short = exact - found
        if found.sum() < limit:
            found[np.argmax(np.where(found < counts, short, -np.inf))] += 1
        else:
            found[np.argmin(np.where(found > 1, short, np.inf))] -= 1
    return found
