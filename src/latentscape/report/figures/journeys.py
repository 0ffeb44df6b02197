"""Trajectories by the hundred: style curves beside their null, what they are called, examples."""

from typing import Any

import numpy as np

from latentscape.records import Journeys, Provenance, TrajectoriesRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.figures.style_curves import curves, truths
from latentscape.report.palette import CLASS_COLOURS, LIGHT, SIZES
from latentscape.report.picture import Picture, Words

PATTERNS = ("horseshoe", "wave", "arch", "tilt", "flat")
VERDICTS = ("dissolve", "blurred dissolve", "cut", "mixed", "morph")
MOST_EXAMPLES = 8
MOST_DOTS = 400


def journey_pictures(record: TrajectoriesRecord) -> list[Picture]:
    """All pictures of one record that have something to show."""
    known = [journeys for journeys in record.journeys if len(journeys.curves)]
    if not known:
        return []
    made = [curves(record, known), shares(record, known), relations(record, known)]
    return [*made, *(picture for j in known if (picture := examples(record, j)) is not None)]


def shares(record: TrajectoriesRecord, known: list[Journeys]) -> Picture:
    """Bars of each criterion: what the trajectories are called, and what their curves are."""
    told = " Truth: the true images between the two samples, and these encoded and decoded, judged "
    told += "by their frames alone; the trajectories' verdicts ask for nearness to data as well."
    words = Words(
        f"trajectory-names-{record.method}",
        f"What the trajectories are called: {record.method}",
        "Upper bars: the verdict of the dissolve-or-morph panel. Lower bars: the shape of the "
        "style curve, and under it that of the cross-dissolves of the same ends. Names are "
        "conventions about measured numbers; their thresholds stand in the methods."
        + (told if truths(known) else ""),
        "Shares of verdicts and patterns by criterion",
        "patterns of the cross-dissolves"
        + (", verdicts and patterns of the true images" if truths(known) else ""),
    )
    blocks = [_bars(journeys) for journeys in known]
    step, head = 0.15, 0.28
    height = sum(step * len(bars) + head for bars in blocks)
    canvas = Canvas(words, _signed(record, known), height=height + 0.72)
    axes = canvas.place(0.95, 0.62, WIDTH - 0.95 - 0.15, height)
    axes.set_xlim(0, 1)
    axes.set_ylim(height, 0)
    axes.axis("off")
    top = 0.0
    for journeys, bars in zip(known, blocks, strict=True):
        axes.text(0, top + 0.12, f"{journeys.criterion}, {len(journeys.pairs):,} pairs",
                  fontsize=SIZES.small, fontweight="bold", va="center")  # fmt: skip
        for k, (name, names, found) in enumerate(bars):
            y = top + head + k * step
            axes.text(-0.015, y, name, ha="right", va="center", fontsize=SIZES.small)
            _bar(axes, y, step * 0.8, names, found)
        top += step * len(bars) + head
    legend(canvas, "verdict", VERDICTS, 0.36, colours=_OF_VERDICTS)
    legend(canvas, "curve", PATTERNS, 0.14, colours=_OF_SHAPES)
    return canvas.finish()


Bar = tuple[str, tuple[str, ...], tuple[str, ...]]  # its name, its parts', what each pair is called


def _bars(journeys: Journeys) -> list[Bar]:
    truth = journeys.truth
    bars: list[Bar] = [("verdict", VERDICTS, journeys.verdicts)]
    if truth is not None:
        bars.append(("truth decoded", VERDICTS, truth.ceiling_verdicts))
        bars.append(("truth", VERDICTS, truth.verdicts))
    bars.append(("curve", PATTERNS, journeys.patterns))
    bars.append(("its dissolve", PATTERNS, journeys.null_patterns))
    if truth is not None:
        bars.append(("truth", PATTERNS, truth.patterns))
    return bars


def relations(record: TrajectoriesRecord, known: list[Journeys]) -> Picture:
    """Each pair's amount of dissolve against bow and waves of its style curve."""
    words = Words(
        f"dissolve-and-pattern-{record.method}",
        f"Amount of dissolve and shape of the curve: {record.method}",
        "A dot a pair. To the right the trajectory lies on the blend line of its ends, as a "
        "cross-dissolve does; upwards its style curve is more of a horseshoe (left) or holds more "
        "waves (right). The rank correlations stand in the table.",
        "Scatter of amount of dissolve against bow and wave share",
        "independent: no slope",
    )
    canvas = Canvas(words, _signed(record, known), height=2.5)
    width = (WIDTH - 0.56 - 0.12 - 0.45) / 2
    for k, (name, label) in enumerate((("style_bow", "bow b₂"), ("style_wave_share", "waves W"))):
        axes = canvas.place(0.56 + k * (width + 0.45), 0.62, width, 1.75)
        for i, journeys in enumerate(known):
            if name in journeys.numbers:
                axes.scatter(
                    journeys.numbers["dissolve_amount"][:MOST_DOTS],
                    journeys.numbers[name][:MOST_DOTS],
                    s=4, alpha=0.6, linewidths=0, color=CLASS_COLOURS[i % len(CLASS_COLOURS)],
                    rasterized=True,
                )  # fmt: skip
        axes.set_xlabel("amount of dissolve", labelpad=1)
        axes.set_ylabel(label, labelpad=1)
        axes.set_xlim(right=1 + 0.02 * (1 - axes.get_xlim()[0]))
        axes.grid()
    legend(canvas, "", tuple(j.criterion for j in known), 0.14, colours=CLASS_COLOURS)
    return canvas.finish()


