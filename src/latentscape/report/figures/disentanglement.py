"""Latents against factors: how much each tells of each, and which ones a prediction leans on."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import DisentanglementRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES, contrast, sequential
from latentscape.report.picture import Picture, Words
from latentscape.report.words import label, number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ROW = 0.235  # inches
MOST_UNITS = 16
LONGEST = 13  # letters of a factor's name
LEFT, RIGHT, TOP, KEY = 1.3, 0.12, 0.34, 0.46


def matrices(record: DisentanglementRecord) -> list[Picture]:
    """Information of each latent on each factor and, where DCI is defined, importance."""
    if not len(record.factor_names):
        return []
    share = record.information / np.where(record.entropies > 0, record.entropies, 1)
    what = "the label" if record.labels_only else "each factor"
    pictures = [
        _matrix(
            record,
            share,
            Words(
                "information",
                f"What each latent tells of {what}",
                "Share of a factor's entropy that one latent tells of it, latents with the most "
                "rate on top; where latents follow factors, each column has one bright cell, the "
                "outlined one is its largest.",
                "",
                _chance_of(record, "label_mi_gap" if record.labels_only else "mig"),
            ),
            ("share of its entropy", [f"{number(h)} nat" for h in record.entropies]),
        )
    ]
    if record.importance.size:
        words = Words(
            "importance",
            "Which latents a prediction of each factor leans on",
            "Each column adds up to 1: the importance of each latent to the prediction of a factor "
            f"from all latents (by {_by(record)}); one bright cell a column is complete, one a row "
            "disentangled. Under each name, how well the prediction does on held-out images: where "
            "that is near 0, its column says nothing.",
            "",
            _chance_of(record, "dci_disentanglement"),
        )
        pictures.append(
            _matrix(record, record.importance, words, ("importance", _predicted(record)))
        )
    return pictures


def _by(record: DisentanglementRecord) -> str:
    boosting = record.importance_by == "boosting"
    return "gradient boosting" if boosting else "linear predictors"


def _predicted(record: DisentanglementRecord) -> list[str]:
    """Held-out accuracy or explained variance of each factor."""
    held = [{m.name: m.value for m in row.measures} for row in record.by_factor]
    return [
        f"{100 * row['dci_informativeness']:.0f} %" if "dci_informativeness" in row else ""
        for row in held
    ]


def _chance_of(record: DisentanglementRecord, name: str) -> str:
    """What the score that is read off the picture is held against."""
    measure = next((m for m in record.row.measures if m.name == name), None)
    if measure is None or measure.reference is None:
        return "none computed"
    words = "gap" if record.labels_only else label(name)
    return f"chance, {words} {number(measure.reference.value)} (here {number(measure.value)})"


def _matrix(
    record: DisentanglementRecord, cells: np.ndarray, words: Words, told: tuple[str, list[str]]
) -> Picture:
    """A heat map of cells in [0, 1]; `told` is what they are, and a line under each factor."""
    order = np.argsort(-record.rate, kind="stable")[:MOST_UNITS]
    shown = cells[order]
    if not words.alt:
        words = Words(words.name, words.title, words.read, _alt(record, cells), words.baseline)
    canvas = Canvas(words, record.provenance, height=TOP + ROW * len(order) + KEY)
    axes = canvas.place(LEFT, KEY, WIDTH - LEFT - RIGHT, ROW * len(order))
    colours = sequential()
    axes.imshow(shown, cmap=colours, vmin=0, vmax=1, aspect="auto", interpolation="none")
    n_columns = shown.shape[1]
    for i in range(len(order)):
        for k in range(n_columns):
            _written(axes, float(shown[i, k]), (k, i))
    _outline_largest(axes, cells, order)
    names = [f"{_short(n)}\n{line}" for n, line in zip(record.factor_names, told[1], strict=True)]
    axes.set_xticks(range(n_columns), names)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(order)), [_unit(record, int(i)) for i in order])
    axes.tick_params(length=0, labelsize=SIZES.small)
    for spine in axes.spines.values():
        spine.set_visible(False)
    _scale(canvas, told[0])
    left = len(cells) - len(order)
    if left:
        canvas.figure.text(
            (WIDTH - RIGHT) / canvas.width, 1 - 0.38 / canvas.total, f"{left} more not shown",
            ha="right", va="top", fontsize=SIZES.small, color=LIGHT["muted"],
        )  # fmt: skip
    return canvas.finish()


def _written(axes: "Axes", value: float, place: tuple[int, int]) -> None:
    from matplotlib.colors import to_hex

    ground = to_hex(sequential()(value))
    ink = max(("#ffffff", LIGHT["ink"]), key=lambda colour: contrast(colour, ground))
    text = f"{value:.2f}".removeprefix("0") if value < 0.995 else "1"
    axes.text(*place, text, ha="center", va="center", fontsize=SIZES.small, color=ink)


def _outline_largest(axes: "Axes", cells: np.ndarray, order: np.ndarray) -> None:
    from matplotlib.patches import Rectangle

    for k in range(cells.shape[1]):
        row = np.flatnonzero(order == cells[:, k].argmax())
        if len(row) and cells[:, k].max() > 0:
            corner = (k - 0.5 + 0.02, row[0] - 0.5 + 0.04)
            axes.add_patch(
                Rectangle(corner, 0.96, 0.92, fill=False, edgecolor=LIGHT["second"], linewidth=1.6)
            )


def _scale(canvas: Canvas, key: str) -> None:
    axes = canvas.place(LEFT, 0.26, 1.6, 0.09)
    axes.imshow(np.linspace(0, 1, 128)[None], cmap=sequential(), aspect="auto", extent=(0, 1, 0, 1))
    axes.set_yticks([])
    axes.set_xticks([0, 0.5, 1], ["0", ".5", "1"])
    axes.tick_params(length=2, labelsize=SIZES.small, pad=1)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.text(
        1.06, 0.5, key, transform=axes.transAxes, va="center", fontsize=SIZES.small,
        color=LIGHT["muted"],
    )  # fmt: skip


def _unit(record: DisentanglementRecord, i: int) -> str:
    """A unit's name with its KL or variance, and whether it is collapsed."""
    amount = number(float(record.rate[i]))
    told = f"{amount} nat" if record.ranked_by == "KL" else f"var. {amount}"
    return f"{record.unit_names[i]}{'†' if record.collapsed[i] else ''}, {told}"


def _short(name: str) -> str:
    name = name.replace("_", " ")
    return name if len(name) <= LONGEST else name[: LONGEST - 1] + "…"


def _alt(record: DisentanglementRecord, cells: np.ndarray) -> str:
    told = [
        f"{name}: {record.unit_names[int(cells[:, k].argmax())]} {number(float(cells[:, k].max()))}"
        for k, name in enumerate(record.factor_names)
    ]
    return (
        f"Heat map, {len(cells)} latents by {cells.shape[1]} factors; largest of each factor: "
        + ("; ".join(told))
    )
