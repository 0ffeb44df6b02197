"""Latents on a grid: each channel's histogram, its maps, and how channels and places correlate."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import Measure, Provenance, Row
from latentscape.records.spatial import SpatialStatistics
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import (
    LIGHT,
    SIZES,
    class_styles,
    contrast,
    diverging,
    sequential,
)
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap

MOST_CHANNELS = 16
MOST_LINES = 8  # channels drawn each in its own colour
MOST_WRITTEN = 8  # channels whose correlations have room for a number
COLUMNS = 4
MARGIN, GAP = 0.14, 0.1  # inches
KEY = 0.55
NARROW = 0.5  # a channel's std, under which the whole prior would dwarf it


def spatial_pictures(
    spatial: SpatialStatistics, provenance: Provenance, *, prior_matched: bool
) -> list[Picture]:
    """Histograms, mean and std maps, autocorrelation and correlation; only those there are.

    Args:
        spatial: What was measured.
        provenance: For the small print.
        prior_matched: Whether the latents were drawn towards N(0, I), which is then drawn beside.
    """
    made = [
        histograms(spatial, provenance, prior_matched=prior_matched),
        place_maps(spatial, provenance),
        autocorrelation(spatial, provenance),
        correlation(spatial, provenance),
    ]
    return [picture for picture in made if picture is not None]


def histograms(
    spatial: SpatialStatistics, provenance: Provenance, *, prior_matched: bool
) -> Picture | None:
    """A histogram a channel, with the Gaussian it is held against."""
    shown = channels_shown(spatial)
    if not shown:
        return None
    against = "N(0, 1), the prior" if prior_matched else "a Gaussian of the channel's mean and std"
    words = Words(
        "spatial-histograms",
        "Channels of the latent",
        f"Values of each channel over all images and places; the line is {against}, and over "
        f"each panel stand the channel's mean and standard deviation.{_chosen(spatial, shown)}",
        "Histograms. " + "; ".join(_moments(spatial.rows[i + 1], i) for i in shown),
        against,
    )
    panel, head = 0.95, 0.58
    columns, rows, side = _grid(len(shown))
    canvas = Canvas(words, provenance, height=rows * (panel + head) + 0.06)
    for position, i in enumerate(shown):
        row, column = divmod(position, columns)
        x, y = MARGIN + column * (side + GAP), 0.2 + (rows - 1 - row) * (panel + head)
        axes = canvas.place(x, y, side, panel)
        _histogram(axes, spatial, i, prior_matched=prior_matched)
        _heading(axes, f"channel {i + 1}", _mean_and_std(spatial.rows[i + 1]), panel)
    return canvas.finish()


def place_maps(spatial: SpatialStatistics, provenance: Provenance) -> Picture | None:
    """Mean and standard deviation over images at each place, channel by channel."""
    shown = channels_shown(spatial)
    if not shown:
        return None
    share = _find(spatial.rows[0], "position_share")
    told = "" if share is None else f" Place alone holds {share.value:.1%} of the variance."
    words = Words(
        "spatial-maps",
        "Mean and spread by place",
        "Left of each pair: how far the mean over images lies from the channel's own mean; right: "
        "the standard deviation over images. Both in the channel's standard deviations, on the "
        f"same colours in all channels.{told}{_chosen(spatial, shown)}",
        f"Pairs of small maps of {len(shown)} channels." + told,
        "0 and 1 everywhere, a latent to which all places are alike",
    )
    scale = np.array([_value(spatial.rows[i + 1], "channel_std") for i in shown])
    centre = np.array([_value(spatial.rows[i + 1], "channel_mean") for i in shown])
    means = (spatial.mean_map[shown] - centre[:, None, None]) / scale[:, None, None]
    stds = spatial.std_map[shown] / scale[:, None, None]
    reach = max(float(np.abs(means).max()), 0.01)
    highest = max(float(stds.max()), 1.0)
    columns, rows = min(len(shown), 2), -(-len(shown) // 2)
    width = (WIDTH - 2 * MARGIN - (columns - 1) * 2 * GAP) / 2
    tile = (width - GAP) / 2
    tall = tile * min(spatial.mean_map.shape[1] / spatial.mean_map.shape[2], 2.0)
    head = 0.24
    canvas = Canvas(words, provenance, height=rows * (tall + head) + KEY)
    for position, i in enumerate(shown):
        row, column = divmod(position, columns)
        x, y = MARGIN + column * (width + 2 * GAP), KEY + (rows - 1 - row) * (tall + head)
        left = canvas.place(x, y, tile, tall)
        _tile(left, means[position], diverging(), (-reach, reach))
        _tile(canvas.place(x + tile + GAP, y, tile, tall), stds[position], sequential(),
              (0, highest))  # fmt: skip
        _heading(left, f"channel {i + 1}", "", tall)
    half = (WIDTH - 2 * MARGIN - 4 * GAP) / 2
    _key(canvas, MARGIN, half, diverging(), ("mean, in σ", -reach, reach))
    _key(canvas, MARGIN + half + 4 * GAP, half, sequential(), ("spread, in σ", 0, highest))
    return canvas.finish()


def autocorrelation(spatial: SpatialStatistics, provenance: Provenance) -> Picture | None:
    """How far a value tells its neighbours: correlation over distance, across and down."""
    shown = channels_shown(spatial)
    if not shown or not (spatial.horizontal.shape[1] or spatial.vertical.shape[1]):
        return None
    null = float(np.nanmean(spatial.null))
    one = _find(spatial.rows[0], "spatial_autocorrelation")
    many = len(shown) > MOST_LINES
    said = "" if one is None else f" One place apart it is {number(round(one.value, 3))} on average"
    words = Words(
        "spatial-autocorrelation",
        "Autocorrelation over places",
        "How far a channel's value at one place tells its value some places further, the mean map "
        "taken off; 1 is the same value. The dashed line is what is left when every image's places "
        f"are shuffled.{_chosen(spatial, shown)}",
        f"Lines falling with distance.{said}; shuffled {number(round(null, 3))}.",
        f"places shuffled inside each image, {number(round(null, 3))}",
    )
    canvas = Canvas(words, provenance, height=2.32)
    below, left = 0.62, 0.62
    width = (WIDTH - left - 0.12 - 0.25) / 2
    lowest = min(0.0, *(float(np.nanmin(x)) for x in _curves(spatial, shown)))
    for position, (name, curves) in enumerate(
        (("across", spatial.horizontal), ("down", spatial.vertical))
    ):
        axes = canvas.place(left + position * (width + 0.25), below, width, 1.62)
        _lines(axes, curves[shown], many=many)
        axes.axhline(null, color=LIGHT["ink"], linewidth=0.9, linestyle=(0, (4, 3)))
        axes.set_ylim(lowest - 0.04, 1.04)
        axes.set_xlabel(f"places {name}", labelpad=2)
        if position:
            axes.set_yticklabels([])
        else:
            axes.set_ylabel("correlation", labelpad=2)
    _line_key(canvas, shown, many=many)
    return canvas.finish()


def correlation(spatial: SpatialStatistics, provenance: Provenance) -> Picture | None:
    """The matrix of correlations between channels at the same place."""
    matrix = spatial.correlation
    c = len(matrix)
    if c < 2 or not np.isfinite(matrix[~np.eye(c, dtype=bool)]).any():
        return None
    pairs = np.abs(np.where(np.eye(c, dtype=bool), 0, np.nan_to_num(matrix)))
    first, second = np.unravel_index(int(pairs.argmax()), pairs.shape)
    worst = f"channels {min(first, second) + 1} and {max(first, second) + 1} the most"
    measure = _find(spatial.rows[0], "channel_correlation")
    held = None if measure is None else measure.reference
    words = Words(
        "spatial-correlation",
        "Correlation of channels",
        "Each cell is the correlation of two channels at the same place of the same image: blue "
        "below 0, orange above. Independent channels are pale off the diagonal.",
        f"Matrix of {c} channels; {worst}, r = {number(round(float(matrix[first, second]), 3))}.",
        "none" if held is None else f"|r| {number(round(held.value, 3))}, {held.words}",
    )
    side = min(3.2, 0.6 * c + 0.6)
    canvas = Canvas(words, provenance, height=side + 0.35)
    axes = canvas.place(0.45, 0.3, side, side)
    image = axes.imshow(matrix, cmap=diverging(), vmin=-1, vmax=1)
    ticks = range(0, c, max(1, -(-c // 16)))
    axes.set_xticks(list(ticks), [str(i + 1) for i in ticks])
    axes.set_yticks(list(ticks), [str(i + 1) for i in ticks])
    axes.tick_params(length=0)
    if c <= MOST_WRITTEN:
        _written(axes, matrix)
    bar = canvas.figure.colorbar(image, cax=canvas.place(0.45 + side + 0.2, 0.3, 0.14, side))
    bar.set_ticks([-1, 0, 1], labels=["−1", "0", "1"])
    bar.outline.set_visible(False)  # pyright: ignore[reportCallIssue]
    return canvas.finish()


def channels_shown(spatial: SpatialStatistics) -> list[int]:
    """Channels with any spread; of many, the sixteen with the most."""
    stds = np.array([_value(row, "channel_std") for row in spatial.rows[1:]])
    found = np.flatnonzero(stds > 0)
    most = found[np.argsort(-stds[found], kind="stable")[:MOST_CHANNELS]]
    return np.sort(most).tolist()


def _chosen(spatial: SpatialStatistics, shown: list[int]) -> str:
    n = len(spatial.rows) - 1
    if len(shown) == n:
        return ""
    flat = sum(_value(row, "channel_std") == 0 for row in spatial.rows[1:])
    constant = f", {flat} are constant" if flat else ""
    return f" Shown are the {len(shown)} channels of {n} with the most spread{constant}."


def _histogram(axes: "Axes", spatial: SpatialStatistics, i: int, *, prior_matched: bool) -> None:
    edges, counts = spatial.edges[i], spatial.counts[i]
    density = counts / counts.sum() / np.diff(edges)
    axes.fill_between(edges, np.r_[density, density[-1]], step="post", color=LIGHT["model"],
                      alpha=0.35, linewidth=0)  # fmt: skip
    mean, std = (_value(spatial.rows[i + 1], f"channel_{name}") for name in ("mean", "std"))
    at, width = (0.0, 1.0) if prior_matched else (mean, std)
    low, high = _inner(edges, counts)
    if prior_matched and std > NARROW:
        low, high = min(low, -3.2), max(high, 3.2)
    x = np.linspace(low, high, 160)
    bell = np.exp(-0.5 * ((x - at) / width) ** 2) / (width * np.sqrt(2 * np.pi))
    axes.plot(x, bell, color=LIGHT["ink"], linewidth=0.9)
    axes.set_xlim(low, high)
    axes.set_ylim(0, 1.08 * max(float(density.max()), float(bell.max())))
    axes.set_yticks([])
    axes.spines["left"].set_visible(False)
    axes.tick_params(labelsize=SIZES.small)
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(3))


def _inner(edges: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Where all but one value in ten thousand lies."""
    share = np.cumsum(counts) / counts.sum()
    first = int(np.searchsorted(share, 5e-5, side="right"))
    last = int(np.searchsorted(share, 1 - 5e-5))
    return float(edges[first]), float(edges[min(last + 1, len(edges) - 1)])


