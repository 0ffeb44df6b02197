"""All maps of the same latents side by side: the same colours, and which is the most faithful."""

from typing import TYPE_CHECKING

from latentscape.records import MapRecord, Measure
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.scatter import box, key, key_height, scatter
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import label

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    "latent": "Latents",
    "pca": "PCA",
    "pacmap": "PaCMAP",
    "umap": "UMAP",
    "tsne": "t-SNE",
    "isomap": "Isomap",
    "lle": "LLE",
}
SHOWN = ("trustworthiness", "neighbour_preservation")
FEWEST = 3
COLUMNS = 3
GAP, MARGIN = 0.1, 0.12  # inches
HEAD = 0.6
SCALE = 0.25
BEST, NEARLY = "★", "☆"


def atlases(maps: list[MapRecord]) -> list[Picture]:
    """A picture for each set of latents that has three maps or more."""
    same: dict[tuple[str, ...], list[MapRecord]] = {}
    for record in maps:
        same.setdefault(record.sample_ids, []).append(record)
    return [atlas(group) for group in same.values() if len(group) >= FEWEST]


def atlas(maps: list[MapRecord]) -> Picture:
    """Maps of the same latents in rows of three, trust and kept neighbours printed on each."""
    first = maps[0]
    words = Words(
        "map-atlas",
        f"{len(maps)} maps of the same latents",
        "The same points in the same colours by each method. Above each: how few neighbours on the "
        "map are strangers (trustworthiness) and the share of true neighbours kept, higher is "
        f"better; {BEST} is the best of them, {NEARLY} one whose interval reaches it.",
        "Small multiples. " + "; ".join(_told(record) for record in maps),
        _baseline(first),
    )
    rows = -(-len(maps) // COLUMNS)
    side = (WIDTH - 2 * MARGIN - (COLUMNS - 1) * GAP) / COLUMNS
    below = key_height(first.labels, first.class_names)
    height = rows * (side + HEAD) + below + 0.1
    canvas = Canvas(words, first.provenance, height=height, n=len(first.positions))
    marks = {name: _marks(maps, name) for name in SHOWN}
    for i, record in enumerate(maps):
        row, column = divmod(i, COLUMNS)
        x, y = MARGIN + column * (side + GAP), height - (row + 1) * (side + HEAD)
        axes = canvas.place(x, y, side, side)
        scatter(axes, record.positions, record.labels, scale=SCALE)
        axes.set_aspect("equal", adjustable="datalim")
        axes.autoscale_view()
        box(axes)
        _head(axes, record, [marks[name][i] for name in SHOWN])
    key(canvas, first.labels, first.class_names, bottom=0.04)
    return canvas.finish()


def _head(axes: "Axes", record: MapRecord, marks: list[str]) -> None:
    """The method's name, and its two measures under it."""
    axes.text(
        0, 1.235, NAMES.get(record.method, record.method), transform=axes.transAxes, va="bottom",
        fontsize=SIZES.tick, fontweight="bold", color=LIGHT["ink"],
    )  # fmt: skip
    for line, (name, word, mark) in enumerate(
        zip(SHOWN, ("trustworthy", "kept"), marks, strict=True)
    ):
        measure = _find(record, name)
        value = "not defined" if measure is None else f"{measure.value:.3f} {mark}"
        axes.text(
            0, 1.13 - 0.1 * line, f"{word} {value}".rstrip(), transform=axes.transAxes, va="bottom",
            fontsize=SIZES.small, color=LIGHT["ink" if mark == BEST else "muted"],
            fontweight="bold" if mark == BEST else "normal",
        )  # fmt: skip


def _marks(maps: list[MapRecord], name: str) -> list[str]:
    """A star for the best, an open one where the interval reaches it, nothing for the others."""
    found = [_find(record, name) for record in maps]
    best = max((m.value for m in found if m is not None), default=0.0)
    marks = []
    for measure in found:
        if measure is None:
            marks.append("")
        elif measure.value == best:
            marks.append(BEST)
        else:
            marks.append(NEARLY if measure.high is not None and measure.high >= best else "")
    return marks


def _told(record: MapRecord) -> str:
    said = [
        f"{label(name)} {m.value:.3f}" for name in SHOWN if (m := _find(record, name)) is not None
    ]
    return f"{NAMES.get(record.method, record.method)}: {', '.join(said) or 'not measured'}"


def _baseline(record: MapRecord) -> str:
    for row in record.baselines:
        held = {measure.name: measure.value for measure in row.measures}
        if row.name.startswith("random") and set(SHOWN) <= set(held):
            first, second = (held[name] for name in SHOWN)
            return f"{row.name} (trustworthy {first:.3f}, kept {second:.3f})"
    return "none computed"


def _find(record: MapRecord, name: str) -> Measure | None:
    return next((m for m in record.faithfulness.measures if m.name == name), None)
