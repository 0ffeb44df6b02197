"""How good predicted middles are: skill over the line and the crossfade, with intervals.

Errors of single triplets come in, one row a way of predicting comes out. Every ratio is pooled:
the errors of all triplets are added before they are divided, on each resample again.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.motion.resampled import Draws, means, once
from latentscape.records import Measure, Row

Columns = Mapping[str, np.ndarray]
MOST_EMPTY = 0.025  # share of resamples on which a ratio may have nothing below its line
LATENT, PARTS = "latent_error", "latent_parts"
PIXEL, PERCEPTUAL = "mse", "lpips"
MEANS = (PIXEL, "psnr_mean", "ssim_std", PERCEPTUAL)
LINE, BLURRED = "linear", "blurred-linear"
BLEND, AGAIN, CEILING = "pixel blend", "blend, encoded and decoded", "ceiling"
SKILLS = {
    "motion_skill": (PIXEL, BLEND),
    "motion_skill_decoded": (PIXEL, AGAIN),
    "motion_skill_lpips": (PERCEPTUAL, BLEND),
}


def prediction_rows(
    columns: Mapping[str, Columns], draws: Draws, *, notes: Mapping[str, str] | None = None
) -> tuple[Row, ...]:
    """A row a way of predicting.

    Args:
        columns: Way to its errors, (n,) each: ``latent_error`` (mean squared over values),
            ``latent_parts`` (the same, each channel over its variance), ``mse``, ``psnr_mean``,
            ``ssim_std``, ``lpips``; whichever there are.
        draws: Resamples of the triplets.
        notes: What is said of a way.
    """
    return tuple(
        row_of(name, _makers(own, columns, draws), note=(notes or {}).get(name, ""))
        for name, own in columns.items()
    )


def _makers(
    own: Columns, ways: Mapping[str, Columns], draws: Draws
) -> dict[str, Callable[[], Iterable[Measure]]]:
    makers: dict[str, Callable[[], Iterable[Measure]]] = {}
    if LATENT in own:
        makers[LATENT] = partial(_mean, LATENT, own[LATENT], draws)
        if own is not ways.get(LINE):
            makers["latent_skill"] = partial(_over, "latent_skill", own, ways.get(LINE), draws)
        if BLURRED in ways and own is not ways[BLURRED]:
            makers["blurred_skill"] = partial(_over, "blurred_skill", own, ways[BLURRED], draws)
        makers["latent_r2"] = partial(_explained, own[PARTS], draws)
    for name in MEANS:
        if name in own:
            makers[name] = partial(_mean, name, own[name], draws)
    for name, (error, blend) in SKILLS.items():
        if error in own and {blend, CEILING} <= set(ways):
            three = own[error], ways[blend][error], ways[CEILING][error]
            makers[name] = partial(_motion_skill, name, three, draws)
    return makers


def ratio(
    name: str,
    top: np.ndarray,
    bottom: np.ndarray,
    draws: Draws,
    *,
    less: bool = False,
    note: str = "",
) -> Measure:
    """Σ top / Σ bottom over triplets, or 1 less that, with its interval on resamples.

    Raises:
        UndefinedError: If Σ bottom is not above 0, or not on more than 2.5 % of the resamples: an
            interval of the others alone would leave out where the ratio is least known.
    """
    if not bottom.sum() > 0:
        raise UndefinedError("what it is held against has no error", "take frames that move")
    value = top.sum() / bottom.sum()
    below = draws.counts @ bottom
    if len(below) and (empty := float((below <= 0).mean())) > MOST_EMPTY:
        raise UndefinedError(
            f"what it is held against is not above 0 on {100 * empty:.0f} % of the resamples",
            "take more shots, or frames that move more",
        )
    drawn = np.divide(draws.counts @ top, below, out=np.full(len(below), np.nan), where=below > 0)
    value, drawn = (1 - value, 1 - drawn) if less else (value, drawn)
    interval = draws.interval(float(value), drawn, CATALOGUE[name].bounds)
    return measured(name, float(value), n=len(top), interval=interval, note=note)


def _over(name: str, own: Columns, other: Columns | None, draws: Draws) -> list[Measure]:
    if other is None:
        raise UndefinedError("there is no linear predictor beside it", "ask for it as well")
    return [ratio(name, own[LATENT], other[LATENT], draws, less=True)]


def _motion_skill(
    name: str, three: tuple[np.ndarray, np.ndarray, np.ndarray], draws: Draws
) -> list[Measure]:
    own, blend, ceiling = three
    room = blend - ceiling
    if room.sum() <= 0:
        raise UndefinedError(
            f"the true frame, encoded and decoded, errs by {ceiling.mean():.3g}, a crossfade by "
            f"{blend.mean():.3g} only: there is nothing that a prediction could gain",
            "take a better autoencoder, larger images, or frames that move more",
        )
    return [ratio(name, blend - own, room, draws, note="errors of all triplets are pooled")]


def _explained(parts: np.ndarray, draws: Draws) -> list[Measure]:
    if not np.isfinite(parts).all():
        raise UndefinedError("no channel differs between triplets", "take other frames")
    value = 1 - float(parts.mean())
    drawn = 1 - means(parts, draws.counts) if len(draws.counts) else np.zeros(0)
    interval = draws.interval(value, drawn, CATALOGUE["latent_r2"].bounds)
    return [measured("latent_r2", value, n=len(parts), interval=interval)]


def _mean(name: str, values: np.ndarray, draws: Draws) -> list[Measure]:
    finite = np.where(np.isfinite(values), values, np.nan)
    n = int(np.isfinite(finite).sum())
    if not n:
        raise UndefinedError("no triplet has a finite value", "exact images have no PSNR")
    value = float(means(finite, once(len(values)))[0])
    drawn = means(finite, draws.counts) if len(draws.counts) else np.zeros(0)
    interval = draws.interval(value, drawn, CATALOGUE[name].bounds)
    return [measured(name, value, n=n, interval=interval)]