def _tile(axes: "Axes", values: np.ndarray, colours: "Colormap", ends: tuple[float, float]) -> None:
    axes.imshow(values, cmap=colours, vmin=ends[0], vmax=ends[1], interpolation="none",
                aspect="auto")  # fmt: skip
    axes.set_xticks([])
    axes.set_yticks([])


def _key(
    canvas: Canvas, x: float, width: float, colours: "Colormap", said: tuple[str, float, float]
) -> None:
    axes = canvas.place(x, 0.3, width, 0.1)
    axes.imshow(np.linspace(0, 1, 128)[None], cmap=colours, aspect="auto", extent=(0, 1, 0, 1))
    axes.set_axis_off()
    what, low, high = said
    for place, text, side in (
        (0, number(round(low, 2)), "left"),
        (0.5, what, "center"),
        (1, number(round(high, 2)), "right"),
    ):
        axes.text(place, -0.5, text, ha=side, va="top", fontsize=SIZES.small, color=LIGHT["muted"])


def _lines(axes: "Axes", curves: np.ndarray, *, many: bool) -> None:
    from matplotlib.ticker import MaxNLocator

    lags = np.arange(curves.shape[1] + 1)
    styles = class_styles(len(curves))
    for curve, style in zip(curves, styles, strict=True):
        colour = LIGHT["muted"] if many else style.colour
        axes.plot(lags, np.r_[1, curve], color=colour, linewidth=0.8 if many else 1.4,
                  alpha=0.6 if many else 1, marker="" if many else style.marker,
                  markersize=3)  # fmt: skip
    if many:
        axes.plot(lags, np.r_[1, np.nanmean(curves, 0)], color=LIGHT["model"], linewidth=2)
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))


