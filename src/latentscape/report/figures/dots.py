"""Measures beside their baselines: a dot a row, a line for its interval, a panel a measure."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import Measure, Provenance, ReconstructionRecord, Row
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.verdict import finite, judged
from latentscape.report.words import SIGNS, label, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.2  # inches
MOST_PANELS = 4
SAID_ALREADY = ("mae", "psnr_of_mean_mse", "ssim_atd")  # by MSE, mean PSNR and plain SSIM
HEAD = 0.24
LONGEST = 28  # letters of a row's name


def measures(record: ReconstructionRecord) -> Picture | None:
    """The measures that the model and at least one baseline share; None where there are none."""
    model, baselines, split = judged(record)
    made = next((m.interval for m in model.measures if m.interval), "")
    words = Words(
        "measures",
        f"Reconstruction beside its baselines{f', {split} images' if split else ''}",
        "A filled dot is the model, open dots are baselines, lines are intervals"
        f"{f' ({made})' if made else ''}; the arrow in each heading points to the better side.",
        "",
        ", ".join(row.name for row in baselines) or "none computed",
    )
    prov = record.provenance
    if split:
        prov = prov.model_copy(update={"split": split, "n": record.splits.count(split)})
    return forest(words, prov, ((model, True), *((row, False) for row in baselines)))


def forest(
    words: Words, provenance: Provenance, rows: tuple[tuple[Row, bool], ...]
) -> Picture | None:
    """A dot plot of several rows over the measures they share.

    Args:
        words: Heading and sentence; an empty ``alt`` is written here from the numbers.
        provenance: For the small print.
        rows: (row, whether it is a model and not a baseline), top to bottom.
    """
    names = shared(rows)
    if not names:
        return None
    if not words.alt:
        words = Words(words.name, words.title, words.read, _alt(rows, names), words.baseline)
    panels = [[(row, model, finite(row, name)) for row, model in rows] for name in names]
    panels = [[entry for entry in panel if entry[2]] for panel in panels]
    heights = [HEAD + ROW * len(panel) + 0.22 for panel in panels]
    canvas = Canvas(words, provenance, height=sum(heights) + 0.1)
    top = sum(heights) + 0.05
    longest = max(len(_named(row)) for row, _ in rows)
    left = float(np.clip(0.25 + 0.078 * longest, 1.0, 2.2))
    for panel, height in zip(panels, heights, strict=True):
        axes = canvas.place(left, top - height + 0.22, WIDTH - left - 0.78, height - HEAD - 0.22)
        _panel(axes, [(row, model, m) for row, model, m in panel if m])
        top -= height
    return canvas.finish()


def _panel(axes: "Axes", entries: list[tuple[Row, bool, Measure]]) -> None:
    from matplotlib.ticker import MaxNLocator

    first = entries[0][2]
    unit = f" ({first.unit})" if first.unit else ""
    axes.text(
        0, 1.04, f"{label(first.name)}{unit}, {SIGNS[first.better]}", transform=axes.transAxes,
        fontsize=SIZES.tick, color=LIGHT["muted"], va="bottom",
    )  # fmt: skip
    for i, (row, model, measure) in enumerate(entries):
        colour = LIGHT["model"] if model else LIGHT["muted"]
        axes.axhline(i, color=LIGHT["rule"], linewidth=0.6, zorder=0)
        if measure.low is not None and measure.high is not None:
            axes.plot([measure.low, measure.high], [i, i], color=colour, linewidth=2.2)
        axes.plot(
            measure.value, i, "o", markersize=5.5, markeredgewidth=1.3, markeredgecolor=colour,
            markerfacecolor=colour if model else LIGHT["card"],
        )  # fmt: skip
        weight = "bold" if model else "normal"
        axes.text(
            1.03, i, number(measure.value), transform=axes.get_yaxis_transform(), va="center",
            fontsize=SIZES.tick, fontweight=weight, color=LIGHT["ink"],
        )  # fmt: skip
        axes.text(
            -0.03, i, _named(row), transform=axes.get_yaxis_transform(), va="center", ha="right",
            fontsize=SIZES.tick, fontweight=weight, color=LIGHT["ink"],
        )  # fmt: skip
    axes.set_ylim(len(entries) - 0.5, -0.5)
    axes.set_yticks([])
    axes.margins(x=0.06)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _named(row: Row) -> str:
    return row.name if len(row.name) <= LONGEST else row.name[: LONGEST - 1] + "…"


def shared(rows: tuple[tuple[Row, bool], ...]) -> list[str]:
    """Names with a direction that at least two rows carry, in the first row's order."""
    names = [
        m.name
        for m in rows[0][0].measures
        if m.better != "neither" and np.isfinite(m.value) and m.name not in SAID_ALREADY
    ]
    held = [{m.name for m in row.measures} for row, _ in rows[1:]]
    return [name for name in names if any(name in other for other in held)][:MOST_PANELS]


def _alt(rows: tuple[tuple[Row, bool], ...], names: list[str]) -> str:
    said = []
    for name in names:
        values = [(row.name, finite(row, name)) for row, _ in rows]
        told = ", ".join(f"{who} {number(m.value)}" for who, m in values if m)
        said.append(f"{label(name)}: {told}")
    return "Dot plot. " + "; ".join(said)
