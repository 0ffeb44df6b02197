"""Interpolation strips: each trajectory above the plain cross-dissolve of its decoded ends."""

import numpy as np

from latentscape.records import TrajectoryRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words

MOST_PAIRS = 6


def strips(record: TrajectoryRecord, *, name: str = "") -> Picture:
    """Up to six pairs, one under another.

    The lower strip of each pair mixes the pixels of the two decoded ends: what a model must beat
    to have shown more than a dissolve. Decoded, so that a blurred reconstruction counts for neither
    (METHODS §4).
    """
    pairs = min(MOST_PAIRS, len(record.frames))
    words = Words(
        name or f"strips-{record.method}-{_slug(record.criterion)}",
        f"Interpolation: {record.method}, {record.criterion} pairs",
        "From left to right the latent moves from one image to another; the lower strip of each "
        "pair merely mixes the pixels of its two decoded ends, and a model that shows the same has "
        "learnt no more than that.",
        f"{pairs} strips of {record.n_steps} decoded images between two originals, "
        f"{record.criterion} pairs, {record.method} interpolation.",
        "cross-dissolve of the two decoded ends (lower strip)",
    )
    steps = record.frames.shape[1]
    left, right, top = 0.7, 0.12, 0.2
    width = WIDTH - left - right
    gap = max(1, record.frames.shape[-1] // 16)
    tiles = [_pair(record, i, gap) for i in range(pairs)]
    height = width * tiles[0].shape[0] / tiles[0].shape[1]
    space = 0.1
    canvas = Canvas(words, record.provenance, height=pairs * (height + space) + top + 0.05, n=pairs)
    for i, tile in enumerate(tiles):
        bottom = 0.05 + space / 2 + (pairs - 1 - i) * (height + space)
        axes = canvas.place(left, bottom, width, height)
        axes.imshow(tile, interpolation="none", aspect="auto")
        axes.set_axis_off()
        axes.text(
            -0.015, 0.75, _ends(record, i), transform=axes.transAxes, ha="right", va="center",
            fontsize=SIZES.small, fontweight="bold", linespacing=1.25,
        )  # fmt: skip
        axes.text(
            -0.015, 0.25, "dissolve", transform=axes.transAxes, ha="right", va="center",
            fontsize=SIZES.small, color=LIGHT["muted"],
        )  # fmt: skip
        if i == 0:
            for column, text in _headings(steps):
                axes.text(
                    (column + 0.5) / (steps + 2), 1.03, text, transform=axes.transAxes,
                    ha="center", va="bottom", fontsize=SIZES.small, color=LIGHT["muted"],
                )  # fmt: skip
    return canvas.finish()


def _pair(record: TrajectoryRecord, i: int, gap: int) -> np.ndarray:
    first, last = record.frames[i][[0, -1]].astype(float)
    t = np.linspace(0, 1, record.frames.shape[1])[:, None, None, None]
    mixed = ((1 - t) * first + t * last).round().astype(np.uint8)
    ends = record.originals[i]
    decoded = np.concatenate([ends[:1], record.frames[i], ends[1:]])
    dissolve = np.concatenate([ends[:1], mixed, ends[1:]])
    return mosaic(np.concatenate([decoded, dissolve]), rows=2, columns=len(decoded), gap=gap)


def _headings(steps: int) -> list[tuple[int, str]]:
    middle = [(1 + (steps - 1) // 2, f"t = {((steps - 1) // 2) / (steps - 1):.2f}")]
    if steps < 4:
        middle = []
    return [(0, "start"), (1, "t = 0"), *middle, (steps, "t = 1"), (steps + 1, "end")]


def _ends(record: TrajectoryRecord, i: int) -> str:
    labels = record.pair_labels[i] if i < len(record.pair_labels) else ("", "")
    start, end = (label if len(label) <= 9 else label[:8] + "…" for label in labels)
    if not (start or end):
        return f"pair {i + 1}"
    return f"{start} → {end}" if len(start + end) <= 6 else f"{start}\n→ {end}"


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")
