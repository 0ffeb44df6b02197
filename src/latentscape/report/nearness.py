"""Trajectories beside what is truly in between: a run's own table, and models in order."""

from collections.abc import Callable, Iterator

from latentscape.records import (
    ComparisonRecord,
    Measure,
    Row,
    TrajectoriesRecord,
    TruthOrder,
)
from latentscape.report.cells import value
from latentscape.report.figures.nearness import draw_order
from latentscape.report.markup import Html, columns, joined, sentences, table, tag
from latentscape.report.picture import Picture
from latentscape.report.words import SIGNS, label, number

ASKED = (
    *("share_dissolve", "share_mixed", "share_morph", "morph_by_frames"),
    *("truth_error", "truth_distance", "truth_unevenness", "motion_skill", "motion_skill_decoded"),
    *("share_horseshoe", "share_arch", "share_wave"),
)
ORDERED = ("truth_error", "truth_distance", "truth_unevenness", "pooled_motion_skill")
VERDICTS = ("share_dissolve", "share_morph", "morph_by_frames")
ANCHORS = ("dissolves", "truth decoded", "truth")  # rows that stand beside one, from the last
KNOWN = {  # what an anchor has without being measured
    "dissolves": {
        "share_dissolve": "1",
        "share_mixed": "0",
        "share_morph": "0",
        "morph_by_frames": "0",
        "motion_skill": "0",
    },
    "truth decoded": {"motion_skill": "1", "motion_skill_decoded": "1"},
    "truth": {"truth_error": "0", "truth_distance": "0", "truth_unevenness": "0"},
}
MEANT = (
    "Dissolves are the cross-dissolves of the decoded ends; truth is what the generator draws "
    "between the two samples, and truth decoded the same encoded and decoded, the best that the "
    "model could show. Verdicts of both are by their frames alone."
)


def beside_truth(record: TrajectoriesRecord) -> Html:
    """A table a criterion: the trajectories between their two anchors, dissolve and truth."""
    parts = []
    for row in record.rows:
        held = [other for other in record.baselines if other.beside == row.name]
        if not held or not row.measures:
            continue
        own = {m.name: m for m in row.measures}
        beside: dict[str, Row] = dict(zip(ANCHORS, reversed(held), strict=True))
        lines = [
            [_named(own[name]), value(own[name]), *(_anchor(own[name], beside, a) for a in ANCHORS)]
            for name in ASKED
            if name in own
        ]
        about = f"{row.name} pairs beside the truth, {record.method}"
        head = ["measure", "trajectories", *ANCHORS]
        parts.append(table(head, lines, about=about, marked=1))
    return joined([*parts, tag("p", MEANT, class_="small")]) if parts else Html("")


def _anchor(own: Measure, beside: dict[str, Row], anchor: str) -> Html | str:
    if own.name in KNOWN[anchor]:
        return KNOWN[anchor][own.name]
    if anchor == "dissolves" and own.reference is not None:
        return number(own.reference.value)
    name = "share_morph" if own.name == "morph_by_frames" else own.name
    return _cell(beside[anchor], name)


def truth_section(record: ComparisonRecord, draw: Callable[[Picture], Html]) -> list[Html]:
    """Models in the order of their distance to the truth: a picture and a table a criterion."""
    if not record.nearness:
        return []
    about = (
        "The images were drawn by a known rule, so that what lies between two samples is known. "
        "Models stand in the order of their squared error against it, moment by moment. The cosine "
        "distance to the nearest true image cannot order them alone: what keeps to the two ends, a "
        "cut most of all, has next to none, and shows in its unevenness. Differences are to the "
        "model one place nearer, pair by pair."
    )
    figures = columns([draw(draw_order(order)) for order in record.nearness if order.rows])
    tables = [block for order in record.nearness for block in _order(order)]
    head = tag("h2", "Beside the truth, model by model")
    return [tag("section", head, tag("p", about), figures, *tables, id="truth")]


def _order(order: TruthOrder) -> list[Html]:
    title = f"{order.criterion} pairs, {order.method}"
    if not order.rows:
        return [tag("p", f"{title}: {order.note}.", class_="small")]
    names = (*ORDERED, *VERDICTS)
    first = {m.name: m for m in order.rows[0].measures}
    head = ["model", *(_named(first[n]) if n in first else label(n) for n in names)]
    lines = [[row.name, *(_cell(row, name) for name in names)] for row in order.rows]
    steps = sentences(_steps(order), class_="small")
    note = tag("p", f"{order.note}. {_made(order)}", class_="small")
    return [table(head, lines, about=title), steps, note]


def _steps(order: TruthOrder) -> Iterator[str]:
    """What each model has more than the one before it."""
    for row in order.rows:
        found = [d for d in order.differences if d.run == row.name]
        told = [
            f"{label(d.name)} {'+' if d.value > 0 else ''}{number(d.value)} "
            f"({number(d.low)} to {number(d.high)}), {d.verdict}"
            for d in found
        ]
        if told:
            yield f"{row.name} after {found[0].against}: {'; '.join(told)}."


def _made(order: TruthOrder) -> str:
    made = next((m.interval for row in order.rows for m in row.measures if m.interval), "")
    return f"Intervals: {made}." if made else ""


def _cell(row: Row, name: str) -> Html | str:
    found = next((m for m in row.measures if m.name == name), None)
    return "–" if found is None else value(found)


def _named(measure: Measure) -> Html:
    side = SIGNS[measure.better] if measure.better != "neither" else ""
    below = [tag("span", words, class_="unit") for words in (measure.unit, side) if words]
    return joined([tag("span", label(measure.name)), *below])
