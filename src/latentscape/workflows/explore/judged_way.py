"""One way through samples, judged leg by leg, each beside the dissolve of its decoded ends."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import torch
from torch import Tensor

from latentscape.metrics import measured
from latentscape.records import Measure, Reference
from latentscape.records.exhibit import Series
from latentscape.trajectories.dissolve import dissolve
from latentscape.trajectories.panel import Panel, dissolve_panel
from latentscape.trajectories.patterns import style_patterns
from latentscape.trajectories.summary import dissolve_amount
from latentscape.trajectories.verdict import reasons
from latentscape.workflows.measure.judging import Judge, Judged

AS_DATA = Reference(value=1.0, words="data among themselves")
OF_PANEL = (
    *("off_blend_most", "blend_gap", "dissolve_deficit", "path_ratio", "decoded_turning"),
    "ghost_product",
)
NUMBERS = (
    "dissolve_amount",
    *OF_PANEL,
    *("neighbour_ratio", "cycle_residual_ratio", "density_dip", "latent_ratio"),
    *("style_height", "style_matched"),
)
PLAIN = "the plain cross-dissolve of the decoded ends"


@dataclass(frozen=True)
class Leg:
    """A way from one sample to the next: what was found, and the same of its dissolve."""

    frames: Tensor
    faded: Tensor
    found: Judged
    null: Panel

    @property
    def n_steps(self) -> int:
        """Frames, both ends counted."""
        return self.frames.shape[1]

    def numbers(self, panel: Panel) -> dict[str, float]:
        """The panel's numbers, by name."""
        columns = dict(panel.columns) | {"dissolve_amount": dissolve_amount(panel.off_blend_most)}
        return {name: float(column[0]) for name, column in columns.items()}


def legs_of(judge: Judge, way: np.ndarray, frames: Tensor, stops: Iterable[int]) -> list[Leg]:
    """The legs of one way, each judged.

    Args:
        judge: Of the model.
        way: ``steps *latent``.
        frames: ``steps channels height width`` in [0, 1].
        stops: Frame of each sample, rising, first and last among them.
    """
    found = []
    for first, last in pairwise(stops):
        here = slice(first, last + 1)
        part = frames[here][None]
        faded = dissolve(part[:, 0], part[:, -1], part.shape[1])
        found.append(Leg(part, faded, judge.judged(way[here][None], part), dissolve_panel(faded)))
    return found


def faded_frames(legs: list[Leg]) -> Tensor:
    """``steps channels height width``: from sample to sample by plain dissolves."""
    parts = [legs[0].faded[0], *(leg.faded[0, 1:] for leg in legs[1:])]
    return torch.cat(parts)


def series_of(legs: list[Leg], net: str) -> tuple[Series, ...]:
    """Curves over the steps: style, place on the blend line, off it, nearness to data."""
    places = [np.linspace(0, 1, leg.n_steps) for leg in legs]
    panels = [leg.found.panel for leg in legs]
    style = Series(
        name="style",
        title="style loss from frame to frame",
        unit="",
        values=_told(np.concatenate([leg.found.curves.total[0].numpy() for leg in legs])),
        null=_told(np.concatenate([leg.found.nulls.total[0].numpy() for leg in legs])),
        null_words=f"{PLAIN}; {net}",
    )
    blend = Series(
        name="blend",
        title="place on the blend line of the ends (α̂)",
        unit="",
        values=_told(_joined([panel.blend[0] for panel in panels])),
        null=_told(_joined(places)),
        null_words=f"{PLAIN}: in time",
    )
    off = Series(
        name="off_blend",
        title="energy off the blend line, over that of the ends' difference",
        unit="",
        values=_told(_joined([panel.off_blend[0] for panel in panels])),
        null=(0.0,) * (sum(leg.n_steps - 1 for leg in legs) + 1),
        null_words=f"{PLAIN}: none",
    )
    near = [leg.found.geometry.neighbours for leg in legs]
    ratios = _joined([one[0] for one in near if one is not None])
    data = Series(
        name="neighbours",
        title="distance to data, over that of data among themselves",
        unit="",
        values=_told(ratios),
        null=(1.0,) * len(ratios),
        null_words="data among themselves",
    )
    return style, blend, off, data


def numbers_of(legs: list[Leg]) -> tuple[Measure, ...]:
    """The panel's numbers beside those of the dissolve; of several legs the median."""
    found: dict[str, list[float]] = {}
    beside: dict[str, list[float]] = {}
    for leg in legs:
        curves, nulls = (one.total.numpy() for one in (leg.found.curves, leg.found.nulls))
        shapes = style_patterns(curves, nulls).columns
        told = leg.numbers(leg.found.panel)
        told |= {k: float(v[0]) for k, v in {**leg.found.geometry.columns, **shapes}.items()}
        null = leg.numbers(leg.null)
        for name in NUMBERS:
            found.setdefault(name, []).append(told.get(name, np.nan))
            beside.setdefault(name, []).append(null.get(name, np.nan))
    return tuple(_measures(found, beside))


def _measures(found: dict[str, list[float]], beside: dict[str, list[float]]) -> Iterator[Measure]:
    for name, values in found.items():
        value = _median(values)
        if value is None:
            continue
        null = _median(beside[name])
        reference = None if null is None else Reference(value=null, words=PLAIN)
        if name in ("neighbour_ratio", "cycle_residual_ratio"):
            reference = AS_DATA
        elif name == "style_height":
            reference = Reference(value=1.0, words=PLAIN)
        elif name == "latent_ratio":
            reference = Reference(value=1.0, words="the straight line")
        n = int(np.isfinite(values).sum())
        yield measured(name, value, n=n, note=_legs(n, len(values)), reference=reference)


def _legs(n: int, of: int) -> str:
    """What a number of several legs stands for: some define it, others may not."""
    if of == 1:
        return ""
    counted = f"{n} legs" if n == of else f"{n} of {of} legs"
    return f"median of {counted}" if n > 1 else counted


def verdict_of(legs: list[Leg]) -> tuple[str, str, str]:
    """Verdict, why, and the style curve's pattern; of several legs those that are not alike too."""
    names = [str(leg.found.names[0]) for leg in legs]
    words = [reasons(leg.found.panel)[0] for leg in legs]
    curves = [leg.found.curves.total.numpy() for leg in legs]
    patterns = [str(style_patterns(curve).pattern[0]) for curve in curves]
    if len(legs) == 1:
        return names[0], words[0], patterns[0]
    verdict = names[0] if len(set(names)) == 1 else "mixed"
    told = [
        f"leg {i}, {name}: {why}" for i, (name, why) in enumerate(zip(names, words, strict=True), 1)
    ]
    return verdict, "; ".join(told), ", ".join(dict.fromkeys(patterns))


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Values of all legs, the sample between two of them once."""
    return np.concatenate([parts[0], *(part[1:] for part in parts[1:])])


def _told(values: np.ndarray) -> tuple[float | None, ...]:
    return tuple(float(value) if np.isfinite(value) else None for value in values)


def _median(values: list[float]) -> float | None:
    finite = [value for value in values if np.isfinite(value)]
    return float(np.median(finite)) if finite else None
