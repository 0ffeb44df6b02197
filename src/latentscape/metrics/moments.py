"""Count, mean and central sums of rows: states that merge, so that a corpus is one pass."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from latentscape.errors import ShapeError

CHUNK_VALUES = 1 << 21
ROUNDING = 1e-7  # of float32, relative


@dataclass(frozen=True)
class Moments:
    """Count, mean and sum of squared deviations of the rows seen so far, column by column."""

    n: int
    mean: np.ndarray
    deviations: np.ndarray

    @classmethod
    def of(cls, rows: np.ndarray) -> "Moments":
        """The moments of ``(n, d)`` rows."""
        rows = rows.astype(np.float64, copy=False)
        mean = rows.mean(0)
        return cls(len(rows), mean, np.square(rows - mean).sum(0))

    def merge(self, other: "Moments") -> "Moments":
        """The moments of both sets of rows together.

        Reference:
            Chan, Golub and LeVeque 1983, Algorithms for computing the sample variance, eq. 1.5.
        """
        if self.mean.shape != other.mean.shape:
            raise ShapeError(f"{self.mean.size} columns cannot be merged with {other.mean.size}")
        n = self.n + other.n
        step = other.mean - self.mean
        mean = self.mean + step * (other.n / n)
        deviations = self.deviations + other.deviations + step**2 * (self.n * other.n / n)
        return Moments(n, mean, deviations)

    @property
    def variance(self) -> np.ndarray:
        """Sample variance (n − 1) of each column; 0 from a single row."""
        return self.deviations / max(self.n - 1, 1)


class ColumnPowers(NamedTuple):
    """Sums over rows of powers of deviations from one origin, column by column; they add up.

    Attributes:
        n: (...) rows.
        first, second, third, fourth: (... d) sums of each column's powers.
    """

    n: np.ndarray
    first: np.ndarray
    second: np.ndarray
    third: np.ndarray
    fourth: np.ndarray

    def central(self) -> "ColumnPowers":
        """The same about each set's own mean; ``first`` is then that mean, from the origin."""
        n = np.maximum(self.n, 1)[..., None]
        step = self.first / n
        return ColumnPowers(
            self.n,
            step,
            self.second - n * step**2,
            self.third - 3 * step * self.second + 2 * n * step**3,
            self.fourth - 4 * step * self.third + 6 * step**2 * self.second - 3 * n * step**4,
        )

    def resampled(self, counts: np.ndarray) -> "ColumnPowers":
        """Sums of resamples of the cells: ``counts`` (r, cells) says how often each was drawn."""
        return ColumnPowers(*(counts @ part for part in self))


class Products(NamedTuple):
    """Sums over rows of deviations from one origin and of their products; they add up.

    Attributes:
        n: (...) rows.
        first: (... d) sums of deviations.
        second: (... d d) sums of products of two columns.
    """

    n: np.ndarray
    first: np.ndarray
    second: np.ndarray

    def resampled(self, counts: np.ndarray) -> "Products":
        """Sums of resamples of the cells: ``counts`` (r, cells) says how often each was drawn."""
        d = self.first.shape[-1]
        second = counts @ self.second.reshape(len(self.second), -1)
        return Products(counts @ self.n, counts @ self.first, second.reshape(-1, d, d))

    def mean_and_covariance(self) -> tuple[np.ndarray, np.ndarray]:
        """(... d) mean, from the origin, and (... d d) sample covariance (n − 1) of each set."""
        n = np.maximum(self.n, 1)[..., None]
        mean = self.first / n
        scatter = self.second - n[..., None] * mean[..., :, None] * mean[..., None, :]
        return mean, scatter / np.maximum(n - 1, 1)[..., None]


