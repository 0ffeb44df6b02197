"""Rows of measures as one table: value with interval, reference, better side, what is undefined."""

from collections.abc import Iterable

from latentscape.records import Measure, Row
from latentscape.report.cells import heading, value
from latentscape.report.markup import Html, folded, joined, table, tag
from latentscape.report.words import SIGNS, label, number

FIRST = 3  # numbers that a folded table's title tells


def rows_table(rows: Iterable[Row], *, about: str) -> Html:
    """A folded table a topic, a line a measure; below, what is undefined and what each means.

    Args:
        rows: A row of measures a topic; those with nothing to say are left out.
        about: What the measures are of; stands over each table after the topic's name.
    """
    told = [row for row in rows if row.measures or row.undefined]
    if not told:
        return Html("")
    tables = [_folded(row, about) for row in told if row.measures]
    return joined([*tables, _undefined(told), _meanings(told)])


def _folded(row: Row, about: str) -> Html:
    """A row's table, folded; its first numbers stand in the title."""
    head = ["measure", "value", "held against", "better side"]
    lines = [_cells(measure) for measure in row.measures]
    first = ", ".join(f"{label(m.name)} {number(m.value)}" for m in row.measures[:FIRST])
    more = f" and {len(lines) - FIRST} more" if lines[FIRST:] else ""
    title = f"{row.name[:1].upper()}{row.name[1:]}"
    return folded(title, first + more, table(head, lines, about=f"{title}: {about}", marked=1))


def _cells(measure: Measure) -> list[Html | str]:
    return [
        heading(measure),
        value(measure),
        _reference(measure),
        SIGNS[measure.better],
    ]


def _reference(measure: Measure) -> Html | str:
    held = measure.reference
    if held is None:
        return "–"
    parts = [tag("span", number(held.value))]
    if held.low is not None and held.high is not None:
        between = f"{number(held.low)} to {number(held.high)}"
        parts.append(tag("span", between, class_="interval"))
    return joined([*parts, tag("span", held.words, class_="unit")])


def _undefined(rows: list[Row]) -> Html:
    lines = [
        tag("li", tag("b", label(missing.name)), f": not defined, {missing.why}")
        for row in rows
        for missing in row.undefined
    ]
    return tag("ul", *lines, class_="small") if lines else Html("")


def _meanings(rows: list[Row]) -> Html:
    lines = [tag("li", tag("b", row.name), f": {row.note}") for row in rows if row.note]
    for row in rows:
        for m in row.measures:
            made = f" Interval: {m.interval}." if m.interval else ""
            lines.append(tag("li", tag("b", label(m.name)), f": {m.note}.{made}"))
    return tag("details", tag("summary", "What each measure means"), tag("ul", *lines))
