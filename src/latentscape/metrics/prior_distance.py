"""How far a cloud of latents lies from the prior N(0, I)."""

import math
from collections.abc import Callable, Iterable

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.metrics.interval import Interval, centred_interval
from latentscape.metrics.moments import CovarianceSums
from latentscape.metrics.spectrum import (
    FEWEST_CELLS,
    LARGE,
    Spectrum,
    isotropic_eigenvalues,
    resampled_covariances,
    spectrum_of,
    why_flat,
)
from latentscape.metrics.subsets import against_gaussian
from latentscape.records import Measure, Reference, Row

SCALES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
N_LINES = 100
BLOCK = 250
N_NODES = 64
CHUNK_VALUES = 1 << 21


def prior_distance(
    rows: np.ndarray, sums: CovarianceSums, *, seed: int, words: str = "", what: str = ""
) -> Row:
    """KL, norm law, MMD, sliced Wasserstein and energy distance to N(0, I).

    Args:
        rows: (n, d) latents.
        sums: Of the same rows, dealt to cells.
        seed: Of subsets, draws and bootstrap.
        words: What the bootstrap draws, as `dealt` says it.
        what: What the rows are, for the row's note.

    Returns:
        The row; KL and norm law over all rows, the others on subsets of up to 2,000, each held
        against N(0, I) itself at the same size.
    """
    d = rows.shape[1]
    null = f"N(0, I) against N(0, I), d = {d:,}"
    makers: dict[str, Callable[[], Iterable[Measure]]] = {
        "prior_kl": lambda: [_kl(sums, seed=seed, words=words)],
        "norm_law": lambda: _norms(rows),
        "prior_sample_distances": lambda: against_gaussian(
            _enough(rows), sample_distances, seed=seed, null=null
        ),
    }
    return row_of("distance to the prior", makers, note=what)


def no_prior(why: str) -> Row:
    """The row of latents for which N(0, I) is no prior: nothing is defined, and why."""

    def refuse() -> list[Measure]:
        raise UndefinedError(why, "see covariance shape and Gaussianity, which need no prior")

    return row_of("distance to the prior", {"distance_to_the_prior": refuse})


def fitted_kl(values: np.ndarray, mean_square: np.ndarray | float) -> np.ndarray:
    """KL of N(m, S) to N(0, I), nats; ½(tr S + ‖m‖² − d − ln det S), 0 or more.

    Args:
        values: (... d) eigenvalues of S.
        mean_square: (...) ‖m‖².
    """
    with np.errstate(divide="ignore"):
        logs = np.log(values).sum(-1)
    return (values.sum(-1) + mean_square - values.shape[-1] - logs) / 2


def _kl(sums: CovarianceSums, *, seed: int, words: str) -> Measure:
    n, d = int(sums.n.sum()), sums.d
    few = n > 1 and why_flat(n, d)  # before the work of a spectrum
    spectrum = None if few else spectrum_of(sums, seed=seed)
    why = few or (spectrum and spectrum.why_singular)
    if spectrum is None or why:
        raise UndefinedError(
            f"a Gaussian fitted to them is flat and its KL infinite: {why}",
            "see the other distances to the prior",
        )
    mean = sums.total().mean[0]
    value = float(fitted_kl(spectrum.values, mean @ mean))
    interval: Interval | None = None
    if len(sums.n) >= FEWEST_CELLS and sums.d <= LARGE:
        moved, values = resampled_covariances(sums, mean, seed=seed)
        resampled = fitted_kl(values, np.square(moved + mean).sum(1))
        words = f"95 % bootstrap over {words} ({len(resampled):,} resamples, seed {seed}), centred"
        interval = centred_interval(value, resampled, CATALOGUE["prior_kl"].bounds, words)
    reference = _kl_null(spectrum, seed)
    return measured("prior_kl", value, n=spectrum.n, interval=interval, reference=reference)


