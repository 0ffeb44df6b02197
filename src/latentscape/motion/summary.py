"""Rows of a motion table: medians, means and correlations with intervals, through the catalogue."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.motion.resampled import (
    Draws,
    means,
    medians,
    once,
    partial_spearmans,
    shuffled_spearmans,
    spearmans,
)
from latentscape.records import Measure, Reference, Row

FEWEST = 3
FEWEST_CORRELATED, FEWEST_RESAMPLED = 5, 10
N_SHUFFLES = 200
THIRDS = ("least motion", "middle motion", "most motion")

MEDIANS = (
    *("midpoint_deviation", "holder_exponent", "time_of_middle", "perpendicular_share"),
    *("triangle_ratio", "cosine_at_middle", "deviation_to_pixels"),
)
MEANS = ("place_correlation", "place_correlation_partial", "moving_auc")
CORRELATIONS = {
    "flow_correlation": ("displacement", "flow"),
    "step_flow_correlation": ("first_step", "first_flow"),
    "flow_correlation_partial": ("displacement", "flow", "texture"),
}
OF_FLOW = {"mean_flow": "flow", "rrld": "rrld", "linear_share": "is_linear"}

Columns = Mapping[str, np.ndarray]


def space_row(
    name: str, columns: Columns, draws: Draws, *, beside: str = "", note: str = "", seed: int = 0
) -> Row:
    """A row of whatever the columns define.

    Args:
        name: Of the row.
        columns: By number, (m,) values of the triplets; ``displacement``, ``first_step``,
            ``flow``, ``first_flow`` and ``texture`` are what correlations are of.
        draws: Resamples of the same triplets.
        beside: The row that this one is a baseline of.
        note: Of the row.
        seed: Of the shuffles that chance is told by.
    """
    makers: dict[str, Callable[[], list[Measure]]] = {}
    for one in MEDIANS:
        if one in columns:
            makers[one] = lambda one=one: [_middling(one, columns[one], draws)]
    for one, parts in CORRELATIONS.items():
        if all(part in columns for part in parts):
            told = [columns[part] for part in parts]
            makers[one] = lambda one=one, told=told: [_correlated(one, told, draws, seed)]
    for one in MEANS:
        if one in columns:
            makers[one] = lambda one=one: [_averaged(one, columns[one], draws)]
    return row_of(name, makers, note=note).model_copy(update={"beside": beside})


def flow_row(name: str, columns: Columns, draws: Draws, *, beside: str) -> Row:
    """What moves in the frames themselves."""
    makers = {
        "mean_flow": lambda: [_middling("mean_flow", columns["flow"], draws)],
        "rrld": lambda: [_middling("rrld", columns["rrld"], draws)],
        "linear_share": lambda: [_averaged("linear_share", columns["is_linear"], draws)],
    }
    return row_of(name, makers).model_copy(update={"beside": beside})


def course_row(name: str, numbers: Columns, draws: Draws, *, beside: str = "") -> Row:
    """Curvature, straightness and roughness over shots."""
    makers = {
        f"shot_{one}": lambda one=one: [_averaged(f"shot_{one}", numbers[one], draws, least=1)]
        for one in ("curvature", "straightness", "roughness")
    }
    return row_of(name, makers).model_copy(update={"beside": beside})


def shift_row(
    name: str, columns: Columns, draws: Draws, *, beside: str = "", note: str = ""
) -> Row:
    """What one shift does, from the columns of `Equivariance`."""

    def error() -> list[Measure]:
        held = _reference(columns["unmoved"], "the latent not moved")
        return [_averaged("equivariance_error", columns["errors"], draws, least=2, held=held)]

    def psnr() -> list[Measure]:
        if not np.isfinite(columns["psnr"]).any():
            raise UndefinedError("within its borders every decoded image is flat")
        held = _reference(columns["unmoved_psnr"], "the image not moved")
        return [_averaged("shifted_psnr", columns["psnr"], draws, least=2, held=held)]

    makers = {"equivariance_error": error}
    if "psnr" in columns:
        makers["shifted_psnr"] = psnr
    return row_of(name, makers, note=note).model_copy(update={"beside": beside})


def thirds(values: np.ndarray) -> list[np.ndarray]:
    """Places of the values by thirds of their ranks, least first; ties by place."""
    order = np.argsort(values, kind="stable")
    return [np.sort(part) for part in np.array_split(order, 3)]


def _middling(name: str, values: np.ndarray, draws: Draws) -> Measure:
    n = _enough(values, FEWEST)
    value = float(medians(values, once(len(values)))[0])
    interval = draws.interval(value, medians(values, draws.counts), CATALOGUE[name].bounds)
    return measured(name, value, n=n, interval=interval)


def _averaged(
    name: str,
    values: np.ndarray,
    draws: Draws,
    *,
    least: int = FEWEST,
    held: Reference | None = None,
) -> Measure:
    n = _enough(values, least)
    value = float(np.nanmean(values))
    interval = draws.interval(value, means(values, draws.counts), CATALOGUE[name].bounds)
    return measured(name, value, n=n, interval=interval, reference=held)


def _correlated(name: str, told: Sequence[np.ndarray], draws: Draws, seed: int) -> Measure:
    m = len(told[0])
    n = m - int(np.isnan(np.stack(told)).any(axis=0).sum())
    if n < FEWEST_CORRELATED:
        raise UndefinedError(f"{n} triplets are too few to correlate")

    def find(counts: np.ndarray) -> np.ndarray:
        if len(told) == 2:
            return spearmans(told[0], told[1], counts)
        return partial_spearmans(told[0], told[1], told[2], counts)

    value = float(find(once(m))[0])
    if np.isnan(value):
        raise UndefinedError("what is to be correlated is the same in every triplet")
    interval = None
    if n >= FEWEST_RESAMPLED:  # of fewer, resamples of an order that is perfect all are so too
        interval = draws.interval(value, find(draws.counts), (-1, 1))
    held = _chance(told, draws, seed) if len(told) == 2 else None
    return measured(name, value, n=n, interval=interval, reference=held)


def _chance(told: Sequence[np.ndarray], draws: Draws, seed: int) -> Reference:
    """What shuffled groups give; of too few to shuffle, nought alone."""
    if not len(draws.counts):
        words = f"no relation; {draws.words}: too few to exchange their flows"
        return Reference(value=0.0, words=words)
    drawn = shuffled_spearmans(told[0], told[1], draws.unit, n=N_SHUFFLES, seed=seed)
    low, high = np.quantile(drawn, [0.025, 0.975])
    n_units = int(draws.unit.max()) + 1
    words = f"flows shuffled among {n_units:,} groups of triplets, {N_SHUFFLES} times"
    return Reference(value=float(drawn.mean()), low=float(low), high=float(high), words=words)


def _reference(values: np.ndarray, words: str) -> Reference:
    return Reference(value=float(np.nanmean(values)), words=words)


def _enough(values: np.ndarray, least: int) -> int:
    n = int(np.isfinite(values).sum())
    if n < least:
        raise UndefinedError(
            "no triplet defines it" if n == 0 else f"only {n} of {len(values)} define it"
        )
    return n
