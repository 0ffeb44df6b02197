"""Which classes lie on top of each other: matrices of all pairs, and the worst pairs drawn."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import Measure, Provenance
from latentscape.records.classes import ClassStructure, OverlappingPair
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES, class_styles, contrast, sequential
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_DRAWN = 4
MOST_WRITTEN = 14  # classes whose cells have room for a number
MOST_CLASSES = 60
LONGEST, LONGEST_OF_PAIR = 14, 11  # letters of a class name beside a matrix, over a panel
KEY = 0.5  # inches
PANEL, PANEL_WIDTH, HEAD = 1.55, (WIDTH - 0.5) / 2, 0.55
LEAST_TOP = 0.05


def overlap_pictures(classes: ClassStructure, provenance: Provenance) -> list[Picture]:
    """Both matrices and the worst pairs; only those there are."""
    made = [
        bhattacharyya_matrix(classes, provenance),
        confusion_matrix(classes, provenance),
        worst_pairs(classes, provenance),
    ]
    return [picture for picture in made if picture is not None]


def bhattacharyya_matrix(classes: ClassStructure, provenance: Provenance) -> Picture | None:
    """The Gaussian overlap of each two classes; None where there is none."""
    if not np.isfinite(_others(classes.bhattacharyya)).any():
        return None
    words = Words(
        "overlap-bhattacharyya",
        "Class overlap: Bhattacharyya",
        "Each cell is how far the Gaussians of two classes overlap: 0 where they lie apart, 1 "
        "where they are the same. Brighter is more overlap; a dash is a class without a Gaussian.",
        _alt(classes, classes.bhattacharyya, "Bhattacharyya coefficient"),
        "1, two classes that are the same",
    )
    return _matrix(classes, classes.bhattacharyya, words, provenance, key="coefficient")


def confusion_matrix(classes: ClassStructure, provenance: Provenance) -> Picture | None:
    """Whose neighbours are of which class; None where there is none."""
    if not np.isfinite(_others(classes.confusion)).any():
        return None
    shares = np.array(classes.class_sizes) / max(classes.n, 1)
    words = Words(
        "overlap-confusion",
        "Class overlap: neighbours",
        "Each row is a class; its cells are the shares of its samples' nearest neighbours that "
        "are of each class and add up to 1. Off the diagonal, brighter is more confusion.",
        _alt(classes, classes.confusion, "share of neighbours"),
        f"chance, a class's share of all samples, {number(shares.min())} to {number(shares.max())}",
    )
    return _matrix(classes, classes.confusion, words, provenance, key="share of neighbours")


def worst_pairs(classes: ClassStructure, provenance: Provenance) -> Picture | None:
    """The four most overlapping pairs, each on the axis that tells the two apart best."""
    pairs = [pair for pair in classes.pairs if pair.edges.size][:MOST_DRAWN]
    if not pairs:
        return None
    words = Words(
        "overlap-pairs",
        "The most overlapping classes",
        "Each panel is a pair of classes on the axis that separates the two best, in standard "
        "deviations inside the classes. The axis was found on one half of the samples; the other "
        "half is drawn. Where humps cover one another, no straight cut tells the classes apart.",
        "Histograms. " + "; ".join(_pair_words(classes, pair) for pair in pairs),
        "chance for neighbours, a class's share of all samples",
    )
    row = PANEL + HEAD
    canvas = Canvas(words, provenance, height=-(-len(pairs) // 2) * row, n=classes.n)
    for i, pair in enumerate(pairs):
        left = 0.15 + (i % 2) * (PANEL_WIDTH + 0.2)
        bottom = canvas.height - (i // 2 + 1) * row + 0.25
        axes = canvas.place(left, bottom, PANEL_WIDTH, PANEL - 0.25)
        _humps(axes, classes, pair)
    return canvas.finish()


def _matrix(
    classes: ClassStructure, cells: np.ndarray, words: Words, provenance: Provenance, *, key: str
) -> Picture:
    shown = cells[:MOST_CLASSES, :MOST_CLASSES]
    n = len(shown)
    names = [_short(name) for name in classes.class_names[:n]]
    written = n <= MOST_WRITTEN
    left = 0.2 + 0.068 * max(map(len, names))
    side = WIDTH - left - 0.15
    slanted = max(map(len, names)) * 0.068 > side / n
    above = 0.12 + (0.068 * max(map(len, names)) if slanted else 0.14)
    side = min(side, 0.62 * n)
    canvas = Canvas(words, provenance, height=side + above + KEY, n=classes.n)
    axes = canvas.place(left, KEY, side, side)
    others = _others(shown)
    top = max(float(np.nanmax(others)), LEAST_TOP)
    painted = np.ma.masked_invalid(np.where(np.eye(n, dtype=bool), np.nan, shown))
    axes.imshow(painted, cmap=sequential(), vmin=0, vmax=top, aspect="auto", interpolation="none")
    size = SIZES.small if n <= 30 else SIZES.small * 30 / n
    axes.set_xticks(range(n), names, rotation=90 if slanted else 0)
    axes.set_yticks(range(n), names)
    axes.xaxis.tick_top()
    axes.tick_params(length=0, labelsize=size, pad=2)
    for spine in axes.spines.values():
        spine.set_visible(False)
    if written:
        for i, j in np.ndindex(n, n):
            _written(axes, float(shown[i, j]), (i, j), top=top)
    _scale(canvas, key, top=top, left=left)
    return canvas.finish()


def _written(axes: "Axes", value: float, place: tuple[int, int], *, top: float) -> None:
    from matplotlib.colors import to_hex

    i, j = place
    if not np.isfinite(value):
        text, ink = "–", LIGHT["muted"]
    elif i == j:
        text, ink = _cell(value), LIGHT["muted"]
    else:
        ground = to_hex(sequential()(value / top))
        ink = max(("#ffffff", LIGHT["ink"]), key=lambda colour: contrast(colour, ground))
        text = _cell(value)
    axes.text(j, i, text, ha="center", va="center", fontsize=SIZES.small, color=ink)


def _cell(value: float) -> str:
    if value < 0.005:
        return "0"
    return f"{value:.2f}".removeprefix("0") if value < 0.995 else "1"


def _scale(canvas: Canvas, key: str, *, top: float, left: float) -> None:
    axes = canvas.place(left, 0.24, 1.4, 0.09)
    axes.imshow(
        np.linspace(0, 1, 128)[None], cmap=sequential(), aspect="auto", extent=(0, top, 0, 1)
    )
    axes.set_yticks([])
    axes.set_xticks([0, top], ["0", f"{top:.2g}"])
    axes.tick_params(length=2, labelsize=SIZES.small, pad=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.text(
        1.08, 0.5, f"{key}, off the diagonal", transform=axes.transAxes, va="center",
        fontsize=SIZES.small, color=LIGHT["muted"],
    )  # fmt: skip


def _humps(axes: "Axes", classes: ClassStructure, pair: OverlappingPair) -> None:
    colours = _colours(classes, pair)
    names = [_short(classes.class_names[i], LONGEST_OF_PAIR) for i in (pair.first, pair.second)]
    for shares, colour in zip(pair.shares, colours, strict=True):
        axes.stairs(shares, pair.edges, fill=True, color=colour, alpha=0.4, linewidth=0)
        axes.stairs(shares, pair.edges, color=colour, linewidth=1.4)
    axes.set_ylim(0, float(pair.shares.max()) * 1.05)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=SIZES.small, pad=1)
    at = 0.0
    for name, colour in zip(names, colours, strict=True):
        _key(axes, name, colour, at=at)
        at += (0.3 + 0.078 * len(name)) / PANEL_WIDTH
    for i, line in enumerate(_said(pair)):
        axes.text(
            0, 1.15 - 0.115 * i, line, transform=axes.transAxes, va="bottom",
            fontsize=SIZES.small, color=LIGHT["muted"],
        )  # fmt: skip


def _key(axes: "Axes", name: str, colour: str, *, at: float) -> None:
    """A class's colour and name above its panel."""
    axes.plot(
        at + 0.05 / PANEL_WIDTH, 1.33, "s", color=colour, markersize=6,
        transform=axes.transAxes, clip_on=False,
    )  # fmt: skip
    axes.text(
        at + 0.14 / PANEL_WIDTH, 1.325, name, transform=axes.transAxes, va="center",
        fontsize=SIZES.tick, fontweight="bold", color=LIGHT["ink"],
    )  # fmt: skip