def _kl_null(spectrum: Spectrum, seed: int) -> Reference:
    n, d = spectrum.n, spectrum.d
    values = isotropic_eigenvalues(n, d, seed=seed)
    means = np.random.default_rng(seed).chisquare(d, len(values)) / n
    null = fitted_kl(values, means)
    words = f"fit to N(0, I) itself, n = {n:,}, d = {d:,}, {len(null)} draws, lowest to highest"
    return Reference(
        value=float(null.mean()), low=float(null.min()), high=float(null.max()), words=words
    )


def _norms(rows: np.ndarray) -> list[Measure]:
    from scipy.stats import chi2, kstest, kstwo

    n, d = rows.shape
    squares = squared_norms(rows)
    _enough(rows)
    spread = 1.96 * squares.std(ddof=1) / d / math.sqrt(n)
    ratio = float(squares.mean() / d)
    chance = 1.96 * math.sqrt(2 / d / n)
    gap = float(kstest(squares, chi2(d).cdf).statistic)
    reach = math.sqrt(math.log(2 / 0.05) / (2 * n))
    null = kstwo(n)
    return [
        measured(
            "norm_ratio", ratio, n=n,
            interval=Interval(ratio - spread, ratio + spread, f"95 % normal over {n:,} samples"),
            reference=Reference(
                value=1.0, low=1 - chance, high=1 + chance, words=f"N(0, I), n = {n:,}, 95 %"
            ),
        ),
        measured(
            "norm_ks", gap, n=n,
            interval=Interval(
                max(0.0, gap - reach), min(1.0, gap + reach),
                f"95 % band of Dvoretzky, Kiefer, Wolfowitz and Massart over {n:,} samples",
            ),
            reference=Reference(
                value=float(null.mean()), low=float(null.ppf(0.025)), high=float(null.ppf(0.975)),
                words=f"N(0, I), n = {n:,}, 95 %",
            ),
        ),
    ]  # fmt: skip


