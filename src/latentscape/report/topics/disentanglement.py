"""Whether single latents follow single factors."""

from pathlib import Path

from latentscape.records import DisentanglementRecord, Row, TraversalRecord
from latentscape.report.figures.disentanglement import matrices
from latentscape.report.figures.traversals import traversal
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, caption, columns, image, joined, table, tag
from latentscape.report.measures_table import rows_table
from latentscape.report.picture import small_print
from latentscape.report.topics import Figure
from latentscape.report.words import label, number

LARGEST_FILM = 1_500_000  # bytes
DAGGER = "† marks a latent that is collapsed: it varies too little to have a vote."


def blocks(contents: RunContents, figure: Figure) -> list[Html]:
    """The topic's pictures and tables."""
    parts: list[Html] = []
    for record in contents.of(DisentanglementRecord):
        parts += [columns([figure(picture) for picture in matrices(record)]), _tables(record)]
    walks = [(stem, r) for stem, r in contents.records if isinstance(r, TraversalRecord)]
    shown = []
    for stem, record in walks:
        shown.append(figure(traversal(record)))
        film = contents.folder / "trajectories" / f"{stem}.gif"
        if film.is_file() and film.stat().st_size <= LARGEST_FILM:
            shown.append(_film(film, record))
    return [*parts, columns(shown)] if shown else parts


def _tables(record: DisentanglementRecord) -> Html:
    what = "labels, of which no factor is known" if record.labels_only else "known factors"
    rows = [record.row, *([record.rotated] if record.rotated.measures else [])]
    about = f"{record.axes} against {what}, {record.provenance.data} {record.provenance.split}"
    note = tag("p", DAGGER, class_="small") if record.collapsed.any() else Html("")
    return joined([note, rows_table(rows, about=about), _by_factor(record.by_factor)])


def _by_factor(rows: tuple[Row, ...]) -> Html:
    """A line a factor: its part in each score."""
    names = list(dict.fromkeys(m.name for row in rows for m in row.measures))
    if not names:
        return Html("")
    lines = []
    for row in rows:
        held = {m.name: number(m.value) for m in row.measures}
        lines.append([row.name.replace("_", " "), row.note, *(held.get(n, "–") for n in names)])
    head = ["factor", "values", *(f"{label(name)} ↑" for name in names)]
    return table(head, lines, about="Each factor's part in the scores")


def _film(path: Path, record: TraversalRecord) -> Html:
    said = (
        "Each tile is one row of the traversal, moving to and fro; above it the latent's number "
        f"and its {'KL' if record.ranked_by == 'KL' else 'variance'}."
    )
    moving = image(path, alt=f"{len(record.frames)} {record.axes} moving, one a tile")
    small = small_print(record.provenance, "the traversal's middle column")
    return tag(
        "figure", tag("h4", "The traversal in motion"), tag("div", moving, class_="drawing"),
        caption(said, small),
    )  # fmt: skip
