"""Predicted middle frames: how good, by how much moves, and what they look like."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from latentscape.records import Measure, Row
from latentscape.records.prediction import PredictionRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import CLASS_COLOURS, LIGHT, MARKERS, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.verdict import find
from latentscape.report.words import label, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW, HEAD, FOOT = 0.2, 0.3, 0.5  # inches
LEFT, RIGHT = 1.62, 0.78
PANELS = {
    "latent_skill": "Among latents: skill over the midpoint",
    "motion_skill": "Decoded: skill over a crossfade",
}
HELD = {"latent_skill": ((0.0, "linear"),), "motion_skill": ((0.0, "crossfade"), (1.0, "ceiling"))}
READ = {
    "latent_skill": "Among latents 0 is as good as the midpoint of both ends, and an interval to "
    "the right of 0 is better than linear.",
    "motion_skill": "Decoded, 0 is a crossfade of the true frames, and 1 the true middle, encoded "
    "and decoded.",
}
BASELINES = {
    "latent_skill": "the midpoint of both ends' latents (0)",
    "motion_skill": "a crossfade (0) and the decoded truth (1)",
}
COPIES = ("copy-first", "copy-last")
IN_STRIPS = ("first", "true middle", "pixel blend", "flow warp", "linear", "", "ceiling", "last")


def prediction_pictures(record: PredictionRecord) -> list[Picture]:
    """Skills with intervals, skills by motion, strips of frames."""
    drawn = [skills(record), by_motion(record), strips(record)]
    return [picture for picture in drawn if picture is not None]


def best_of(record: PredictionRecord) -> Row | None:
    """The row of the predictor that validation chose; None where none beat the line there."""
    return next((row for row in record.rows if row.name == record.best), None)


def skills(record: PredictionRecord) -> Picture | None:
    """A dot and an interval each way, among latents and decoded; None where there are none."""
    panels = {}
    for name in PANELS:
        found = [(row, find(row, name)) for row in (*record.baselines, *record.rows)]
        panels[name] = [(row, m) for row, m in found if m and row.name not in (*COPIES, "ceiling",
                        "pixel blend")]  # fmt: skip
    panels = {name: entries for name, entries in panels.items() if entries}
    if not panels:
        return None
    told = "; ".join(
        f"{label(name)}: " + ", ".join(f"{row.name} {number(m.value)}" for row, m in entries)
        for name, entries in panels.items()
    )
    words = Words(
        "prediction-skill",
        "How well middle frames are predicted",
        "Each dot is a way of predicting, its line the interval; filled where something was "
        f"fitted. {' '.join(READ[name] for name in panels)}",
        f"Dot plot. {told}",
        "; ".join(BASELINES[name] for name in panels),
    )
    heights = [HEAD + ROW * len(entries) + FOOT for entries in panels.values()]
    canvas = Canvas(words, record.provenance, height=sum(heights))
    top = sum(heights)
    for (name, entries), height in zip(panels.items(), heights, strict=True):
        axes = canvas.place(LEFT, top - height + FOOT, WIDTH - LEFT - RIGHT, height - HEAD - FOOT)
        _panel(axes, name, entries, fitted={row.name for row in record.rows})
        top -= height
    return canvas.finish()


def by_motion(record: PredictionRecord) -> Picture | None:
    """Skill among latents for least, middle and most motion; None of too few triplets."""
    names = [row.name for row in record.rows if find(row, "latent_skill")]
    if not record.by_motion or not names:
        return None
    words = Words(
        "prediction-by-motion",
        "Skill by how much moves",
        "Test triplets in three thirds by the length of their optical flow; dots are the skill of "
        f"each predictor over the midpoint of both ends' latents; {_of_lines(record)}.",
        "Skill over the midpoint for thirds of the test triplets: " + ", ".join(names),
        "the midpoint of both ends' latents (0)",
    )
    rows = -(-len(names) // 3)
    foot = 0.5 + 0.17 * rows
    canvas = Canvas(words, record.provenance, height=2.1 + foot)
    axes = canvas.axes(left=0.6, bottom=foot)
    axes.axhline(0, color=LIGHT["muted"], linewidth=0.9, zorder=0)
    for k, name in enumerate(names):
        colour, marker = CLASS_COLOURS[k % len(CLASS_COLOURS)], MARKERS[k % len(MARKERS)]
        offset = (k - (len(names) - 1) / 2) * 0.7 / len(names)
        for i, third in enumerate(record.by_motion):
            measure = next((find(r, "latent_skill") for r in third.rows if r.name == name), None)
            if measure is None:
                continue
            x = i + offset
            if measure.low is not None and measure.high is not None:
                axes.plot([x, x], [measure.low, measure.high], color=colour, linewidth=1.4)
            axes.plot(x, measure.value, marker, color=colour, markersize=4)
        axes.plot([], [], marker, color=colour, markersize=4, label=name)
    axes.set_xticks(range(3), [_range(t.name, t.least, t.most) for t in record.by_motion])
    axes.set_xlim(-0.5, 2.5)
    axes.tick_params(axis="x", length=0)
    axes.set_ylabel("skill over the midpoint")
    axes.locator_params(axis="y", nbins=5)
    canvas.figure.legend(
        loc="lower center", bbox_to_anchor=(0.5, (canvas.total - canvas.height - 0.34)
        / canvas.total), ncols=3, frameon=False, fontsize=SIZES.small, handletextpad=0.2,
        columnspacing=1.2,
    )  # fmt: skip
    return canvas.finish()


def _of_lines(record: PredictionRecord) -> str:
    """What the lines of the thirds are, or why there are none."""
    rows = (row for third in record.by_motion for row in third.rows)
    if any(m.low is not None for row in rows if (m := find(row, "latent_skill"))):
        return "lines are their intervals"
    return f"each third has too few {record.grouped_by}s for an interval"


def strips(record: PredictionRecord) -> Picture | None:
    """A strip a triplet, from little to much motion; None where no picture was kept."""
    if not len(record.pictures):
        return None
    best = best_of(record)
    wanted = [name or (best.name if best else "") for name in IN_STRIPS]
    ways = [name for name in wanted if name and name in record.ways]
    decoded = f"linear, {best.name} (chosen on validation triplets)" if best else "linear"
    places = [record.ways.index(name) for name in ways]
    tiles = record.pictures[:, places]
    words = Words(
        "prediction-strips",
        "Middle frames, from little to much motion",
        "Each row is a test triplet: its first frame, the true middle, the middle by each way, its "
        f"last frame. The flow warp moves the pixels of the true ends; {decoded} and ceiling are "
        "decoded, and the ceiling is the true middle's own latent.",
        f"{len(tiles)} strips of {len(ways)} frames: {', '.join(ways)}",
        "pixel blend, flow warp, linear and the ceiling (columns)",
    )
    left, right, head = 0.12, 0.12, 0.36
    width = WIDTH - left - right
    gap = max(1, tiles.shape[-1] // 24)
    picture = mosaic(tiles.reshape(-1, *tiles.shape[2:]), rows=len(tiles), columns=len(ways),
                     gap=gap)  # fmt: skip
    height = width * picture.shape[0] / picture.shape[1]
    canvas = Canvas(words, record.provenance, height=height + head + 0.05, n=len(tiles))
    axes = canvas.place(left, 0.05, width, height)
    axes.imshow(picture, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for k, name in enumerate(ways):
        axes.text(
            (k + 0.5) / len(ways), 1.01, _lines(name), transform=axes.transAxes, ha="center",
            va="bottom", fontsize=SIZES.tick, linespacing=1.05, color=LIGHT["ink"],
        )  # fmt: skip
    return canvas.finish()


def _panel(
    axes: "Axes", name: str, entries: Sequence[tuple[Row, Measure]], *, fitted: set[str]
) -> None:
    from matplotlib.ticker import MaxNLocator

    outset = (0.12 - LEFT) / (WIDTH - LEFT - RIGHT)  # to the figure's own left margin
    axes.text(outset, 1.03, f"{PANELS[name]}, ↑ higher is better", transform=axes.transAxes,
              fontsize=SIZES.tick, color=LIGHT["muted"], va="bottom",
              ha="left")  # fmt: skip
    for value, words in HELD[name]:
        axes.axvline(value, color=LIGHT["muted"], linewidth=0.9, zorder=0)
        axes.annotate(words, (value, 0), (0, -22), xycoords=axes.get_xaxis_transform(),
                      textcoords="offset points", ha="center", va="top", fontsize=SIZES.small,
                      color=LIGHT["muted"])  # fmt: skip
    for i, (row, measure) in enumerate(entries):
        learned = row.name in fitted
        colour = LIGHT["model"] if learned else LIGHT["muted"]
        axes.axhline(i, color=LIGHT["rule"], linewidth=0.6, zorder=-1)
        if measure.low is not None and measure.high is not None:
            axes.plot([measure.low, measure.high], [i, i], color=colour, linewidth=2.2)
        axes.plot(measure.value, i, "o", markersize=5, markeredgecolor=colour, markeredgewidth=1.2,
                  markerfacecolor=colour if learned else LIGHT["card"])  # fmt: skip
        for x, text, side in ((-0.03, row.name, "right"), (1.03, number(measure.value), "left")):
            axes.text(x, i, text, transform=axes.get_yaxis_transform(), va="center", ha=side,
                      fontsize=SIZES.tick if len(text) < 18 else SIZES.small,
                      color=LIGHT["ink"])  # fmt: skip
    axes.set_ylim(len(entries) - 0.5, -0.5)
    axes.set_yticks([])
    axes.margins(x=0.06)
    axes.spines["left"].set_visible(False)
    axes.xaxis.set_major_locator(MaxNLocator(4))


def _range(name: str, least: float, most: float) -> str:
    return f"{name}\n{least:.2g} to {most:.2g} px"


def _lines(name: str) -> str:
    """A heading in two lines where it has two words, so that all can be as large."""
    return name.replace(" ", "\n", 1) if " " in name else name.replace("-", "-\n", 1)
