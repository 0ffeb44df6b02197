"""How Gaussian a cloud of latents is: each latent alone, and all together after whitening."""

from collections.abc import Callable
from functools import cached_property

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.metrics.interval import centred_interval
from latentscape.metrics.moments import ColumnPowers, CovarianceSums, kurtosis_of, skew_of
from latentscape.metrics.spectrum import SINGULAR, require_cloud
from latentscape.metrics.subsets import against_gaussian
from latentscape.records import Measure, Reference, Row

FEWEST = 8
FEWEST_CELLS, N_RESAMPLES = 10, 1000
N_NULL = 2000
NORMAL_FROM = 5000  # samples, from which on skew and kurtosis are themselves close to normal
FEWEST_DRAWN, MOST_DRAWN_VALUES = 10_000, 1 << 24  # Gaussian columns, and values in all of them
CHUNK_VALUES = 1 << 17
BLOCK = 250
Fold = Callable[[np.ndarray], np.ndarray]  # (r, d) to (r,)


def gaussianity(rows: np.ndarray, sums: CovarianceSums, *, seed: int, words: str = "") -> Row:
    """Skew and kurtosis of every latent; Mardia, Henze–Zirkler and the norm law of the whole.

    Args:
        rows: (n, d) latents.
        sums: Of the same rows, dealt to cells.
        seed: Of subsets, draws and bootstrap.
        words: What the bootstrap draws, as `dealt` says it.

    Returns:
        The row; single latents over all rows, the whole on subsets of up to 2,000.
    """
    columns = _Columns(sums, seed, words)
    makers = {
        "skew_worst": lambda: columns.worst("skew"),
        "skew_mean_size": lambda: columns.mean_size("skew"),
        "kurtosis_worst": lambda: columns.worst("kurtosis"),
        "kurtosis_mean_size": lambda: columns.mean_size("kurtosis"),
        "mardia_henze_zirkler": lambda: _whole(rows, seed=seed),
    }
    return row_of(
        "Gaussianity",
        makers,
        note="posterior means. With many samples any deviation is significant: read the sizes, and "
        "how far they lie from the null beside them. Mardia, Henze–Zirkler and the norm law do "
        "not see shape, only what a covariance cannot say.",
    )


class _Columns:
    """Skew and kurtosis of the latents that vary, with resamples drawn once."""

    def __init__(self, sums: CovarianceSums, seed: int, words: str):
        whole = sums.total()
        self.n, self.d, self.seed = int(whole.n[0]), whole.d, seed
        self.varies = np.flatnonzero(~whole.constant[0])
        self.values = {
            "skew": whole.skew[:, self.varies],
            "kurtosis": whole.excess_kurtosis[:, self.varies],
        }
        self.resampled: dict[str, np.ndarray] | None = None
        if len(sums.n) >= FEWEST_CELLS and len(self.varies):
            self.resampled = _resampled(sums.columns(whole.mean[0]), self.varies, seed)
        self.words = (
            f"95 % bootstrap over {words} ({N_RESAMPLES:,} resamples, seed {seed}), centred"
        )

    def worst(self, what: str) -> list[Measure]:
        """The value farthest from 0, with its sign."""
        self._require()
        place = int(np.abs(self.values[what]).argmax())
        note = f"latent {self.varies[place] + 1} of {self._said()}"
        of = (lambda v: v[:, place], _farthest, "the one farthest from 0, with its sign,")
        return [self._measure(what, "worst", of, note)]

    def mean_size(self, what: str) -> list[Measure]:
        """Mean over latents of the size."""
        self._require()
        of = (lambda v: np.abs(v).mean(1), lambda v: np.abs(v).mean(1), "mean size")
        return [self._measure(what, "mean_size", of, f"of {self._said()}")]

    def _measure(self, what: str, how: str, of: tuple[Fold, Fold, str], note: str) -> Measure:
        of_values, of_null, words = of
        name = f"{what}_{how}"
        value = float(of_values(self.values[what])[0])
        null = of_null(self._null[what])
        low, high = np.quantile(null, [0.025, 0.975])
        how = "" if self.n < NORMAL_FROM else " (normal approximation)"
        words = f"{words} of independent Gaussian latents, n = {self.n:,}, 95 %{how}"
        interval = None
        if self.resampled is not None:
            resampled = of_values(self.resampled[what])
            interval = centred_interval(value, resampled, CATALOGUE[name].bounds, self.words)
        reference = Reference(
            value=float(null.mean()), low=float(low), high=float(high), words=words
        )
        return measured(name, value, n=self.n, interval=interval, note=note, reference=reference)

    def _require(self) -> None:
        require_cloud(self.n, one_point=not len(self.varies))
        if self.n < FEWEST:
            raise UndefinedError(
                f"{self.n} samples are too few for skew and kurtosis: at least {FEWEST}",
                "measure more images",
            )

    def _said(self) -> str:
        n_constant = self.d - len(self.varies)
        return f"{self.d:,}" + (f", {n_constant} constant ones left out" if n_constant else "")

    @cached_property
    def _null(self) -> dict[str, np.ndarray]:
        """(draws, latents) values of Gaussian columns.

        Of few samples from columns that are drawn, for kurtosis is then far from normal; of many
        by the exact variance under normality.

        Reference:
            Fisher 1930, The moments of the distribution for normal samples of measures of
            departure from normality.
        """
        n, shape = self.n, (N_NULL, len(self.varies))
        rng = np.random.default_rng(self.seed)
        if n < NORMAL_FROM:
            drawn = _of_gaussian_columns(n, N_NULL * len(self.varies), rng)
            chosen = np.arange(len(drawn["skew"]))
            if len(chosen) < N_NULL * len(self.varies):
                chosen = rng.integers(0, len(chosen), N_NULL * len(self.varies))
            return {what: found[chosen].reshape(shape) for what, found in drawn.items()}
        variances = {
            "skew": 6 * (n - 2) / ((n + 1) * (n + 3)),
            "kurtosis": 24 * n * (n - 2) * (n - 3) / ((n + 1) ** 2 * (n + 3) * (n + 5)),
        }
        return {
            what: rng.standard_normal(shape) * np.sqrt(variance)
            for what, variance in variances.items()
        }


