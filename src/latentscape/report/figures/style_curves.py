"""Style curves of many pairs, a panel a criterion: medians, their bands, the dissolves' beside."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import Journeys, TrajectoriesRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 2
PANEL, GAP = 1.45, 0.42  # inches
BAND = (25, 75)


def curves(record: TrajectoriesRecord, known: list[Journeys]) -> Picture:
    """Median style curve of each criterion, with its middle half, over that of the dissolves."""
    words = Words(
        f"style-curves-{record.method}",
        f"Style from frame to frame: {record.method}",
        "Each curve is divided by its own mean; the line is the median over pairs, the band their "
        "middle half. Dashed: the cross-dissolve of the same ends. A curve that lies on the dashed "
        "one shows no more than mixing pixels does."
        + (" Dotted: the true images between the two samples." if truths(known) else ""),
        "Median style curves of " + ", ".join(j.criterion for j in known) + " with their nulls",
        "cross-dissolve of the two decoded ends (dashed)"
        + (", true in-between images (dotted)" if truths(known) else ""),
    )
    pairs = sum(len(journeys.pairs) for journeys in known)
    about = record.provenance.model_copy(update={"n": pairs})
    canvas = Canvas(words, about, height=panels_height(len(known)))
    every = panels(canvas, [journeys.criterion for journeys in known])
    for journeys, axes in zip(known, every, strict=True):
        own = curve_shapes(journeys.curves)
        middle = (np.arange(own.shape[1]) + 0.5) / own.shape[1]
        if not len(own):
            axes.text(
                0.5, 0.63, "no curve has a shape", ha="center", va="center",
                fontsize=SIZES.small, color=LIGHT["muted"], transform=axes.transAxes,
            )  # fmt: skip
        else:
            low, high = np.percentile(own, BAND, axis=0)
            axes.fill_between(middle, low, high, color=LIGHT["model"], alpha=0.16, linewidth=0)
        axes.plot(middle, median_curve(journeys.curves), color=LIGHT["model"], linewidth=1.6)
        null = median_curve(journeys.nulls)
        axes.plot(middle, null, "--", color=LIGHT["second"], linewidth=1.2)
        if journeys.truth is not None:
            true = median_curve(journeys.truth.curves)
            axes.plot(middle, true, ":", color=LIGHT["ink"], linewidth=1.4)
        axes.set_ylim(0, None if len(own) else 2)
    return canvas.finish()


def panels_height(n: int, *, foot: float = 0.0) -> float:
    """Inches that `n` panels take, with a foot below them."""
    return -(-n // COLUMNS) * (PANEL + GAP) + foot + 0.1


def panels(canvas: Canvas, titles: Sequence[str], *, foot: float = 0.0) -> "list[Axes]":
    """Axes for style curves over t, at most two abreast; ``foot`` inches are left below."""
    columns = min(COLUMNS, len(titles))
    rows = -(-len(titles) // columns)
    width = (WIDTH - 0.5 - 0.12 - (columns - 1) * 0.35) / columns
    found = []
    for i, title in enumerate(titles):
        row, column = divmod(i, columns)
        bottom = foot + 0.38 + (rows - 1 - row) * (PANEL + GAP)
        axes = canvas.place(0.5 + column * (width + 0.35), bottom, width, PANEL - 0.2)
        axes.set_xlim(0, 1)
        axes.set_title(title, fontsize=SIZES.tick, loc="left", pad=3)
        axes.grid(axis="y")
        if i + columns >= len(titles):
            axes.set_xlabel("t", labelpad=1)
        if column == 0:
            axes.set_ylabel("style loss ÷ mean", fontsize=SIZES.small)
        found.append(axes)
    return found


def curve_shapes(values: np.ndarray) -> np.ndarray:
    """(curves, values) each over its own mean; those without a shape left out."""
    means = values.mean(1, keepdims=True)
    kept = (np.isfinite(values).all(1)) & (means[:, 0] > 0)
    return values[kept] / means[kept]


def median_curve(values: np.ndarray) -> np.ndarray:
    """(values,) median over the curves that have a shape; NaN where none has."""
    shapes = curve_shapes(values)
    return np.median(shapes, axis=0) if len(shapes) else np.full(values.shape[1], np.nan)


def truths(known: Sequence[Journeys]) -> bool:
    """Whether true in-between images stand beside any of them."""
    return any(journeys.truth is not None for journeys in known)
