"""New images: their measures beside real ones, and each beside its nearest training image."""

import numpy as np

from latentscape.records import Row
from latentscape.records.generation import Drawn, GenerationRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.dots import forest
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

SHOWN = ("kid", "precision", "recall", "coverage")
CEILINGS = ("pixel noise", "mean image")
LEFT, SPACE, CAPTION = 1.06, 0.2, 0.15  # inches


def generation_dots(record: GenerationRecord) -> Picture | None:
    """KID, precision, recall and coverage of each source beside the floor and reconstructions."""
    words = Words(
        "generation",
        "New images against real ones",
        "A filled dot is a way to make new images, an open one a baseline: real training images "
        "are the best that can be asked for, reconstructions what the decoder can do. Lines are "
        "intervals; the arrow in each heading points to the better side. Noise and the mean image "
        "are far off and stand in the table.",
        "",
        "training images and reconstructions",
    )
    beside = [row for row in record.baselines if row.name not in CEILINGS]
    rows = [(_only(row), True) for row in record.rows if row.measures]
    rows += [(_only(row), False) for row in beside if row.measures]
    return forest(words, record.provenance, tuple(rows)) if len(rows) > 1 else None


def nearest_training(record: GenerationRecord) -> Picture | None:
    """Some new images over the training images nearest to them; None without training images."""
    blocks = [drawn for drawn in record.drawn if len(drawn.nearest)]
    if not blocks or not record.typical_distance:
        return None
    words = Words(
        "nearest-training",
        "New images over their nearest training images",
        "The upper image of each pair is new, the lower one is the training image nearest to it "
        "in feature space. The figure is their distance, in multiples of the middle distance "
        "between a real image and its own nearest training image: far under 1 is a copy.",
        _alt(blocks, record.typical_distance),
        f"real images, 1 (nearest of {record.n_train:,} training images)",
    )
    wide = WIDTH - LEFT - 0.12
    tiles = [_tile(drawn) for drawn in blocks]
    heights = [wide * tile.shape[0] / tile.shape[1] for tile in tiles]
    n = sum(len(drawn.images) for drawn in blocks)
    canvas = Canvas(words, record.provenance, height=sum(heights) + SPACE * len(blocks) + 0.05, n=n)
    top = canvas.height
    for drawn, tile, height in zip(blocks, tiles, heights, strict=True):
        axes = canvas.place(LEFT, top - height, wide, height)
        axes.imshow(tile, interpolation="none", aspect="auto")
        axes.set_axis_off()
        for place, text, colour in ((0.75, drawn.name.replace(" ", "\n"), LIGHT["ink"]),
                                    (0.25, "nearest\ntraining", LIGHT["muted"])):  # fmt: skip
            axes.text(
                -0.015, place, text, transform=axes.transAxes, ha="right", va="center",
                fontsize=SIZES.small, color=colour, linespacing=1.25,
                fontweight="bold" if colour == LIGHT["ink"] else "normal",
            )  # fmt: skip
        for i, distance in enumerate(drawn.distances / record.typical_distance):
            axes.text(
                (i + 0.5) / len(drawn.images), -CAPTION / height / 2, f"{distance:.2g}×",
                transform=axes.transAxes, ha="center", va="center", fontsize=SIZES.small,
                color=LIGHT["muted"],
            )  # fmt: skip
        top -= height + SPACE
    return canvas.finish()


def _only(row: Row) -> Row:
    return row.model_copy(update={"measures": tuple(m for m in row.measures if m.name in SHOWN)})


def _tile(drawn: Drawn) -> np.ndarray:
    both = np.concatenate([drawn.images, drawn.nearest])
    gap = max(1, drawn.images.shape[-1] // 16)
    return mosaic(both, rows=2, columns=len(drawn.images), gap=gap)


def _alt(blocks: list[Drawn], typical: float) -> str:
    said = []
    for drawn in blocks:
        middle = number(float(np.median(drawn.distances) / typical))
        said.append(f"{drawn.name}, {len(drawn.images)} of them, {middle} times the middle "
                    "distance of real images")  # fmt: skip
    return "New images over their nearest training images: " + "; ".join(said) + "."
