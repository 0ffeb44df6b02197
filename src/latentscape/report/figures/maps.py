"""Latents on paper: maps that say how much they lie, and where."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.records import MapRecord, Measure, MotionPlane
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.motion import arrow
from latentscape.report.figures.scatter import box, key, key_height, name_classes, scatter
from latentscape.report.figures.trust import TRUST_BAND, trust_panel, trust_words
from latentscape.report.palette import LIGHT, SIZES, class_styles
from latentscape.report.picture import Picture, Words
from latentscape.report.words import number

if TYPE_CHECKING:
    from matplotlib.axes import Axes

NAMES = {
    "latent": "The two latents",
    "pca": "PCA",
    "pacmap": "PaCMAP",
    "umap": "UMAP",
    "tsne": "t-SNE",
    "isomap": "Isomap",
    "lle": "LLE",
}
READ = {
    "latent": "Each point is one image at its own two latents: nothing is projected, distances are "
    "true.",
    "pca": "Each point is one image; PCA keeps directions and large distances, and may lay "
    "separate groups on top of one another.",
    "isomap": "Each point is one image; Isomap keeps distances measured along the cloud, from "
    "neighbour to neighbour, and unrolls what is curled up.",
    "lle": "Each point is one image; LLE keeps each image the same mixture of its neighbours, and "
    "draws a group that stands apart as almost one point.",
}
READ_NEIGHBOURS = (
    "Each point is one image; who neighbours whom can be trusted as far as the figures above say, "
    "sizes of groups and distances between them cannot."
)
PLANE = 4.07  # inches


def latent_map(record: MapRecord, plane: MotionPlane | None = None) -> Picture:
    """One map: a point a sample, classes named in place, faithfulness beside its baselines.

    Args:
        record: The map.
        plane: Courses of shots or triplets, drawn as arrows where their frames are on the map.
    """
    courses = _courses(record, plane)
    name = NAMES.get(record.method, record.method)
    rings = record.method == "latent" and record.prior_matched
    read = READ.get(record.method, READ_NEIGHBOURS)
    if rings:
        read += " Rings are 1, 2 and 3 standard deviations of the prior."
    if record.trust is not None:
        read += " " + trust_words(record)
    if courses:
        read += f" Arrows: {len(courses)} of the {_whose(plane)}, from first frame to last."
    n = len(record.positions)
    words = Words(
        f"map-{record.method}",
        name if record.method == "latent" else f"Map: {name}",
        read,
        f"{n:,} points on a plane, {_classes(record)}. {_said(record)}",
        ", ".join(row.name for row in record.baselines) or "none computed",
    )
    lines = _faithfulness(record)
    band = 0.16 * len(lines) + (0.08 if lines else 0)
    foot = TRUST_BAND if record.trust is not None else 0.0
    below = foot + key_height(record.labels, record.class_names)
    canvas = Canvas(words, record.provenance, height=PLANE + 0.08 + band + below, n=n)
    ticks = record.method in ("latent", "pca")
    left, bottom = (0.5, 0.42) if ticks else (0.12, 0.1)
    axes = canvas.place(left, below + bottom, WIDTH - left - 0.12, PLANE - bottom)
    for i, line in enumerate(lines):
        canvas.figure.text(
            0.12 / canvas.width, 1 - (0.38 + 0.16 * i) / canvas.total, line, va="top",
            fontsize=SIZES.small if i else SIZES.tick, color=LIGHT["ink" if i == 0 else "muted"],
            fontweight="bold" if i == 0 else "normal",
        )  # fmt: skip
    if rings:
        _rings(axes)
    scatter(axes, record.positions, record.labels)
    for course, style in zip(courses, class_styles(len(courses)), strict=True):
        arrow(axes, course, style.colour)
    _frame(axes, record, ticks)
    name_classes(axes, record.positions, record.labels, record.class_names)
    key(canvas, record.labels, record.class_names, bottom=foot + 0.04)
    trust_panel(canvas, record)
    return canvas.finish()


def _courses(record: MapRecord, plane: MotionPlane | None) -> list[np.ndarray]:
    """Places of the frames of each course that are on the map; two of them at least."""
    if plane is None:
        return []
    place = {sample: row for row, sample in enumerate(record.sample_ids)}
    rows = [[place[one] for one in ids if one in place] for ids in plane.frame_ids]
    return [record.positions[found] for found in rows if len(found) > 1]


def _whose(plane: MotionPlane | None) -> str:
    return "shots" if plane is not None and plane.of_shots else "triplets"


def _frame(axes: "Axes", record: MapRecord, ticks: bool) -> None:
    axes.set_aspect("equal", adjustable="datalim")
    axes.autoscale_view()
    if ticks:
        first, second = record.axes
        axes.set_xlabel(first or "axis 1", labelpad=2)
        axes.set_ylabel(second or "axis 2", labelpad=2)
        axes.grid()
        axes.set_axisbelow(True)
    else:
        box(axes)


def _rings(axes: "Axes") -> None:
    turn = np.linspace(0, 2 * np.pi, 181)
    for radius in (1, 2, 3):
        axes.plot(
            radius * np.cos(turn), radius * np.sin(turn), color=LIGHT["muted"], linewidth=0.7,
            linestyle=(0, (4, 3)), zorder=0.5, scalex=False, scaley=False,
        )  # fmt: skip


def _faithfulness(record: MapRecord) -> list[str]:
    lines = []
    for measure in record.faithfulness.measures[:4]:
        lines.append(f"{measure.name.replace('_', ' ')} {_with_baselines(record, measure)}")
    return lines


def _with_baselines(record: MapRecord, measure: Measure) -> str:
    others = []
    for row in record.baselines:
        value = next((m.value for m in row.measures if m.name == measure.name), None)
        if value is not None:
            others.append(f"{row.name} {number(value)}")
    sign = {"higher": " ↑", "lower": " ↓"}.get(measure.better, "")
    return f"{number(measure.value)}{sign}" + (f"   ({', '.join(others)})" if others else "")


def _said(record: MapRecord) -> str:
    why = "; ".join(dict.fromkeys(u.why for u in record.faithfulness.undefined))
    return "; ".join(_faithfulness(record)) or why or "No faithfulness was computed."


def _classes(record: MapRecord) -> str:
    if len(record.class_names) < 2:
        return "without classes"
    return f"coloured by {len(record.class_names)} classes ({', '.join(record.class_names[:12])})"
