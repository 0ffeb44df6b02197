"""Runs beside each other: the page of a comparison, and the part that a report of runs shares."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from latentscape.records import (
    ComparisonRecord,
    ComparisonTable,
    MapRecord,
    Measure,
    MeasuredRun,
    Provenance,
    ReconstructionRecord,
    Row,
    StructureRecord,
    TrajectoriesRecord,
    side_by_side,
)
from latentscape.report.comparison_table import (
    data_words,
    first_table,
    other_tables,
    settings_table,
)
from latentscape.report.figures import beside, dots, several
from latentscape.report.folder import RunContents
from latentscape.report.markup import Html, columns, sentences, tag
from latentscape.report.measures_table import rows_table
from latentscape.report.nearness import truth_section
from latentscape.report.picture import Picture, Words
from latentscape.report.tables import against_linear, reasons

Draw = Callable[[Picture], Html]
FORESTS = 3  # topics that get a dot plot each
ROUNDING = 1e-6  # a line straight to within it is straight: nothing to draw


def overview(contents: Sequence[RunContents], draw: Draw) -> list[Html]:
    """What a report of several runs says first: tables and dot plots, a heading for each data.

    Args:
        contents: The runs.
        draw: Draws a picture into the page.
    """
    by_name = {found.name: found for found in contents}
    runs = [
        MeasuredRun(
            name=found.name,
            about=found.about,
            records=tuple(found.measures),
            others=tuple(found.of(MapRecord)),
        )
        for found in contents
    ]
    tables, notes = side_by_side(runs)
    blocks: list[Html] = []
    for words, parts in _told(tables, by_name, draw):
        blocks += [tag("h3", words), *parts]
    return [sentences(notes, class_="small"), *blocks] if blocks else []


def body(record: ComparisonRecord, contents: Mapping[str, RunContents], draw: Draw) -> list[Html]:
    """The comparison page's sections, one for each data.

    Args:
        record: What `compare` found.
        contents: Of the runs' folders, by the name they have in the record.
        draw: Draws a picture into the page.
    """
    first = tag(
        "section",
        tag("h2", "The runs"),
        sentences([Html(tag("b", "Note: ") + tag("span", n)) for n in record.notes],
                  class_="warnings"),
        settings_table([run.name for run in record.runs], record.settings),
        id="runs",
    )  # fmt: skip
    sections = [first]
    for i, (words, parts) in enumerate(_told(record.tables, contents, draw), start=1):
        sections.append(tag("section", tag("h2", words), *parts, id=f"table-{i}"))
    return [*sections, *truth_section(record, draw), *_ways(record, contents, draw)]


def _ways(record: ComparisonRecord, contents: Mapping[str, RunContents], draw: Draw) -> list[Html]:
    """Trajectories of several models between the same kinds of pairs."""
    if not record.relations:
        return []
    runs = {run.name: contents[run.name].of(TrajectoriesRecord) for run in record.runs}
    pictures = [draw(picture) for picture in several.pictures(runs)]
    about = (
        "Does the amount of cross-dissolve go with the shape of the style curve? Rank correlations "
        "with their intervals; 0 is no relation. A few models say little: the interval over models "
        "moves pairs within each model, not the choice of models."
    )
    told = rows_table(record.relations, about="over models and over all their pairs")
    head = tag("h2", "On the way, model by model")
    return [tag("section", head, columns(pictures), tag("p", about), told, id="ways")]


def _told(
    tables: Sequence[ComparisonTable], contents: Mapping[str, RunContents], draw: Draw
) -> Iterator[tuple[str, list[Html]]]:
    """Each table's heading, and what stands under it."""
    drawn: set[tuple[str, ...]] = set()
    for table in tables:
        same = (table.data, table.fingerprint, *table.runs)
        pictures = _pictures(table, contents, draw, whole=same not in drawn)
        drawn.add(same)
        yield f"{data_words(table)}, {table.n:,} images", _numbers(table, contents, pictures)


def _numbers(
    table: ComparisonTable, contents: Mapping[str, RunContents], pictures: list[Html]
) -> list[Html]:
    """What is asked first, pictures, and then all there is."""
    found = _reconstructions(table, contents)
    ratios = {run: against_linear(record) for run, record in found}
    extra = {"mse": {"": Html("MSE ÷ PCA's"), **ratios}} if any(ratios.values()) else {}
    blocks = [first_table(table, extra=extra), reasons(found), *pictures]
    blocks.append(other_tables(table, extra=extra))
    return [block for block in blocks if block]


def _forests(table: ComparisonTable, contents: Mapping[str, RunContents]) -> list[Picture]:
    if len(table.runs) < 2:
        return []
    topics = list(dict.fromkeys(line.topic for line in table.lines))
    drawn = [_forest(table, topic, contents) for topic in topics[:FORESTS]]
    return [picture for picture in drawn if picture is not None]