def examples(record: TrajectoriesRecord, journeys: Journeys) -> Picture | None:
    """Some trajectories of each verdict, each over its dissolve, and over the truth if known."""
    shown = journeys.shown[:MOST_EXAMPLES]
    if not len(shown):
        return None
    strips = [("", journeys.frames), ("its dissolve", journeys.dissolves)]
    order = "The upper strip of each two is decoded on the way, the lower one mixes the pixels of "
    order += "its ends."
    below = "cross-dissolve of the two decoded ends (lower strip)"
    if journeys.truth is not None:
        strips.append(("true images", journeys.truth.frames))
        order = "The first strip of each three is decoded on the way, the second mixes the pixels "
        order += "of its ends, the third holds the true images between the two samples."
        below = "cross-dissolve of the two decoded ends (second strip), true images (third)"
    words = Words(
        f"trajectories-{record.method}-{journeys.criterion}",
        f"{journeys.criterion} pairs: {record.method}",
        f"{order} The first pairs of each verdict, not picked ones.",
        "Strips: " + ", ".join(journeys.verdicts[i] for i in shown),
        below,
    )
    left, width = 0.95, WIDTH - 0.95 - 0.12
    gap = max(1, journeys.frames.shape[-1] // 16)
    tiles = [
        mosaic(np.concatenate(several), rows=len(several), columns=len(several[0]), gap=gap)
        for several in zip(*(frames for _, frames in strips), strict=True)
    ][: len(shown)]
    height = width * tiles[0].shape[0] / tiles[0].shape[1]
    canvas = Canvas(words, _signed(record, [journeys], n=len(shown)),
                    height=len(tiles) * (height + 0.12) + 0.1)  # fmt: skip
    for i, tile in enumerate(tiles):
        axes = canvas.place(left, 0.08 + (len(tiles) - 1 - i) * (height + 0.12), width, height)
        axes.imshow(tile, interpolation="none", aspect="auto")
        axes.set_axis_off()
        for k, (name, _) in enumerate(strips):
            axes.text(
                -0.015, 1 - (k + 0.5) / len(strips), name or journeys.verdicts[shown[i]],
                transform=axes.transAxes, ha="right", va="center", fontsize=SIZES.small,
                fontweight="normal" if name else "bold",
                color=LIGHT["muted"] if name else LIGHT["ink"],
            )  # fmt: skip
    return canvas.finish()


def _bar(
    axes: Any, y: float, height: float, names: tuple[str, ...], found: tuple[str, ...]
) -> None:
    at, n = 0.0, sum(name in names for name in found)
    if not n:
        axes.text(0, y, "undefined", va="center", fontsize=SIZES.small, color=LIGHT["muted"])
        return
    for name in names:
        share, colour = found.count(name) / n, _COLOURS[name]
        axes.barh(y, share, left=at, height=height, color=colour, linewidth=0)
        if share > 0.09:
            axes.text(
                at + share / 2, y, f"{100 * share:.0f} %", ha="center", va="center",
                fontsize=SIZES.small - 1, color=_ON_DARK if colour in _DARK else _ON_LIGHT,
            )  # fmt: skip
        at += share


# Verdicts and shapes share no colour: they are told in one figure.
_OF_VERDICTS = ("#c30000", "#e1b400", "#2d3cff", "#b4b4ff", "#3cd2a5")
_OF_SHAPES = ("#694ba5", "#e16900", "#1e695a", "#5a87ff", "#a578a5")
_COLOURS: dict[str, str] = dict(
    zip((*VERDICTS, *PATTERNS), (*_OF_VERDICTS, *_OF_SHAPES), strict=True)
)
_DARK = ("#c30000", "#2d3cff", "#694ba5", "#1e695a")
_ON_DARK, _ON_LIGHT = "#fdfdfd", "#101010"  # as the bars, these stay in the dark suit


def legend(
    canvas: Canvas, title: str, names: tuple[str, ...], y: float, *, colours: tuple[str, ...]
) -> None:
    """Names with their colours; the lowest line ``y`` inches above the drawing's foot."""
    lines: list[list[tuple[float, int]]] = [[]]
    x = start = 0.55 if title else 0.0
    for i, name in enumerate(names):
        wide = 0.26 + 0.062 * len(name)
        if x + wide > WIDTH - 0.2 and lines[-1]:
            lines.append([])
            x = start
        lines[-1].append((x, i))
        x += wide
    for row, line in enumerate(reversed(lines)):
        axes = canvas.place(0.12, y - 0.1 + row * 0.17, WIDTH - 0.24, 0.2)
        axes.set_xlim(0, WIDTH - 0.24)
        axes.set_ylim(0, 1)
        axes.axis("off")
        if title and row == len(lines) - 1:
            axes.text(0, 0.5, title, fontsize=SIZES.small, va="center", color=LIGHT["muted"])
        for x, i in line:
            axes.scatter([x + 0.05], [0.5], s=16, color=colours[i % len(colours)], linewidths=0)
            axes.text(x + 0.13, 0.5, names[i], fontsize=SIZES.small, va="center")


def _signed(
    record: TrajectoriesRecord, known: list[Journeys], *, n: int | None = None
) -> Provenance:
    pairs = sum(len(journeys.pairs) for journeys in known) if n is None else n
    return record.provenance.model_copy(update={"n": pairs})
