"""Classes and clusters: which lie apart, which lie on one another, and what chance would say."""

from latentscape.records import Measure, Provenance, Row
from latentscape.records.classes import ClassStructure, OverlappingPair
from latentscape.report.figures.overlap import overlap_pictures
from latentscape.report.markup import Html, columns, joined, table, tag
from latentscape.report.measures_table import rows_table
from latentscape.report.topics import Figure
from latentscape.report.words import interval, label, number

AGREEMENTS = ("adjusted_rand", "nmi", "homogeneity", "completeness", "hungarian_accuracy")


def blocks(
    classes: ClassStructure, provenance: Provenance, *, about: str, figure: Figure
) -> list[Html]:
    """Overlap matrices, the worst pairs, and tables of class measures and clusterings.

    Args:
        classes: What was measured.
        provenance: For the pictures' small print.
        about: What the measures are of, for the tables' headings.
        figure: Draws a picture into the section.
    """
    if not any(row.measures for row in classes.rows):
        return [_nothing(classes)]
    pictures = [figure(picture) for picture in overlap_pictures(classes, provenance)]
    made = [
        columns(pictures),
        _pairs(classes, about),
        rows_table(classes.rows[:1], about=about),
        _clusters(classes.rows[1:], about),
        _undefined(classes),
    ]
    return [block for block in made if block]


def _nothing(classes: ClassStructure) -> Html:
    """One line where no class measure at all is defined."""
    why = dict.fromkeys(missing.why for row in classes.rows for missing in row.undefined)
    return tag("p", tag("b", "Classes and clusters"), f": not defined, {'; '.join(why)}.")


def _pairs(classes: ClassStructure, about: str) -> Html:
    if not classes.pairs:
        return Html("")
    head = ["pair", "Bhattacharyya", "neighbours of the first that are of the second", "and back"]
    rows = [_pair(pair) for pair in classes.pairs]
    note = f"{classes.overlap_note[:1].upper()}{classes.overlap_note[1:]}."
    made = {m.interval for pair in classes.pairs for m in pair.row.measures if m.interval}
    kinds = sorted({line.split(" over ")[0] for line in made})
    if kinds:
        note += f" Small figures are intervals: {'; '.join(kinds)}."
    return joined(
        [
            table(head, rows, about=f"Most overlapping classes: {about}", marked=1),
            tag("p", note, class_="small"),
        ]
    )


def _pair(pair: OverlappingPair) -> list[Html | str]:
    found = {measure.name: measure for measure in pair.row.measures}
    words = {
        "bhattacharyya": "were they one class",
        "knn_confusion": "chance",
        "knn_confusion_back": "chance",
    }
    return [pair.row.name, *(_cell(found.get(name), word) for name, word in words.items())]


def _clusters(rows: tuple[Row, ...], about: str) -> Html:
    """A line a clustering, a column an agreement."""
    told = [row for row in rows if row.measures]
    if not told:
        return Html("")
    head: list[str | Html] = ["clustering", "samples", "clusters", "noise"]
    head += ["NMI = V-measure" if name == "nmi" else label(name) for name in AGREEMENTS]
    lines = []
    for row in told:
        found = {measure.name: measure for measure in row.measures}
        noise = found.get("noise_share")
        lines.append(
            [
                row.name,
                f"{found['n_clusters'].n:,}",
                number(found["n_clusters"].value),
                f"{100 * noise.value:.2g} %" if noise else "–",
                *(_cell(found[name], "permuted") for name in AGREEMENTS),
            ]
        )
    notes = [tag("li", tag("b", row.name), f": {row.note}") for row in told]
    first = told[0]["adjusted_rand"]
    reference = first.reference.words if first.reference is not None else "none"
    made = f"Higher is better. Small figures: {first.interval}; beneath them, {reference}."
    return joined(
        [
            table(head, lines, about=f"Clusters against classes: {about}"),
            tag("p", made, class_="small"),
            tag("details", tag("summary", "How the clusters were found"), tag("ul", *notes)),
        ]
    )


def _cell(measure: Measure | None, word: str) -> Html | str:
    if measure is None:
        return "–"
    parts = [tag("span", number(measure.value))]
    between = interval(measure)
    if between:
        parts.append(tag("span", between, class_="interval"))
    if measure.reference is not None:
        held = round(measure.reference.value, 3) + 0.0  # no minus before a nought
        parts.append(tag("span", f"{word} {number(held)}", class_="unit"))
    return joined(parts)


def _undefined(classes: ClassStructure) -> Html:
    reasons: dict[str, list[str]] = {}
    for row in classes.rows[1:]:
        for missing in row.undefined:
            reasons.setdefault(missing.why, []).append(row.name)
    for missing in classes.undefined:
        reasons.setdefault(missing.why, []).append(label(missing.name))
    lines = [
        tag("li", tag("b", ", ".join(names)), f": not defined, {why}")
        for why, names in reasons.items()
    ]
    return tag("ul", *lines, class_="small") if lines else Html("")