def _pictures(
    table: ComparisonTable, contents: Mapping[str, RunContents], draw: Draw, *, whole: bool
) -> list[Html]:
    """The same images out of every run, maps, samples and spectra beside each other.

    Maps and samples stand once for the same runs on the same data, where ``whole``.
    """
    if len(table.runs) < 2:
        return []
    prov = _small_print(table, contents)
    found = _reconstructions(table, contents)
    drawn = [beside.reconstructions(found, prov)] if len(found) > 1 else []
    drawn += _forests(table, contents)
    drawn += [beside.maps(runs, prov) for runs in _maps(table, contents)] if whole else []
    for name in ("prior", "mixture") if whole else ():
        runs = [
            (run, sheet) for run in table.runs for sheet in contents[run].sheets
            if sheet.name == name and sheet.provenance.data == table.data
        ]  # fmt: skip
        drawn += [beside.sheets(runs, prov)] if len(runs) > 1 else []
    spectra = [
        (run, record) for run in table.runs for record in contents[run].of(StructureRecord)
        if _of_table(record.provenance, table)
    ]  # fmt: skip
    drawn += [beside.spectra(spectra, prov)] if len(spectra) > 1 else []
    figures = [draw(picture) for picture in drawn if picture is not None]
    return [columns(figures)] if figures else []


def _maps(
    table: ComparisonTable, contents: Mapping[str, RunContents]
) -> list[list[tuple[str, MapRecord]]]:
    """Runs with a map by the same method; where no method is common to all, a map of each first."""
    by_method: dict[str, list[tuple[str, MapRecord]]] = {}
    firsts: list[tuple[str, MapRecord]] = []
    for run in table.runs:
        own = [
            record for record in contents[run].maps
            if (record.provenance.data, record.provenance.split, record.provenance.fingerprint)
            == (table.data, table.split, table.fingerprint)
        ]  # fmt: skip
        firsts += [(run, own[0])] if own else []
        for record in own:
            runs = by_method.setdefault(record.method, [])
            if run not in [name for name, _ in runs]:
                runs.append((run, record))
    shared = [runs for runs in by_method.values() if len(runs) > 1]
    if len(firsts) < 2 or any(len(runs) == len(firsts) for runs in shared):
        return shared
    drawn = {id(record) for _, record in firsts}
    more = [runs for runs in shared if not {id(record) for _, record in runs} <= drawn]
    return [firsts, *more]


def _forest(
    table: ComparisonTable, topic: str, contents: Mapping[str, RunContents]
) -> Picture | None:
    """The row of a topic with most to tell: a dot a run, an open dot a baseline."""
    lines = [
        line for line in table.lines
        if line.topic == topic and not line.condition
        and any(abs(measure.value) > ROUNDING for measure in line.measures.values())
    ]  # fmt: skip
    telling = Counter(
        line.row for line in lines if line.better != "neither" and len(line.measures) > 1
    )
    row = telling.most_common(1)[0][0] if telling else ""
    lines = [line for line in lines if line.row == row]
    rows: list[tuple[Row, bool]] = []
    for run in table.runs:
        own = tuple(line.measures[run] for line in lines if run in line.measures)
        rows += [(Row(name=run, measures=own), True)] if own else []
    named = dict.fromkeys(b.words for line in lines for b in line.baselines)
    for words in named:
        own = tuple(
            Measure(name=line.name, value=b.value, low=b.low, high=b.high, unit=line.unit,
                    better=line.better)
            for line in lines for b in line.baselines if b.words == words
        )  # fmt: skip
        rows.append((Row(name=words, measures=own), False))
    if len(rows) < 2:
        return None
    shown = set(dots.shared(tuple(rows)))
    rows = [(r, own) for r, own in rows if own or any(m.name in shown for m in r.measures)]
    beside = [r.name for r, own in rows if not own]
    title = f"{topic.capitalize()}: {row}" if row else topic.capitalize()
    words = Words(
        f"comparison-{topic}",
        f"{title}, run by run",
        "Filled dots are runs, open dots are baselines, lines are intervals; the arrow in each "
        "heading points to the better side.",
        "",
        ", ".join(beside) or "in the table above",
    )
    return dots.forest(words, _small_print(table, contents), tuple(rows))


def _small_print(table: ComparisonTable, contents: Mapping[str, RunContents]) -> Provenance:
    recipes = sorted({contents[run].provenance.recipe for run in table.runs})
    seeds = sorted({contents[run].provenance.seed for run in table.runs})
    told = f"{len(table.runs)} runs" + (f", seeds {seeds[0]}–{seeds[-1]}" if seeds[1:] else "")
    return Provenance(
        model=told,
        recipe=listed(recipes),
        data=table.data,
        split=table.split,
        n=table.n,
        seed=seeds[0],
        posterior="mean" if table.posterior == "mean" else "sample",
        fingerprint=table.fingerprint,
    )


def _reconstructions(
    table: ComparisonTable, contents: Mapping[str, RunContents]
) -> list[tuple[str, ReconstructionRecord]]:
    """Each run's first reconstruction record of the table's images."""
    found: list[tuple[str, ReconstructionRecord]] = []
    for run in table.runs:
        own = [r for r in contents[run].reconstructions if _of_table(r.provenance, table)]
        found += [(run, own[0])] if own else []
    return found


def _of_table(told: Provenance, table: ComparisonTable) -> bool:
    fields = ("data", "split", "posterior", "fingerprint", "n")
    return all(getattr(told, name) == getattr(table, name) for name in fields)


def listed(names: list[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
