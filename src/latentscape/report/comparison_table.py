"""Tables that set runs beside each other: measures, differences, settings."""

from collections.abc import Iterator, Mapping, Sequence

from latentscape.records import (
    ComparisonLine,
    ComparisonTable,
    Difference,
    Measure,
    Setting,
)
from latentscape.report.markup import Html, joined, sentences, table, tag
from latentscape.report.words import interval, label, number

ARROWS = {"higher": " ↑", "lower": " ↓", "neither": ""}
STAR = (
    "★ marks a run whose interval overlaps that of no other run: it is told apart as the best. "
    "Where intervals overlap none is marked; baselines take no part. Intervals are of images: "
    "training again with another seed may move a value further."
)
Extra = Mapping[str, Mapping[str, Html]]


def comparison_table(
    compared: ComparisonTable, *, extra: Extra | None = None, about: str = ""
) -> Html:
    """A line a measure, a column a run; then what it is held against, and who is told apart.

    Args:
        compared: Its runs and lines.
        extra: Measure's name to what stands in a further line below it, by run; its heading is
            under the key ``""``.
        about: What it holds; the data if left out.
    """
    about = about or f"Runs on {data_words(compared)}"
    head = ["measure", *(tag("a", run, href=f"#{anchor(run)}") for run in compared.runs)]
    words = ("held against", "told apart")
    top = [tag("th", cell, scope="col") for cell in head]
    top += [tag("th", cell, scope="col", class_="words") for cell in words]
    bodies = [
        tag("tbody", _band(topic, row, len(top)), *_rows(lines, compared.runs, extra or {}))
        for (topic, row), lines in _by_topic(compared.lines)
        if any(line.measures for line in lines)
    ]
    whole = tag(
        "table", tag("caption", about), tag("thead", tag("tr", *top)), *bodies, class_="compared"
    )
    frame = tag("div", whole, class_="scroll", tabindex="0", role="region", aria_label=about)
    return joined([frame, _notes(compared), _undefined(compared), _meanings(compared)])


def difference_table(compared: ComparisonTable) -> Html:
    """Each run minus the run it is held against; nothing where no single images are known."""
    found = compared.differences
    if not found:
        return Html("")
    runs = [run for run in compared.runs if any(d.run == run for d in found)]
    names = list(dict.fromkeys((d.name, d.unit, d.better) for d in found))
    at = {(d.run, d.name): d for d in found}
    rows = [
        [_heading(name, unit, better), *(_difference(at.get((run, name))) for run in runs)]
        for name, unit, better in names
    ]
    against = found[0].against
    about = f"Minus {against}, image by image ({found[0].n:,} images)"
    made = (
        f"Each image is scored by both runs and the difference is averaged; small figures are "
        f"intervals of that mean ({found[0].interval}). An interval that holds 0 tells nothing "
        "apart. This sees smaller differences than two intervals side by side do."
    )
    return joined([table(["measure", *runs], rows, about=about), tag("p", made, class_="small")])


def settings_table(runs: Sequence[str], settings: Sequence[Setting]) -> Html:
    """What differs between runs; each run's column can be pointed to."""
    head = ["setting", *(tag("span", run, id=anchor(run)) for run in runs)]
    rows = [[s.name, *(s.values.get(run, "–") for run in runs)] for s in settings]
    if not rows:
        rows = [["no setting differs", *("–" for _ in runs)]]
    return table(head, rows, about="What differs between the runs")


def data_words(compared: ComparisonTable) -> str:
    """Which images, and what of the posterior was decoded where that is not the mean."""
    sample = "posterior sample" if compared.posterior != "mean" else ""
    return ", ".join(filter(None, [compared.data, compared.split, sample]))


def anchor(name: str) -> str:
    """A run's name as an address inside the page."""
    return "run-" + "".join(c if c.isalnum() else "-" for c in name)


def _by_topic(
    lines: Sequence[ComparisonLine],
) -> Iterator[tuple[tuple[str, str], list[ComparisonLine]]]:
    groups: dict[tuple[str, str], list[ComparisonLine]] = {}
    for line in lines:
        groups.setdefault((line.topic, line.row), []).append(line)
    yield from groups.items()


def _band(topic: str, row: str, width: int) -> Html:
    words = f"{topic.capitalize()}: {row}" if row else topic.capitalize()
    return tag("tr", tag("th", words, colspan=str(width), scope="rowgroup"), class_="band")


