"""How near latents keep to data, beside how near data keep to each other."""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from latentscape.errors import ShapeError, UndefinedError

N_NEIGHBOURS = 5
MOST_DATA = 20_000  # latents that neighbours are looked for among
N_ASKED = 2_000  # of them, whose own neighbours set the level
AT_ONCE = 4_096  # latents asked for their neighbours at a time


@dataclass(frozen=True)
class Neighbourhood:
    """Data latents to be asked how near they are; their own level is found once.

    Attributes:
        known: (n, d) float32, less `centre`.
        centre: (d,) mean of the data.
        level: Median distance of data to their k-th nearest (each one's own place left out).
        k: Neighbours.
        latent_shape: Of one latent.
    """

    known: np.ndarray
    centre: np.ndarray
    level: float
    k: int
    latent_shape: tuple[int, ...]

    @classmethod
    def of(cls, data: np.ndarray, *, k: int = N_NEIGHBOURS, seed: int = 0) -> Self:
        """A neighbourhood of data; of more than 20,000 latents a seeded choice.

        Args:
            data: ``n *latent``, n ≥ 2; rows that are not finite do not count.
            k: Neighbours; fewer where there are no more.
            seed: Of the choice.

        Raises:
            UndefinedError: If there are fewer than two data latents.
        """
        rows = data.reshape(len(data), -1)
        rows = rows[np.isfinite(rows).all(1)]
        if len(rows) < 2:
            raise UndefinedError(
                f"{len(rows)} data latents set no level of nearness", "encode more images"
            )
        chosen = np.random.default_rng(seed).permutation(len(rows))[:MOST_DATA]
        rows = rows[np.sort(chosen)]
        k = min(k, len(rows) - 1)
        centre = rows.mean(0, dtype=np.float64)
        known = np.ascontiguousarray(rows - centre, np.float32)
        asked = np.random.default_rng(seed).permutation(len(known))[:N_ASKED]
        level = float(np.median(_distances(known, known[asked], k + 1)[:, k]))  # first: itself
        return cls(known, centre, level, k, tuple(data.shape[1:]))

    def ratios(self, trajectories: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """How far each latent is from data, alone and over `level`.

        Args:
            trajectories: ``pairs steps *latent``, NumPy.

        Returns:
            (pairs, steps) Euclidean distance to the nearest, and (pairs, steps) distance to the
            k-th nearest over the level: 1 is as near as data are; NaN where most data are copies
            of each other.

        Raises:
            ShapeError: If latents differ in shape.
        """
        if self.latent_shape != trajectories.shape[2:]:
            raise ShapeError(
                f"data of {self.latent_shape} and trajectories {trajectories.shape} do not fit"
            )
        points = trajectories.reshape(-1, self.known.shape[1]) - self.centre
        found = _distances(self.known, points.astype(np.float32), self.k)
        shape = trajectories.shape[:2]
        ratios = np.full(len(found), np.nan)
        if self.level > 0:
            ratios = found[:, self.k - 1] / self.level
        return found[:, 0].reshape(shape), ratios.reshape(shape)


def _distances(known: np.ndarray, points: np.ndarray, k: int) -> np.ndarray:
    """(points, k) Euclidean distances to the k nearest, nearest first; NaN points give NaN."""
    import faiss

    index: Any = faiss.IndexFlatL2(known.shape[1])
    index.add(known)
    found = np.full((len(points), k), np.nan)
    finite = np.flatnonzero(np.isfinite(points).all(1))
    step = max(1, min(AT_ONCE, (1 << 24) // (k * known.shape[1])))
    for start in range(0, len(finite), step):
        rows = finite[start : start + step]
        near = index.search(points[rows], k)[1]
        # anew from differences: the search's own are rounded where neighbours are close
        between = known[near].astype(np.float64) - points[rows, None]
        found[rows] = np.sort(np.sqrt(np.square(between).sum(2)), axis=1)
    return found
