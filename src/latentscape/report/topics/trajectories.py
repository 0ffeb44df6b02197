"""What happens on the way: trajectories by the hundred, each beside its own cross-dissolve."""

from latentscape.records import Measure, Row, TrajectoriesRecord
from latentscape.report.cells import value
from latentscape.report.figures.journeys import journey_pictures
from latentscape.report.figures.layers import layer_pictures
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, folded, joined, table, tag
from latentscape.report.measures_table import rows_table
from latentscape.report.nearness import beside_truth
from latentscape.report.topics import Figure
from latentscape.report.words import label, number

SCORES = (
    *("line_decoded_ratio", "line_feature_ratio", "path_ratio", "neighbour_ratio"),
    *("cycle_residual", "dissolve_amount", "share_morph"),
)
HELD = ("share_horseshoe", "share_arch", "share_wave", "style_parabola")
OF_LAYERS = ("layer_share", *HELD, "amount_with_bow")


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables, and where there are several ways a table of them all."""
    records = contents.of(TrajectoriesRecord)
    blocks = [_ways(records)] if len(records) > 1 else []
    for record in records:
        prov, told = record.provenance, record.features
        about = ", ".join(filter(None, [f"{record.method} trajectories", prov.data, prov.split]))
        net = f"{told.net}, {told.layer}, {told.weights}"
        lengths = f" Lengths in features: {record.lengths}." if record.lengths else ""
        said = f"Style loss as {record.preset} has it, read in {net}. {told.entry[:1].upper()}"
        blocks += [
            columns([figure(p) for p in (*journey_pictures(record), *layer_pictures(record))]),
            beside_truth(record),
            rows_table(record.rows, about=about),
            _layers(record),
            tag(
                "p",
                f"{said}{told.entry[1:]}. {'; '.join(record.thresholds)}.{lengths}",
                class_="small",
            ),
        ]
    return blocks


def _ways(records: list[TrajectoriesRecord]) -> Html:
    """A table a criterion: a line a way, all between the same pairs."""
    criteria = dict.fromkeys(row.name for record in records for row in record.rows)
    parts = []
    for criterion in criteria:
        found = [(record, _row(record, criterion)) for record in records]
        lines = [
            [record.method, *(_cell(row, name) for name in SCORES)]
            for record, row in found
            if row is not None and row.measures
        ]
        head = ["way", *(label(name) for name in SCORES)]
        title = f"Ways between {criterion} pairs"
        about = f"{records[0].provenance.data}, {len(lines)} ways, the same pairs for each"
        if len(lines) > 1:
            parts.append(folded(title, about, table(head, lines, about=title)))
    return joined(parts)


def _layers(record: TrajectoriesRecord) -> Html:
    """A line a layer of the style net, for each criterion."""
    if not record.layer_rows:
        return Html("")
    lines = [
        [row.name, *(_beside(row, name) for name in OF_LAYERS)]
        for row in record.layer_rows
        if row.measures
    ]
    about = f"{record.method} trajectories; beneath, the cross-dissolves of the same ends"
    head = ["pairs, layer", *(label(name) for name in OF_LAYERS)]
    return folded("Layer by layer", about, table(head, lines, about="Style curves by layer"))


def _beside(row: Row, name: str) -> Html | str:
    found = next((m for m in row.measures if m.name == name), None)
    if found is None:
        return "–"
    if name not in HELD or found.reference is None:
        return value(found)
    held = tag("span", f"dissolves {number(found.reference.value)}", class_="unit")
    return joined([value(found), held])


def _row(record: TrajectoriesRecord, criterion: str) -> Row | None:
    return next((row for row in record.rows if row.name == criterion), None)


def _cell(row: Row | None, name: str) -> Html | str:
    found: list[Measure] = [m for m in row.measures if m.name == name] if row else []
    return value(found[0]) if found else "–"
