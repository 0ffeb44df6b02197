"""Pairs that share an end are not independent: how much wider that makes an interval."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from latentscape.metrics.interval import Bounds, Interval

NOTICED = 1.02  # a factor below which an interval is left as it is
Names = Sequence[tuple[str, str]]


@dataclass(frozen=True)
class SharedEnds:
    """The two ends of every pair, as numbers that are equal where the ends are one sample.

    500 pairs of 49 images meet each image twenty times: what is unusual about an image is then in
    twenty pairs, and resampling pairs as if each were new makes intervals too narrow.

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
            scores: (pairs,) how each pair moves the number: value less mean, or the number's
                influence function; NaN where a pair does not count.

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
        by_sample = np.zeros(int(max(self.starts.max(), self.ends.max())) + 1)
        np.add.at(by_sample, a, own)
        apart = a != b
        np.add.at(by_sample, b[apart], own[apart])
        # Pairs with both ends in common were counted at each of them.
        both = np.sort(np.stack([a, b], 1)[apart], axis=1)
        _, couple = np.unique(both, axis=0, return_inverse=True)
        twice = np.bincount(couple.reshape(-1), own[apart])
        variance = np.square(by_sample).sum() - np.square(twice).sum()
        return float(np.sqrt(max(1.0, variance / alone)))

    def widened(
        self,
        interval: Interval | None,
        value: float,
        scores: np.ndarray,
        *,
        bounds: Bounds = (None, None),
    ) -> Interval | None:
        """An interval about `value` made as wide as shared ends ask.

        Args:
            interval: Made as if pairs were independent.
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


def rank_influence(x: np.ndarray, y: np.ndarray, value: float) -> np.ndarray:
    """(pairs,) how each pair moves the rank correlation `value` of x and y.

    Reference: Croux and Dehon 2010, Influence functions of the Spearman and Kendall correlation
    measures; here that of Pearson's on the ranks.
    """
    from scipy.stats import rankdata, zscore

    a, b = (np.asarray(zscore(rankdata(values))) for values in (x, y))
    return a * b - value * (a * a + b * b) / 2
