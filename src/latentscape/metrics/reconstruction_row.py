"""From what a reconstruction score gathered to a row of measures with intervals and reasons."""

import math
from dataclasses import dataclass, replace

import numpy as np

from latentscape.metrics.catalogue import measured
from latentscape.metrics.collapse import LatentSums
from latentscape.metrics.elbo import NO_RATE, LikelihoodName, bits_per_dim, bits_per_dim_refusal
from latentscape.metrics.interval import (
    FEWEST_UNITS,
    Groups,
    Interval,
    bootstrap_intervals,
    grouping_of,
)
from latentscape.metrics.moments import Moments
from latentscape.metrics.pixel import psnr_of
from latentscape.metrics.similarity import CONVENTIONS, refusal
from latentscape.records import Measure, Row
from latentscape.shapes import ImageShape

SEEN = ("lpips", "lpips01", "chamfer")  # columns that come from outside, of some images or all


@dataclass(frozen=True)
class Gathered:
    """Everything a row is computed from.

    Attributes:
        columns: Name to (n,) values, one an image.
        shape: Of one image.
        likelihood: Of the decoder; None for a baseline.
        drawn: ``mean`` or ``sample``: what of the posterior was decoded, for the pixels.
        nll_drawn: The same for the distortion.
        latents: Sums over the posteriors, where they came latent by latent.
        pixels: Moments of originals and of reconstructions.
    """

    columns: dict[str, np.ndarray]
    shape: ImageShape
    likelihood: LikelihoodName | None
    drawn: str
    nll_drawn: str
    latents: LatentSums | None
    pixels: tuple[Moments, Moments] | None

    @property
    def n(self) -> int:
        """Number of images."""
        return len(self.columns["mse"])

    @property
    def floor(self) -> float:
        """Mean entropy floor, nats; 0 where it does not apply."""
        return float(self.columns["entropy_floor"].mean()) if self.has("entropy_floor") else 0.0

    def has(self, *names: str) -> bool:
        """Whether every one of these columns is there."""
        return set(names) <= set(self.columns)


def reconstruction_row(
    gathered: Gathered, *, name: str, seed: int, groups: Groups | None, note: str
) -> Row:
    """The row called `name`; its note tells why a measure is absent."""
    intervals = bootstrap_intervals(gathered.columns, seed=seed, groups=groups)
    measures = [
        *_pixel_measures(gathered, intervals),
        *_bound_measures(gathered, intervals),
        *_unit_measures(gathered),
    ]
    notes = [note, *_reasons(gathered)]
    return Row(name=name, measures=tuple(measures), note="; ".join(filter(None, notes)))


def reconstruction_parts(
    gathered: Gathered, parts: np.ndarray, *, seed: int, groups: Groups | None
) -> tuple[Row, ...]:
    """A row a part, in the order in which they first come; see `ReconstructionScore.parts`."""
    rows = []
    for part in filter(None, dict.fromkeys(parts.tolist())):
        inside = parts == part
        columns = {name: values[inside] for name, values in gathered.columns.items()}
        own = None if groups is None else grouping_of(groups).among(inside)
        few = int(inside.sum()) < FEWEST_UNITS
        some = replace(gathered, columns=columns, latents=None, pixels=None)
        intervals = {} if few else bootstrap_intervals(columns, seed=seed, groups=own)
        measures = [*_pixel_measures(some, intervals), *_bound_measures(some, intervals)]
        of = "" if own is None else f" of {own.n:,} {own.noun}{'s' if own.n > 1 else ''}"
        note = f"{some.n:,} images{of}{': too few for intervals' if few else ''}"
        rows.append(Row(name=str(part), measures=tuple(measures), note=note))
    return tuple(rows)


