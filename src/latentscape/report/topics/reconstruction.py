"""Reconstruction part by part: each split beside its baselines, films or groups, and what others
have published, with every convention said."""

from collections.abc import Sequence

from latentscape.records import ReconstructionRecord, Row
from latentscape.report.cells import value
from latentscape.report.figures.error_maps import error_maps
from latentscape.report.markup import Html, columns, folded, joined, sentences, table, tag
from latentscape.report.published import PUBLISHED
from latentscape.report.tables import data_words
from latentscape.report.topics import Figure
from latentscape.report.verdict import find
from latentscape.report.words import SIGNS, label

TOLD = ("mse", "psnr_mean", "ssim_seed", "ssim_std", "lpips", "chamfer")
MOST_GROUPS = 30


def blocks(record: ReconstructionRecord, figure: Figure) -> list[Html]:
    """What follows the table of the whole: pictures and tables of one record."""
    about = data_words(record)
    return [
        columns([figure(picture) for picture in error_maps(record)]),
        _by_split(record, about),
        _by_group(record, about),
        _stated(record),
        _missing(record),
        _published(record),
    ]


def _by_split(record: ReconstructionRecord, about: str) -> Html:
    rows: list[Row] = []
    for row in record.by_split:
        rows.append(row.model_copy(update={"name": f"{row.name}: {record.model_row.name}"}))
        rows += [held for held in record.split_baselines if held.beside == row.name]
    if not rows:
        return Html("")
    note = tag(
        "p",
        "Baselines are fitted to the training images: on these PCA is flattered, and may bring "
        "back as many images as it has numbers without any error. Small figures are intervals: "
        f"{made_words(record.by_split)}.",
        class_="small",
    )
    return joined([_measures(rows, f"Split by split, each over its baselines: {about}"), note])


def _by_group(record: ReconstructionRecord, about: str) -> Html:
    if not record.by_group:
        return Html("")
    parts = record.films if record.grouped_by == "film" else record.groups
    n = len(set(parts) - {""})
    rows = record.by_group[:MOST_GROUPS]
    shown = f"{len(rows)} of {n:,}, " if len(rows) < n else f"{n:,}, "
    note = tag(
        "p",
        "Intervals draw whole groups (scenes, shots) where a film has eight or more; else they "
        "draw the images of those there are, and say nothing of others. Fewer than 8 images have "
        "none. The table of single images beside the record knows every group.",
        class_="small",
    )
    title = f"{record.grouped_by.capitalize()} by {record.grouped_by}"
    whole = _measures(rows, f"{title}: {about}")
    return folded(title, f"{shown}largest error first", whole, note)


def made_words(rows: Sequence[Row]) -> str:
    """How the intervals of rows were made, each way once with the rows that it is of."""
    ways: dict[str, list[str]] = {}
    for row in rows:
        made = next((m.interval for m in row.measures if m.interval), "none")
        ways.setdefault(made, []).append(row.name)
    return "; ".join(f"{', '.join(names)}: {made}" for made, names in ways.items())


def _measures(rows: Sequence[Row], about: str) -> Html:
    """A line a row, a column a measure that any of them has."""
    first = {m.name: m for row in reversed(rows) for m in row.measures}
    names = [name for name in TOLD if name in first]
    head = ["", "images", *(_head(name, SIGNS[first[name].better]) for name in names)]
    lines = [
        [
            row.name,
            f"{max((m.n for m in row.measures), default=0):,}",
            *(value(m) if (m := find(row, name)) else "–" for name in names),
        ]
        for row in rows
    ]
    return table(head, lines, about=about)


def _head(name: str, sign: str) -> Html:
    return joined([tag("span", label(name)), tag("span", sign, class_="unit")])


def _stated(record: ReconstructionRecord) -> Html:
    """What the numbers rest on, in a line."""
    if not record.stated:
        return Html("")
    said = "; ".join(f"{name}: {words}" for name, words in record.stated.items())
    return tag("p", f"These numbers rest on: {said}.", class_="small")


def _missing(record: ReconstructionRecord) -> Html:
    lines = [
        Html(tag("b", label(u.name)) + tag("span", f" is not defined: {u.why}."))
        for u in record.model_row.undefined
    ]
    return sentences(lines, class_="small")


def _published(record: ReconstructionRecord) -> Html:
    """Published figures: of other data or by another convention, so never in the table above."""
    if record.originals.ndim != 4 or record.originals.shape[1] != 3:
        return Html("")
    head = ["work", "MSE", "PSNR, dB", "SSIM", "LPIPS", "other", "data"]
    lines = [[p.work, *(cell or "–" for cell in p[2:7]), p.data] for p in PUBLISHED]
    rests: dict[tuple[str, str], list[str]] = {}
    for p in PUBLISHED:
        rests.setdefault((p.convention, p.source), []).append(p.work)
    said = [
        Html(tag("b", ", ".join(works)) + tag("span", f": {convention}. Source: {source}."))
        for (convention, source), works in rests.items()
    ]
    note = tag(
        "p",
        "None of these is of the images above. Flat colours come back about 8 dB better than "
        "photographs at the same size, and a convention alone moves SSIM by a tenth: such figures "
        "say what is usual, not who is better.",
        class_="small",
    )
    whole = table(head, lines, about="Published figures, of other data or convention")
    return folded("Published figures", "of other data or convention", whole, note,
                  sentences(said, class_="small"))  # fmt: skip
