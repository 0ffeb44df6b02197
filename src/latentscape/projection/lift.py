"""Coming back from a map: the latent that a place on the plane stands for, and how far to trust it.

A map of many numbers a latent has no inverse. What is given back is an estimate, named for how it
is made, and beside it a reliability: the share of the latents' variance that the place tells, times
how near the place is to any point of the map.
"""

from abc import ABC, abstractmethod
from functools import cached_property
from typing import Any, ClassVar, Literal, NamedTuple, final

import numpy as np

from latentscape.projection.pca import PCA

AROUND = 8  # points of the map that a place is judged by
CHUNK_VALUES = 1 << 22
ON_IT = 1e-12  # 1 − Σ w² below which one point has all the weight


class Lifted(NamedTuple):
    """Latents for some places of a map.

    Attributes:
        latents: (m, d) float32.
        agreement: (m,) share of the latents' variance that the place tells, 0 to 1.
        nearness: (m,) 1 within the cloud of points, falling to 0 far outside.
        nearest: (m,) index of the nearest point of the map.
    """

    latents: np.ndarray
    agreement: np.ndarray
    nearness: np.ndarray
    nearest: np.ndarray

    @property
    def reliability(self) -> np.ndarray:
        """(m,) 0 to 1: how far each latent can be taken for what the model has there."""
        return self.agreement * self.nearness


