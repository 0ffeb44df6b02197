"""The shape of a cloud of latents: its variances in order, and its ellipse beside the prior."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import PrincipalPlane, StructureRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.scatter import key, key_height, scatter
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.svg import HALO
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEIGHT = 3.0  # inches
PLANE = 4.07
DASHED = (0, (4, 3))
FEW = 40  # latents, up to which each is marked
TINY = 1e-4  # share of the largest λ; what is smaller is drawn there


def scree(record: StructureRecord) -> Picture | None:
    """Variances along the principal axes and their cumulated share, with an isotropic cloud's."""
    values = record.eigenvalues
    if len(values) < 2 or not values.any():
        return None
    shares, null = values / values.mean(), record.null_eigenvalues / values.mean()
    whole = np.cumsum(values) / values.sum()
    place = int(np.searchsorted(whole, 0.9)) + 1
    words = Words(
        "scree",
        "Variances along the principal axes",
        "Each dot is the variance along one axis, in multiples of their mean, largest first; the "
        "band is where an isotropic Gaussian cloud of as many latents would lie. Below, the share "
        "of all variance that the first axes hold.",
        f"The largest variance is {number(shares[0])} times the mean, the smallest "
        f"{number(shares[-1])} times; {place} of {len(values)} axes hold 90 % of the variance.",
        "isotropic Gaussian of the same n, d and variance, several draws, lowest to highest",
    )
    canvas = Canvas(words, record.provenance, height=HEIGHT + 1.3)
    left, wide = 0.62, WIDTH - 0.62 - 0.16
    upper = canvas.place(left, 1.62, wide, HEIGHT - 0.42)
    lower = canvas.place(left, 0.42, wide, 0.95)
    axis = np.arange(1, len(values) + 1)
    _variances(upper, axis, shares, null)
    _cumulated(lower, axis, whole, record.null_eigenvalues[1], place)
    canvas.figure.align_ylabels([upper, lower])
    return canvas.finish()


def _variances(axes: "Axes", axis: np.ndarray, shares: np.ndarray, null: np.ndarray) -> None:
    floor = TINY * shares[0]
    marker = "o" if len(axis) <= FEW else ""
    low, middle, high = null.clip(min=floor)
    axes.fill_between(axis, low, high, color=LIGHT["muted"], alpha=0.25, linewidth=0)
    axes.plot(axis, middle, color=LIGHT["muted"], linewidth=1, linestyle=DASHED)
    axes.plot(
        axis, shares.clip(min=floor), color=LIGHT["model"], linewidth=1.4, marker=marker,
        markersize=4,
    )  # fmt: skip
    if shares[0] > 5 * max(shares[-1], floor):
        axes.set_yscale("log")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda *_: "")
    else:
        axes.set_ylim(0, None)
    at = len(axis) // 2
    axes.annotate(
        "isotropic", (axis[at], high[at]), xytext=(0, 4), textcoords="offset points", ha="left",
        va="bottom", fontsize=SIZES.tick, color=LIGHT["muted"], gid=f"{HALO}-null",
    )  # fmt: skip
    axes.set_ylabel("variance ÷ mean")
    axes.set_xticklabels([])
    _frame(axes, axis)


def _cumulated(
    axes: "Axes", axis: np.ndarray, whole: np.ndarray, null: np.ndarray, place: int
) -> None:
    axes.plot(axis, np.cumsum(null) / null.sum(), color=LIGHT["muted"], linestyle=DASHED, lw=1)
    axes.plot(axis, whole, color=LIGHT["model"], linewidth=1.4)
    axes.plot([1, place, place], [0.9, 0.9, 0], color=LIGHT["second"], linewidth=0.9)
    right = place > 0.6 * len(axis)
    axes.annotate(
        f"90 % in {place}", (place, 0), xytext=(-4 if right else 4, 4),
        textcoords="offset points", ha="right" if right else "left", va="bottom",
        fontsize=SIZES.tick, color=LIGHT["second"], gid=f"{HALO}-share",
    )  # fmt: skip
    axes.set_ylim(0, 1.04)
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.set_ylabel("share")
    axes.set_xlabel("principal axis", labelpad=2)
    _frame(axes, axis)


