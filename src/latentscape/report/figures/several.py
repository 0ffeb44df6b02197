"""Trajectories of several models: their style curves beside each other, and what goes with what."""

from collections.abc import Mapping, Sequence

import numpy as np

from latentscape.records import Journeys, Provenance, TrajectoriesRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.journeys import legend
from latentscape.report.figures.style_curves import median_curve, panels, panels_height, truths
from latentscape.report.palette import CLASS_COLOURS, LIGHT, SIZES
from latentscape.report.picture import Picture, Words

FOOT = 0.48  # inches, for the models' names
SHAPES = ("horseshoe", "wave", "arch")


def pictures(runs: Mapping[str, Sequence[TrajectoriesRecord]]) -> list[Picture]:
    """Curves and relations, for each way that several runs were measured by."""
    ways: dict[str, dict[str, TrajectoriesRecord]] = {}
    for run, records in runs.items():
        for record in records:
            ways.setdefault(record.method, {}).setdefault(run, record)
    return [
        draw(method, found)
        for method, found in ways.items()
        if len(found) > 1
        for draw in (curves, relations)
    ]


def curves(method: str, found: Mapping[str, TrajectoriesRecord]) -> Picture:
    """Median style curve of each run, a panel a criterion, with the dissolves' median dashed."""
    criteria = _criteria(found)
    known = truths([j for record in found.values() for j in record.journeys])
    words = Words(
        f"style-curves-{method}",
        f"Style from frame to frame, model by model: {method}",
        "Lines are medians over pairs of each model's style curves, each divided by its mean; "
        "dashed, in the same colour, those of the cross-dissolves of the same ends."
        + (" Dotted: the true images between the samples." if known else ""),
        "Median style curves of " + ", ".join(found),
        "cross-dissolves of each model's own decoded ends (dashed)"
        + (", true in-between images (dotted)" if known else ""),
    )
    canvas = Canvas(words, _signed(found), height=panels_height(len(criteria), foot=FOOT))
    every = panels(canvas, criteria, foot=FOOT)
    for criterion, axes in zip(criteria, every, strict=True):
        for k, record in enumerate(found.values()):
            journeys = _of(record, criterion)
            if journeys is None:
                continue
            colour = CLASS_COLOURS[k % len(CLASS_COLOURS)]
            for values, line in ((journeys.curves, "-"), (journeys.nulls, "--")):
                middle = median_curve(values)
                t = (np.arange(len(middle)) + 0.5) / len(middle)
                axes.plot(t, middle, line, color=colour, linewidth=1.5 if line == "-" else 0.8)
            if journeys.truth is not None:  # the same line for all that travel between these pairs
                middle = median_curve(journeys.truth.curves)
                axes.plot(t, middle, ":", color=LIGHT["ink"], linewidth=1.2)
        axes.set_ylim(bottom=0)
    legend(canvas, "", tuple(found), 0.14, colours=CLASS_COLOURS)
    return canvas.finish()


def relations(method: str, found: Mapping[str, TrajectoriesRecord]) -> Picture:
    """A dot a model and criterion: amount of dissolve against the share of each shape."""
    criteria = _criteria(found)
    words = Words(
        f"models-{method}",
        f"Amount of dissolve and shape of the curve, model by model: {method}",
        "A dot is a model on one kind of pair: to the right its trajectories lie nearer to "
        "cross-dissolves, upwards more of its style curves have the shape. Crosses: the curves of "
        "the cross-dissolves themselves.",
        "Amount of dissolve against shares of " + ", ".join(SHAPES),
        "shares among the cross-dissolves (crosses)",
    )
    canvas = Canvas(words, _signed(found), height=2.55)
    width = (WIDTH - 0.52 - 0.12 - 2 * 0.3) / 3
    for i, shape in enumerate(SHAPES):
        axes = canvas.place(0.52 + i * (width + 0.3), 0.92, width, 1.4)
        for k, record in enumerate(found.values()):
            colour = CLASS_COLOURS[k % len(CLASS_COLOURS)]
            for criterion in criteria:
                journeys = _of(record, criterion)
                if journeys is not None:
                    amount = journeys.numbers["dissolve_amount"]
                    if not np.isfinite(amount).any():
                        continue
                    x = float(np.nanmedian(amount))
                    share, null = (
                        _share(shape, names)
                        for names in (journeys.patterns, journeys.null_patterns)
                    )
                    axes.scatter([x], [share], s=18, color=colour, linewidths=0)
                    axes.scatter([x], [null], s=10, color=colour, marker="x", linewidths=0.7)
        axes.set_title(shape, fontsize=SIZES.tick, loc="left", pad=3)
        axes.set_ylim(-0.04, 1.04)
        axes.set_xlabel("amount of dissolve", fontsize=SIZES.small, labelpad=1)
        axes.locator_params(axis="x", nbins=3)
        axes.grid(color=LIGHT["rule"])
        if i == 0:
            axes.set_ylabel("share of curves", labelpad=1)
        else:
            axes.set_yticklabels([])
    legend(canvas, "", tuple(found), 0.14, colours=CLASS_COLOURS)
    return canvas.finish()


def _share(shape: str, names: Sequence[str]) -> float:
    """Of the curves that have a shape."""
    known = [name for name in names if name != "undefined"]
    return known.count(shape) / max(1, len(known))


def _criteria(found: Mapping[str, TrajectoriesRecord]) -> list[str]:
    return list(dict.fromkeys(j.criterion for record in found.values() for j in record.journeys))


def _of(record: TrajectoriesRecord, criterion: str) -> Journeys | None:
    return next((j for j in record.journeys if j.criterion == criterion), None)


def _signed(found: Mapping[str, TrajectoriesRecord]) -> Provenance:
    records = list(found.values())
    pairs = sum(len(j.pairs) for record in records for j in record.journeys)
    recipes = ", ".join(dict.fromkeys(record.provenance.recipe for record in records))
    update = {"n": pairs, "model": f"{len(records)} models", "recipe": recipes}
    return records[0].provenance.model_copy(update=update)
