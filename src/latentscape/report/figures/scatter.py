"""Points coloured by class, with the classes' names among them and in a key."""

from typing import TYPE_CHECKING

import numpy as np

from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.palette import LIGHT, SIZES, UNKNOWN, ClassStyle, class_styles
from latentscape.report.svg import HALO

if TYPE_CHECKING:
    from matplotlib.axes import Axes

RASTER_ABOVE = 2_000
MOST_NAMES = 40
MOST_DRIFT = 1.2  # heights of a name
KEY_ROW = 0.17  # inches


def scatter(axes: "Axes", positions: np.ndarray, labels: np.ndarray, *, scale: float = 1) -> None:
    """Points in random order, so that no class lies on top.

    Above 2,000 points they are drawn as pixels, not as shapes.

    Args:
        axes: Where.
        positions: (n, 2).
        labels: (n,) class of each point, −1 where unknown.
        scale: Of the points' area, under 1 on a small plane.
    """
    styles = [*class_styles(int(labels.max(initial=-1)) + 1), ClassStyle(UNKNOWN, "o")]
    size = point_size(len(positions), scale)
    order = np.random.default_rng(0).permutation(len(positions))
    colours = np.array([style.colour for style in styles])[labels]
    markers = np.array([style.marker for style in styles])[labels]
    for marker in dict.fromkeys(style.marker for style in styles):
        chosen = order[markers[order] == marker]
        if len(chosen):
            axes.scatter(
                positions[chosen, 0], positions[chosen, 1], s=size, c=colours[chosen],
                marker=marker, linewidths=0, alpha=0.75, rasterized=len(positions) > RASTER_ABOVE,
            )  # fmt: skip


def point_size(n: int, scale: float = 1) -> float:
    """Area of one of ``n`` points, in square typographic points."""
    return max(0.6, scale * float(np.clip(9_000 / max(n, 1), 2, 14)))


def name_classes(
    axes: "Axes", positions: np.ndarray, labels: np.ndarray, class_names: tuple[str, ...]
) -> None:
    """Write each class's name where its points are, names pushed off one another.

    Where classes lie so much on one another that a name would stand far from its points, none is
    written: the key must do.
    """
    present = classes_shown(labels, class_names)
    if not present:
        return
    middles = np.array([np.median(positions[labels == i, :2], axis=0) for i in present])
    unit = _data_per_point(axes)
    widths = np.array([len(class_names[i]) * 0.66 * SIZES.label + 3 for i in present])
    boxes = np.stack([widths, np.full(len(present), 1.25 * SIZES.label)], axis=1) * unit
    places = apart(middles, boxes)
    if (np.abs(places - middles) > MOST_DRIFT * 1.25 * SIZES.label * unit).any():
        return
    for place, i in zip(places, present, strict=True):
        axes.text(
            float(place[0]), float(place[1]), class_names[i], ha="center", va="center",
            fontsize=SIZES.label, fontweight="bold", color=LIGHT["ink"], gid=f"{HALO}-{i}",
        )  # fmt: skip


def classes_shown(labels: np.ndarray, class_names: tuple[str, ...]) -> list[int]:
    """Classes to be named: those with points, where there is more than one and not too many."""
    if not 1 < len(class_names) <= MOST_NAMES:
        return []
    return [i for i in range(len(class_names)) if (labels == i).any()]


def key_height(labels: np.ndarray, class_names: tuple[str, ...]) -> float:
    """Height of the key in inches; 0 where there is nothing to name."""
    present = classes_shown(labels, class_names)
    return KEY_ROW * -(-len(present) // _key_columns(present, class_names)) if present else 0.0


def key(canvas: Canvas, labels: np.ndarray, class_names: tuple[str, ...], *, bottom: float) -> None:
    """Colour, shape and name of each class in rows, ``bottom`` inches above the drawing's foot."""
    present = classes_shown(labels, class_names)
    if not present:
        return
    columns = _key_columns(present, class_names)
    height = key_height(labels, class_names)
    axes = canvas.place(0.12, bottom, WIDTH - 0.24, height)
    axes.set(xlim=(0, columns), ylim=(0, height / KEY_ROW))
    axes.set_axis_off()
    styles = class_styles(len(class_names))
    for position, i in enumerate(present):
        x, y = position % columns, height / KEY_ROW - position // columns - 0.5
        dot = 0.1 * columns / (WIDTH - 0.24)
        axes.scatter(x + dot, y, s=22, c=styles[i].colour, marker=styles[i].marker, linewidths=0)
        axes.text(x + 2 * dot, y, class_names[i], va="center", fontsize=SIZES.small)


def box(axes: "Axes") -> None:
    """A plain frame, for a plane whose axes mean nothing."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(True)


def apart(places: np.ndarray, boxes: np.ndarray) -> np.ndarray:
    """Push boxes off one another, each pair along the side where they overlap less.

    Args:
        places: (n, 2) centres.
        boxes: (n, 2) widths and heights.

    Returns:
        (n, 2) centres of boxes that no longer overlap, or hardly.
    """
    places = places.astype(float).copy()
    reach = (boxes[:, None] + boxes[None]) / 2
    first = np.tri(len(places), k=-1, dtype=bool)
    for _ in range(200):
        gaps = places[:, None] - places[None]
        over = reach - np.abs(gaps)
        clash = (over > 0).all(axis=2) & ~np.eye(len(places), dtype=bool)
        if not clash.any():
            break
        side = np.where(gaps == 0, np.where(first, 1.0, -1.0)[..., None], np.sign(gaps))
        along = over.argmin(axis=2)[..., None] == np.arange(2)
        places += (side * over * along * clash[..., None]).sum(axis=1) * 0.3
    return places


def _data_per_point(axes: "Axes") -> np.ndarray:
    """Width and height of one typographic point in the axes' own units."""
    axes.apply_aspect()
    figure = axes.figure
    inches = axes.get_position().size * figure.get_size_inches()  # pyright: ignore[reportAttributeAccessIssue]
    return np.array([np.ptp(axes.get_xlim()), np.ptp(axes.get_ylim())]) / (inches * 72)


def _key_columns(present: list[int], class_names: tuple[str, ...]) -> int:
    longest = max(len(class_names[i]) for i in present)
    return int(np.clip((WIDTH - 0.24) // (0.28 + 0.066 * longest), 1, min(10, len(present))))
