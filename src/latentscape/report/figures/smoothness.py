"""How a decoder stretches latent space, direction by direction."""

import numpy as np

from latentscape.records import Provenance
from latentscape.records.smoothness import Smoothness
from latentscape.report.canvas import Canvas
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.svg import HALO
from latentscape.report.words import number

HEIGHT = 2.7  # inches
FEW = 40  # directions, up to which each is marked
TINY = 1e-4  # of the largest value; what is smaller is drawn there
DASHED, DOTTED = (0, (4, 3)), (0, (1, 2))


def jacobian_spectrum(found: Smoothness, provenance: Provenance) -> Picture | None:
    """Singular values of the decoder's Jacobian, largest first, over latents of images."""
    from matplotlib.ticker import LogLocator

    values = found.singular_values
    if not values.size or not values.max() > 0:
        return None
    low, middle, high = np.quantile(values, [0.05, 0.5, 0.95], axis=0)
    words = Words(
        "jacobian-spectrum",
        "How far images move for a step in latent space",
        "Each dot is a singular value of the decoder's Jacobian (the middle one over latents of "
        "images, largest first); the band holds 90 % of the latents. A narrow band is an even "
        "decoder, a steep fall one that uses few directions. Dashed: PCA's linear decoder, the "
        "same everywhere; dotted: at draws from the prior.",
        f"From {number(float(middle[0]))} to {number(float(middle[-1]))} pixel values per latent "
        f"unit over {len(middle)} directions" + _linear_words(found) + ".",
        "PCA's linear decoder of the same size"
        + (", prior draws" if found.prior_singular_values.size else ""),
    )
    canvas = Canvas(words, provenance, height=HEIGHT, n=len(values))
    axes = canvas.axes(left=0.62, bottom=0.42)
    axis = np.arange(1, len(middle) + 1)
    largest = max(values.max(), *(line.max(initial=0) for line in _others(found)))
    floor = TINY * largest
    axes.fill_between(axis, low.clip(floor), high.clip(floor), color=LIGHT["model"], alpha=0.2,
                      linewidth=0)  # fmt: skip
    marker = "o" if len(axis) <= FEW else ""
    axes.plot(axis, middle.clip(floor), color=LIGHT["model"], marker=marker, markersize=4, lw=1.4)
    lines = [("PCA", found.linear_singular_values, LIGHT["second"], DASHED)]
    if found.prior_singular_values.size:
        prior = np.median(found.prior_singular_values, axis=0)
        lines.append(("prior draws", prior, LIGHT["muted"], DOTTED))
    for name, line, colour, dashes in lines:
        if len(line):
            axes.plot(axis[: len(line)], line.clip(floor), color=colour, linestyle=dashes, lw=1.3)
            marks = {"color": colour, "linestyle": dashes, "linewidth": 1.3}
            axes.plot([], [], label=name, **marks)
    axes.plot([], [], color=LIGHT["model"], linewidth=1.4, label="decoder")
    lowest = min(middle.min(), *(line.min(initial=np.inf) for line in _others(found)))
    if largest > 8 * max(lowest, floor):
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.yaxis.set_minor_formatter(lambda *_: "")
    else:
        axes.set_ylim(0, None)
    _frame(axes, len(axis))
    return canvas.finish()


def _others(found: Smoothness) -> list[np.ndarray]:
    prior = found.prior_singular_values
    return [found.linear_singular_values, np.median(prior, axis=0) if prior.size else prior.ravel()]


def _linear_words(found: Smoothness) -> str:
    line = found.linear_singular_values
    if not len(line):
        return ""
    return f"; of PCA from {number(float(line[0]))} to {number(float(line[-1]))}"


def _frame(axes, n: int) -> None:
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(0.5, n + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, min_n_ticks=1))
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.set_xlabel("direction, the strongest first", labelpad=2)
    axes.set_ylabel("pixel / latent unit")
    axes.legend(
        loc="best", fontsize=SIZES.tick, frameon=False, labelcolor=LIGHT["ink"], handlelength=1.9
    ).set_gid(f"{HALO}-key")
