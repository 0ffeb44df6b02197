"""Pictures made of pictures: reconstructions, worst cases, samples, manifolds."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import ReconstructionRecord, SheetRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import interleave, mosaic
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 8
MOST_ROWS = 3

READ_SHEET = {
    "prior": "Each image is decoded from a random draw of the prior; a model that learnt its data "
    "makes likenesses of them here.",
    "mixture": "Each image is decoded from a Gaussian mixture fitted to the latents, which a plain "
    "autoencoder needs because it has no prior.",
    "manifold-prior": "Each image is decoded at the latent its row and column name; steps are "
    "equal in the prior's probability, so what is common takes more room.",
    "manifold-aggregate": "Each image is decoded at the latent its row and column name; the range "
    "is where the data really lie, which is not where the prior says.",
}
SHEET_BASELINE = {
    "prior": "the originals above",
    "mixture": "the draws from the prior",
    "manifold-prior": "the aggregate posterior's manifold",
    "manifold-aggregate": "the prior's manifold",
}


def reconstructions(record: ReconstructionRecord) -> list[Picture]:
    """Random originals over what the model made of them, then the worst."""
    pictures = []
    if len(record.originals):
        words = Words(
            "reconstructions",
            "Originals and reconstructions",
            "Each upper image went in, the one below it came out; the images were drawn at random.",
            _pairs_alt("randomly drawn", record.shown_ids[: _fitting(len(record.shown_ids))]),
            "the original above each",
        )
        pictures.append(_pairs(record, words, record.originals, record.reconstructions, None))
    if len(record.worst_originals):
        words = Words(
            "worst-cases",
            "Worst cases",
            "The images the model lost most of, worst first; the figure below each is its mean "
            "squared error.",
            _pairs_alt("worst", record.worst_ids[: _fitting(len(record.worst_ids))]),
            _mean_error(record),
        )
        errors = _errors_of(record, record.worst_ids)
        pictures.append(
            _pairs(record, words, record.worst_originals, record.worst_reconstructions, errors)
        )
    return pictures


def sheet(record: SheetRecord) -> Picture:
    """Samples, or a manifold with the latent coordinate of its rows and columns."""
    name = record.name
    read = READ_SHEET.get(name, "Each image is decoded from one latent.")
    if name == "prior" and not record.prior_matched:
        read = "Each image is decoded from a random draw of N(0, I), which this model never knew."
    if record.note:
        read += f" {record.note[0].upper()}{record.note[1:].rstrip('.')}."
    alt = f"{record.rows} rows of {record.columns} decoded images: {record.title}. {record.note}"
    words = Words(name, record.title, read, alt, SHEET_BASELINE.get(name, "the originals"))
    picture = mosaic(record.images, rows=record.rows, columns=record.columns, gap=_gap(record))
    margin = (0.64, 0.42) if record.x else (0.12, 0.08)
    width = WIDTH - margin[0] - 0.12
    height = width * picture.shape[0] / picture.shape[1]
    canvas = Canvas(
        words, record.provenance, height=height + margin[1] + 0.08, n=len(record.images)
    )
    axes = canvas.place(*margin, width, height)
    _show(axes, picture)
    if record.x and record.y:
        _coordinates(axes, record, picture.shape)
    return canvas.finish()


def _gap(record: SheetRecord) -> int:
    return 0 if record.x else max(1, record.images.shape[-1] // 28)


def _coordinates(axes: "Axes", record: SheetRecord, shape: tuple[int, ...]) -> None:
    for axis, values, cells, pixels in (
        (axes.xaxis, record.x, record.columns, shape[1]),
        (axes.yaxis, record.y, record.rows, shape[0]),
    ):
        chosen = np.unique(np.linspace(0, cells - 1, min(cells, 7)).round().astype(int))
        axis.set_ticks(
            (chosen + 0.5) * pixels / cells - 0.5,
            [f"{values[i]:.2f}".replace("-", "−") for i in chosen],
        )
        axis.set_tick_params(length=2.5)
    axes.set_xlabel(record.axes[0], labelpad=2)
    axes.set_ylabel(record.axes[1], labelpad=2)


def _pairs(
    record: ReconstructionRecord,
    words: Words,
    first: np.ndarray,
    second: np.ndarray,
    errors: list[float] | None,
) -> Picture:
    columns = min(COLUMNS, len(first))
    shown = _fitting(len(first))
    rows = shown // columns
    blocks = interleave(first[:shown], second[:shown], columns)
    left, text = 0.58, 0.16 if errors else 0.06
    width = WIDTH - left - 0.12
    gap = max(1, first.shape[-1] // 14)
    tiles = [
        mosaic(blocks[i : i + 2 * columns], rows=2, columns=columns, gap=gap)
        for i in range(0, len(blocks), 2 * columns)
    ]
    height = width * tiles[0].shape[0] / tiles[0].shape[1]
    canvas = Canvas(words, record.provenance, height=rows * (height + text) + 0.12, n=shown)
    for i, tile in enumerate(tiles):
        bottom = 0.06 + text + (rows - 1 - i) * (height + text)
        axes = canvas.place(left, bottom, width, height)
        _show(axes, tile)
        for at, label in ((0.75, "original"), (0.25, "decoded")):
            axes.text(
                -0.015, at, label, transform=axes.transAxes, ha="right", va="center",
                fontsize=SIZES.small, color=LIGHT["muted"],
            )  # fmt: skip
        for j, error in enumerate((errors or [])[i * columns : (i + 1) * columns]):
            axes.text(
                (j + 0.5) / columns, -0.02, _bare(error), transform=axes.transAxes, ha="center",
                va="top", fontsize=SIZES.small, color=LIGHT["muted"],
            )  # fmt: skip
    return canvas.finish()


def _fitting(n: int) -> int:
    """How many of n images fill whole rows."""
    columns = min(COLUMNS, n)
    return min(MOST_ROWS, n // columns) * columns if n else 0


def _show(axes: "Axes", picture: np.ndarray) -> None:
    axes.imshow(picture, interpolation="none", aspect="auto")
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def _errors_of(record: ReconstructionRecord, ids: tuple[str, ...]) -> list[float] | None:
    if "mse" not in record.per_image:
        return None
    row = {sample: i for i, sample in enumerate(record.sample_ids)}
    if not all(sample in row for sample in ids):
        return None
    return [float(record.per_image["mse"][row[sample]]) for sample in ids]


def _mean_error(record: ReconstructionRecord) -> str:
    if "mse" not in record.per_image:
        return "the original above each"
    return f"mean squared error of all images, {_bare(float(np.mean(record.per_image['mse'])))}"


def _bare(value: float) -> str:
    return f"{value:.3f}" if value >= 0.01 else f"{value:.1e}"


def _pairs_alt(which: str, ids: tuple[str, ...]) -> str:
    some = ", ".join(ids[:4])
    return f"{len(ids)} {which} images, originals above, reconstructions below (first: {some})"
