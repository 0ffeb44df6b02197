"""What each number is called, its unit, which way is better, and how far it can go."""

from typing import NamedTuple

from latentscape.metrics.interval import Interval
from latentscape.records import Better, Measure


class Entry(NamedTuple):
    """The facts about a measure that do not depend on data."""

    unit: str
    better: Better
    bounds: tuple[float | None, float | None]
    meaning: str


CATALOGUE: dict[str, Entry] = {
    "mse": Entry(
        "squared pixel value", "lower", (0, 1), "squared error, mean over pixels and images"
    ),
    "mae": Entry("pixel value", "lower", (0, 1), "absolute error, mean over pixels and images"),
    "psnr_mean": Entry("dB", "higher", (0, None), "PSNR of each image, then the mean"),
    "psnr_of_mean_mse": Entry("dB", "higher", (0, None), "PSNR of the mean squared error"),
    "ssim_std": Entry(
        "",
        "higher",
        (-1, 1),
        "Gaussian window 11×11, σ 1.5, population covariance, R = 1, per channel",
    ),
    "ssim_seed": Entry(
        "", "higher", (-1, 1), "uniform window 7×7, sample covariance, R = 1, per channel"
    ),
    "ssim_atd": Entry(
        "",
        "higher",
        (-1, 1),
        "uniform window 7×7, sample covariance, R = 2, per channel; "
        "only for the published ATD-12K tables, higher than R = 1 on the same images",
    ),
    "ms_ssim": Entry("", "higher", (0, 1), "5 scales, Gaussian window 11×11, R = 1, per channel"),
    "elbo": Entry("nat", "higher", (None, None), "−(distortion + rate), per image"),
    "rate": Entry("nat", "neither", (0, None), "KL(q(z|x) ‖ p(z)), summed over latents, per image"),
    "distortion": Entry("nat", "lower", (None, None), "−log p(x|z), summed over pixels, per image"),
    "entropy_floor": Entry(
        "nat",
        "neither",
        (0, None),
        "the least distortion a Bernoulli decoder can have on these gray values, per image",
    ),
    "distortion_above_floor": Entry("nat", "lower", (0, None), "distortion − entropy floor"),
    "bits_per_dim": Entry("bit/dim", "lower", (None, None), "−ELBO in bits, per pixel value"),
    "active_units": Entry(
        "units", "neither", (0, None), "latents whose mean varies over images by more than .01"
    ),
    "collapsed_units": Entry(
        "units", "neither", (0, None), "latents with KL < .01 nat on at least 99 % of images"
    ),
    "reconstruction_spread": Entry(
        "", "neither", (0, None), "variance over images of the reconstructions ÷ of the originals"
    ),
    "trustworthiness": Entry(
        "", "higher", (0, 1), "how few of a point's neighbours on the map are strangers"
    ),
    "continuity": Entry("", "higher", (0, 1), "how few of a point's true neighbours the map loses"),
    "neighbour_preservation": Entry(
        "", "higher", (0, 1), "share of the k true neighbours that are neighbours on the map"
    ),
    "shepard_spearman": Entry(
        "", "higher", (-1, 1), "rank correlation of distances in the space and on the map"
    ),
    "stress": Entry(
        "", "lower", (0, 1), "√(Σ(d − αδ)² / Σd²), d in the space, δ on the map, best scale α"
    ),
}


def measured(
    name: str, value: float, *, n: int, interval: Interval | None = None, note: str = ""
) -> Measure:
    """The measure called `name` with its unit, direction and bounds from the catalogue.

    Args:
        name: A key of `CATALOGUE`.
        value: The number, in the catalogue's unit.
        n: Number of samples behind it.
        interval: Where one was computed.
        note: What the meaning does not say already; stands after it.
    """
    entry = CATALOGUE[name]
    return Measure(
        name=name,
        value=float(value),
        unit=entry.unit,
        better=entry.better,
        bounds=entry.bounds,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        interval="" if interval is None else interval.words,
        n=n,
        note=f"{entry.meaning}; {note}" if note else entry.meaning,
    )
