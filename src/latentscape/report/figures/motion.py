"""Motion in latents: how far middles lie from the line, what follows the flow, and courses."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import MotionPlane, MotionRecord, Row, ShiftTable
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES, UNKNOWN, class_styles
from latentscape.report.picture import Picture, Words
from latentscape.report.verdict import find
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SPACES = ("latents", "pixels", "latents within", "latents between")
NAMED = {
    "latents": "latents",
    "pixels": "pixels",
    "latents within": "latents, middle of the same shot",
    "latents between": "latents, middle of another shot",
}
WALK, SATURATED = 0.5, 3**0.5 / 2
LEAST, MOST = 0.03, 30.0
SEEN = 0.08  # of the cloud's width: shorter arrows are dots
SPLITS = ("train", "val", "test")
MOST_ARROWS = 24


def motion_pictures(record: MotionRecord) -> list[Picture]:
    """Deviations, displacement beside flow, shifts and courses; only those there are."""
    made = [
        deviations(record),
        displacements(record),
        None if record.shifts is None else shifts(record, record.shifts),
        courses(record),
    ]
    return [picture for picture in made if picture is not None]


def deviations(record: MotionRecord) -> Picture | None:
    """Distribution of the midpoint deviation in latents, pixels and with other middles."""
    told = {
        space: column[np.isfinite(column)]
        for space in SPACES
        if (column := record.columns.get(f"{space} midpoint_deviation")) is not None
    }
    told = {space: column for space, column in told.items() if len(column) > 2}
    if "latents" not in told:
        return None
    medians = {space: float(np.median(column)) for space, column in told.items()}
    most = _most(told)
    words = Words(
        "motion-deviation",
        "How far the middle lies from half-way",
        "Each line is the distribution over triplets of r, the middle's distance from the "
        "midpoint of first and last over their distance; 0 is linear. Upright lines: .5, what a "
        "random walk gives, and .87, three frames equally far apart. Dots are medians."
        + _off(told, most),
        "Curves over a logarithmic axis; medians "
        + ", ".join(f"{NAMED[space]} {number(value)}" for space, value in medians.items()),
        "pixels of the same frames, and middles of other triplets",
    )
    rows = len(told)
    canvas = Canvas(words, record.provenance, height=2.3 + 0.16 * rows)
    axes = canvas.place(0.3, 0.48 + 0.16 * rows, WIDTH - 0.5, 1.66)
    edges = np.geomspace(LEAST, most, 41)
    for (space, column), style in zip(told.items(), _lines(told), strict=True):
        counts = np.histogram(np.clip(column, LEAST, None), edges)[0] / len(column)
        smooth = np.convolve(np.pad(counts, 2, mode="edge"), np.array([1, 2, 3, 2, 1]) / 9, "valid")
        middle = np.sqrt(edges[1:] * edges[:-1])
        axes.plot(middle, smooth, color=style[0], linestyle=style[1], linewidth=1.7)
        axes.plot(medians[space], 0, "o", color=style[0], markersize=5, clip_on=False, zorder=5)
    top = axes.get_ylim()[1]
    for at, name, side in ((WALK, ".5", "right"), (SATURATED, ".87", "left")):
        axes.axvline(at, color=LIGHT["muted"], linewidth=0.8, linestyle=(0, (2, 2)), zorder=0)
        axes.text(at, 1.02, name, ha=side, va="bottom", fontsize=SIZES.small,
                  color=LIGHT["muted"], transform=axes.get_xaxis_transform())  # fmt: skip
    axes.set(xscale="log", xlim=(LEAST, most), ylim=(0, top), yticks=[])
    ticks = [at for at in (0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000) if at < most]
    axes.set_xticks(ticks, labels=[f"{at:g}" for at in ticks])
    axes.minorticks_off()
    axes.set_xlabel("midpoint deviation r", labelpad=2)
    axes.spines["left"].set_visible(False)
    _key(canvas, [(f"{NAMED[space]}: median {number(medians[space])}", *style)
                  for space, style in zip(told, _lines(told), strict=True)])  # fmt: skip
    return canvas.finish()


def _off(told: dict[str, np.ndarray], most: float) -> str:
    """How many triplets lie beyond either end of the axis; nothing where all lie on it."""
    said = []
    for end, is_off in (
        (f"below {LEAST:g} and drawn there", lambda r: r < LEAST),
        (f"above {most:.3g} and not drawn", lambda r: r > most),
    ):
        counts = {space: int(is_off(column).sum()) for space, column in told.items()}
        parts = [f"{n:,} of {len(told[space]):,} ({NAMED[space]})" for space, n in counts.items()
                 if n]  # fmt: skip
        said += [f" {end[0].upper()}{end[1:]}: {', '.join(parts)}."] if parts else []
    return "".join(said)


def _most(told: dict[str, np.ndarray]) -> float:
    """Where the axis ends: it holds 99 of 100 of every distribution, up to 1,000."""
    far = max(float(np.quantile(column, 0.99)) for column in told.values())
    return float(np.clip(1.5 * far, MOST, 1000))


def displacements(record: MotionRecord) -> Picture | None:
    """How far latents and pixels go from first to last, over how much moves."""
    flow = record.columns["flow flow"]
    if not (flow > 0).any():
        return None
    row, pixels = record.rows[0], _beside(record, "pixels")
    found = {"latents": _value(row, "flow_correlation"),
             "pixels": _value(pixels, "flow_correlation") if pixels else None}  # fmt: skip
    said = {space: "not defined" if rho is None else f"{rho:.2f}".replace("-", "−")
            for space, rho in found.items()}  # fmt: skip
    words = Words(
        "motion-flow",
        "Displacement beside optical flow",
        "Each point is a triplet: to the right, how far its pixels move from first to last frame "
        f"(mean flow by {record.flow}, pixels of the frame); upwards, how far its latent (left) "
        "and its pixels (right) are apart. ρ is Spearman's correlation. Both axes logarithmic.",
        f"Two scatter plots of {len(flow)} triplets: ρ of latents {said['latents']}, of pixels "
        f"{said['pixels']}.",
        "pixels of the same frames; chance is ρ = 0",
    )
    canvas = Canvas(words, record.provenance, height=2.62)
    side, styles = (WIDTH - 1.2) / 2, class_styles(3)
    least = np.quantile(flow[flow > 0], 0.02) / 2
    for k, space in enumerate(("latents", "pixels")):
        axes = canvas.place(0.5 + k * (side + 0.55), 0.66, side, 1.7)
        height = record.columns[f"{space} displacement"]
        shown = height > 0
        for split, style in zip(SPLITS, styles, strict=True):
            chosen = shown & (np.array(record.splits) == split)
            axes.scatter(np.maximum(flow[chosen], least), height[chosen], s=9, c=style.colour,
                         marker=style.marker, linewidths=0, alpha=0.8,
                         rasterized=len(flow) > 2000)  # fmt: skip
        axes.set(xscale="log", yscale="log")
        _plain(axes)
        axes.set_xlabel("mean flow, px", labelpad=2)
        axes.text(0.02, 1.03, f"{space}, ρ = {said[space]}", transform=axes.transAxes,
                  fontsize=SIZES.tick, fontweight="bold")  # fmt: skip
        axes.grid(alpha=0.6)
        axes.set_axisbelow(True)
    present = [k for k, split in enumerate(SPLITS) if split in record.splits]
    _dots(canvas, [(SPLITS[k], styles[k].colour, styles[k].marker) for k in present])
    return canvas.finish()


def shifts(record: MotionRecord, table: ShiftTable) -> Picture:
    """Error and PSNR over the shift, whole cells told from parts of one."""
    rows = [(row, base) for row, base in zip(table.rows, table.baselines, strict=True)]
    pixels = np.array(table.pixels)
    whole = pixels % table.factor == 0
    error = np.array([_of(row, "equivariance_error") for row, _ in rows])
    unmoved = np.array([_held(row, "equivariance_error") for row, _ in rows])
    simple = np.array([_of(base, "equivariance_error") for _, base in rows])
    psnr = np.array([_of(row, "shifted_psnr") for row, _ in rows])
    still = np.array([_held(row, "shifted_psnr") for row, _ in rows])
    worst, at = float(np.nanmax(error[~whole], initial=0)), float(error[whole][0])
    words = Words(
        "motion-shifts",
        "Does the latent move with the picture?",
        "A frame is moved by so many pixels. Left: how far its latent is from the first latent "
        "moved as far on its own grid, over the latents' variance (0 is moving along exactly). "
        "Right: PSNR of decoding the moved latent against the moved decoded image. Filled dots "
        "are whole cells of the grid, open ones parts of a cell. "
        f"{table.edge} cells at each border are left out{_judged(table)}.",
        f"Two curves over shifts of {pixels[0]} to {pixels[-1]} pixels: error {number(at)} at one "
        f"whole cell, up to {number(worst)} at parts of one.",
        "the latent (the image) not moved at all; each cell's mean colour as a code",
    )
    canvas = Canvas(words, record.provenance, height=2.6, n=rows[0][0].measures[0].n)
    side = (WIDTH - 1.15) / 2
    panels = (
        ("error of the encoder", error, unmoved, simple),
        ("PSNR of the decoder, dB", psnr, still, None),
    )
    for k, (name, own, held, base) in enumerate(panels):
        axes = canvas.place(0.45 + k * (side + 0.55), 0.7, side, 1.62)
        axes.plot(pixels, held, color=LIGHT["muted"], linewidth=1, linestyle=(0, (3, 2)))
        if base is not None:
            axes.plot(pixels, base, color=LIGHT["second"], linewidth=1, linestyle=(0, (1, 1.5)))
        axes.plot(pixels, own, color=LIGHT["model"], linewidth=1.4)
        for chosen, face in ((whole, LIGHT["model"]), (~whole, LIGHT["card"])):
            axes.plot(pixels[chosen], own[chosen], "o", markersize=4.5, markerfacecolor=face,
                      markeredgecolor=LIGHT["model"], markeredgewidth=1.2)  # fmt: skip
        for cell in pixels[whole]:
            axes.axvline(cell, color=LIGHT["rule"], linewidth=0.8, zorder=0)
        axes.set_xlabel("shift, px", labelpad=2)
        axes.text(0, 1.03, name, transform=axes.transAxes, fontsize=SIZES.tick, fontweight="bold")
        axes.set_xticks(pixels[whole | (pixels == table.factor // 2)])
        if k == 0:
            axes.set_ylim(bottom=0)
    entries = [("model", LIGHT["model"], "-"), ("not moved", LIGHT["muted"], (0, (3, 2))),
               ("cell means", LIGHT["second"], (0, (1, 1.5)))]  # fmt: skip
    _key(canvas, entries, columns=3)
    return canvas.finish()


def _judged(table: ShiftTable) -> str:
    return f", {'×'.join(map(str, table.inside))} are judged" if table.inside else ""


def courses(record: MotionRecord) -> Picture | None:
    """Shots or triplets as arrows on the plane of all frames."""
    plane = record.plane
    if plane is None or not plane.courses:
        return None
    what = "shots" if plane.of_shots else "triplets"
    times = _magnified(plane)
    larger = ""
    if times > 1:
        larger = f" Each is drawn {times} times its size about its first frame, to be seen at all."
    first, second = (f"PC {k + 1} ({share:.0%})" for k, share in enumerate(plane.explained))
    words = Words(
        "motion-courses",
        f"{what.capitalize()} on the plane of all frames",
        f"Small dots are frames of all {what}; each line is one of {len(plane.courses)} {what} "
        f"taken evenly through the data, frame by frame, with an arrow from first to last.{larger} "
        f"The axes are principal ones of {plane.n_fitted:,} frames, not of the {what}: of a smooth "
        "course alone they would be waves, whatever the course.",
        f"{len(plane.courses)} arrows on a plane of {len(plane.crowd)} points; the axes hold "
        f"{sum(plane.explained):.0%} of the variance.",
        "the cloud of all frames",
    )
    canvas = Canvas(words, record.provenance, height=3.6, n=plane.n_fitted)
    axes = canvas.place(0.5, 0.42, WIDTH - 0.62, 3.08)
    axes.scatter(*plane.crowd.T[:2], s=4, c=UNKNOWN, linewidths=0, alpha=0.5,
                 rasterized=len(plane.crowd) > 2000)  # fmt: skip
    styles = class_styles(len(plane.courses))
    for course, style in zip(plane.courses[:MOST_ARROWS], styles, strict=False):
        arrow(axes, course[0] + times * (course - course[0]), style.colour)
    axes.set_aspect("equal", adjustable="datalim")
    axes.autoscale_view()
    axes.set_xlabel(first, labelpad=2)
    axes.set_ylabel(second, labelpad=2)
    axes.grid(alpha=0.6)
    axes.set_axisbelow(True)
    return canvas.finish()


def _magnified(plane: MotionPlane) -> int:
    """How many times larger courses are drawn, so that the middling one is a tenth of the cloud."""
    away = [np.linalg.norm(one - one[0], axis=1).max() for one in plane.courses]
    middling = float(np.median(away))
    wide = float(np.ptp(plane.crowd[:, :2], axis=0).max())
    if middling <= 0 or middling > SEEN * wide:
        return 1
    wanted = SEEN * wide / middling
    return next((times for times in (2, 5, 10, 20, 50) if times >= wanted), 100)


def _plain(axes: "Axes") -> None:
    """Ticks of logarithmic axes at 1, 3, 10 and so on, as plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator

    axes.minorticks_off()
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0), numticks=6))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))


