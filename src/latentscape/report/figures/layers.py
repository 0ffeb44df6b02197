"""Style curves layer by layer, small and side by side."""

import numpy as np

from latentscape.records import Journeys, TrajectoriesRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.style_curves import median_curve
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words

LEFT, RIGHT, BETWEEN = 1.05, 0.12, 0.07  # inches
TALL, GAP, HEAD = 0.52, 0.1, 0.42


def layer_pictures(record: TrajectoriesRecord) -> list[Picture]:
    """The picture of all layers, where the record kept them."""
    known = [j for j in record.journeys if j.layer_curves is not None and len(j.layer_curves)]
    return [layers(record, known)] if known else []


def layers(record: TrajectoriesRecord, known: list[Journeys]) -> Picture:
    """Median curve of each layer, a column a layer and a row a criterion, dissolves dashed."""
    names = known[0].layers
    words = Words(
        f"style-layers-{record.method}",
        f"Style from frame to frame, layer by layer: {record.method}",
        "Medians over pairs, each curve divided by its mean, all panels to one scale from t = 0 "
        "to 1; dashed, the cross-dissolves of the same ends. Over each column its share of the "
        "total, which is mostly the curve of the loudest layers.",
        "Median style curves of the layers " + ", ".join(names),
        "cross-dissolve of the two decoded ends (dashed)",
    )
    pairs = sum(len(j.pairs) for j in known)
    about = record.provenance.model_copy(update={"n": pairs})
    canvas = Canvas(words, about, height=len(known) * (TALL + GAP) + HEAD + 0.05)
    width = (WIDTH - LEFT - RIGHT - (len(names) - 1) * BETWEEN) / len(names)
    drawn = [[_medians(j, i) for i in range(len(names))] for j in known]
    top = 1.05 * max(
        2, *(np.nan_to_num(line).max() for row in drawn for both in row for line in both)
    )
    for row, journeys in enumerate(known):
        bottom = 0.05 + (len(known) - 1 - row) * (TALL + GAP)
        for column in range(len(names)):
            axes = canvas.place(LEFT + column * (width + BETWEEN), bottom, width, TALL)
            own, null = drawn[row][column]
            t = (np.arange(len(own)) + 0.5) / len(own)
            axes.axhline(1, color=LIGHT["rule"], linewidth=0.6)
            axes.plot(t, null, "--", color=LIGHT["second"], linewidth=1)
            axes.plot(t, own, color=LIGHT["model"], linewidth=1.4)
            axes.set_xlim(0, 1)
            axes.set_ylim(0, top)
            axes.set_xticks([])
            axes.set_yticks([0, 1, 2] if column == 0 else [])
            if column == 0:
                axes.set_ylabel(
                    journeys.criterion, rotation=0, ha="right", va="center", labelpad=6,
                    fontsize=SIZES.small,
                )  # fmt: skip
            if row == 0:
                axes.set_title(
                    f"{names[column]}\n{_share(known, column)}", fontsize=SIZES.small, pad=3
                )
    return canvas.finish()


def _medians(journeys: Journeys, layer: int) -> tuple[np.ndarray, np.ndarray]:
    assert journeys.layer_curves is not None
    assert journeys.layer_nulls is not None
    both = (journeys.layer_curves[:, layer], journeys.layer_nulls[:, layer])
    own, null = (median_curve(values) for values in both)
    return own, null


def _share(known: list[Journeys], layer: int) -> str:
    part, whole = 0.0, 0.0
    for journeys in known:
        assert journeys.layer_curves is not None
        part += np.nansum(journeys.layer_curves[:, layer], dtype=float)
        whole += np.nansum(journeys.layer_curves, dtype=float)
    share = 100 * part / whole if whole else 0.0
    return f"{share:.0f} %" if share >= 1 or share == 0 else "< 1 %"
