"""Triplets with what moves and what changes, place by place on the latent's grid."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import MotionMaps, Provenance
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import visible
from latentscape.report.palette import LIGHT, SIZES, sequential
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP = 0.05  # inches
HEADS = ("first", "middle", "last", "flow, px", "latent", "pixels")


def motion_maps(maps: MotionMaps, provenance: Provenance) -> Picture:
    """A row a triplet: its three frames, the flow, and the change of latent and pixels."""
    n = len(maps.names)
    told = [f"{rho:.2f}".replace("-", "−") if np.isfinite(rho) else "not defined"
            for rho in maps.correlations]  # fmt: skip
    words = Words(
        "motion-maps",
        "Where it moves, and where the latent changes",
        "Each row is a triplet, from little motion to much: its three frames, the optical flow "
        "pooled on the latent's grid, how far the latent changes at each place from first to last, "
        "and how far the pixels of each cell do. Light is much; each map has its own scale, and "
        "the figure under it is its largest value. ρ is Spearman's correlation of flow and latent.",
        f"{n} rows of three frames and three maps; ρ {', '.join(told)}.",
        "the pixels' own change",
    )
    tile = (WIDTH - 0.24 - 5 * GAP) / 6
    tall = tile * maps.frames.shape[-2] / maps.frames.shape[-1]
    line = 0.36
    canvas = Canvas(words, provenance, height=n * (tall + line) + 0.26, n=n)
    for k in range(n):
        y = (n - 1 - k) * (tall + line) + line - 0.04
        for j in range(6):
            axes = canvas.place(0.12 + j * (tile + GAP), y, tile, tall)
            _cell(axes, maps, k, j)
            if k == 0:
                axes.text(0.5, 1 + 0.05 / tall, HEADS[j], transform=axes.transAxes, ha="center",
                          va="bottom", fontsize=SIZES.small, fontweight="bold")  # fmt: skip
            if j == 0:
                name = maps.names[k] if len(maps.names[k]) <= 34 else "…" + maps.names[k][-33:]
                axes.text(0, -0.05 / tall, f"{name}, ρ {told[k]}", transform=axes.transAxes,
                          va="top", fontsize=SIZES.small, color=LIGHT["muted"])  # fmt: skip
    return canvas.finish()


def _cell(axes: "Axes", maps: MotionMaps, k: int, j: int) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)
    if j < 3:
        axes.imshow(visible(maps.frames[k, j]), interpolation="none", aspect="auto")
        return
    values = (maps.motion, maps.change, maps.pixel_change)[j - 3][k]
    highest = float(values.max())
    axes.imshow(values, cmap=sequential(), vmin=0, vmax=highest or 1, interpolation="none",
                aspect="auto")  # fmt: skip
    height = axes.get_position().height * axes.figure.get_size_inches()[1]  # pyright: ignore[reportAttributeAccessIssue]
    axes.text(0.5, -0.05 / height, f"≤ {number(highest)}", transform=axes.transAxes, ha="center",
              va="top", fontsize=SIZES.small, color=LIGHT["muted"])  # fmt: skip
