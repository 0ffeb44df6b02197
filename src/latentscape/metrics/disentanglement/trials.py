"""A score, and what it takes to read it: an interval, its chance level, its value off the axes.

Interval: the score on random halves of the images (whole groups, where there are groups). A half
of n images left out moves a score as far as n other images would, so that the spread over halves
is the score's own uncertainty; each half also brings a seed of its own to what the score draws.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.disentanglement.factors import Known
from latentscape.metrics.interval import LEVEL, Interval
from latentscape.records import Reference

Scores = Mapping[str, float]
Score = Callable[[Known, int], Scores]


class Tried(NamedTuple):
    """One score: value, interval, chance, and the range over random rotations (in words)."""

    value: float
    interval: Interval | None
    chance: Reference
    rotated: float
    rotated_interval: Interval


@dataclass(frozen=True)
class Trials:
    """How often a score is taken.

    Attributes:
        repeats: Halves, permutations of the factors, and rotations of the latents: each so many.
        seed: Of all of them.
        groups: (n,) clip, artist or source image of each image; a half never cuts one.
        tick: Called after each time a score was taken.
    """

    repeats: int = 5
    seed: int = 0
    groups: np.ndarray | None = None
    tick: Callable[[], None] | None = None

    @property
    def n_takes(self) -> int:
        """How often each score is taken."""
        return 1 + 3 * self.repeats

    def chosen(self, n: int, most: int) -> np.ndarray:
        """At most so many rows of n, by the seed, in their order."""
        return np.sort(np.random.default_rng(self.seed).permutation(n)[:most])

    def of(self, score: Score, known: Known, *, most: int) -> dict[str, Tried]:
        """Take scores of at most so many of the images, every way.

        Raises:
            UndefinedError: If the score is not defined on them.
        """
        rows = self.chosen(len(known), most)
        groups = None if self.groups is None else self.groups[rows]
        known = known.take(rows)
        values = self._take(score, known, self.seed)
        halves, chance, rotated = [], [], []
        for i in range(self.repeats):
            seed = self.seed + 1 + i
            rng = np.random.default_rng((self.seed, i))
            half = known.take(_half(len(known), groups, rng))
            try:
                halves.append(self._take(score, half, seed))
            except UndefinedError:  # a half may lose what the whole just has
                continue
            chance.append(self._take(score, known.permuted(rng), seed))
            rotated.append(self._take(score, known.rotated(rng), seed))
        if not chance:
            raise UndefinedError(
                "it is defined on all images but on no half of them", "measure more images"
            )
        ways = (halves, chance, rotated)
        return {
            name: self._told(value, [[taken[name] for taken in way] for way in ways], len(known))
            for name, value in values.items()
        }

    def _take(self, score: Score, known: Known, seed: int) -> Scores:
        try:
            return score(known, seed)
        finally:
            if self.tick is not None:
                self.tick()

    def _told(self, value: float, ways: list[list[float]], n: int) -> Tried:
        halves, chance, rotated = ways
        times = f"{len(chance)} times, n = {n:,}"
        reference = Reference(
            value=float(np.mean(chance)),
            low=min(chance),
            high=max(chance),
            words=f"chance: factors dealt out anew, {times}",
        )
        turned = Interval(
            min(rotated), max(rotated), f"smallest and largest of {len(rotated)} random rotations"
        )
        return Tried(
            value, self._interval(value, halves, n), reference, float(np.mean(rotated)), turned
        )

    def _interval(self, value: float, halves: list[float], n: int) -> Interval | None:
        """Around the value, by the spread over halves; all scores lie in [0, 1].

        Reference:
            Shao and Wu 1989, A general theory for jackknife variance estimation (delete-d).
        """
        if len(halves) < 2:
            return None
        from scipy.stats import t

        reach = float(t.ppf((1 + LEVEL) / 2, len(halves) - 1) * np.std(halves, ddof=1))
        what = "images" if self.groups is None else "groups"
        words = (
            f"{100 * LEVEL:g} % by the spread over {len(halves)} random halves of the {what} "
            f"(n = {n:,}, seed {self.seed})"
        )
        return Interval(max(0.0, value - reach), min(1.0, value + reach), words)


def _half(n: int, groups: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    if groups is None:
        return np.sort(rng.permutation(n)[: n // 2])
    of_group = np.unique(groups, return_inverse=True)[1].reshape(-1)
    n_groups = int(of_group.max()) + 1
    kept = np.zeros(n_groups, bool)
    kept[rng.permutation(n_groups)[: max(1, n_groups // 2)]] = True
    return np.flatnonzero(kept[of_group])
