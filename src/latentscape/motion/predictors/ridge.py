"""Ridge regression on what surrounds a place, the same weights everywhere, in closed form."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from latentscape.motion.predictors.predictor import (
    FitConfig,
    Fitted,
    Predictor,
    Told,
    half_way,
    needs_places,
)
from latentscape.motion.predictors.scale import Scale, scale_of
from latentscape.motion.predictors.triplet_latents import TripletLatents, require_some

MOST_FEATURES = 4096
CHUNK_VALUES = 1 << 23  # of the float64 features that are held at once
PENALTIES = np.logspace(-6, 3, 28)


class Ridge(Predictor):
    """Midpoint plus a linear function of both ends in a square of `side` places around each place.

    W = (XᵀX + λI)⁻¹ XᵀY over all places of all training triplets (METHODS §7): 2·channels·side²
    features, standardised by channel, and a constant. Only XᵀX and XᵀY are kept, in float64, so
    that memory does not grow with the triplets; λ is the one of 28, or none at all (the midpoint
    itself), with the least error on the validation triplets. Borders are replicated. A vector is
    one place with a channel a value: ``ridge-1x1`` then weighs every value of both ends.

    Learnt forwards and backwards, both ends get the same weights: what is left is a filter of the
    midpoint, and cannot follow motion.
    """

    def __init__(self, side: int, config: FitConfig):
        self.name = f"ridge-{side}x{side}"
        self.side = side
        self.config = config
        self._scale: Scale | None = None
        self._weight = torch.zeros(0)
        self._offset = torch.zeros(0)

    def refusal(self, latent_shape: tuple[int, ...]) -> str | None:
        """Squares of several places need places; and XᵀX must fit."""
        n_features = 2 * latent_shape[0] * self.side**2
        if n_features > MOST_FEATURES:
            return f"{n_features:,} features are more than {MOST_FEATURES:,}"
        return needs_places(latent_shape) if self.side > 1 else None

    def fit(
        self, train: TripletLatents, val: TripletLatents, *, progress: Told | None = None
    ) -> Fitted:
        """Two passes over the training triplets and one over the validation triplets."""
        self._require_fit(train)
        require_some(val, "val")
        scale = self._scale = scale_of(train)
        learnt = self._sums(train, scale)
        if self.config.reverse:
            learnt = learnt.with_reversed()
        weight, offset, penalty = _solved(learnt, self._sums(val, scale), scale)
        channels = len(scale.mean)
        kernel = (channels, 2 * channels, self.side, self.side)
        self._weight = torch.from_numpy(weight.T.astype(np.float32)).reshape(kernel)
        self._offset = torch.from_numpy(offset.astype(np.float32))
        if penalty is None:
            return Fitted("no λ was better than the midpoint itself", 0)
        return Fitted(f"λ = {penalty:.2g} of the mean eigenvalue", weight.size + offset.size)

    def state(self) -> dict[str, np.ndarray]:
        """Weights, and what inputs are divided by."""
        assert self._scale is not None, "fit comes first"
        told = {"weight": self._weight.numpy(), "offset": self._offset.numpy()}
        return told | self._scale.arrays()

    def restore(self, state: Mapping[str, np.ndarray], latent_shape: tuple[int, ...]) -> None:
        """With those weights."""
        self._scale = Scale.among(state)
        self._weight, self._offset = (torch.from_numpy(state[n]) for n in ("weight", "offset"))

    @torch.inference_mode()
    def between(self, ends: np.ndarray) -> np.ndarray:
        """The midpoint and what the ridge adds."""
        assert self._scale is not None, "fit comes first"
        padded = _padded(_inputs(ends, self._scale), self.side)
        added = F.conv2d(padded, self._weight, self._offset).numpy()
        return half_way(ends) + added * self._scale.residual[:, None, None]

    def _sums(self, triplets: TripletLatents, scale: Scale) -> "Sums":
        channels, *grid = triplets.latent_shape
        n_features = 2 * channels * self.side**2
        size = max(1, CHUNK_VALUES // (n_features * int(np.prod(grid))))
        sums = Sums.none(n_features, channels)
        for ends, middles in triplets.batches(size):
            near = F.unfold(_padded(_inputs(ends, scale), self.side), self.side)
            missed = (middles - half_way(ends)) / scale.residual[:, None, None]
            targets = torch.from_numpy(missed).flatten(2)  # batch channels places
            X, Y = (part.transpose(1, 2).flatten(0, 1).double() for part in (near, targets))
            sums = sums.plus(X, Y)
        return sums


@dataclass(frozen=True)
class Sums:
    """What a linear regression needs of its data; sums of two sets are the sums of both."""

    n: int
    x: np.ndarray
    y: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: np.ndarray

    @staticmethod
    def none(n_features: int, n_targets: int) -> "Sums":
        """Of no data."""
        p, q = n_features, n_targets
        return Sums(0, *(np.zeros(shape) for shape in ((p,), (q,), (p, p), (p, q), (q,))))

    def plus(self, X: Tensor, Y: Tensor) -> "Sums":
        """With rows added, ``n features`` and ``n targets``."""
        return Sums(
            self.n + len(X),
            self.x + X.sum(0).numpy(),
            self.y + Y.sum(0).numpy(),
            self.xx + (X.T @ X).numpy(),
            self.xy + (X.T @ Y).numpy(),
            self.yy + Y.square().sum(0).numpy(),
        )

    def with_reversed(self) -> "Sums":
        """With every triplet once more, its two ends exchanged: first features are the first's."""
        p = len(self.x)
        swap = np.roll(np.arange(p), p // 2)
        return Sums(
            2 * self.n,
            self.x + self.x[swap],
            2 * self.y,
            self.xx + self.xx[np.ix_(swap, swap)],
            self.xy + self.xy[swap],
            2 * self.yy,
        )

    def errors(self, weight: np.ndarray, offset: np.ndarray) -> np.ndarray:
        """(targets,) sum of squares of Y − X weight − offset."""
        with_weight = (weight * (self.xx @ weight - 2 * self.xy)).sum(0)
        with_offset = offset * (self.n * offset + 2 * (self.x @ weight) - 2 * self.y)
        return self.yy + with_weight + with_offset


def _solved(
    learnt: Sums, held_out: Sums, scale: Scale
) -> tuple[np.ndarray, np.ndarray, float | None]:
    """Weights and offset of the λ that errs least on what was held out; λ None for no weights."""
    x, y = learnt.x / learnt.n, learnt.y / learnt.n
    values, vectors = np.linalg.eigh(learnt.xx / learnt.n - np.outer(x, x))
    values = np.maximum(values, 0)
    along = vectors.T @ (learnt.xy / learnt.n - np.outer(x, y))
    size = values.mean() or 1.0
    worth = np.square(scale.residual.astype(np.float64))
    best = np.zeros_like(learnt.xy), np.zeros_like(learnt.y), None
    least = float(held_out.yy @ worth)
    for penalty in PENALTIES:
        weight = vectors @ (along / (values + penalty * size)[:, None])
        offset = y - x @ weight
        error = float(held_out.errors(weight, offset) @ worth)
        if error < least:
            best, least = (weight, offset, float(penalty)), error
    return best


def _inputs(ends: np.ndarray, scale: Scale) -> Tensor:
    """``batch 2·channels height width``: the first end's channels, then the last's."""
    standard = (ends - scale.mean[:, None, None]) / scale.std[:, None, None]
    return torch.from_numpy(np.ascontiguousarray(standard)).flatten(1, 2)


def _padded(grids: Tensor, side: int) -> Tensor:
    around = side // 2
    return F.pad(grids, (around,) * 4, mode="replicate") if around else grids
