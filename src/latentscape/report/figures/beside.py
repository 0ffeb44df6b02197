"""Several runs in one picture: the same images of each, their maps, samples and spectra."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import (
    MapRecord,
    Measure,
    Provenance,
    ReconstructionRecord,
    SheetRecord,
    StructureRecord,
)
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.maps import NAMES
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.figures.scatter import box, key, key_height, scatter
from latentscape.report.palette import LIGHT, SIZES, class_styles
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLUMNS = 8  # images a row
PANELS = 2  # maps or sheets a row
SIDE = 6  # images along a sheet's side
GAP, EDGE, HEAD = 0.16, 0.12, 0.22  # inches
LONGEST = 20  # letters of a run's name beside a picture
RASTER_ABOVE = 3_000  # points in all panels together
MOST_SPECTRA = 10

Named = tuple[str, ReconstructionRecord]


def reconstructions(runs: Sequence[Named], provenance: Provenance) -> Picture | None:
    """The same originals, and below each what every run made of it; None where they share none."""
    shared = [
        sample
        for sample in runs[0][1].shown_ids
        if all(sample in record.shown_ids for _, record in runs)
    ]
    shown = shared[: 2 * COLUMNS if len(runs) < 4 and len(shared) >= 2 * COLUMNS else COLUMNS]
    if not shown:
        return None
    columns = min(COLUMNS, len(shown))
    rows = [("original", _chosen(runs[0][1], shown, "originals"))]
    rows += [(run, _chosen(record, shown, "reconstructions")) for run, record in runs]
    names = ", ".join(run for run, _ in runs)
    words = Words(
        "reconstructions",
        "The same images, out of each run",
        "The first line went in; each line below is what the run of that name made of it. The "
        "images were drawn at random.",
        f"{len(shown)} originals ({', '.join(shown[:4])} …) over the reconstructions of {names}",
        "the original at the head of each column",
    )
    left = 0.2 + 0.065 * max(len(_short(name)) for name, _ in rows)
    width = WIDTH - left - EDGE
    gap = max(1, rows[0][1].shape[-1] // 14)
    blocks = []
    for start in range(0, len(shown), columns):
        images = np.concatenate([images[start : start + columns] for _, images in rows])
        blocks.append(mosaic(images, rows=len(rows), columns=columns, gap=gap))
    height = width * blocks[0].shape[0] / blocks[0].shape[1]
    canvas = Canvas(words, provenance, height=len(blocks) * (height + 0.1) + 0.06, n=len(shown))
    for i, block in enumerate(blocks):
        bottom = 0.06 + (len(blocks) - 1 - i) * (height + 0.1)
        axes = canvas.place(left, bottom, width, height)
        _picture(axes, block)
        for j, (name, _) in enumerate(rows):
            axes.text(
                -0.02, 1 - (j + 0.5) / len(rows), _short(name), transform=axes.transAxes,
                ha="right", va="center", fontsize=SIZES.small,
                color=LIGHT["ink" if j else "muted"],
            )  # fmt: skip
    return canvas.finish()


def sheets(runs: Sequence[tuple[str, SheetRecord]], provenance: Provenance) -> Picture:
    """A corner of each run's sheet of samples, one panel a run."""
    kind = runs[0][1].name
    unknown = [run for run, record in runs if not record.prior_matched]
    read = "Each panel holds images that one run decoded from random latents."
    if kind == "prior" and unknown:
        read += f" {_listed(unknown)} never knew the prior N(0, I) that is drawn from here."
    words = Words(
        kind,
        f"{runs[0][1].title}, run by run",
        read,
        f"{len(runs)} panels of decoded samples: {', '.join(run for run, _ in runs)}",
        "the originals above",
    )
    side = (WIDTH - 2 * EDGE - (PANELS - 1) * GAP) / PANELS
    tiles = [_corner(record) for _, record in runs]
    heights = [side * tile.shape[0] / tile.shape[1] for tile in tiles]
    shown = provenance.model_copy(update={"n": sum(_side(record) ** 2 for _, record in runs)})
    canvas, places = _panels(words, shown, (side, max(heights)), [run for run, _ in runs])
    for (x, y), tile, height in zip(places, tiles, heights, strict=True):
        _picture(canvas.place(x, y + max(heights) - height, side, height), tile)
    return canvas.finish()


def maps(runs: Sequence[tuple[str, MapRecord]], provenance: Provenance) -> Picture:
    """Maps beside each other, one panel a run, each with its first measure of faithfulness."""
    methods = list(dict.fromkeys(record.method for _, record in runs))
    alike = len(methods) == 1
    title = NAMES.get(methods[0], methods[0]) if alike else "A map of each run"
    words = Words(
        f"maps-{methods[0]}" if alike else "maps",
        f"{title}, run by run" if alike else title,
        "Each point is one image, of the same colour in every panel where it is of one class. "
        "Every panel has axes of its own: shapes and who neighbours whom may be compared, places, "
        "sizes and distances may not.",
        f"{len(runs)} maps: " + "; ".join(f"{run}, {_faith(record)}" for run, record in runs),
        "the faithfulness of PCA and of a random projection, in each run's own report",
    )
    side = (WIDTH - 2 * EDGE - (PANELS - 1) * GAP) / PANELS
    first = runs[0][1]
    labels = np.concatenate([record.labels for _, record in runs])
    below = key_height(labels, first.class_names)
    heads = [
        (run if alike else f"{run}: {NAMES.get(record.method, record.method)}")
        for run, record in runs
    ]
    canvas, places = _panels(
        words, provenance, (side, side), heads, said=[_faith(r) for _, r in runs], below=below
    )
    raster = sum(len(record.positions) for _, record in runs) > RASTER_ABOVE
    for (x, y), (_, record) in zip(places, runs, strict=True):
        axes = canvas.place(x, y, side, side)
        scatter(axes, record.positions, record.labels)
        for points in axes.collections:
            points.set_sizes(np.asarray(points.get_sizes()) * 0.5)  # pyright: ignore[reportAttributeAccessIssue]
            points.set_rasterized(points.get_rasterized() or raster)
        axes.set_aspect("equal", adjustable="datalim")
        axes.autoscale_view()
        box(axes)
    key(canvas, labels, first.class_names, bottom=0.04)
    return canvas.finish()