def _frame(axes: "Axes", axis: np.ndarray) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(0.5, len(axis) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.set_axisbelow(True)


def ellipse(record: StructureRecord) -> Picture | None:
    """The cloud on its first two principal axes with its ellipses, and the prior's circles."""
    plane = record.plane
    if plane is None or not plane.deviations[0] > 0:
        return None
    whole = record.eigenvalues.sum()
    shares = [100 * deviation**2 / whole for deviation in plane.deviations]
    ratio = plane.deviations[0] / max(plane.deviations[1], 1e-12)
    prior = (
        " Dashed circles are the prior's." if record.prior_matched
        else " Training had no prior, so none is drawn."
    )  # fmt: skip
    both = plane.aggregate is not None and record.prior_matched
    read = (
        "Each point is one image on the two axes along which latents vary most, in the latent "
        "space's own units. Ellipses hold 1, 2 and 3 standard deviations of the points."
        + prior
        + (" The dotted ellipse (1σ) adds what posteriors spread about their means: it, not the "
           "points, is to meet the prior's 1σ." if both else "")
    )  # fmt: skip
    words = Words(
        "ellipse",
        "The cloud on its first two principal axes",
        read,
        f"{len(plane.positions):,} points; standard deviations {number(plane.deviations[0])} and "
        f"{number(plane.deviations[1])}, {number(ratio)} to 1; centre at "
        f"{number(plane.centre[0])}, {number(plane.centre[1])}.",
        "the prior N(0, I)" if record.prior_matched else "none: no prior",
    )
    below = key_height(plane.labels, record.class_names)
    canvas = Canvas(
        words, record.provenance, height=PLANE + 0.08 + below, n=len(plane.positions)
    )  # fmt: skip
    axes = canvas.place(0.56, below + 0.46, WIDTH - 0.56 - 0.12, PLANE - 0.46)
    scatter(axes, plane.positions, plane.labels)
    axes.set_aspect("equal", adjustable="datalim")
    _rings(axes, plane, prior=record.prior_matched, both=both)
    axes.set_xlabel(f"principal axis 1, {shares[0]:.0f} % of the variance", labelpad=2)
    axes.set_ylabel(f"principal axis 2, {shares[1]:.0f} %", labelpad=2)
    axes.grid()
    axes.set_axisbelow(True)
    key(canvas, plane.labels, record.class_names, bottom=0.04)
    return canvas.finish()


def _rings(axes: "Axes", plane: PrincipalPlane, *, prior: bool, both: bool) -> None:
    turn = np.linspace(0, 2 * np.pi, 181)
    circle = np.stack([np.cos(turn), np.sin(turn)])
    centre, spread = np.array(plane.centre)[:, None], np.array(plane.deviations)[:, None]
    for radius in (1, 2, 3):
        axes.plot(*(centre + radius * spread * circle), color=LIGHT["ink"], linewidth=1.1)
        if prior:
            axes.plot(*(radius * circle), color=LIGHT["muted"], linewidth=0.9, linestyle=DASHED)
        x, y = centre[:, 0] + radius * spread[:, 0] * np.array([0, 1])
        axes.annotate(
            f"{radius}σ", (x, y), xytext=(0, 2), textcoords="offset points", ha="center",
            va="bottom", fontsize=SIZES.small, color=LIGHT["ink"], gid=f"{HALO}-{radius}",
        )  # fmt: skip
    if both and plane.aggregate is not None:
        values, turned = np.linalg.eigh(plane.aggregate)
        outline = turned @ (np.sqrt(values)[:, None] * circle)
        axes.plot(*(centre + outline), color=LIGHT["second"], linewidth=1.3, linestyle=":")
    axes.plot(*centre, "+", color=LIGHT["ink"], markersize=7, markeredgewidth=1.2)
