"""The collapse doctor's pictures: rate by latent, the rate taken apart, what the decoder reads."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import CollapseRecord, Measure
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import CLASS_COLOURS, LIGHT, SIZES
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_BARS = 64  # latents with a bar each; more are drawn as one outline
SMALL_KL = 0.01  # nat
NEAR_CAP = 0.95
CAPPED = (
    " Here they stand at it: the true share of information is larger, that of the rest smaller."
)
ROWS = ("original", "its own\nlatent", "another's\nlatent", "mean\nimage")
PARTS = {
    "information": ("information about the image", CLASS_COLOURS[0]),
    "total_correlation": ("total correlation", CLASS_COLOURS[8]),
    "dimension_wise_kl": ("latents alone against the prior", CLASS_COLOURS[6]),
}


def unit_rates(record: CollapseRecord) -> Picture | None:
    """KL of each latent, the largest first; None for point posteriors."""
    rates = record.kl_per_unit
    if not rates.size:
        return None
    order = np.argsort(-rates, kind="stable")
    rates, active = rates[order], record.active[order]
    n_active = int(active.sum())
    words = Words(
        "collapse-units",
        "Rate of each latent",
        "A bar is a latent, the largest first; filled ones are active. Bars of no height are "
        "latents that every image leaves at the prior.",
        f"{rates.size:,} latents, {n_active:,} active; the largest carries {number(rates[0])} nat, "
        f"all together {number(rates.sum())} nat.",
        f"{SMALL_KL:g} nat, under which a latent counts as collapsed",
    )
    canvas = Canvas(words, record.provenance, height=1.9)
    axes = canvas.axes(left=0.62, bottom=0.42, top=0.24)
    places = np.arange(1, rates.size + 1)
    if rates.size <= MOST_BARS:
        colours = [LIGHT["model"] if on else LIGHT["card"] for on in active]
        edges = [LIGHT["model"] if on else LIGHT["muted"] for on in active]
        axes.bar(places, rates, color=colours, edgecolor=edges, linewidth=0.8, width=0.8)
    else:
        axes.fill_between(places, rates, step="mid", color=LIGHT["rule"], linewidth=0)
        axes.fill_between(
            places, np.where(active, rates, 0), step="mid", color=LIGHT["model"], linewidth=0
        )
    axes.axhline(SMALL_KL, color=LIGHT["second"], linewidth=1, linestyle=(0, (2, 1.5)))
    axes.set_ylim(0, max(1.08 * float(rates[0]), 4 * SMALL_KL))
    axes.set_xlim(0.3, rates.size + 0.7)
    axes.set_xlabel("latent, by rate", labelpad=2)
    axes.set_ylabel("KL (nat)")
    _head(axes, f"{n_active:,} of {rates.size:,} active; dashed: collapsed below {SMALL_KL:g} nat")
    return canvas.finish()


def rate_parts(record: CollapseRecord) -> Picture | None:
    """The rate as a bar of its three parts, the most information it can show marked on it."""
    found = {m.name: m for m in record.surgery.measures}
    parts = [
        (label, colour, found[name]) for name, (label, colour) in PARTS.items() if name in found
    ]
    if not parts:
        return None
    capped = found["information"].value > NEAR_CAP * record.cap
    said = "; ".join(f"{label} {_told(measure)}" for label, _, measure in parts)
    words = Words(
        "collapse-surgery",
        "What the rate is spent on",
        "The whole bar is the rate. Information is what codes tell of images; the rest is what all "
        "codes together pay for not being the prior. N codes cannot show more information than "
        f"log N.{CAPPED if capped else ''}",
        f"A bar of three parts. {said}.",
        f"log N = {record.cap:.3g} nat, the most information that the codes can show",
    )
    canvas = Canvas(words, record.provenance, height=1.55, n=parts[0][2].n)
    axes = canvas.place(0.2, 1.02, WIDTH - 0.4, 0.36)
    start = 0.0
    for _, colour, measure in parts:
        width = max(measure.value, 0.0)
        axes.barh(0, width, left=start, color=colour, height=0.8, linewidth=0)
        start += width
    limit = max(start, record.cap) if start > SMALL_KL else record.cap
    axes.axvline(record.cap, color=LIGHT["ink"], linewidth=1.1, linestyle=(0, (2, 1.5)))
    axes.set_xlim(0, 1.02 * limit)
    axes.set_ylim(-0.5, 0.5)
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("nat an image", labelpad=1)
    left = record.cap / (1.02 * limit) < 0.5
    axes.annotate(
        f"log N {record.cap:.2f}", (record.cap, 0.5), xytext=(3 if left else -3, 1),
        textcoords="offset points", fontsize=SIZES.small, color=LIGHT["muted"],
        ha="left" if left else "right", va="bottom",
    )  # fmt: skip
    for i, (label, colour, measure) in enumerate(parts):
        _key(canvas, 0.42 - 0.17 * i, colour, f"{label}: {_told(measure)}")
    return canvas.finish()


def ablation(record: CollapseRecord) -> Picture | None:
    """Images, what comes back of them, what another's latent gives, and the mean image."""
    n = len(record.originals)
    if not n:
        return None
    lost = {m.name: m for m in record.decoder.measures}
    told = ", ".join(
        f"{what} {number(lost[name].value)}"
        for name, what in (
            ("mse", "own"),
            ("mse_of_other", "another's"),
            ("mean_image_mse", "the mean image"),
        )
        if name in lost
    )
    words = Words(
        "collapse-ablation",
        "Does the decoder read its latent?",
        "Rows, from the top: an image; decoded from its own latent; from another image's; the mean "
        "of the training images. A model has collapsed where the last three rows are one.",
        f"Four rows of {n} images. Squared errors: {told}.",
        f"mean image; squared errors: {told}",
    )
    mean = np.repeat(record.mean_image[None], n, axis=0)
    rows = np.concatenate([record.originals, record.reconstructions, record.others, mean])
    tile = mosaic(rows, rows=4, columns=n, gap=max(1, record.originals.shape[-1] // 16))
    left = 0.72
    width = WIDTH - left - 0.12
    height = width * tile.shape[0] / tile.shape[1]
    canvas = Canvas(words, record.provenance, height=height + 0.1, n=n)
    axes = canvas.place(left, 0.05, width, height)
    axes.imshow(tile, interpolation="none", aspect="auto")
    axes.set_axis_off()
    for i, name in enumerate(ROWS):
        axes.text(
            -0.015, 1 - (i + 0.5) / 4, name, transform=axes.transAxes, ha="right", va="center",
            fontsize=SIZES.small, fontweight="bold" if i == 1 else "normal",
            color=LIGHT["model"] if i == 1 else LIGHT["ink"],
        )  # fmt: skip
    return canvas.finish()


def _told(measure: Measure) -> str:
    low, high = measure.low, measure.high
    interval = "" if low is None or high is None else f" [{_nats(low)}, {_nats(high)}]"
    return f"{_nats(measure.value)} nat{interval}"


def _nats(value: float) -> str:
    """Two decimals: less is noise of the draws."""
    text = f"{value:,.2f}" if abs(value) < 100 else f"{value:,.1f}"
    return "0.00" if text == "-0.00" else text.replace("-", "−")


def _head(axes: "Axes", text: str) -> None:
    axes.text(
        0, 1.03, text, transform=axes.transAxes, fontsize=SIZES.tick, color=LIGHT["muted"],
        va="bottom",
    )  # fmt: skip


def _key(canvas: Canvas, y: float, colour: str, text: str) -> None:
    """A coloured square and its words; `y` in inches from the bottom of the drawing."""
    from matplotlib.patches import Rectangle

    axes = canvas.place(0.2, y, WIDTH - 0.4, 0.15)
    axes.set_axis_off()
    axes.set_xlim(0, WIDTH - 0.4)
    axes.set_ylim(0, 0.15)
    axes.add_patch(Rectangle((0.0, 0.01), 0.12, 0.11, facecolor=colour, linewidth=0))
    axes.text(0.2, 0.065, text, fontsize=SIZES.tick, va="center", color=LIGHT["ink"])
