"""How good new images are."""

from latentscape.records import Row
from latentscape.records.generation import GenerationRecord
from latentscape.report.cells import value
from latentscape.report.figures.generation import generation_dots, nearest_training
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, joined, table, tag
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure
from latentscape.report.words import SIGNS, label, number


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    parts: list[Html] = []
    for record in contents.of(GenerationRecord):
        prov = record.provenance
        about = ", ".join(filter(None, [prov.data, prov.split]))
        pictures = [generation_dots(record), nearest_training(record)]
        parts += [
            columns([figure(picture) for picture in pictures if picture]),
            _sources(record, about),
            rows_table([record.likelihood], about=about),
        ]
    return parts


def _sources(record: GenerationRecord, about: str) -> Html:
    """A line a measure, a column a source or baseline; below, the features and what is absent."""
    rows = [row for row in (*record.rows, *record.baselines) if row.measures]
    if not rows:
        return Html("")
    known = {m.name: m for row in reversed(rows) for m in row.measures}
    order = list(dict.fromkeys(m.name for row in rows for m in row.measures))
    lines = [
        [label(name), SIGNS[known[name].better], *(_cell(row, name) for row in rows)]
        for name in order
    ]
    head = ["measure", "better side", *(row.name for row in rows)]
    whole = table(head, lines, about=f"New images, and baselines, against real ones: {about}")
    told = record.features
    file = f" (sha256 {told.sha256[:12]})" if told.sha256 else ""
    features = tag(
        "p",
        f"Compared in features of {told.net}, {told.layer}, {told.weights}{file}. An image enters "
        f"as follows: {told.entry}. Small figures are intervals.",
        class_="small",
    )
    return joined([whole, features, _absent(record), _meanings(rows, list(known.values()))])


def _cell(row: Row, name: str) -> Html | str:
    found = next((m for m in row.measures if m.name == name), None)
    if found is None:
        return "–"
    return value(found)


def _absent(record: GenerationRecord) -> Html:
    """Each reason once, with what it keeps from being measured."""
    whole = [(row.name, row.undefined[0].why) for row in record.rows if not row.measures]
    parts = [(label(u.name), u.why) for row in (*record.rows, *record.baselines) if row.measures
             for u in row.undefined]  # fmt: skip
    lines = [
        tag("li", tag("b", what), f": not {'made' if (what, why) in whole else 'defined'}, {why}")
        for what, why in dict.fromkeys([*whole, *parts])
    ]
    return tag("ul", *lines, class_="small") if lines else Html("")


def _meanings(rows: list[Row], measures: list) -> Html:
    lines = [tag("li", tag("b", row.name), f": {row.note}") for row in rows if row.note]
    for m in measures:
        made = f" Interval: {m.interval}." if m.interval else ""
        held = (
            f" {m.reference.words.capitalize()}: {number(m.reference.value)}."
            if m.reference
            else ""
        )
        lines.append(tag("li", tag("b", label(m.name)), f": {m.note}.{held}{made}"))
    return tag("details", tag("summary", "What each measure means"), tag("ul", *lines))
