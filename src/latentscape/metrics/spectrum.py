"""Variances of a cloud of latents along its principal axes, with their resamples and their null."""

from functools import cached_property

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.moments import CovarianceSums

SINGULAR = 1e-12  # λ under this share of the largest is rounding
MOST_CELLS, FEWEST_CELLS = 200, 10
MOST_CELL_VALUES = 1 << 24
MOST_RESAMPLES, FEWER_RESAMPLES = 1000, 200
N_DRAWS, FEW_DRAWS = 20, 3
LARGE = 512
CHUNK_VALUES = 1 << 22


class Spectrum:
    """Variances along the principal axes, with their resamples and their null.

    Args:
        values: (d,) eigenvalues of the sample covariance, largest first.
        n: Samples behind them.
        n_constant: Latents that do not vary.
        resampled: (r, d) the same of bootstrap resamples; None where there are none.
        words: How those were drawn.
        seed: Of the null.
    """

    def __init__(
        self,
        values: np.ndarray,
        *,
        n: int,
        n_constant: int = 0,
        resampled: np.ndarray | None = None,
        words: str = "",
        seed: int = 0,
    ):
        self.values, self.n, self.n_constant = values, n, n_constant
        self.resampled, self.words, self.seed = resampled, words, seed

    @property
    def d(self) -> int:
        """Latents."""
        return len(self.values)

    @cached_property
    def null(self) -> np.ndarray:
        """(draws, d) eigenvalues of isotropic Gaussian clouds of this n, d and mean variance."""
        return self.values.mean() * isotropic_eigenvalues(self.n, self.d, seed=self.seed)

    @property
    def why_singular(self) -> str | None:
        """Why the smallest eigenvalue says nothing; None where it does."""
        few = why_flat(self.n, self.d)
        if few:
            return few
        if self.n_constant:
            return f"{self.n_constant} of {self.d} latents are constant: the smallest λ is 0"
        rank = int((self.values > SINGULAR * self.values[0]).sum())
        if rank < self.d:
            return f"the latents depend on one another: rank {rank} of {self.d}"
        return None


def spectrum_of(sums: CovarianceSums, *, seed: int, words: str = "") -> Spectrum:
    """The spectrum of rows from their sums, with resamples where there are cells enough.

    Args:
        sums: Of the rows, dealt to cells.
        seed: Of resamples and null.
        words: What is drawn, as `dealt` says it.

    Raises:
        UndefinedError: Of fewer than two rows, or where all are one point.
    """
    whole = sums.total()
    n = int(whole.n[0])
    require_cloud(n, bool(whole.constant.all()))
    values = descending(whole.covariance[0])
    resampled = None
    if len(sums.n) >= FEWEST_CELLS and sums.d <= LARGE:
        _, resampled = resampled_covariances(sums, whole.mean[0], seed=seed)
        words = f"95 % bootstrap over {words} ({len(resampled):,} resamples, seed {seed}), centred"
    return Spectrum(
        values, n=n, n_constant=int(whole.constant.sum()), resampled=resampled, words=words,
        seed=seed,
    )  # fmt: skip


def spectrum_of_few(rows: np.ndarray, *, seed: int) -> Spectrum:
    """The spectrum of fewer rows than latents, from the products of rows; without resamples.

    Raises:
        UndefinedError: Of fewer than two rows, or where all are one point.
    """
    n, d = rows.shape
    centred = rows - rows.mean(0, dtype=np.float64)
    constant = np.asarray(~(rows != rows[:1]).any(0))
    require_cloud(n, bool(constant.all()))
    values = np.zeros(d)
    found = descending(centred @ centred.T / (n - 1))
    values[: min(n, d)] = found[:d]
    return Spectrum(values, n=n, n_constant=int(constant.sum()), seed=seed)


def why_flat(n: int, d: int) -> str | None:
    """Why the covariance of n samples of d latents has no full rank; None where it may have."""
    if n > d:
        return None
    return (
        f"{n:,} samples span at most {n - 1:,} of {d:,} dimensions: "
        "the smallest λ are 0 whatever the cloud"
    )


def require_cloud(n: int, one_point: bool) -> None:
    """Check that rows have a spread at all.

    Raises:
        UndefinedError: If there are fewer than two, or all are one point.
    """
    if n < 2:
        raise UndefinedError(f"{n} sample has no spread", "measure more images")
    if one_point:
        raise UndefinedError(
            f"all {n:,} latents are one point", "the model is collapsed: see measure collapse"
        )


def cells_for(d: int) -> int:
    """Most bootstrap cells whose covariances fit in memory together."""
    return max(1, min(MOST_CELLS, MOST_CELL_VALUES // (d * d)))


def descending(covariance: np.ndarray) -> np.ndarray:
    """(... d) eigenvalues of covariances (... d d), largest first, none negative."""
    return np.linalg.eigvalsh(covariance)[..., ::-1].clip(min=0)


def principal_axes(rows: np.ndarray, sums: CovarianceSums | None) -> np.ndarray:
    """(d, 2) orthonormal: the two axes of largest variance, each with its largest entry positive.

    Args:
        rows: (n, d) latents, at least two of each.
        sums: Of the same rows; may be None of fewer rows than latents.
    """
    from scipy.linalg import eigh

    n, d = rows.shape
    if sums is None or n < d:
        centred = rows - rows.mean(0, dtype=np.float64)
        both = eigh(centred @ centred.T, subset_by_index=[n - 2, n - 1])[1]
        # QR, for a second axis even where the points lie on one line.
        axes = np.linalg.qr(centred.T @ both[:, ::-1])[0]
    else:
        axes = eigh(sums.total().covariance[0], subset_by_index=[d - 2, d - 1])[1][:, ::-1]
    largest = np.abs(axes).argmax(0)
    return axes * np.where(axes[largest, [0, 1]] < 0, -1, 1)


def isotropic_eigenvalues(n: int, d: int, *, seed: int) -> np.ndarray:
    """(draws, d) eigenvalues of the covariance of n samples of N(0, I_d); 20 draws, 3 of large d.

    The covariance itself is drawn, as a Wishart matrix, so that n does not matter.
    """
    from scipy.stats import wishart

    rng = np.random.default_rng(seed)
    n_draws = N_DRAWS if min(n, d) <= LARGE else FEW_DRAWS
    if n - 1 >= d:
        drawn = np.asarray(wishart.rvs(n - 1, np.eye(d), size=n_draws, random_state=rng))
        return descending(drawn.reshape(n_draws, d, d)) / (n - 1)
    found = np.zeros((n_draws, d))
    for i in range(n_draws):
        rows = rng.standard_normal((n - 1, d))  # as good as n rows about their mean
        found[i, : n - 1] = descending(rows @ rows.T) / (n - 1)
    return found


def resampled_covariances(
    sums: CovarianceSums, origin: np.ndarray, *, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """(r, d) means, counted from the origin, and (r, d) eigenvalues of resamples of the cells."""
    n_cells, d = sums.mean.shape
    n_resamples = MOST_RESAMPLES if d <= 64 else FEWER_RESAMPLES
    rng = np.random.default_rng(seed)
    products = sums.products(origin)
    means, found = np.empty((n_resamples, d)), np.empty((n_resamples, d))
    step = max(1, CHUNK_VALUES // (d * d))
    for start in range(0, n_resamples, step):
        here = slice(start, start + step)
        n_rows = len(found[here])
        counts = rng.multinomial(n_cells, np.full(n_cells, 1 / n_cells), size=n_rows)
        means[here], covariance = products.resampled(counts.astype(float)).mean_and_covariance()
        found[here] = descending(covariance)
    return means, found
