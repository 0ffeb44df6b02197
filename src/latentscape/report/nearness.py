"""Trajectories beside what is truly in between: a run's own table, and models in order."""

from collections.abc import Callable

from latentscape.records import ComparisonRecord, Difference, Row, TrajectoriesRecord, TruthOrder
from latentscape.report.cells import value
from latentscape.report.figures.nearness import draw_order
from latentscape.report.markup import Html, columns, joined, table, tag
from latentscape.report.picture import Picture
from latentscape.report.words import SIGNS, label, number

ASKED = (
    *("share_dissolve", "share_blurred_dissolve", "share_cut", "share_mixed", "share_morph"),
    *("truth_error", "truth_distance", "truth_unevenness", "motion_skill", "motion_skill_decoded"),
    *("share_horseshoe", "share_arch", "share_wave"),
)
ORDERED = ("truth_error", "truth_distance", "truth_unevenness", "pooled_motion_skill")
VERDICTS = ("share_dissolve", "share_mixed", "share_morph")
BY_DEFINITION = (
    "By definition cross-dissolves of the decoded ends are all dissolves with a motion skill of 0, "
    "true images encoded and decoded have one of 1, and the true images lie at no distance."
)


def beside_truth(record: TrajectoriesRecord) -> Html:
    """A table a criterion: the trajectories between their two anchors, dissolve and truth."""
    parts = []
    for row in record.rows:
        held = [other for other in record.baselines if other.beside == row.name]
        if not held or not row.measures:
            continue
        rows = [row, *reversed(held)]
        found = [{m.name: m for m in one.measures} for one in rows]
        lines = [
            [_named(name, found[0][name].better), *(_cell(one, name) for one in rows)]
            for name in ASKED
            if name in found[0]
        ]
        about = f"{row.name} pairs beside the truth, {record.method}"
        head = ["measure", "trajectories", *(other.name for other in rows[1:])]
        parts += [tag("h4", about), table(head, lines, about=about, marked=1)]
    return joined([*parts, tag("p", BY_DEFINITION, class_="small")]) if parts else Html("")


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
    figures = columns([draw(draw_order(order)) for order in record.nearness])
    tables = [block for order in record.nearness for block in _order(order)]
    head = tag("h2", "Beside the truth, model by model")
    return [tag("section", head, tag("p", about), figures, *tables, id="truth")]


def _order(order: TruthOrder) -> list[Html]:
    title = f"{order.criterion} pairs, {order.method}"
    steps = {(d.run, d.name): d for d in order.differences}
    names = (*ORDERED, *VERDICTS)
    first = {m.name: m for m in order.rows[0].measures}
    head = ["model", *(_named(n, first[n].better) if n in first else label(n) for n in names)]
    lines = [
        [row.name, *(_with_step(row, name, steps.get((row.name, name))) for name in names)]
        for row in order.rows
    ]
    note = f"{order.note}. {_made(order)}"
    return [tag("h3", title), table(head, lines, about=title), tag("p", note, class_="small")]


def _made(order: TruthOrder) -> str:
    made = next((m.interval for row in order.rows for m in row.measures if m.interval), "")
    return f"Intervals: {made}." if made else ""


def _with_step(row: Row, name: str, step: Difference | None) -> Html | str:
    """A value with its interval, and what it is more than that of the model before."""
    cell = _cell(row, name)
    if step is None or isinstance(cell, str):
        return cell
    sign = "+" if step.value > 0 else ""
    text = f"{sign}{number(step.value)} ({number(step.low)} to {number(step.high)})"
    return joined([cell, tag("span", f"{text}, {step.verdict}", class_="unit")])


def _cell(row: Row, name: str) -> Html | str:
    found = next((m for m in row.measures if m.name == name), None)
    return "–" if found is None else value(found)


def _named(name: str, better: str) -> Html:
    side = tag("span", SIGNS[better], class_="unit") if better != "neither" else Html("")
    return joined([tag("span", label(name)), side])
