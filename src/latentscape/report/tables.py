"""A model's measures beside its baselines, and what they come to."""

from collections.abc import Sequence

from latentscape.records import ReconstructionRecord
from latentscape.report.cells import heading, value
from latentscape.report.markup import Html, joined, sentences, table, tag
from latentscape.report.verdict import (
    against_baseline,
    find,
    judged,
    linear_baseline,
    ratio_to_linear,
    why_worse,
)
from latentscape.report.words import SIGNS, label, number


def measure_table(record: ReconstructionRecord) -> Html:
    """A row a measure; columns: direction, the model with its interval, each baseline."""
    rows = []
    for measure in record.model_row.measures:
        others = [find(row, measure.name) for row in record.baselines]
        rows.append(
            [
                heading(measure),
                SIGNS[measure.better],
                value(measure),
                *(value(other) if other else "–" for other in others),
            ]
        )
    names = [row.name for row in record.baselines]
    about = f"Measures on {data_words(record)}"
    whole = table(
        ["measure", "better side", record.model_row.name, *names], rows, about=about, marked=2
    )
    return joined([whole, _meanings(record)])


def data_words(record: ReconstructionRecord) -> str:
    """Which images, and what of the posterior was decoded where that is not the mean."""
    prov = record.provenance
    sample = "posterior sample" if prov.posterior != "mean" else ""
    return ", ".join(filter(None, [prov.data, prov.split, sample]))


def reasons(runs: Sequence[tuple[str, ReconstructionRecord]]) -> Html:
    """Of each run that loses to PCA, by how much and why."""
    lines = []
    for run, record in runs:
        why, ratio = why_worse(record), ratio_to_linear(record)
        if why and ratio is not None:
            told = f": {number(ratio)} times the squared error of PCA; {why}."
            lines.append(Html(tag("b", run) + tag("span", told)))
    return sentences(lines, class_="small")


def against_linear(record: ReconstructionRecord) -> Html:
    """The squared error ÷ that of PCA, and how much better or worse; empty where unknown."""
    linear, ratio = linear_baseline(record), ratio_to_linear(record)
    if linear is None or ratio is None:
        return Html("")
    words = "better" if ratio < 1 else "worse" if ratio > 1 else "same"
    if abs(ratio - 1) <= 1:
        words = against_baseline(judged(record)[0], linear)
    return joined([tag("span", number(ratio)), tag("span", words, class_="interval")])


def _made(record: ReconstructionRecord) -> str:
    return next((m.interval for m in record.model_row.measures if m.interval), "none computed")


def _meanings(record: ReconstructionRecord) -> Html:
    lines = [
        tag("li", tag("b", label(m.name)), f": {m.note}")
        for m in record.model_row.measures
        if m.note
    ]
    lines += [
        tag("li", tag("b", row.name), f": {row.note}")
        for row in (record.model_row, *record.baselines)
        if row.note
    ]
    made = tag("p", f"Small figures are intervals: {_made(record)}.", class_="small")
    if not lines:
        return made
    return joined(
        [made, tag("details", tag("summary", "What each measure means"), tag("ul", *lines))]
    )
