"""Intervals over pairs: pairs that share an end are not independent, and count for less."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from latentscape.metrics.interval import LEVEL, Bounds, Interval, quantile_interval

NOTICED = 1.02  # a factor below which an interval is left as it is
FEWEST = 4  # pairs from which a correlation has a standard error
Names = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SharedEnds:
    """The two ends of every pair, as numbers that are equal where the ends are one sample.

    500 pairs of 49 images meet each image twenty times: what is unusual about an image is then in
    twenty pairs, and intervals that take each pair for a new one are too narrow.

    Columns of values have one a pair throughout; NaN where a pair does not count.

    Attributes:
        starts, ends: (pairs,) int.
    """

    starts: np.ndarray
    ends: np.ndarray

    @classmethod
    def of(cls, *pairs: Names) -> "SharedEnds":
        """Of pairs by name; several lists are pairs of the same samples, one after another."""
        named = list(chain.from_iterable(pairs))
        _, codes = np.unique(np.array(named, dtype=str).reshape(-1), return_inverse=True)
        both = codes.reshape(-1, 2)
        return cls(both[:, 0], both[:, 1])

    def widening(self, scores: np.ndarray) -> float:
        """Standard error of a mean of pairs over what it were if no two pairs shared an end.

        Args:
            scores: (pairs,) how each pair moves the number: its value, or the number's influence
                function there.

        Returns:
            1 where no two pairs share an end; never below 1.

        Reference:
            Fafchamps and Gubert 2007, The formation of risk sharing networks, eq. 2.6; Aronow,
            Samii and Assenova 2015, Cluster-robust variance estimation for dyadic data, eq. 5.
        """
        counted = np.isfinite(scores)
        own = scores[counted] - scores[counted].mean() if counted.any() else scores[counted]
        alone = np.square(own).sum()
        if not alone > 0:
            return 1.0
        a, b = self.starts[counted], self.ends[counted]
        apart = a != b
        by_sample = np.bincount(np.append(a, b[apart]), np.append(own, own[apart]))
        # Pairs with both ends in common were counted at each of them.
        both = np.sort(np.stack([a, b], 1)[apart], axis=1)
        _, couple = np.unique(both, axis=0, return_inverse=True)
        twice = np.bincount(couple.reshape(-1), own[apart])
        variance = np.square(by_sample).sum() - np.square(twice).sum()
        return float(np.sqrt(max(1.0, variance / alone)))

    def of_share(self, flags: np.ndarray) -> Interval | None:
        """Of the share of pairs whose flag is 1; None for fewer than two pairs.

        Reference: Wilson 1927, Probable inference, the law of succession (the score interval).
        """
        known = flags[np.isfinite(flags)]
        if len(known) < 2:
            return None
        by, z = self.widening(flags), _z()
        n, share = len(known) / by**2, float(known.mean())
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + (z / (2 * n)) ** 2)
        words = f"{100 * LEVEL:g} % Wilson interval over {len(known):,} pairs{_worth(n, by)}"
        low = middle - half if share > 0 else 0.0  # exactly, but for rounding
        high = middle + half if share < 1 else 1.0
        return Interval(float(low), float(high), words)

    def of_median(self, values: np.ndarray) -> Interval | None:
        """Of the median, from order statistics; None where there are too few values."""
        finite = values[np.isfinite(values)]
        if not len(finite):
            return None
        side = np.where(np.isfinite(values), np.sign(values - np.median(finite)), np.nan)
        by = self.widening(side)
        found = quantile_interval(finite, 0.5, worth=len(finite) / by**2)
        return found and found._replace(words=f"{found.words}{_worth(len(finite) / by**2, by)}")

    def of_rank_correlation(self, x: np.ndarray, y: np.ndarray, value: float) -> Interval | None:
        """Of Spearman's ρ, by its influence function, on Fisher's scale.

        Args:
            x, y: (pairs,).
            value: ρ over the pairs at which both are finite.

        Returns:
            None for fewer than four pairs, and where ρ is 1 or −1.

        Reference:
            Croux and Dehon 2010, Influence functions of the Spearman and Kendall correlation
            measures; here that of Pearson's on the ranks.
        """
        both = np.isfinite(x) & np.isfinite(y)
        n = int(both.sum())
        if n < FEWEST or not abs(value) < 1 - 1e-12:
            return None
        scores = np.full(len(both), np.nan)
        scores[both] = _rank_influence(x[both], y[both], value)
        by = self.widening(scores)
        error = by * float(np.nanstd(scores)) / np.sqrt(n - 3)
        half = _z() * error / (1 - value**2)
        low, high = np.tanh(np.arctanh(value) + np.array([-half, half]))
        words = f"{100 * LEVEL:g} % by the influence of {n:,} pairs{_worth(n / by**2, by)}"
        return Interval(float(low), float(high), words)

    def widened(
        self,
        interval: Interval | None,
        value: float,
        scores: np.ndarray,
        *,
        bounds: Bounds = (None, None),
    ) -> Interval | None:
        """An interval that took pairs for independent, made as wide as shared ends ask.

        Args:
            interval: About `value`.
            value: The number.
            scores: See `widening`.
            bounds: Of the number; the interval does not leave them.
        """
        by = self.widening(scores)
        if interval is None or by < NOTICED:
            return interval
        floor, ceiling = bounds
        low, high = (value + by * (end - value) for end in interval[:2])
        return Interval(
            low if floor is None else max(low, floor),
            high if ceiling is None else min(high, ceiling),
            f"{interval.words}, {by:.2f} times as wide because pairs share ends",
        )


def _z() -> float:
    from scipy.special import ndtri

    return float(ndtri(0.5 + LEVEL / 2))


def _worth(n: float, by: float) -> str:
    return f", worth {n:,.0f} because pairs share ends" if by >= NOTICED else ""


def _rank_influence(x: np.ndarray, y: np.ndarray, value: float) -> np.ndarray:
    from scipy.stats import rankdata, zscore

    a, b = (np.asarray(zscore(rankdata(values))) for values in (x, y))
    return a * b - value * (a * a + b * b) / 2
