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


def trust_words(record: MapRecord) -> str:
    """How to read the second panel."""
    return (
        f"Below, the same points by trust: the share of each one's {record.trust_k} neighbours on "
        "the map that are true neighbours; where it is orange, the map lies."
    )


def trust_panel(canvas: Canvas, record: MapRecord) -> None:
    """The map by trust at the foot of its picture; nothing where trust is not known."""
    if record.trust is None:
        return
    height = TRUST_BAND - HEAD - 0.16
    heading = "Where it lies: share of true neighbours"
    plane = canvas.place(0.12, 0.1, PLANE, height)
    n = len(record.trust)
    order = np.random.default_rng(0).permutation(n)
    plane.scatter(
        record.positions[order, 0], record.positions[order, 1], c=record.trust[order],
        cmap=trust(), vmin=0, vmax=1, s=point_size(n, SCALE), linewidths=0, alpha=0.85,
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
    _shares(canvas.place(left, 0.1, WIDTH - left - 0.62, height), record.trust, record.trust_k)


def _shares(axes: "Axes", shares: np.ndarray, k: int) -> None:
    """How many points have which share: the colours' key and their histogram in one."""
    steps = min(k, 10)
    edges = np.linspace(-0.5 / steps, 1 + 0.5 / steps, steps + 2)
    counts = np.histogram(shares, edges)[0] / len(shares)
    middles = (edges[:-1] + edges[1:]) / 2
    axes.barh(middles, counts, height=0.86 / steps, color=trust()(middles))
    axes.set_ylim(edges[0], edges[-1])
    axes.set_xlim(0, max(float(counts.max()) * 1.05, 1e-9))
    axes.set_yticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.set_xticks([])
    axes.spines["bottom"].set_visible(False)
    axes.text(
        0, 1.04, "points", transform=axes.transAxes, va="bottom", fontsize=SIZES.small,
        color=LIGHT["muted"],
    )  # fmt: skip
    chance = k / (len(shares) - 1)
    mean = float(shares.mean())
    for value, words in ((mean, f"mean {number(round(mean, 3))}"), (chance, "chance")):
        if words == "chance" and abs(mean - chance) < 0.08:
            continue
        axes.axhline(value, color=LIGHT["ink"], linewidth=0.8, linestyle=(0, (3, 2)))
        axes.text(
            1.03, value, words.replace(" ", "\n"), transform=axes.get_yaxis_transform(),
            va="center", fontsize=SIZES.small, color=LIGHT["ink"], linespacing=1.1,
        )  # fmt: skip
