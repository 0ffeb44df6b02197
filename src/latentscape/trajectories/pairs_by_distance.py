"""Pairs by how far apart their samples lie."""

from collections.abc import Callable, Iterator

import numpy as np

from latentscape.errors import UsageError
from latentscape.trajectories.crowd import Chosen, Crowd

Cost = Callable[[np.ndarray, np.ndarray], np.ndarray]  # squared distances, anchors -> costs
CHUNK_VALUES = 1 << 24  # distances at a time


def nearest_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """A sample and the one nearest to it that does not lie on the very same spot."""

    def cost(squares: np.ndarray, _: np.ndarray) -> np.ndarray:
        return np.where(squares > 0, squares, np.inf)

    return _partners(crowd, n_pairs, rng, cost)


def farthest_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """A sample and the one farthest from it."""
    return _partners(
        crowd, n_pairs, rng, lambda squares, _: np.where(squares > 0, -squares, np.inf)
    )


def nearest_across_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """A sample and the nearest one of another class."""
    if len(crowd.members) < 2:
        raise UsageError(
            "all samples are of one class: no pair lies across classes", "choose nearest pairs"
        )

    def cost(squares: np.ndarray, anchors: np.ndarray) -> np.ndarray:
        other = (crowd.labels >= 0) & (crowd.labels != crowd.labels[anchors][:, None])
        return np.where(other & (squares > 0), squares, np.inf)

    return _partners(crowd, n_pairs, rng, cost)


def _partners(crowd: Crowd, n_pairs: int, rng: np.random.Generator, cost: Cost) -> Chosen:
    """Each anchor with the sample of least cost; a pair that comes twice is taken once."""
    chosen: dict[tuple[int, int], None] = {}
    anchors = crowd.anchors(len(crowd), rng)
    if crowd.labels.max(initial=-1) >= 0:
        anchors = anchors[crowd.labels[anchors] >= 0]
    for rows, squares in _distances(crowd.flat, anchors, at_least=n_pairs):
        costs = cost(squares, rows)
        best = costs.argmin(1)
        for row, other, least in zip(rows, best, costs.min(1), strict=True):
            pair = (int(row), int(other))
            if np.isfinite(least) and pair not in chosen and pair[::-1] not in chosen:
                chosen[pair] = None
            if len(chosen) == n_pairs:
                return Chosen(np.asarray(list(chosen), np.int64))
    if not chosen:
        raise UsageError("no two samples lie apart: all latents are the same", "measure collapse")
    return Chosen(np.asarray(list(chosen), np.int64))


def _distances(
    flat: np.ndarray, anchors: np.ndarray, *, at_least: int
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Anchors a part at a time, with their squared distances to all samples."""
    from scipy.spatial.distance import cdist

    step = max(1, min(at_least, CHUNK_VALUES // len(flat)))
    for start in range(0, len(anchors), step):
        rows = anchors[start : start + step]
        yield rows, cdist(flat[rows], flat, "sqeuclidean")