def spectra(runs: Sequence[tuple[str, StructureRecord]], provenance: Provenance) -> Picture | None:
    """Share of the variance along each principal axis, a line a run; None where none has any."""
    found = [(run, _shares(record)) for run, record in runs]
    found = [(run, shares) for run, shares in found if len(shares) > 1][:MOST_SPECTRA]
    if not found:
        return None
    words = Words(
        "scree",
        "Variance along the principal axes, run by run",
        "Axes of each run's own latents, the widest first; a flat line is a round cloud, a steep "
        "one is oblong. Both scales are logarithmic.",
        "Scree plot. " + "; ".join(f"{r}: first axis {s[0]:.0%}" for r, s in found),
        "a flat line: every axis as wide as the others",
    )
    canvas = Canvas(words, provenance, height=2.5)
    names = max(len(_short(run)) for run, _ in found)
    axes = canvas.axes(left=0.72, right=0.2 + 0.075 * names)
    styles = class_styles(len(found))
    for (run, shares), style in zip(found, styles, strict=True):
        axes.plot(
            np.arange(1, len(shares) + 1), shares, color=style.colour, marker=style.marker,
            markersize=3 if len(shares) < 65 else 0, linewidth=1.3, label=_short(run),
        )  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="principal axis", ylabel="share of the variance")
    longest = max(len(shares) for _, shares in found)
    ticks = 2 ** np.arange(int(np.log2(longest)) + 1)
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:g} %")
    axes.legend(
        loc="center left", bbox_to_anchor=(1.02, 0.5), frameon=False, fontsize=SIZES.small,
        handlelength=1.2, borderaxespad=0,
    )  # fmt: skip
    return canvas.finish()


def _panels(
    words: Words,
    provenance: Provenance,
    size: tuple[float, float],
    heads: list[str],
    *,
    said: list[str] | None = None,
    below: float = 0.0,
) -> tuple[Canvas, list[tuple[float, float]]]:
    """A canvas with headed places for panels, left to right, top to bottom."""
    width, height = size
    head = HEAD + (0.13 if said else 0)
    rows = -(-len(heads) // PANELS)
    total = rows * (height + head) + (rows - 1) * GAP * 0.5 + below + 0.12
    canvas = Canvas(words, provenance, height=total)
    places = []
    for i, name in enumerate(heads):
        x = EDGE + (i % PANELS) * (width + GAP)
        y = total - 0.02 - (i // PANELS + 1) * (height + head) - (i // PANELS) * GAP * 0.5
        places.append((x, y))
        axes = canvas.place(x, y + height, width, head)
        axes.set_axis_off()
        axes.text(0, (0.19 if said else 0.06) / head, _short(name, 34), va="bottom",
                  fontsize=SIZES.tick, fontweight="bold", color=LIGHT["ink"])  # fmt: skip
        if said:
            axes.text(
                0, 0.05 / head, said[i], va="bottom", fontsize=SIZES.small, color=LIGHT["muted"]
            )
    return canvas, places


def _chosen(record: ReconstructionRecord, ids: list[str], which: str) -> np.ndarray:
    place = {sample: i for i, sample in enumerate(record.shown_ids)}
    return getattr(record, which)[[place[sample] for sample in ids]]


def _side(record: SheetRecord) -> int:
    return min(SIDE, record.rows, record.columns)


def _corner(record: SheetRecord) -> np.ndarray:
    side = _side(record)
    whole = record.images.reshape(record.rows, record.columns, *record.images.shape[1:])
    images = whole[:side, :side].reshape(-1, *record.images.shape[1:])
    return mosaic(images, rows=side, columns=side, gap=max(1, images.shape[-1] // 28))


def _picture(axes: "Axes", picture: np.ndarray) -> None:
    axes.imshow(picture, interpolation="none", aspect="auto")
    axes.set_axis_off()


def _shares(record: StructureRecord) -> np.ndarray:
    values = np.asarray(record.eigenvalues, float)
    values = values[values > 0]
    return values / values.sum() if len(values) else values


def _faith(record: MapRecord) -> str:
    measure: Measure | None = next(iter(record.faithfulness.measures), None)
    if record.method == "latent":
        return "nothing projected"
    if measure is None:
        return "faithfulness not measured"
    return f"{measure.name.replace('_', ' ')} {number(measure.value)}"


def _short(name: str, longest: int = LONGEST) -> str:
    return name if len(name) <= longest else name[: longest - 1] + "…"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