def squared_norms(rows: np.ndarray) -> np.ndarray:
    """(n,) ‖z‖² of each row; a memory map is read a chunk at a time."""
    n, d = rows.shape
    step = max(1, CHUNK_VALUES // d)
    found = np.empty(n)
    for start in range(0, n, step):
        chunk = np.asarray(rows[start : start + step], np.float64)
        found[start : start + step] = np.square(chunk).sum(1)
    return found


def sample_distances(rows: np.ndarray, rng: np.random.Generator) -> dict[str, float]:
    """Distances of a sample to N(0, I) that compare more than moments.

    The prior is not sampled: its side of every mean is worked out.

    Args:
        rows: (n, d).
        rng: Of the lines.

    Returns:
        ``prior_mmd2``, unbiased; ``prior_sliced_w2`` in the prior's standard deviations, 0 or
        more; ``prior_energy``, unbiased. All near 0 for a sample of N(0, I).

    Reference:
        Gretton et al. 2012, A kernel two-sample test, eq. 3, with the kernel of Tolstikhin et al.
        2018, §4; Bonneel et al. 2015, Sliced and Radon Wasserstein barycenters; Székely and Rizzo
        2013, Energy statistics, eq. 2.1.
    """
    d = rows.shape[1]
    kernel, distance = _mean_over_pairs(rows)
    across, alone = kernel_to_gaussian(np.square(rows).sum(1), d), kernel_of_gaussians(d)
    to_prior = float(distance_to_gaussian(rows).mean())
    return {
        "prior_mmd2": kernel - 2 * float(across.mean()) + alone,
        "prior_sliced_w2": sliced_w2(rows, rng),
        "prior_energy": 2 * to_prior - distance - mean_distance_of_gaussians(d),
    }


def _mean_over_pairs(rows: np.ndarray) -> tuple[float, float]:
    """Mean over pairs of different rows of Σ C/(C + ‖x − y‖²), C = 2d·scale, and of ‖x − y‖."""
    n, d = rows.shape
    squares = np.square(rows).sum(1)
    kernel = distance = 0.0
    for start in range(0, n, BLOCK):
        block = rows[start : start + BLOCK]
        products = block @ rows[start:].T  # the pairs before stand in earlier blocks
        apart = (squares[start : start + BLOCK, None] + squares[start:] - 2 * products).clip(min=0)
        weight = np.full(apart.shape[1], 2.0)
        weight[: len(block)] = 1
        np.fill_diagonal(apart, 0)
        buffer = products
        for scale in SCALES:
            np.reciprocal(np.add(apart, 2 * d * scale, out=buffer), out=buffer)
            kernel += 2 * d * scale * float(buffer.sum(0) @ weight)
        distance += float(np.sqrt(apart, out=buffer).sum(0) @ weight)
    return (kernel - len(SCALES) * n) / (n * (n - 1)), distance / (n * (n - 1))


def kernel_to_gaussian(squared: np.ndarray, d: int) -> np.ndarray:
    """(n,) mean of Σ C/(C + ‖x − y‖²) over y of N(0, I_d), from ‖x‖² (n,).

    C/(C + D) = ∫ e^(−u) e^(−uD/C) du and D is non-central χ², whose mean e^(−tD) is
    (1 + 2t)^(−d/2) e^(−‖x‖²t/(1 + 2t)); the integral by Gauss and Laguerre.
    """
    nodes, weights = np.polynomial.laguerre.laggauss(N_NODES)
    found = np.zeros(len(squared))
    for scale in SCALES:
        t = nodes / (2 * d * scale)
        grown = np.exp(-squared[:, None] * (t / (1 + 2 * t)))
        found += grown @ (weights * (1 + 2 * t) ** (-d / 2))
    return found


def kernel_of_gaussians(d: int) -> float:
    """Mean of the same kernel over two draws of N(0, I_d): ‖x − y‖² is 2χ²."""
    nodes, weights = np.polynomial.laguerre.laggauss(N_NODES)
    return sum(float(weights @ (1 + 2 * nodes / (d * s)) ** (-d / 2)) for s in SCALES)


def sliced_w2(rows: np.ndarray, rng: np.random.Generator) -> float:
    """Root mean square over 100 random lines of W₂ between the projected rows and N(0, 1).

    On a line it is exact: mean x² − 2Σ x₍ᵢ₎(φ(qᵢ₋₁) − φ(qᵢ)) + 1, qᵢ the quantile of i/n.
    """
    from scipy.stats import norm

    n, d = rows.shape
    lines = rng.standard_normal((d, N_LINES))
    lines /= np.linalg.norm(lines, axis=0)
    projected = np.sort(rows @ lines, axis=0)
    density = norm.pdf(norm.ppf(np.arange(n + 1) / n))
    products = (density[:-1] - density[1:]) @ projected
    squared = np.square(projected).mean(0) - 2 * products + 1
    return math.sqrt(float(squared.mean().clip(min=0)))


def distance_to_gaussian(rows: np.ndarray) -> np.ndarray:
    """(n,) mean distance of each row to N(0, I).

    √D = 1/√π ∫ (1 − e^(−v²D)) / v² dv, and D is non-central χ²; with v = tan θ / √(d + ‖x‖²) the
    integral over [0, π/2] is smooth. (SciPy's hyp1f1, its closed form, overflows from d = 100.)
    """
    d = rows.shape[1]
    squared = np.square(rows).sum(1)[:, None]
    nodes, weights = np.polynomial.legendre.leggauss(N_NODES)
    angle = np.pi / 4 * (nodes + 1)
    t = np.square(np.tan(angle)) / (squared + d)
    log_mean = -d / 2 * np.log1p(2 * t) - squared * t / (1 + 2 * t)
    integral = -np.expm1(log_mean) @ (np.pi / 4 * weights / np.square(np.sin(angle)))
    return np.sqrt((squared[:, 0] + d) / np.pi) * integral


def mean_distance_of_gaussians(d: int) -> float:
    """Mean distance of two draws of N(0, I_d): 2 Γ((d + 1)/2) / Γ(d/2)."""
    return 2 * math.exp(math.lgamma((d + 1) / 2) - math.lgamma(d / 2))


def _enough(rows: np.ndarray) -> np.ndarray:
    if len(rows) < 2:
        raise UndefinedError(f"{len(rows)} sample has no distribution", "measure more images")
    return rows