def _line_key(canvas: Canvas, shown: list[int], *, many: bool) -> None:
    if many:
        entries = [("a channel", LIGHT["muted"], "-"), ("their mean", LIGHT["model"], "-")]
    else:
        styles = class_styles(len(shown))
        entries = [
            (f"ch. {i + 1}", style.colour, "-") for i, style in zip(shown, styles, strict=True)
        ]
    entries += [("shuffled", LIGHT["ink"], "--")]
    slot = 0.47 if len(entries) > 4 else 0.9  # inches
    axes = canvas.place(0.3, 0.02, WIDTH - 0.42, 0.18)
    axes.set(xlim=(0, WIDTH - 0.42), ylim=(0, 1))
    axes.set_axis_off()
    for position, (name, colour, dashes) in enumerate(entries):
        x = position * slot
        axes.plot([x, x + 0.12], [0.5, 0.5], color=colour, linewidth=1.5, linestyle=dashes)
        axes.text(x + 0.15, 0.5, name, va="center", fontsize=SIZES.small)


def _written(axes: "Axes", matrix: np.ndarray) -> None:
    from matplotlib.colors import to_hex

    for (row, column), value in np.ndenumerate(matrix):
        said = "–" if not np.isfinite(value) else f"{value:.2f}".replace("-", "−")
        paper = to_hex(diverging()(0.5 + 0.5 * float(np.nan_to_num(value))))
        ink = max(("#1b2130", "#ffffff"), key=lambda colour: contrast(colour, paper))
        axes.text(column, row, said, ha="center", va="center", fontsize=SIZES.small, color=ink)