def _farthest(values: np.ndarray) -> np.ndarray:
    """(r,) the value of each row (r, d) that lies farthest from 0."""
    return np.take_along_axis(values, np.abs(values).argmax(1)[:, None], 1)[:, 0]


def _of_gaussian_columns(n: int, most: int, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Skew and kurtosis of columns of n normal draws; at most so many columns, fewer of large n."""
    n_columns = min(most, max(FEWEST_DRAWN, MOST_DRAWN_VALUES // n))
    found = {"skew": np.empty(n_columns), "kurtosis": np.empty(n_columns)}
    step = max(1, CHUNK_VALUES // n)
    for start in range(0, n_columns, step):
        here = slice(start, min(start + step, n_columns))
        x = rng.standard_normal((here.stop - start, n), np.float32)
        x -= x.mean(1, keepdims=True)
        squares = x * x
        second = squares.mean(1)
        x *= squares
        found["skew"][here] = x.mean(1) / second**1.5
        squares *= squares
        found["kurtosis"][here] = squares.mean(1) / second**2 - 3
    return found


def _resampled(powers: ColumnPowers, varies: np.ndarray, seed: int) -> dict[str, np.ndarray]:
    """(r, latents that vary) skew and kurtosis of resamples of the cells."""
    n_cells = len(powers.n)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n_cells, np.full(n_cells, 1 / n_cells), size=N_RESAMPLES)
    kept = ColumnPowers(powers.n, *(part[:, varies] for part in powers[1:]))
    found = kept.resampled(counts.astype(float)).central()
    return {
        "skew": skew_of(found.n, found.second, found.third),
        "kurtosis": kurtosis_of(found.n, found.second, found.fourth),
    }


def _whole(rows: np.ndarray, *, seed: int) -> list[Measure]:
    n, d = rows.shape
    require_cloud(n, not (rows != rows[:1]).any())
    if n <= d:
        raise UndefinedError(
            f"{n:,} samples of {d:,} latents cannot be whitened: at least {d + 1:,}",
            "measure more images",
        )
    return against_gaussian(
        rows, whole_statistics, seed=seed, null=f"Gaussian of any covariance, d = {d:,}"
    )


def whole_statistics(rows: np.ndarray, rng: np.random.Generator | None = None) -> dict[str, float]:
    """Statistics of all latents together that no shift, turn or scaling of them changes.

    Args:
        rows: (n, d).
        rng: Not needed.

    Returns:
        ``mardia_skew`` b₁ ≥ 0 (0 in the limit of a Gaussian), ``mardia_kurtosis`` b₂ (d(d + 2)),
        ``henze_zirkler`` ≥ 0, and ``mahalanobis_ks`` in [0, 1], the Kolmogorov–Smirnov distance of
        squared whitened norms to χ² of d.

    Raises:
        UndefinedError: If the covariance of the rows is singular.

    Reference:
        Mardia 1970, Measures of multivariate skewness and kurtosis, eqs. 2.23 and 3.6; Henze and
        Zirkler 1990, A class of invariant consistent tests for multivariate normality, eq. 2.2.
    """
    from scipy.stats import chi2, kstest

    n, d = rows.shape
    white = whitened(rows)
    squares = np.square(white).sum(1)
    beta2 = ((2 * d + 1) * n / 4) ** (2 / (d + 4)) / 2
    cubes, kernel = _over_pairs(white, squares, beta2)
    to_mean = np.exp(-beta2 * squares / (2 * (1 + beta2))).mean()
    distance = kernel / n**2 - 2 * (1 + beta2) ** (-d / 2) * to_mean + (1 + 2 * beta2) ** (-d / 2)
    return {
        "mardia_skew": cubes / n**2,
        "mardia_kurtosis": float(np.square(squares).mean()),
        "henze_zirkler": float(n * distance),
        "mahalanobis_ks": float(kstest(squares, chi2(d).cdf).statistic),
    }


def _over_pairs(white: np.ndarray, squares: np.ndarray, beta2: float) -> tuple[float, float]:
    """Sums over all n² pairs of whitened rows of (x·y)³ and of exp(−β²‖x − y‖²/2)."""
    cubes = kernel = 0.0
    for start in range(0, len(white), BLOCK):
        block = slice(start, start + BLOCK)
        products = white[block] @ white[start:].T  # the pairs before stand in earlier blocks
        weight = np.full(products.shape[1], 2.0)
        weight[: len(products)] = 1
        apart = squares[block, None] + squares[start:] - 2 * products
        cubes += float((products * products * products).sum(0) @ weight)
        kernel += float(np.exp(-beta2 / 2 * apart).sum(0) @ weight)
    return cubes, kernel


def whitened(rows: np.ndarray) -> np.ndarray:
    """(n, d) rows about their mean, their covariance (divided by n) made the identity.

    Raises:
        UndefinedError: If that covariance is singular.
    """
    centred = rows - rows.mean(0)
    values, axes = np.linalg.eigh(centred.T @ centred / len(rows))
    if values[0] <= SINGULAR * values[-1]:
        rank = int((values > SINGULAR * values[-1]).sum())
        raise UndefinedError(
            f"the covariance of {len(rows):,} samples is singular: rank {rank} of {len(values)}",
            "leave constant latents out, or measure more images",
        )
    return centred @ (axes / np.sqrt(values))
