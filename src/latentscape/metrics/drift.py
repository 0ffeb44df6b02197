"""How far a model's latents moved while it was trained further: old against new, image by image.

What was built on the old latents (a predictor, a diffusion model, a map) goes on working only as
far as the new ones are still the old ones. Three questions, from the strictest to the mildest: did
they stay in place, does each channel still tell what it told, does the cloud keep its shape?
"""

from typing import NamedTuple

import numpy as np

from latentscape.errors import DataError, ShapeError, UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import (
    FEWEST_UNITS,
    Bounds,
    Groups,
    Interval,
    centred_interval,
    dealt,
)
from latentscape.records import Measure, Reference, Undefined

N_RESAMPLES = 1000
MOST_CELLS = 1000
MOST_ROWS = 2000  # compared pair by pair
N_SHUFFLES = 20
FEWEST = 4  # images, of which the unbiased HSIC is an estimate


class Drift(NamedTuple):
    """What became of latents.

    Attributes:
        measures: ``latent_drift``, ``latents_kept`` and ``latent_cka``.
        undefined: Those of them that these latents do not define.
        moved: (c,) root mean square move of each channel (each latent of a vector), as a share of
            the channel's own spread over images; not finite where it has none.
        kept: (c,) squared correlation of each channel, old with new; not finite likewise.
    """

    measures: tuple[Measure, ...]
    undefined: tuple[Undefined, ...]
    moved: np.ndarray
    kept: np.ndarray


def latent_drift(
    old: np.ndarray,
    new: np.ndarray,
    *,
    noise: float | None = None,
    seed: int = 0,
    groups: Groups | None = None,
) -> Drift:
    """How far the posterior means of the same images moved from one model to another.

    Args:
        old, new: ``n *latent``, of the same images in the same order.
        noise: Mean variance of one latent under the old posteriors, which the old decoder was
            trained to bear; None of points.
        seed: Of resamples and shuffles.
        groups: (n,) group of each image; whole groups are drawn, of fewer than eight the images,
            and the interval says so. Fewer than eight images have none.

    Returns:
        Measures of them all, and of each channel.

    Raises:
        ShapeError: If the two differ in shape.
        DataError: If there are fewer than two images, or a latent is not finite.
        UndefinedError: If the old latents do not vary.

    Reference:
        Kornblith et al. 2019, eq. 3 (linear CKA); Song et al. 2012, eq. 5 (unbiased HSIC).
    """
    if old.shape != new.shape or old.ndim < 2:
        raise ShapeError(f"latents {old.shape} and {new.shape} are not of the same images")
    if len(old) < 2:
        raise DataError("one image shows no drift", "give two images or more")
    if not (np.isfinite(old).all() and np.isfinite(new).all()):
        raise DataError("latents that are not finite have no drift", "look at the loss curves")
    cells, what = dealt(len(old), seed=seed, groups=groups, most=MOST_CELLS, given=True)
    sums = _by_cell(_sums(old, new), cells)
    words = f"95 % bootstrap over {what} ({N_RESAMPLES:,} resamples, seed {seed})"
    whole = _Channels.of(sums.sum(0))
    draws = _Channels.of(_resampled(sums, np.random.default_rng(seed)))
    n, spread = len(old), float(whole.spread.mean())
    if spread == 0:
        raise UndefinedError("the old latents are the same for every image", "see its collapse")
    beside = None
    if noise is not None:
        value = float(np.sqrt(noise / spread))
        beside = Reference(value=value, words="the old posterior's own noise, on the same scale")
    measures = [
        measured(
            "latent_drift",
            float(whole.drift),
            n=n,
            interval=_between(float(whole.drift), draws.drift, (0, None), words, cells),
            reference=beside,
        ),
        measured(
            "latents_kept",
            float(whole.share_kept),
            n=n,
            interval=_between(float(whole.share_kept), draws.share_kept, (0, 1), words, cells),
            note=f"{old.shape[1]} channels, each by its variance",
        ),
    ]
    similar = _similarity(old, new, seed=seed)
    missing = [similar] if isinstance(similar, Undefined) else []
    measures += [] if isinstance(similar, Undefined) else [similar]
    with np.errstate(invalid="ignore", divide="ignore"):
        moved = np.sqrt(whole.moved / whole.spread)
    return Drift(tuple(measures), tuple(missing), moved, whole.kept)


def rate_kept(
    before: np.ndarray, after: np.ndarray, *, seed: int = 0, groups: Groups | None = None
) -> Measure:
    """Mean rate after ÷ before, each image drawn with both of its rates.

    Args:
        before, after: (n,) nats of each image.
        seed: Of the resamples.
        groups: (n,) group of each image, see `latent_drift`.

    Raises:
        UndefinedError: If there was no rate before.
    """
    if not before.sum() > 0:
        raise UndefinedError("there was no rate before", "see its collapse")
    cells, what = dealt(len(before), seed=seed, groups=groups, most=MOST_CELLS, given=True)
    pairs = np.stack([before, after], axis=1).astype(np.float64)[:, None]
    draws = _resampled(_by_cell(pairs, cells), np.random.default_rng(seed))[:, 0]
    value = float(after.sum() / before.sum())
    with np.errstate(invalid="ignore", divide="ignore"):
        resampled = draws[:, 1] / draws[:, 0]
    words = f"95 % bootstrap over {what} ({N_RESAMPLES:,} resamples, seed {seed})"
    interval = _between(value, resampled, (0, None), words, cells)
    return measured("rate_kept", value, n=len(before), interval=interval)


