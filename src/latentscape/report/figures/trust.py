"""Where a map lies: the same map coloured by trust, beside how many points are trusted how much."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import MapRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.scatter import RASTER_ABOVE, box, point_size
from latentscape.report.palette import LIGHT, SIZES, trust
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

TRUST_BAND = 2.5  # inches
PLANE = 2.75
HEAD = 0.34
SCALE = 0.5
BLIND = 0.5  # trustworthiness of a map that has looked at nothing
STEPS = 20


def trust_words(record: MapRecord) -> str:
    """How to read the second panel."""
    return (
        f"Below, the same points by their own trustworthiness: blue where a point's "
        f"{record.trust_k} neighbours on the map are its neighbours, orange where they might be "
        "anyone and the map lies."
    )


def trust_panel(canvas: Canvas, record: MapRecord) -> None:
    """The map by trust at the foot of its picture; nothing where trust is not known."""
    if record.trust is None:
        return
    height = TRUST_BAND - HEAD - 0.16
    heading = "Where it lies: trust, point by point"
    plane = canvas.place(0.12, 0.1, PLANE, height)
    n = len(record.trust)
    order = np.random.default_rng(0).permutation(n)
    plane.scatter(
        record.positions[order, 0], record.positions[order, 1], c=record.trust[order],
        cmap=trust(), vmin=BLIND, vmax=1, s=point_size(n, SCALE), linewidths=0, alpha=0.85,
        rasterized=n > RASTER_ABOVE,
    )  # fmt: skip
    plane.set_aspect("equal", adjustable="datalim")
    plane.autoscale_view()
    box(plane)
    plane.text(
        0, 1.04, heading, transform=plane.transAxes, va="bottom", fontsize=SIZES.tick,
        fontweight="bold", color=LIGHT["ink"],
    )  # fmt: skip
    left = 0.12 + PLANE + 0.42
    _spread(canvas.place(left, 0.1, WIDTH - left - 0.62, height), record.trust)


def _spread(axes: "Axes", values: np.ndarray) -> None:
    """How many points are trusted how much: the colours' key and their histogram in one."""
    edges = np.linspace(BLIND, 1, STEPS + 1)
    counts = np.histogram(values.clip(BLIND, 1), edges)[0]
    middles = (edges[:-1] + edges[1:]) / 2
    colours = trust()((middles - BLIND) / (1 - BLIND))
    axes.barh(middles, counts, height=0.86 * (edges[1] - edges[0]), color=colours)
    axes.set_ylim(BLIND, 1)
    axes.set_xlim(0, max(float(counts.max()) * 1.05, 1))
    axes.set_yticks([0.5, 0.75, 1], ["≤ .5", ".75", "1"])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.text(
        0, 1.04, "points", transform=axes.transAxes, va="bottom", fontsize=SIZES.small,
        color=LIGHT["muted"],
    )  # fmt: skip
    mean = float(values.mean())
    axes.axhline(mean, color=LIGHT["ink"], linewidth=0.8, linestyle=(0, (3, 2)))
    for value, words in ((mean, f"mean\n{number(round(mean, 3))}"), (BLIND, "blind map")):
        if words == "blind map" and mean < BLIND + 0.08:
            continue
        axes.text(
            1.03, value, words.replace(" ", "\n"), transform=axes.get_yaxis_transform(),
            va="bottom" if value == BLIND else "center", fontsize=SIZES.small,
            color=LIGHT["ink"], linespacing=1.1,
        )  # fmt: skip