def arrow(axes: "Axes", course: np.ndarray, colour: str) -> None:
    """A course as a line: a dot at its first point, a head at its last.

    Args:
        axes: Where.
        course: ``frames 2``, in the order of time.
        colour: Of it all.
    """
    axes.plot(*course.T[:2], color=colour, linewidth=1.1, alpha=0.9)
    axes.plot(*course[0, :2], "o", color=colour, markersize=3)
    steps = np.diff(course[:, :2], axis=0)
    moving = np.flatnonzero((steps != 0).any(1))
    if not len(moving):
        return
    end = course[moving[-1] + 1, :2]
    axes.annotate(
        "", xy=tuple(end), xytext=tuple(course[moving[-1], :2]),
        arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 1.1, "mutation_scale": 6,
                    "shrinkA": 0, "shrinkB": 0},
    )  # fmt: skip


def _lines(told: dict[str, np.ndarray]) -> list[tuple[str, str | tuple]]:
    styles = {
        "latents": (LIGHT["model"], "-"),
        "pixels": (LIGHT["second"], "-"),
        "latents within": (LIGHT["muted"], (0, (1, 1.5))),
        "latents between": (LIGHT["muted"], (0, (4, 2))),
    }
    return [styles[space] for space in told]


def _key(canvas: Canvas, entries: list[tuple[str, str, str | tuple]], *, columns: int = 1) -> None:
    rows = -(-len(entries) // columns)
    width = WIDTH - 0.5
    axes = canvas.place(0.3, 0.04, width, 0.16 * rows)
    axes.set(xlim=(0, width), ylim=(0, rows))
    axes.set_axis_off()
    for k, (name, colour, dashes) in enumerate(entries):
        x, y = k % columns * width / columns, rows - 0.5 - k // columns
        axes.plot([x, x + 0.25], [y, y], color=colour, linestyle=dashes, linewidth=1.7)
        axes.text(x + 0.32, y, name, va="center", fontsize=SIZES.small)


def _dots(canvas: Canvas, entries: list[tuple[str, str, str]]) -> None:
    axes = canvas.place(0.4, 0.06, WIDTH - 0.6, 0.18)
    axes.set(xlim=(0, WIDTH - 0.6), ylim=(0, 1))
    axes.set_axis_off()
    for k, (name, colour, marker) in enumerate(entries):
        axes.scatter(0.1 + 0.8 * k, 0.5, s=18, c=colour, marker=marker, linewidths=0)
        axes.text(0.2 + 0.8 * k, 0.5, name, va="center", fontsize=SIZES.small)


def _beside(record: MotionRecord, space: str) -> Row | None:
    name = f"{space}, {record.rows[0].name}"
    return next((row for row in record.baselines if row.name == name), None)


def _value(row: Row, name: str) -> float | None:
    found = find(row, name)
    return None if found is None else found.value


def _of(row: Row, name: str) -> float:
    value = _value(row, name)
    return float("nan") if value is None else value


def _held(row: Row, name: str) -> float:
    found = find(row, name)
    held = None if found is None else found.reference
    return float("nan") if held is None else held.value