def _said(pair: OverlappingPair) -> list[str]:
    found = {measure.name: measure for measure in pair.row.measures}
    lines = []
    if "bhattacharyya" in found:
        lines.append(f"Bhattacharyya {_with_interval(found['bhattacharyya'])}")
    if "knn_confusion" in found:
        there, back = found["knn_confusion"].value, found["knn_confusion_back"].value
        lines.append(f"strange neighbours {100 * there:.2g} % and {100 * back:.2g} %")
    return lines


def _with_interval(measure: Measure) -> str:
    if measure.low is None or measure.high is None:
        return _two(measure.value)
    return f"{_two(measure.value)} ({_two(measure.low)} to {_two(measure.high)})"


def _two(value: float) -> str:
    """A coefficient in two figures."""
    if value < 0.001:
        return "0" if value < 5e-5 else "< 0.001"
    return f"{value:.2f}" if value >= 0.095 else f"{value:.2g}"


def _colours(classes: ClassStructure, pair: OverlappingPair) -> tuple[str, str]:
    """The classes' own colours; past ten classes two may share one, and then neither is used."""
    styles = class_styles(max(classes.class_labels) + 1)
    first, second = (styles[classes.class_labels[i]].colour for i in (pair.first, pair.second))
    return (first, second) if first != second else (LIGHT["model"], LIGHT["second"])


def _others(cells: np.ndarray) -> np.ndarray:
    """The cells off the diagonal."""
    return cells[~np.eye(len(cells), dtype=bool)]


def _pair_words(classes: ClassStructure, pair: OverlappingPair) -> str:
    return f"{pair.row.name}: {', '.join(_said(pair))}"


def _alt(classes: ClassStructure, cells: np.ndarray, what: str) -> str:
    n = len(cells)
    shown = np.where(np.eye(n, dtype=bool), -1, np.nan_to_num(cells, nan=-1))
    order = np.argsort(-shown, axis=None)[: min(5, n * (n - 1))]
    told = []
    for i, j in zip(*np.unravel_index(order, cells.shape), strict=True):
        told.append(
            f"{classes.class_names[i]} and {classes.class_names[j]} {number(float(cells[i, j]))}"
        )
    return f"Matrix of {n} by {n} classes, {what}; largest: {', '.join(told)}"


def _short(name: str, longest: int = LONGEST) -> str:
    """A long name loses its middle: the ends tell ``class 10`` from ``class 11``."""
    return name if len(name) <= longest else f"{name[: longest - 5]}…{name[-4:]}"
