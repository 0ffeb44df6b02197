"""Latents on a grid: channels by themselves, channels with each other, places with each other."""

from collections.abc import Callable, Iterable
from functools import reduce
from typing import NamedTuple

import numpy as np

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.metrics.interval import Interval, dealt
from latentscape.metrics.spatial_sums import Frame, SpatialSums
from latentscape.records import Measure, Reference, Row
from latentscape.records.spatial import SpatialStatistics

BLOCKS, FEWEST_BLOCKS = 20, 5
CHUNK_VALUES = 1 << 22
CONSTANT = 1e-12  # variance in units of the frame: what rounding leaves


def spatial_statistics(
    means: np.ndarray, *, groups: np.ndarray | None = None, seed: int = 0
) -> SpatialStatistics:
    """Histogram, moments, correlation and autocorrelation of each channel, mean and std maps.

    One pass in batches; what is kept is a few numbers a place. Images are dealt to 20 blocks,
    and intervals are what leaving out one block at a time says (jackknife).

    Args:
        means: ``n c h w`` posterior means; float32 is summed in double precision.
        groups: (n,) clip or artist of each image; a group stays in one block.
        seed: Of the dealing.

    Raises:
        ShapeError: If the latents are not ``c h w``.
        UndefinedError: If there are fewer than two.
    """
    if means.ndim != 4:
        raise ShapeError(f"spatial latents are n × c × h × w, not {means.shape}")
    n = len(means)
    if n < 2:
        raise UndefinedError(f"statistics over images need two images, not {n}", "encode more")
    step = max(1, CHUNK_VALUES // means[0].size)
    frame = Frame.of(means[:step])
    most = min(BLOCKS, n // 2)
    cells, _ = dealt(n, seed=seed, groups=groups, most=most)
    blocks = []
    for cell in range(int(cells.max()) + 1):
        rows = np.flatnonzero(cells == cell)
        parts = (means[rows[s : s + step]] for s in range(0, len(rows), step))
        blocks.append(reduce(SpatialSums.merge, (SpatialSums.of(part, frame) for part in parts)))
    return statistics_of(blocks)


def statistics_of(blocks: list[SpatialSums]) -> SpatialStatistics:
    """The statistics of images whose sums were kept in a few blocks, e.g. one a shard."""
    sums = reduce(SpatialSums.merge, blocks)
    whole = _numbers(sums)
    without: list[Numbers] = []
    if len(blocks) >= FEWEST_BLOCKS:
        for i in range(len(blocks)):
            rest = reduce(SpatialSums.merge, [b for j, b in enumerate(blocks) if j != i])
            without.append(_numbers(rest))
    used = np.flatnonzero(sums.counts.any(0))
    first, last = int(used[0]), int(used[-1]) + 1
    scale, centre = sums.frame.scale[:, None, None], sums.frame.centre[:, None, None]
    return SpatialStatistics(
        rows=_rows(sums, whole, without),
        edges=sums.frame.edges[:, first : last + 1],
        counts=sums.counts[:, first:last],
        correlation=whole.correlation,
        horizontal=whole.horizontal,
        vertical=whole.vertical,
        null=whole.null,
        mean_map=(centre + scale * sums.first / sums.n).astype(np.float32),
        std_map=(scale * np.sqrt(_place_variance(sums))).astype(np.float32),
    )


class Numbers(NamedTuple):
    """All that is computed from sums, (c, ...) each; NaN where a channel has no spread."""

    mean: np.ndarray
    std: np.ndarray
    skew: np.ndarray
    kurtosis: np.ndarray
    position_share: np.ndarray
    correlation: np.ndarray
    correlation_null: np.ndarray
    horizontal: np.ndarray
    vertical: np.ndarray
    null: np.ndarray


def _numbers(sums: SpatialSums) -> Numbers:
    n, (_, h, w) = sums.n, sums.shape
    n_values = n * h * w
    m1, m2, m3, m4 = (
        x / n_values
        for x in (sums.first.sum((1, 2)), sums.second.sum((1, 2)), sums.third, sums.fourth)
    )
    variance = _or_nan(m2 - m1**2)
    skew = (m3 - 3 * m1 * m2 + 2 * m1**3) / variance**1.5
    kurtosis = (m4 - 4 * m1 * m3 + 6 * m1**2 * m2 - 3 * m1**4) / variance**2 - 3
    mean_map = sums.first / n
    between = mean_map.var((1, 2))
    places = _place_variance(sums)
    within = _or_nan(places.mean((1, 2)))
    spread = np.sqrt(np.outer(variance, variance))
    flat = sums.first.reshape(len(m1), -1)
    # Channels of two different images: what their mean maps alone make of a correlation.
    strangers = (flat @ flat.T - sums.cross) / (n * (n - 1) * h * w)
    total = mean_map.sum((1, 2))
    # The mean product of two places of an image is what shuffling its places leaves, exactly.
    pairs = (sums.whole / n - total**2 - h * w * places.mean((1, 2))) / (h * w * max(h * w - 1, 1))
    return Numbers(
        mean=sums.frame.centre + sums.frame.scale * m1,
        std=sums.frame.scale * np.sqrt(np.maximum(m2 - m1**2, 0)),
        skew=skew,
        kurtosis=kurtosis,
        position_share=between / variance,
        correlation=(sums.cross / n_values - np.outer(m1, m1)) / spread,
        correlation_null=(strangers - np.outer(m1, m1)) / spread,
        horizontal=_autocorrelation(sums.across, n, mean_map, places),
        vertical=_autocorrelation(sums.down, n, mean_map.swapaxes(1, 2), places.swapaxes(1, 2)),
        null=pairs / within,
    )


def _autocorrelation(
    products: np.ndarray, n: int, mean_map: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """(c, lags) correlation of places so far apart, pooled over pairs of places.

    Mean covariance of the pairs over √ of the mean variance of their left ends times that of
    their right ends: at most 1 however the variance is spread over the grid.
    """
    _, height, width = mean_map.shape
    found = np.empty_like(products)
    for lag in range(1, products.shape[1] + 1):
        n_pairs = height * (width - lag)
        shared = (mean_map[:, :, :-lag] * mean_map[:, :, lag:]).sum((1, 2))
        left, right = places[:, :, :-lag].mean((1, 2)), places[:, :, lag:].mean((1, 2))
        covariance = (products[:, lag - 1] / n - shared) / n_pairs
        found[:, lag - 1] = covariance / np.sqrt(_or_nan(left) * _or_nan(right))
    return found.clip(-1, 1)  # rounding aside


def _place_variance(sums: SpatialSums) -> np.ndarray:
    """(c, h, w) variance over images at each place, in units of the frame."""
    return np.maximum(sums.second / sums.n - np.square(sums.first / sums.n), 0)


def _or_nan(variance: np.ndarray) -> np.ndarray:
    return np.where(variance > CONSTANT, variance, np.nan)


Pick = Callable[[Numbers], float]


def _rows(sums: SpatialSums, whole: Numbers, without: list[Numbers]) -> tuple[Row, ...]:
    """Measures over all channels, then a row a channel."""

    def make(name: str, pick: Pick, why: str, reference: Reference | None = None) -> Measure:
        value = pick(whole)
        if not np.isfinite(value):
            raise UndefinedError(why, "look at the model that made these latents")
        interval = _jackknife(name, value, [pick(numbers) for numbers in without])
        return measured(name, value, n=sums.n, interval=interval, reference=reference)

    flat = "no channel has any spread"
    overall = row_of(
        "spatial latents",
        {
            "spatial_autocorrelation": lambda: [
                make("spatial_autocorrelation", _lag_one, _why_no_lag(sums), _shuffled(whole))
            ],
            "channel_correlation": lambda: [
                make("channel_correlation", _paired, _why_no_pair(sums), _strangers(whole))
            ],
            "position_share": lambda: [
                make("position_share", lambda x: _mean(x.position_share), flat, _no_pattern(sums))
            ],
        },
    )
    channels = (
        row_of(
            f"channel {i + 1}",
            {
                name: lambda name=name, field=field, i=i: [
                    make(name, lambda x: float(getattr(x, field)[i]), "the channel has no spread")
                ]
                for name, field in (
                    ("channel_mean", "mean"),
                    ("channel_std", "std"),
                    ("channel_skew", "skew"),
                    ("channel_kurtosis", "kurtosis"),
                )
            },
        )
        for i in range(sums.shape[0])
    )
    return (overall, *channels)


def _lag_one(numbers: Numbers) -> float:
    return _mean(np.concatenate([numbers.horizontal[:, :1], numbers.vertical[:, :1]], 1))


def _paired(numbers: Numbers) -> float:
    return _mean(np.abs(_off_diagonal(numbers.correlation)))


def _why_no_lag(sums: SpatialSums) -> str:
    one_place = sums.shape[1:] == (1, 1)
    return (
        "a grid of one place has no neighbours"
        if one_place
        else "no two neighbouring places have any spread"
    )


def _why_no_pair(sums: SpatialSums) -> str:
    return "there is one channel only" if sums.shape[0] == 1 else "no two channels have any spread"


def _shuffled(whole: Numbers) -> Reference:
    return Reference(value=_mean(whole.null), words="each image's places shuffled, expected value")


def _strangers(whole: Numbers) -> Reference:
    value = _mean(np.abs(_off_diagonal(whole.correlation_null)))
    return Reference(value=value, words="channels of two different images, expected value")


def _no_pattern(sums: SpatialSums) -> Reference:
    return Reference(value=1 / sums.n, words=f"at most, by chance, of {sums.n:,} images")


def _off_diagonal(matrix: np.ndarray) -> np.ndarray:
    return matrix[~np.eye(len(matrix), dtype=bool)]


def _mean(values: Iterable[float] | np.ndarray) -> float:
    """Over what is defined; NaN where nothing is."""
    kept = np.asarray(values, float)
    kept = kept[np.isfinite(kept)]
    return float(kept.mean()) if kept.size else float("nan")


def _jackknife(name: str, value: float, without: list[float]) -> Interval | None:
    """95 % interval from values that each leave out one block of images.

    Reference: Efron & Tibshirani 1993, An Introduction to the Bootstrap, §11.5 (grouped jackknife).
    """
    from scipy.stats import t

    found = np.array(without)
    n = len(found)
    if n < FEWEST_BLOCKS or not np.isfinite(found).all():
        return None
    error = np.sqrt((n - 1) / n * np.square(found - found.mean()).sum())
    reach = float(t.ppf(0.975, n - 1)) * float(error)
    least, most = CATALOGUE[name].bounds
    low = value - reach if least is None else max(value - reach, least)
    high = value + reach if most is None else min(value + reach, most)
    return Interval(low, high, f"95 % jackknife over {n} blocks of images, t with {n - 1} degrees")
