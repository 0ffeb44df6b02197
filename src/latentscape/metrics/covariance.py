"""Spherical or oblong: the shape of a cloud of latents in numbers, and its one-line verdict."""

from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.metrics.interval import Interval, centred_interval
from latentscape.metrics.spectrum import Spectrum
from latentscape.records import Measure, Reference, Row

SPHERICAL = 0.9  # least GM/AM and least PR/d of a cloud called spherical
OBLONG = 3.0  # least λ₁ ÷ mean λ of a cloud called oblong, from 5 latents on
CROWDED = 10  # with fewer samples a latent, John's test stands in for Mauchly's


class ShapeNumbers(NamedTuple):
    """Numbers of spectra, each of the leading shape of the eigenvalues."""

    participation_ratio: np.ndarray
    participation_share: np.ndarray
    effective_rank: np.ndarray
    anisotropy: np.ndarray
    condition_number: np.ndarray
    sphericity: np.ndarray


def shape_numbers(values: np.ndarray) -> ShapeNumbers:
    """The shape of each spectrum ``(... d)``, eigenvalues largest first.

    Returns:
        Participation ratio and effective rank in dimensions, 1 to d; PR/d and GM/AM in [0, 1];
        λ₁ ÷ mean λ from 1 to d; λ₁ ÷ λ_d from 1. NaN or infinite where the spectrum is 0.

    Reference:
        Roy and Vetterli 2007, The effective rank, eq. 3; Mauchly 1940, Significance test for
        sphericity, W^{1/d}.
    """
    d = values.shape[-1]
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = values / values.sum(-1, keepdims=True)
        logs = np.log(shares)
        ratio = 1 / np.square(shares).sum(-1)
        entropy = -np.where(shares > 0, shares * logs, 0).sum(-1)
        geometric = np.exp(logs.mean(-1))
        condition = values[..., 0] / values[..., -1]
    return ShapeNumbers(
        ratio, ratio / d, np.exp(entropy), shares[..., 0] * d, condition, geometric * d
    )


def covariance_shape(spectrum: Spectrum) -> Row:
    """Participation ratio, effective rank, λ₁ ÷ mean λ, condition number, GM/AM and its test.

    Returns:
        The row; each number with a bootstrap interval where there are resamples, and held
        against isotropic Gaussian clouds of as many samples and latents.
    """
    d, why = spectrum.d, spectrum.why_singular

    def one(name: str) -> list[Measure]:
        if why and name in ("condition_number", "sphericity"):
            raise UndefinedError(why, "see the other numbers of shape")
        return [_number(spectrum, name)]

    makers: dict[str, Callable[[], list[Measure]]] = {
        name: partial(one, name) for name in ShapeNumbers._fields
    }
    test = "john" if spectrum.n < CROWDED * d else "mauchly"
    makers[test] = lambda: _sphericity_test(spectrum, test)
    small = " With so few samples λ differ by chance alone: read each value beside its null."
    note = f"{spectrum.n:,} posterior means of {d:,} latents."
    return row_of(
        "covariance shape", makers, note=note + (small if spectrum.n < CROWDED * d else "")
    )


def _number(spectrum: Spectrum, name: str) -> Measure:
    value = float(getattr(shape_numbers(spectrum.values), name))
    null = getattr(shape_numbers(spectrum.null), name)
    interval: Interval | None = None
    if spectrum.resampled is not None:
        resampled = getattr(shape_numbers(spectrum.resampled), name)
        bounds = CATALOGUE[name].bounds
        interval = centred_interval(value, resampled, bounds, spectrum.words)
    words = f"isotropic Gaussian, n = {spectrum.n:,}, d = {spectrum.d:,}, {len(null)} draws"
    reference = Reference(
        value=float(null.mean()), low=float(null.min()), high=float(null.max()), words=words
    )
    return measured(name, value, n=spectrum.n, interval=interval, reference=reference)


def _sphericity_test(spectrum: Spectrum, test: str) -> list[Measure]:
    """Mauchly's likelihood ratio, or John's U where samples are few for the latents."""
    from scipy.stats import chi2

    n, d = spectrum.n, spectrum.d
    if d < 2:
        raise UndefinedError("a single latent is always spherical", "nothing to mend")
    if test == "mauchly" and spectrum.why_singular:
        raise UndefinedError(spectrum.why_singular, "see the other numbers of shape")
    freedom = d * (d + 1) / 2 - 1
    shares = spectrum.values / spectrum.values.mean()
    if test == "mauchly":
        statistic = -(n - 1 - (2 * d * d + d + 2) / (6 * d)) * np.log(shares).sum()
    else:
        statistic = n / 2 * np.square(shares - 1).sum()
    p = float(chi2.sf(statistic, freedom))
    note = (
        f"{freedom:,.0f} degrees of freedom; with n ≫ d any deviation is significant: GM/AM first"
    )
    expected = Reference(
        value=freedom, low=float(chi2.ppf(0.025, freedom)), high=float(chi2.ppf(0.975, freedom)),
        words="95 % of χ² where all λ are equal",
    )  # fmt: skip
    return [
        measured(f"{test}_chi2", statistic, n=n, note=note, reference=expected),
        measured(f"{test}_p", p, n=n, note="effect first: see GM/AM"),
    ]


def shape_verdict(row: Row) -> str:
    """One sentence, with its thresholds: spherical, oblong, neither, or why it cannot be said.

    Spherical needs GM/AM ≥ .9 and PR/d ≥ .9. Oblong needs λ₁ ÷ mean λ ≥ 3; of 2, 3 and 4 latents
    the half-way from 1, a sphere, to d, a line. Where samples are so few that an isotropic cloud
    would miss PR/d ≥ .9 itself, oblong needs as many times the null's λ₁ ÷ mean λ, and nothing
    else is said.
    """
    found = {measure.name: measure for measure in row.measures}
    if "anisotropy" not in found:
        why = row.undefined[0].why if row.undefined else "nothing was measured"
        return f"no verdict on the shape: {why}"
    share, first = found["participation_share"], found["anisotropy"]
    d = round(found["participation_ratio"].value / share.value)
    if d < 2:
        return "no verdict on the shape: a single latent has none"
    chance = _lowest(share)
    limit = min(OBLONG, (1 + d) / 2)
    told = f"λ₁ is {first.value:.1f} times the mean"
    if chance < SPHERICAL:
        limit *= first.reference.high or 1 if first.reference else 1
        if first.value >= limit:
            return f"oblong: {told}, ≥ {limit:.1f} at so few samples"
        return (
            f"no verdict on the shape: {share.n:,} samples are too few for {d:,} latents, an "
            f"isotropic cloud would have PR/d {chance:.2f} < {SPHERICAL:g} too"
        )
    tests = [("GM/AM", found.get("sphericity")), ("PR/d", share)]
    fails = [
        f"{name} {measure.value:.2f} < {SPHERICAL:g}" if measure else f"{name} is not defined"
        for name, measure in tests
        if measure is None or measure.value < SPHERICAL
    ]
    if not fails:
        passed = (f"{name} {m.value:.2f} ≥ {SPHERICAL:g}" for name, m in tests if m)
        return f"spherical: {' and '.join(passed)}"
    if first.value >= limit:
        return f"oblong: {told}, ≥ {limit:g}"
    return f"neither spherical nor oblong: {', '.join(fails)}; {told}, < {limit:g}"


def _lowest(measure: Measure) -> float:
    held = measure.reference
    return 1.0 if held is None or held.low is None else held.low
