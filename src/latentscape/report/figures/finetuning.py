"""Fine-tuning's pictures: the same images before and after with their errors; drift by channel."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import FineTuneRecord, Reference
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 6
ROWS = ("original", "before", "error", "after", "error")
QUANTILE = 0.99  # of all errors: the white of the error maps
MOST_BARS = 64
MOST_TICKS = 16


def images(record: FineTuneRecord) -> Picture | None:
    """Originals, what came back before and after, and where each is wrong."""
    n = min(COLUMNS, len(record.originals))
    if not n:
        return None
    originals, before, after = (
        one[:n] for one in (record.originals, record.befores, record.afters)
    )
    wrong = [_errors(originals, back) for back in (before, after)]
    white = max(float(np.quantile(np.concatenate(wrong), QUANTILE)), 1.0)
    maps = [
        np.broadcast_to(np.clip(one * (255 / white), 0, 255).astype(np.uint8), originals.shape)
        for one in wrong
    ]
    means = [number(float(one.mean()) / 255) for one in wrong]
    words = Words(
        "before-after",
        "The same images, before and after",
        "Rows, from the top: an image; what came back before; its absolute error; what comes back "
        f"now; its absolute error. White is an error of {number(white / 255)} of the pixel range "
        "and more, alike in both rows. The images were drawn at random.",
        f"Five rows of {n} images. Mean absolute error of those shown: {means[0]} before, "
        f"{means[1]} after.",
        "the rows before fine-tuning",
    )
    rows = np.concatenate([originals, before, maps[0], after, maps[1]])
    tile = mosaic(rows, rows=len(ROWS), columns=n, gap=max(1, originals.shape[-1] // 16))
    left = 0.62
    width = WIDTH - left - 0.12
    height = width * tile.shape[0] / tile.shape[1]
    canvas = Canvas(words, record.provenance, height=height + 0.1, n=n)
    axes = canvas.place(left, 0.05, width, height)
    axes.imshow(tile, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for i, name in enumerate(ROWS):
        is_after = i > 2
        axes.text(
            -0.015, 1 - (i + 0.5) / len(ROWS), name, transform=axes.transAxes, ha="right",
            va="center", fontsize=SIZES.small, fontweight="bold" if is_after else "normal",
            color=LIGHT["model"] if is_after else LIGHT["ink"],
        )  # fmt: skip
    return canvas.finish()


def by_channel(record: FineTuneRecord) -> Picture | None:
    """How far each channel moved, and what it kept; None where latents stayed in place."""
    moved, kept = record.moved, record.kept
    if not np.nansum(moved):
        return None
    order = np.argsort(-np.nan_to_num(moved), kind="stable")[:MOST_BARS]
    noise = next((m.reference for m in record.drift.measures if m.name == "latent_drift"), None)
    what = "channel" if len(record.provenance.latent_shape) == 3 else "latent"
    less = moved.size - len(order)
    held = "" if noise is None else f"; dashed, {noise.words}: {number(noise.value)}"
    words = Words(
        "latent-drift",
        f"How far each {what} moved",
        f"Above, the root mean square move of a {what} as a share of its own spread over images"
        f"{held}. Below, the squared correlation of old and new: 1 where scaling and shifting "
        "would undo what was done.",
        f"{moved.size} {what}s; the largest move is {number(float(np.nanmax(moved)))} of a "
        f"spread, the least that is kept {number(float(np.nanmin(kept)))}.",
        "0 moved and 1 kept, latents that stayed in place"
        + (f"; {less} {what}s that moved less are left out" if less else ""),
    )
    canvas = Canvas(words, record.provenance, height=2.5)
    above = canvas.place(0.62, 1.45, WIDTH - 0.8, 0.85)
    below = canvas.place(0.62, 0.42, WIDTH - 0.8, 0.85)
    _bars(above, moved[order], "moved", order=order)
    _bars(below, kept[order], "kept", order=order)
    _limits(above, moved, noise)
    above.tick_params(labelbottom=False)
    below.set_ylim(0, 1.05)
    below.set_xlabel(f"{what}, the one that moved most first")
    return canvas.finish()


def _bars(axes: "Axes", values: np.ndarray, name: str, *, order: np.ndarray) -> None:
    colour = LIGHT["model"] if name == "moved" else LIGHT["muted"]
    axes.bar(np.arange(len(values)), np.nan_to_num(values), color=colour, width=0.7)
    axes.set_ylabel(name)
    axes.set_xlim(-0.7, max(len(values), 4) - 0.3)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    step = -(-len(values) // MOST_TICKS)
    axes.set_xticks(range(0, len(values), step), [str(int(i) + 1) for i in order[::step]])


def _limits(axes: "Axes", moved: np.ndarray, noise: Reference | None) -> None:
    highest = float(np.nanmax(moved))
    if noise is not None:
        axes.axhline(noise.value, color=LIGHT["second"], linewidth=1, linestyle=(0, (2, 1.5)))
        highest = max(highest, noise.value)
    axes.set_ylim(0, 1.15 * highest)


def _errors(originals: np.ndarray, back: np.ndarray) -> np.ndarray:
    """Absolute error, mean over channels: ``n 1 height width``."""
    return np.abs(originals.astype(float) - back.astype(float)).mean(1, keepdims=True)