def _heading(axes: "Axes", name: str, under: str, height: float) -> None:
    if under:
        axes.text(0, 1 + 0.05 / height, under, transform=axes.transAxes, va="bottom",
                  fontsize=SIZES.small, color=LIGHT["muted"])  # fmt: skip
    rise = 0.18 if under else 0.04
    axes.text(0, 1 + rise / height, name, transform=axes.transAxes, va="bottom",
              fontsize=SIZES.tick, fontweight="bold", color=LIGHT["ink"])  # fmt: skip


def _curves(spatial: SpatialStatistics, shown: list[int]) -> list[np.ndarray]:
    return [x[shown] for x in (spatial.horizontal, spatial.vertical) if x.shape[1]]


def _grid(n: int) -> tuple[int, int, float]:
    """Columns, rows and width of a panel."""
    columns = min(n, COLUMNS)
    return columns, -(-n // columns), (WIDTH - 2 * MARGIN - (columns - 1) * GAP) / columns


def _mean_and_std(row: Row) -> str:
    mean, std = (_value(row, f"channel_{name}") for name in ("mean", "std"))
    figures = int(np.clip(2 - np.floor(np.log10(std)), 0, 6))
    return f"{mean:.{figures}f} ± {std:.{figures}f}".replace("-", "−")


def _moments(row: Row, i: int) -> str:
    names = ("mean", "std", "skew", "kurtosis")
    found = [(name, _find(row, f"channel_{name}")) for name in names]
    told = ", ".join(f"{name} {number(m.value)}" for name, m in found if m is not None)
    return f"channel {i + 1}: {told}"


def _value(row: Row, name: str) -> float:
    measure = _find(row, name)
    return 0.0 if measure is None else measure.value


def _find(row: Row, name: str) -> Measure | None:
    return next((m for m in row.measures if m.name == name), None)