def _rows(lines: list[ComparisonLine], runs: tuple[str, ...], extra: Extra) -> Iterator[Html]:
    for line in lines:
        if not line.measures:  # told below the table
            continue
        cells = [
            tag("th", _heading(line.name, line.unit, line.better, line.condition), scope="row"),
            *(_cell(line, run) for run in runs),
            tag("td", _held(line), class_="words"),
            tag("td", _told_apart(line), class_="words"),
        ]
        yield tag("tr", *cells)
        if line.name in extra and (line.topic, line.condition) == ("reconstruction", ""):
            more = extra[line.name]
            cells = [tag("td", more.get(run) or "–") for run in runs]
            none = tag("td", "–", class_="words")
            yield tag("tr", tag("th", more[""], scope="row"), *cells, none, none)


def _heading(name: str, unit: str, better: str, condition: str = "") -> Html:
    side = f"{better} is better" if better != "neither" else ""
    small = [tag("span", text, class_="unit") for text in (unit, side, condition) if text]
    return joined([tag("span", f"{label(name)}{ARROWS[better]}"), *small])


def _cell(line: ComparisonLine, run: str) -> Html:
    if run in line.undefined and run not in line.measures:
        return tag("td", tag("span", "not defined", class_="unit"))
    measure, own = line.measures.get(run), line.own_references.get(run)
    if measure is None:
        return tag("td", "–")
    beside = tag("span", f"against {number(own.value)}", class_="interval") if own else Html("")
    if line.best == (run,):
        return tag("td", "★ ", _value(measure), beside, class_="best")
    return tag("td", _value(measure), beside)


def _value(measure: Measure) -> Html:
    between = interval(measure)
    small = tag("span", between, class_="interval") if between else Html("")
    return joined([tag("span", number(measure.value)), small])


def _held(line: ComparisonLine) -> Html:
    """Baselines with their values; of what single runs are held against, the words."""
    lines = [
        tag("span", tag("b", number(reference.value)), f" {reference.words}", class_="against")
        for reference in line.held
    ]
    own = dict.fromkeys(reference.words for reference in line.own_references.values())
    lines += [tag("span", f"against: {words}", class_="against") for words in own]
    return joined(lines) if lines else Html("–")


def _told_apart(line: ComparisonLine) -> str:
    if line.is_told_apart:
        return line.best[0]
    if len(line.best) == len(line.measures):
        return "not told apart"
    if line.best:
        return f"not told apart: {', '.join(line.best)}"
    if line.better != "neither" and len(line.measures) > 1:
        return "no interval"
    return "–"


def _difference(told: Difference | None) -> Html | str:
    if told is None:
        return "–"
    sign = "+" if told.value > 0 else ""
    between = f"{number(told.low)} to {number(told.high)}"
    return joined(
        [
            tag("span", f"{sign}{number(told.value)}"),
            tag("span", between, class_="interval"),
            tag("span", told.verdict, class_="unit"),
        ]
    )


def _notes(compared: ComparisonTable) -> Html:
    made = {m.interval for line in compared.lines for m in line.measures.values() if m.interval}
    told = "; ".join(sorted(made)) if len(made) < 3 else "how each was made stands below"
    how = f"Small figures are intervals: {told}. " if made else ""
    star = STAR if len(compared.runs) > 1 else "Nothing stands beside this run on these images."
    return tag("p", f"↑ higher is better, ↓ lower is better. {how}{star}", class_="small")


def _undefined(compared: ComparisonTable) -> Html:
    told: dict[tuple[str, str], list[str]] = {}
    for line in compared.lines:
        for run, why in line.undefined.items():
            told.setdefault((line.name, why), []).append(run)
    lines = [
        Html(tag("b", label(name)) + tag("span", f" is not defined for {', '.join(runs)}: {why}."))
        for (name, why), runs in told.items()
    ]
    return sentences(lines, class_="small")


def _meanings(compared: ComparisonTable) -> Html:
    said: dict[str, str] = {}
    for line in compared.lines:
        for measure in line.measures.values():
            made = f" Interval: {measure.interval}." if measure.interval else ""
            if measure.note or made:
                said.setdefault(line.name, f": {measure.note}.{made}")
    lines = [tag("li", tag("b", label(name)), note) for name, note in said.items()]
    if not lines:
        return Html("")
    return tag("details", tag("summary", "What each measure means"), tag("ul", *lines))
