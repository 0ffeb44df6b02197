"""How the latents moved in training: the same samples at four moments, all on one scale."""

import numpy as np

from latentscape.records import Provenance
from latentscape.report.canvas import Canvas
from latentscape.report.figures.scatter import box, name_classes, scatter
from latentscape.report.palette import SIZES
from latentscape.report.picture import Picture, Words


def movement(
    positions: np.ndarray,
    labels: np.ndarray,
    provenance: Provenance,
    *,
    class_names: tuple[str, ...],
    epochs: tuple[int, ...],
) -> Picture | None:
    """Where the same samples lay at four moments of training.

    Args:
        positions: ``epochs n d``, d at least 2; beyond 2 seen along the last epoch's two principal
            axes.
        labels: (n,) class of each sample, −1 where unknown.
        provenance: Of the run.
        class_names: Name of each class.
        epochs: Number of each epoch.

    Returns:
        The picture; None if there is only one moment, fewer than two latents, or too few samples
        to span a plane.
    """
    if positions.ndim != 3 or min(positions.shape) < 2:
        return None
    plane = _plane(positions)
    moments = np.unique(np.linspace(0, len(plane) - 1, 4).round().astype(int))
    way = "the first two latents" if positions.shape[2] == 2 else "the last epoch's PCA plane"
    words = Words(
        "movement",
        "How the latents moved",
        f"The same images at {len(moments)} moments of training, seen in {way}, all on one scale.",
        f"{len(moments)} scatter plots of {plane.shape[1]} samples; groups form as epochs pass.",
        f"epoch {epochs[moments[0]]}, where it began",
    )
    side, gap = 2.18, 0.2
    rows = (len(moments) + 1) // 2
    canvas = Canvas(words, provenance, height=rows * (side + gap) + 0.05, n=plane.shape[1])
    reach = float(np.abs(plane[moments]).max()) * 1.06 or 1.0
    for i, moment in enumerate(moments):
        x = 0.12 + (i % 2) * (side + 0.2)
        axes = canvas.place(x, 0.05 + (rows - 1 - i // 2) * (side + gap), side, side)
        scatter(axes, plane[moment], labels)
        axes.set(xlim=(-reach, reach), ylim=(-reach, reach))
        box(axes)
        if moment == moments[-1]:
            name_classes(axes, plane[moment], labels, class_names)
        axes.set_title(f"epoch {epochs[moment]}", loc="left", fontsize=SIZES.tick, pad=2)
    return canvas.finish()


def _plane(positions: np.ndarray) -> np.ndarray:
    if positions.shape[2] == 2:
        return positions
    centre = positions[-1].mean(axis=0)
    directions = np.linalg.svd(positions[-1] - centre, full_matrices=False)[2][:2]
    return (positions - centre) @ directions.T
