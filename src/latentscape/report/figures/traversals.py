"""Traversals: a strip of images for each latent, all others held."""

import numpy as np

from latentscape.records import TraversalRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

LEFT, RIGHT, TOP = 1.02, 0.12, 0.2
MOST_COLUMNS = 11


def traversal(record: TraversalRecord) -> Picture:
    """A row a latent, the one with the most rate on top; a column a quantile of it."""
    units, steps = record.frames.shape[:2]
    shown = np.unique(np.linspace(0, steps - 1, min(steps, MOST_COLUMNS)).round().astype(int))
    frames = record.frames[:, shown]
    held = "the mean latent" if record.around == "mean" else f"the latent of {record.around}"
    one = "direction" if record.axes == "principal directions" else "latent"
    words = Words(
        f"traversal-{'mean' if record.around == 'mean' else 'image'}",
        f"Traversal: one {one} at a time",
        f"In each row one {one} moves through quantiles of the data's own range while all others "
        f"stay at {held}; a row that does not change is a {one} the decoder does not use."
        f"{_why(record)}",
        f"{units} of {record.n_units} {record.axes} by {record.ranked_by}, {len(shown)} images "
        f"each, quantiles {record.quantiles[0]:g} to {record.quantiles[-1]:g}; first: "
        f"{_rate(record, 0)}.",
        f"the image decoded from {held}",
    )
    gap = max(1, frames.shape[-1] // 16)
    width = WIDTH - LEFT - RIGHT
    tile = mosaic(frames.reshape(-1, *frames.shape[2:]), rows=units, columns=len(shown), gap=gap)
    height = width * tile.shape[0] / tile.shape[1]
    canvas = Canvas(words, record.provenance, height=height + TOP + 0.1)
    axes = canvas.place(LEFT, 0.06, width, height)
    axes.imshow(tile, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for i in range(units):
        name = record.unit_names[i]
        axes.text(
            -0.02, 1 - (i + 0.5) / units, f"{name}\n{_rate(record, i)}", transform=axes.transAxes,
            ha="right", va="center", fontsize=SIZES.small, linespacing=1.15,
        )  # fmt: skip
    for place in sorted({0, len(shown) // 2, len(shown) - 1}):
        quantile = record.quantiles[shown[place]]
        axes.text(
            (place + 0.5) / len(shown), 1 + 0.03 / height, f"q {quantile:.2g}",
            transform=axes.transAxes, ha="center", va="bottom", fontsize=SIZES.small,
            color=LIGHT["muted"],
        )  # fmt: skip
    return canvas.finish()


def _rate(record: TraversalRecord, i: int) -> str:
    amount = number(float(record.rate[i]))
    return f"{amount} nat" if record.ranked_by == "KL" else f"variance {amount}"


def _why(record: TraversalRecord) -> str:
    if record.axes == "latents":
        return ""
    return (
        " The latent is a grid, of which one cell paints one place: principal directions of all "
        "cells together move instead."
    )
