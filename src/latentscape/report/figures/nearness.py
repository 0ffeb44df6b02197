"""Models in the order of their distance to the truth, between two anchors: dissolve and ceiling."""

from typing import TYPE_CHECKING

from latentscape.records import Measure, Row, TruthOrder
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import SIGNS, label, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = ("truth_error", "truth_distance", "pooled_motion_skill")
SKILL = "pooled_motion_skill"
ROW, HEAD, FOOT = 0.2, 0.24, 0.22  # inches
LONGEST = 24  # letters of a model's name


def draw_order(order: TruthOrder) -> Picture:
    """A dot a model with its interval, sorted; its dissolves and its ceiling beside it."""
    names = [name for name in SHOWN if any(_find(row, name) for row in order.rows)]
    said = "; ".join(
        f"{label(name)}: "
        + ", ".join(
            f"{row.name} {number(m.value)}" for row in order.rows if (m := _find(row, name))
        )
        for name in names
    )
    words = Words(
        f"truth-{order.criterion}-{order.method}",
        f"Nearest to the truth first: {order.criterion}, {order.method}",
        "Filled dots are models, the nearest to the truth on top, lines are intervals. Rings: "
        "cross-dissolves of the model's own decoded ends. Diamonds: the true images encoded and "
        "decoded by the model, the best that it could show. A skill of 0 is a dissolve's, 1 that "
        "best.",
        f"Dot plot. {said}",
        "cross-dissolves of the decoded ends, true images encoded and decoded",
    )
    height = HEAD + ROW * len(order.rows) + FOOT
    canvas = Canvas(words, order.provenance, height=len(names) * height + 0.3)
    longest = max(len(_short(row.name)) for row in order.rows)
    left = min(max(0.3 + 0.075 * longest, 0.9), 2.0)
    for i, name in enumerate(names):
        bottom = 0.3 + (len(names) - 1 - i) * height + FOOT
        axes = canvas.place(left, bottom, WIDTH - left - 0.72, height - HEAD - FOOT)
        _panel(axes, order, name)
    _key(canvas)
    return canvas.finish()


def _panel(axes: "Axes", order: TruthOrder, name: str) -> None:
    from matplotlib.ticker import MaxNLocator

    first = next(m for row in order.rows if (m := _find(row, name)))
    unit = f" ({first.unit})" if first.unit else ""
    axes.text(
        0, 1.04, f"{label(name)}{unit}, {SIGNS[first.better]}", transform=axes.transAxes,
        fontsize=SIZES.tick, color=LIGHT["muted"], va="bottom",
    )  # fmt: skip
    several = zip(order.rows, order.dissolves, order.ceilings, strict=True)
    for i, (row, faded, best) in enumerate(several):
        axes.axhline(i, color=LIGHT["rule"], linewidth=0.6, zorder=0)
        for other, marker, size, colour in (
            (faded, "o", 9.0, LIGHT["second"]), (best, "D", 4.2, LIGHT["muted"])
        ):  # fmt: skip
            if held := _find(other, name):  # a ring, as it often lies about the model's own dot
                axes.plot(held.value, i, marker, markersize=size, markerfacecolor="none",
                          markeredgecolor=colour, markeredgewidth=1.2, zorder=4)  # fmt: skip
        measure = _find(row, name)
        for text, x, side in ((_short(row.name), -0.03, "right"), (_told(measure), 1.03, "left")):
            axes.text(x, i, text, transform=axes.get_yaxis_transform(), va="center", ha=side,
                      fontsize=SIZES.tick, color=LIGHT["ink"])  # fmt: skip
        if measure is None:
            continue
        if measure.low is not None and measure.high is not None:
            axes.plot([measure.low, measure.high], [i, i], color=LIGHT["model"], linewidth=2.2)
        axes.plot(measure.value, i, "o", markersize=5, color=LIGHT["model"])
    if name == SKILL:
        axes.axvline(0, color=LIGHT["second"], linewidth=0.9, zorder=0)
        axes.axvline(1, color=LIGHT["muted"], linewidth=0.9, zorder=0)
    axes.set_ylim(len(order.rows) - 0.5, -0.5)
    axes.set_yticks([])
    axes.margins(x=0.06)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(5))


def _key(canvas: Canvas) -> None:
    axes = canvas.place(0.12, 0.02, WIDTH - 0.24, 0.2)
    axes.set_xlim(0, WIDTH - 0.24)
    axes.set_ylim(0, 1)
    axes.axis("off")
    shown = (
        (0.05, "o", 5.0, LIGHT["model"], LIGHT["model"], "model"),
        (0.75, "o", 9.0, "none", LIGHT["second"], "dissolves of its decoded ends"),
        (2.75, "D", 4.2, "none", LIGHT["muted"], "truth encoded and decoded"),
    )
    for x, marker, size, face, edge, text in shown:
        axes.plot(x, 0.5, marker, markersize=size, markerfacecolor=face, markeredgecolor=edge)
        axes.text(x + 0.12, 0.5, text, fontsize=SIZES.small, va="center", color=LIGHT["ink"])


def _find(row: Row, name: str) -> Measure | None:
    return next((m for m in row.measures if m.name == name), None)


def _told(measure: Measure | None) -> str:
    return "–" if measure is None else number(measure.value)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"