class Lift(ABC):
    """Places of one map to latents.

    Args:
        positions: (n, 2) points of the map.

    Attributes:
        name: How it is done.
    """

    name: ClassVar[Literal["exact", "inverse", "neighbours"]]

    def __init__(self, positions: np.ndarray):
        self.positions = positions

    @abstractmethod
    def __call__(self, places: np.ndarray) -> Lifted:
        """Latents for (m, 2) finite places."""

    @cached_property
    def _tree(self) -> Any:
        from scipy.spatial import KDTree

        # Without balancing a million points are sorted in, in half the time.
        return KDTree(self.positions, balanced_tree=False, compact_nodes=False)

    @final
    def around(self, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The points nearest to each place, and one more.

        Returns:
            (m, k) indices, nearest first, k = 8 or as many as there are; (m, k + 1) distances, the
            last that of the next point, infinite where there is none.
        """
        k = min(AROUND, len(self.positions))
        wanted = min(k + 1, len(self.positions))
        distances, near = self._tree.query(places, np.arange(1, wanted + 1))
        if wanted == k:
            distances = np.pad(distances, ((0, 0), (0, 1)), constant_values=np.inf)
        return near[:, :k], distances

    @final
    def nearness(self, near: np.ndarray, distances: np.ndarray) -> np.ndarray:
        """Whether places lie among the points: min(1, h/δ)².

        δ is the distance to the nearest point; h, the local spacing, is the mean over the k points
        around of the distance of each to the k-th nearest other one.

        Args:
            near, distances: As `around` gives them.

        Returns:
            (m,) 1 where a point lies within the local spacing; 1/4 at twice that.
        """
        delta, (m, k) = distances[:, 0], near.shape
        points, index = np.unique(near, return_inverse=True)
        others = min(k, len(self.positions) - 1)
        own = self._tree.query(self.positions[points], [others + 1])[0][:, 0]
        spacing = own[index.reshape(m, k)].mean(1)
        outside = delta > spacing
        return np.square(np.divide(spacing, delta, out=np.ones(m), where=outside))


@final
class ExactLift(Lift):
    """The plane is the latent space itself: a place is a latent, and nothing is estimated.

    Args:
        positions: (n, 2) points of the map.
        size: Numbers a latent, 1 or 2; of one, the second axis means nothing.
    """

    name = "exact"

    def __init__(self, positions: np.ndarray, *, size: int = 2):
        super().__init__(positions)
        self.size = size

    def __call__(self, places: np.ndarray) -> Lifted:
        """The places themselves, reliability 1."""
        nearest = self._tree.query(places)[1]
        sure = np.ones(len(places))
        return Lifted(places[:, : self.size].astype(np.float32), sure, sure, nearest)


@final
class InverseLift(Lift):
    """Back from a plane of principal components: z = mean + x a₁ + y a₂, the rest at its mean.

    Agreement is the share of variance that the plane explains.

    Args:
        positions: (n, 2) points of the map.
        projector: Fitted to their latents.
        size: Numbers a latent.
    """

    name = "inverse"

    def __init__(self, positions: np.ndarray, projector: PCA, *, size: int):
        super().__init__(positions)
        self.projector, self.size = projector, size

    def __call__(self, places: np.ndarray) -> Lifted:
        """Points of the plane."""
        near, distances = self.around(places)
        latents = self.projector.mean + places @ self.projector.components
        explained = np.full(len(places), min(1.0, sum(self.projector.explained)))
        return Lifted(
            latents[:, : self.size].astype(np.float32),
            explained,
            self.nearness(near, distances),
            near[:, 0],
        )


@final
class NeighbourLift(Lift):
    """The mean of the latents of the points around, weighted by nearness.

    With δᵢ the distances to the k = 8 nearest points and R that to the next, zᵢ weighs
    wᵢ ∝ ((R − δᵢ)/(R δᵢ))²: at a point it is that point's own latent, and where one neighbour takes
    the place of another nothing jumps. Agreement is 1 − s²(1 + W)/((1 − W)S²) within 0 and 1, where
    s² = Σ wᵢ‖zᵢ − z‖² is the spread of the neighbours' latents, W = Σ wᵢ² and S² the spread of all
    latents of the map about their mean. Of independent latents s² is (1 − W)S² on average, while
    the mean misses a further one by (1 + W)S²: a map that tells nothing agrees on 0, others on what
    a latent that was left out would give. On a point it is 1.

    Args:
        positions: (n, 2) points of the map.
        latents: (n, d) their latents.

    Reference:
        Franke & Nielson 1980, Smooth interpolation of large sets of scattered data, eq. 1 (modified
        Shepard weights).
    """

    name = "neighbours"

    def __init__(self, positions: np.ndarray, latents: np.ndarray):
        super().__init__(positions)
        self.latents = latents

    @cached_property
    def _spread(self) -> float:
        return spread(self.latents)

    def __call__(self, places: np.ndarray) -> Lifted:
        """Weighted means of latents around."""
        near, distances = self.around(places)
        weights = weights_of(distances)
        latents = np.empty((len(places), self.latents.shape[1]), np.float32)
        within = np.empty(len(places))
        step = max(1, CHUNK_VALUES // (near.shape[1] * latents.shape[1]))
        for start in range(0, len(places), step):
            here = slice(start, start + step)
            theirs = self.latents[near[here]].astype(np.float64)
            mean = np.einsum("mk,mkd->md", weights[here], theirs)
            theirs -= mean[:, None]
            within[here] = np.einsum("mk,mkd,mkd->m", weights[here], theirs, theirs)
            latents[here] = mean
        missed = _missed(within, weights)
        agreement = np.ones(len(places))
        if self._spread > 0:
            agreement = np.clip(1 - missed / self._spread, 0, 1)
        return Lifted(latents, agreement, self.nearness(near, distances), near[:, 0])


def _missed(within: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(m,) squared error to expect of weighted means, by the spread about them; 0 on a point."""
    own, rest = np.square(weights).sum(1), (weights * (1 - weights)).sum(1)
    spare = rest > ON_IT
    return np.divide(within * (1 + own), rest, out=np.zeros_like(within), where=spare)


def weights_of(distances: np.ndarray) -> np.ndarray:
    """Weights by nearness, wᵢ ∝ ((R − δᵢ)/(R δᵢ))², summing to 1.

    Args:
        distances: (m, k + 1), nearest first; the last is R, which may be infinite.

    Returns:
        (m, k). Points at distance 0 share all the weight; where all are as far as R, all weigh
        alike.
    """
    reach = distances[:, -1:].astype(np.float64)
    delta = distances[:, :-1].astype(np.float64)
    on_it = delta == 0
    safe = np.where(on_it, 1.0, delta)
    # The nearest distance on top leaves shares as they are, and keeps them from overflowing.
    rim = 1 - np.divide(delta, reach, out=np.ones_like(delta), where=reach > 0)
    weights = np.square(rim * safe[:, :1] / safe)
    weights = np.where(on_it.any(1)[:, None], on_it, weights)
    weights = np.where(weights.sum(1, keepdims=True) > 0, weights, 1.0)
    return weights / weights.sum(1, keepdims=True)


def placed_among(positions: np.ndarray, near: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Places of latents on a map whose projector is not at hand: weighted means of places around.

    Args:
        positions: (n, 2) points of the map.
        near: (m, k) indices of the points whose latents are nearest to each latent.
        distances: (m, k + 1) of those in the latent space, and of the next, as `weights_of`.

    Returns:
        (m, 2) float32; the latent of a point lands on that point.
    """
    return np.einsum("mk,mkc->mc", weights_of(distances), positions[near]).astype(np.float32)


def spread(latents: np.ndarray) -> float:
    """Variance of (n, d) latents summed over their numbers: mean ‖z − mean‖²."""
    n, d = latents.shape
    step = max(1, CHUNK_VALUES // d)
    parts = [slice(start, start + step) for start in range(0, n, step)]
    mean = np.sum([latents[part].sum(0, dtype=np.float64) for part in parts], axis=0) / n
    total = 0.0
    for part in parts:
        total += float(np.square(latents[part] - mean).sum())
    return total / n
