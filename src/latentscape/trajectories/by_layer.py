"""Style curves layer by layer: a total is mostly one layer's curve, and layers need not agree."""

from collections.abc import Iterator

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics import measured, row_of
from latentscape.metrics.catalogue.journeys import PATTERNS
from latentscape.records import Journeys, Measure, Reference, Row
from latentscape.trajectories.patterns import style_patterns
from latentscape.trajectories.shared_ends import SharedEnds
from latentscape.trajectories.summary import correlation, median_of, shares

BALANCED = "balanced"
SAID = {"style_parabola": "parabola", "style_bow": "bow", "style_wave_share": "wave_share"}


def layer_rows(journeys: Journeys) -> tuple[Row, ...]:
    """What the curves of each layer alone are called, and whether it goes with dissolving.

    A last row, ``balanced``, is the mean over layers of which each is divided by its own median.

    Args:
        journeys: The trajectories of one criterion.

    Reference: METHODS §5 on layers' shares.
    """
    if journeys.layer_curves is None or journeys.layer_nulls is None:
        return ()
    curves, nulls = journeys.layer_curves, journeys.layer_nulls
    amount = journeys.numbers["dissolve_amount"]
    parts: np.ndarray = np.nan_to_num(curves).sum((0, 2), dtype=np.float64)
    whole = parts.sum() or np.nan
    ends = SharedEnds.of(journeys.pairs)
    rows = [
        _row(
            f"{journeys.criterion}, {layer}", curves[:, i], nulls[:, i], amount, ends,
            share=parts[i] / whole,
        )
        for i, layer in enumerate(journeys.layers)
    ]  # fmt: skip
    name = f"{journeys.criterion}, {BALANCED}"
    even, even_nulls = balanced(curves, nulls)
    return (*rows, _row(name, even, even_nulls, amount, ends, share=None))


def balanced(curves: np.ndarray, nulls: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Means over layers, each divided by its median over all steps of `curves`.

    Args:
        curves, nulls: (pairs, layers, steps − 1); layers whose median is 0 are left out.

    Returns:
        (pairs, steps − 1) of both, by the same scales; 1 where every layer is at its median.
    """
    flat = np.moveaxis(curves, 1, 0).reshape(curves.shape[1], -1).astype(np.float64)
    known = np.isfinite(flat).any(1)
    scale = np.zeros(len(flat))
    scale[known] = np.nanmedian(flat[known], axis=1)
    live = scale > 0
    if not live.any():
        nothing = np.full((len(curves), curves.shape[2]), np.nan)
        return nothing, nothing
    one, other = ((c[:, live] / scale[live, None]).mean(1) for c in (curves, nulls))
    return one, other


def _row(
    name: str,
    curves: np.ndarray,
    nulls: np.ndarray,
    amount: np.ndarray,
    ends: SharedEnds,
    *,
    share: float | None,
) -> Row:
    shapes, null_shapes = style_patterns(curves, nulls), style_patterns(nulls)
    columns = {label: getattr(shapes, field) for label, field in SAID.items()}
    makers = {
        "patterns": lambda: shares(PATTERNS, shapes.pattern, null_shapes.pattern, ends),
        "style_parabola": lambda: _parabola(shapes.parabola, null_shapes.parabola, ends),
        "amount_with_bow": lambda: (
            correlation("amount_with_bow", amount, columns["style_bow"], ends),
        ),
        "amount_with_waves": lambda: (
            correlation("amount_with_waves", amount, columns["style_wave_share"], ends),
        ),
    }
    if share is not None:
        makers = {"layer_share": lambda: _share(share, len(curves)), **makers}
    return row_of(name, makers)


def _share(share: float, n: int) -> Iterator[Measure]:
    if not np.isfinite(share):
        raise UndefinedError("no trajectory defines it", "look at the reasons beside the pairs")
    yield measured("layer_share", share, n=n)


def _parabola(own: np.ndarray, null: np.ndarray, ends: SharedEnds) -> tuple[Measure]:
    (found,) = median_of("style_parabola", own, ends)
    known = null[np.isfinite(null)]
    if not len(known):
        return (found,)
    beside = Reference(value=float(np.median(known)), words="the cross-dissolves of the same ends")
    return (found.model_copy(update={"reference": beside}),)
