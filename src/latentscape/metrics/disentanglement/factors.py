"""Factors as the scores want them: a few values each, and what a regressor would predict.

A factor is a ``category`` (no order), a ``number``, or an ``angle`` in radians. Scores that count
see codes only, and codes have no order, so that an angle's seam is no seam to them. Scores that
regress see a number as it is and an angle as its cosine and sine.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from latentscape.errors import ShapeError, UsageError
from latentscape.records import Undefined

KINDS = ("category", "number", "angle")
MOST_VALUES = 32  # kept as they are; above, numbers and angles are binned
N_BINS = 20


@dataclass(frozen=True)
class Factor:
    """One known factor of some images.

    Attributes:
        name: Its name.
        kind: ``category``, ``number`` or ``angle``.
        codes: (n,) which of its values each image has, from 0.
        n_values: How many there are.
        targets: What a regressor predicts: ``n 1`` of a number, ``n 2`` (cosine, sine) of an
            angle, ``n 0`` of a category.
        note: How many values, and how they were binned.
    """

    name: str
    kind: str
    codes: np.ndarray
    n_values: int
    targets: np.ndarray
    note: str

    def take(self, rows: np.ndarray) -> "Factor":
        """The same factor of some of the images."""
        return replace(self, codes=self.codes[rows], targets=self.targets[rows])


@dataclass(frozen=True)
class Known:
    """Latents of some images, and the factors behind the images.

    Attributes:
        latents: ``n d`` posterior means.
        factors: Each with at least two values among these images.
        floor: A latent of less variance is collapsed and has no vote.
    """

    latents: np.ndarray
    factors: tuple[Factor, ...]
    floor: float = 0.05

    def __len__(self) -> int:
        return len(self.latents)

    @property
    def voting(self) -> np.ndarray:
        """(d,) whether each latent varies enough to have a vote."""
        variance = self.latents.var(0)
        return (variance >= self.floor) & (variance > 0)

    def take(self, rows: np.ndarray) -> "Known":
        """Some of the images; a factor that has one value left among them is let go."""
        taken = (factor.take(rows) for factor in self.factors)
        factors = tuple(factor for factor in taken if np.ptp(factor.codes) > 0)
        return replace(self, latents=self.latents[rows], factors=factors)

    def permuted(self, rng: np.random.Generator) -> "Known":
        """The factors of other images: what chance gives, with the factors' own ties kept."""
        order = rng.permutation(len(self))
        return replace(self, factors=tuple(factor.take(order) for factor in self.factors))

    def rotated(self, rng: np.random.Generator) -> "Known":
        """The latents turned at random about the origin, uniform over all rotations."""
        size = self.latents.shape[1]
        turn, scale = np.linalg.qr(rng.standard_normal((size, size)))
        return replace(self, latents=self.latents @ (turn * np.sign(np.diag(scale))))


def factors_of(
    values: np.ndarray, names: Sequence[str], kinds: Sequence[str] = ()
) -> tuple[tuple[Factor, ...], tuple[Undefined, ...]]:
    """A table of factors as `Factor`s; those that cannot be measured by, with the reason.

    Up to 32 different values are kept as they are. Above, a number is cut into 20 bins of equal
    count, an angle into 20 equal arcs; a category stays as it is.

    Args:
        values: ``n K``.
        names: Of the K factors.
        kinds: Of the K factors; all categories if empty.

    Returns:
        The usable factors, and what was left out: one value only, or values that are not finite
        (NaN says that a factor is not defined for an image).

    Raises:
        ShapeError: If there are not as many names or kinds as columns.
        UsageError: If a kind is unknown.
    """
    kinds = tuple(kinds) or ("category",) * len(names)
    if values.ndim != 2 or not len(names) == len(kinds) == values.shape[1]:
        raise ShapeError(f"{len(names)} names and {len(kinds)} kinds for factors {values.shape}")
    unknown = sorted(set(kinds) - set(KINDS))
    if unknown:
        raise UsageError(f"a factor cannot be a {unknown[0]!r}", f"one of {', '.join(KINDS)}")
    usable, left_out = [], []
    for column, name, kind in zip(values.T.astype(np.float64), names, kinds, strict=True):
        broken = int((~np.isfinite(column)).sum())
        if broken:
            why = f"it has no value for {broken:,} of {len(column):,} images"
            left_out.append(Undefined(name=name, why=why))
        elif len(column) == 0 or np.ptp(column) == 0:
            left_out.append(Undefined(name=name, why="it has one value only: zero entropy"))
        else:
            usable.append(_factor(name, kind, column))
    return tuple(usable), tuple(left_out)


def _factor(name: str, kind: str, column: np.ndarray) -> Factor:
    if kind == "angle":
        turn = column % (2 * np.pi)
        column = np.where(turn > 2 * np.pi - 1e-9, 0.0, turn).round(12)
    found, codes = np.unique(column, return_inverse=True)
    codes, words = codes.reshape(-1), {"category": "values", "number": "levels", "angle": "angles"}
    note = f"{len(found):,} {words[kind]}"
    if kind != "category" and len(found) > MOST_VALUES:
        if kind == "number":
            edges = np.quantile(column, np.arange(1, N_BINS) / N_BINS)
            binned, cut = np.searchsorted(edges, column, side="right"), "bins of equal count"
        else:
            binned, cut = (column * (N_BINS / (2 * np.pi))).astype(int), "equal arcs"
        found, codes = np.unique(binned, return_inverse=True)
        note = f"{kind} in {len(found)} {cut}"
    targets = np.empty((len(column), 0))
    if kind == "number":
        targets = ((column - column.mean()) / column.std())[:, None]
    elif kind == "angle":
        targets = np.stack([np.cos(column), np.sin(column)], axis=1)
    return Factor(name, kind, codes.reshape(-1), len(found), targets, note)