def _pixel_measures(gathered: Gathered, intervals: dict[str, Interval]) -> list[Measure]:
    drawn = f"decoded from the posterior {gathered.drawn}" if gathered.likelihood else ""
    psnr = gathered.columns["psnr"]
    finite = psnr[np.isfinite(psnr)]
    n_exact = len(psnr) - len(finite)
    exact = f"{n_exact:,} exact images (infinite) left out" if n_exact and len(finite) else ""
    measures = [_mean_of(name, gathered, intervals, note=drawn) for name in ("mse", "mae")]
    measures += [
        measured(
            "psnr_mean",
            float(finite.mean()) if len(finite) else math.inf,
            n=gathered.n,
            interval=intervals.get("psnr"),
            note="; ".join(filter(None, [drawn, exact])),
        ),
        measured(
            "psnr_of_mean_mse",
            psnr_of(float(gathered.columns["mse"].mean())),
            n=gathered.n,
            interval=_in_decibels(intervals.get("mse")),
            note=drawn,
        ),
    ]
    names = [name for name in (*CONVENTIONS, "ms_ssim", *SEEN) if gathered.has(name)]
    names = [name for name in names if np.isfinite(gathered.columns[name]).any()]
    return measures + [_mean_of(name, gathered, intervals, note=drawn) for name in names]


def _bound_measures(gathered: Gathered, intervals: dict[str, Interval]) -> list[Measure]:
    likelihood = gathered.likelihood
    if likelihood is None or not gathered.has("distortion"):
        return []
    drawn = f"decoded from the posterior {gathered.nll_drawn}"
    measures = [_mean_of("distortion", gathered, intervals, note=drawn)]
    if gathered.floor > 0:
        above = float(gathered.columns["distortion_above_floor"].mean())
        interval = intervals.get("distortion_above_floor")
        measures += [
            _mean_of("entropy_floor", gathered, intervals),
            measured("distortion_above_floor", above, n=gathered.n, interval=interval),
        ]
    if not gathered.has("rate"):
        return measures
    if gathered.nll_drawn == "mean":
        drawn += ", so it is no bound"
    elbo = _mean_of("elbo", gathered, intervals, note=drawn)
    measures += [_mean_of("rate", gathered, intervals), elbo]
    if bits_per_dim_refusal(likelihood, gathered.floor) is None:
        size, interval = gathered.shape.size, intervals.get("elbo")
        if interval is not None:
            low, high = (
                bits_per_dim(-end, size, likelihood=likelihood)
                for end in (interval.high, interval.low)
            )
            interval = Interval(low, high, interval.words)
        bits = bits_per_dim(-elbo.value, size, likelihood=likelihood)
        measures.append(measured("bits_per_dim", bits, n=elbo.n, interval=interval, note=drawn))
    return measures


def _unit_measures(gathered: Gathered) -> list[Measure]:
    measures = []
    if gathered.latents is not None:
        latents = gathered.latents
        of = f"of {len(latents.small)}"
        n_active, n_collapsed = int(latents.active.sum()), int(latents.collapsed.sum())
        measures = [
            measured("active_units", n_active, n=latents.means.n, note=of),
            measured("collapsed_units", n_collapsed, n=latents.means.n, note=of),
        ]
    if gathered.pixels is not None:
        originals, reconstructions = (moments.deviations.sum() for moments in gathered.pixels)
        if originals > 0:
            spread = reconstructions / originals
            measures.append(measured("reconstruction_spread", spread, n=gathered.n))
    return measures


def _reasons(gathered: Gathered) -> list[str]:
    """Why each absent measure is absent."""
    _, height, width = gathered.shape
    reasons = [refusal(name, height, width) for name in (*CONVENTIONS, "ms_ssim")]
    if gathered.likelihood is not None and gathered.has("distortion"):
        if gathered.has("rate"):
            reasons.append(bits_per_dim_refusal(gathered.likelihood, gathered.floor))
        else:
            reasons.append(NO_RATE)
    return [reason for reason in reasons if reason]


def _mean_of(
    name: str, gathered: Gathered, intervals: dict[str, Interval], *, note: str = ""
) -> Measure:
    values = gathered.columns[name]
    if name in SEEN:
        values = values[np.isfinite(values)]
    return measured(
        name, float(values.mean()), n=len(values), interval=intervals.get(name), note=note
    )


def _in_decibels(interval: Interval | None) -> Interval | None:
    if interval is None:
        return None
    return Interval(psnr_of(interval.high), psnr_of(interval.low), interval.words)