def _between(
    value: float, resampled: np.ndarray, bounds: Bounds, words: str, cells: np.ndarray
) -> Interval | None:
    """The interval; None of so few cells that it would be too narrow."""
    if cells.max() + 1 < FEWEST_UNITS:
        return None
    return centred_interval(value, resampled, bounds, words)


class _Channels(NamedTuple):
    """Of each channel: mean square move, variance of the old, squared correlation."""

    moved: np.ndarray
    spread: np.ndarray
    kept: np.ndarray

    @classmethod
    def of(cls, sums: np.ndarray) -> "_Channels":
        """From ``... channels 7`` sums over images and positions."""
        n, moved, old, new, old_squared, new_squared, product = np.moveaxis(sums, -1, 0)
        n = np.maximum(n, 1)
        spread = np.maximum(old_squared / n - (old / n) ** 2, 0)
        theirs = np.maximum(new_squared / n - (new / n) ** 2, 0)
        both = product / n - old * new / n**2
        with np.errstate(invalid="ignore", divide="ignore"):
            kept = np.clip(both**2 / (spread * theirs), 0, 1)
        kept = np.where(spread > 0, np.where(theirs > 0, kept, 0.0), np.nan)
        return cls(moved / n, spread, kept)

    @property
    def drift(self) -> np.ndarray:
        """Root mean square move ÷ root mean square distance from the mean latent."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.sqrt(self.moved.sum(-1) / self.spread.sum(-1))

    @property
    def share_kept(self) -> np.ndarray:
        """Squared correlation, mean over channels by their variance."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.nansum(self.kept * self.spread, -1) / self.spread.sum(-1)


def _sums(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """``n channels 7``: positions, squared move, old, new, their squares and product.

    About the mean old latent of the channel, so that squares do not drown the variance.
    """
    x, y = (z.reshape(*z.shape[:2], -1).astype(np.float64) for z in (old, new))
    centre = x.mean((0, 2), keepdims=True)
    x, y = x - centre, y - centre
    parts = (np.ones_like(x), (x - y) ** 2, x, y, x**2, y**2, x * y)
    return np.stack([part.sum(2) for part in parts], axis=-1)


def _by_cell(sums: np.ndarray, cells: np.ndarray) -> np.ndarray:
    added = np.zeros((cells.max() + 1, *sums.shape[1:]))
    np.add.at(added, cells, sums)
    return added


def _resampled(sums: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """``resamples channels 7``: sums over as many cells as there are, drawn with return."""
    m = len(sums)
    counts = rng.multinomial(m, np.full(m, 1 / m), size=N_RESAMPLES).astype(np.float64)
    return (counts @ sums.reshape(m, -1)).reshape(N_RESAMPLES, *sums.shape[1:])


def _similarity(old: np.ndarray, new: np.ndarray, *, seed: int) -> Measure | Undefined:
    """Linear CKA by the unbiased HSIC, beside the same of shuffled images."""
    if len(old) < FEWEST:
        return Undefined(
            name="latent_cka", why=f"{len(old)} images are too few, {FEWEST} the least"
        )
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.permutation(len(old))[:MOST_ROWS])
    mine, theirs = (
        _gram(z[chosen].reshape(len(chosen), -1).astype(np.float64)) for z in (old, new)
    )
    value, shuffled = _cka(mine, theirs), []
    if not np.isfinite(value):
        return Undefined(name="latent_cka", why="no two images differ in one of the spaces")
    for _ in range(N_SHUFFLES):
        order = rng.permutation(len(chosen))
        shuffled.append(_cka(mine, theirs[np.ix_(order, order)]))
    return measured(
        "latent_cka",
        value,
        n=len(chosen),
        reference=Reference(
            value=float(np.mean(shuffled)),
            low=float(np.min(shuffled)),
            high=float(np.max(shuffled)),
            words=f"images shuffled, {N_SHUFFLES} draws, lowest to highest",
        ),
    )


def _gram(rows: np.ndarray) -> np.ndarray:
    rows = rows - rows.mean(0)
    gram = rows @ rows.T
    np.fill_diagonal(gram, 0)
    return gram


def _cka(first: np.ndarray, second: np.ndarray) -> float:
    scale = _hsic(first, first) * _hsic(second, second)
    return float(_hsic(first, second) / np.sqrt(scale)) if scale > 0 else float("nan")


def _hsic(first: np.ndarray, second: np.ndarray) -> float:
    """Of Gram matrices with empty diagonals; times n(n − 3), which a ratio does not see."""
    n = len(first)
    rest = first.sum() * second.sum() / ((n - 1) * (n - 2))
    return float((first * second).sum() + rest - 2 / (n - 2) * (first.sum(0) @ second.sum(0)))