@dataclass(frozen=True)
class CovarianceSums:
    """Everything that means, covariance, skew and kurtosis of rows need, cell by cell.

    Rows are dealt to cells; bootstrap intervals draw whole cells. One cell is the plain case.

    Attributes:
        n: (cells,) rows in each.
        mean: (cells, d).
        scatter: (cells, d, d) sums of products of deviations from the cell's mean.
        third, fourth: (cells, d) sums of third and fourth powers of deviations.
    """

    n: np.ndarray
    mean: np.ndarray
    scatter: np.ndarray
    third: np.ndarray
    fourth: np.ndarray

    @classmethod
    def of(
        cls, rows: np.ndarray, cells: np.ndarray | None = None, *, n_cells: int = 1
    ) -> "CovarianceSums":
        """The sums of ``(n, d)`` rows, read a chunk at a time.

        Args:
            rows: (n, d); a memory map will do.
            cells: (n,) cell of each row, 0 to ``n_cells`` − 1; all in one if None.
            n_cells: Number of cells.
        """
        d = rows.shape[1]
        sums = cls(
            np.zeros(n_cells), np.zeros((n_cells, d)), np.zeros((n_cells, d, d)),
            np.zeros((n_cells, d)), np.zeros((n_cells, d)),
        )  # fmt: skip
        n_chunk = max(1, CHUNK_VALUES // d)
        for start in range(0, len(rows), n_chunk):
            chunk = np.asarray(rows[start : start + n_chunk], np.float64)
            where = np.zeros(len(chunk), int) if cells is None else cells[start : start + n_chunk]
            sums = sums.merge(_chunk_sums(chunk, np.asarray(where), n_cells))
        return sums

    def merge(self, other: "CovarianceSums") -> "CovarianceSums":
        """The sums of both sets of rows, cell by cell.

        Raises:
            ShapeError: If they differ in columns or in cells.

        Reference:
            Chan, Golub and LeVeque 1983, eq. 1.5; Pébay 2008, Formulas for robust one-pass
            parallel computation of covariances, eqs. 2.1 and 2.2 (third and fourth powers).
        """
        if self.mean.shape != other.mean.shape:
            raise ShapeError(
                f"sums of {self.mean.shape} cells and columns cannot be merged with "
                f"{other.mean.shape}"
            )
        a, b = self.n[:, None], other.n[:, None]
        n = np.maximum(a + b, 1)
        step = other.mean - self.mean
        mine, theirs = self.squares, other.squares
        outer = step[:, :, None] * step[:, None, :]
        return CovarianceSums(
            self.n + other.n,
            self.mean + step * (b / n),
            self.scatter + other.scatter + outer * (a * b / n)[..., None],
            self.third
            + other.third
            + step**3 * a * b * (a - b) / n**2
            + 3 * step * (a * theirs - b * mine) / n,
            self.fourth
            + other.fourth
            + step**4 * a * b * (a * a - a * b + b * b) / n**3
            + 6 * step**2 * (a * a * theirs + b * b * mine) / n**2
            + 4 * step * (a * other.third - b * self.third) / n,
        )

    @property
    def d(self) -> int:
        """Columns."""
        return self.mean.shape[1]

    @property
    def squares(self) -> np.ndarray:
        """(cells, d) sums of squared deviations."""
        return np.diagonal(self.scatter, axis1=-2, axis2=-1)

    def columns(self, origin: np.ndarray) -> ColumnPowers:
        """Power sums of each cell's columns about one common origin ``(d,)``."""
        n, step, squares = self.n[:, None], self.mean - origin, self.squares
        return ColumnPowers(
            self.n,
            n * step,
            squares + n * step**2,
            self.third + 3 * step * squares + n * step**3,
            self.fourth + 4 * step * self.third + 6 * step**2 * squares + n * step**4,
        )

    def products(self, origin: np.ndarray) -> Products:
        """Sums of products of each cell's columns about one common origin ``(d,)``."""
        n, step = self.n[:, None], self.mean - origin
        outer = n[..., None] * step[:, :, None] * step[:, None, :]
        return Products(self.n, n * step, self.scatter + outer)

    def total(self) -> "CovarianceSums":
        """All cells as one."""
        origin = self.n @ self.mean / max(self.n.sum(), 1)
        columns = ColumnPowers(*(part.sum(0, keepdims=True) for part in self.columns(origin)))
        whole, scatter = columns.central(), self.products(origin).second.sum(0, keepdims=True)
        scatter = scatter - columns.n * whole.first.T * whole.first
        return CovarianceSums(columns.n, whole.first + origin, scatter, whole.third, whole.fourth)

    @property
    def covariance(self) -> np.ndarray:
        """(cells, d, d) sample covariance (n − 1)."""
        return self.scatter / np.maximum(self.n - 1, 1)[:, None, None]

    @property
    def constant(self) -> np.ndarray:
        """(cells, d) whether a column varies no more than float32 rounds its values."""
        variance = self.squares / np.maximum(self.n, 1)[:, None]
        return variance <= np.square(ROUNDING * self.mean)

    @property
    def skew(self) -> np.ndarray:
        """(cells, d) m₃ / m₂^1.5 of each column; NaN of a constant one."""
        return np.where(self.constant, np.nan, skew_of(self.n, self.squares, self.third))

    @property
    def excess_kurtosis(self) -> np.ndarray:
        """(cells, d) m₄ / m₂² − 3 of each column; NaN of a constant one."""
        return np.where(self.constant, np.nan, kurtosis_of(self.n, self.squares, self.fourth))


def skew_of(n: np.ndarray, squares: np.ndarray, third: np.ndarray) -> np.ndarray:
    """m₃ / m₂^1.5 from (...) counts and (... d) central sums; no better than NaN where all is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sqrt(n)[..., None] * third / squares**1.5


def kurtosis_of(n: np.ndarray, squares: np.ndarray, fourth: np.ndarray) -> np.ndarray:
    """m₄ / m₂² − 3 from (...) counts and (... d) central sums; NaN where all is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return n[..., None] * fourth / squares**2 - 3


def _chunk_sums(rows: np.ndarray, cells: np.ndarray, n_cells: int) -> CovarianceSums:
    order = np.argsort(cells, kind="stable")
    rows, cells = rows[order], cells[order]
    n, d = np.bincount(cells, minlength=n_cells), rows.shape[1]
    present = np.flatnonzero(n)
    starts = np.searchsorted(cells, present)
    mean = np.zeros((n_cells, d))
    mean[present] = np.add.reduceat(rows, starts) / n[present, None]
    rows = rows - mean[cells]
    cubes = rows**2
    cubes *= rows
    third, fourth = np.zeros((n_cells, d)), np.zeros((n_cells, d))
    third[present] = np.add.reduceat(cubes, starts)
    cubes *= rows
    fourth[present] = np.add.reduceat(cubes, starts)
    scatter = np.zeros((n_cells, d, d))
    for cell, start in zip(present, starts, strict=True):
        part = rows[start : start + n[cell]]
        scatter[cell] = part.T @ part
    return CovarianceSums(n.astype(np.float64), mean, scatter, third, fourth)
