"""Tables that set runs beside each other: measures, differences, settings."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from math import floor, inf, log10

from latentscape.records import (
    ComparisonLine,
    ComparisonTable,
    Difference,
    Setting,
)
from latentscape.report.cells import value
from latentscape.report.markup import Html, folded, joined, sentences, table, tag
from latentscape.report.words import label, number

ARROWS = {"higher": " ↑", "lower": " ↓", "neither": ""}
STAR = (
    "★ marks the best run, its interval overlapping that of no other; ☆ those that may be best, "
    "their intervals overlapping. Baselines take no part. Intervals are of images: training again "
    "with another seed may move a value further."
)
# What is asked first, in this order: does it reconstruct, what does it carry, what shape has it.
ASKED_FIRST = (
    *("mse", "psnr_mean", "ssim_std", "elbo", "rate", "active_units"),
    *("rate_kept", "units_lost", "latent_drift"),
    *("mutual_information", "ablation_ratio", "participation_share", "sphericity", "prior_kl"),
    *("twonn_dimension", "linear_probe_accuracy", "triplet_accuracy", "silhouette_euclidean"),
    *("dissolve_amount", "share_morph", "share_horseshoe", "style_bow", "amount_with_bow"),
    *("path_length_pixels", "mig", "dci_disentanglement", "kid", "precision", "recall", "iwae"),
)
END_OF_BRIEF = re.compile(r"; |, (?!I\))| \(")  # of what a number is held against
FEW = 20  # lines that a table shows whole
Extra = Mapping[str, Mapping[str, Html]]
Block = list[ComparisonLine]


def first_table(compared: ComparisonTable, *, extra: Extra | None = None) -> Html:
    """What is asked first: a line a measure, a column a run, then what it is held against.

    Args:
        compared: Its runs and lines.
        extra: Measure's name to what stands in a further line below it, by run; its heading is
            under the key ``""``.
    """
    about = f"Runs on {data_words(compared)}"
    return joined([_table(compared, _first(compared), extra or {}, about=about), _notes(compared)])


def other_tables(compared: ComparisonTable, *, extra: Extra | None = None) -> Html:
    """Everything, folded, a table a block of rows; below, what is undefined and what is meant."""
    told = _told(compared)
    parts = []
    for block in _blocks(told) if len(_first(compared)) < len(told) else []:
        title = _title(block)
        size = f"{len(block)} measures" if len(block) > 1 else "1 measure"
        parts.append(folded(title, size, _table(compared, block, extra or {}, about=title)))
    parts += [_differences(compared), _undefined(compared), _meanings(compared)]
    return joined([part for part in parts if part])


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


def _told(compared: ComparisonTable) -> Block:
    return [line for line in compared.lines if line.measures]


def _first(compared: ComparisonTable) -> Block:
    """The lines of `ASKED_FIRST`, in its order, each from the first row that has it; few whole."""
    told = _told(compared)
    found: dict[str, Block] = {}
    for line in told:
        found.setdefault(line.name, []).append(line)
    firsts = [found[name] for name in ASKED_FIRST if name in found]
    first = [line for several in firsts for line in several if line.row == several[0].row]
    return told if len(told) <= FEW or len(first) < 2 else first


def _blocks(lines: Sequence[ComparisonLine]) -> list[Block]:
    """Lines by topic and row; rows of one topic that hold the same measures stand together."""
    rows: dict[tuple[str, str], Block] = {}
    for line in lines:
        rows.setdefault((line.topic, line.row), []).append(line)
    blocks: list[Block] = []
    for row in rows.values():
        home = next((block for block in blocks if _alike(block, row)), None)
        if home is None:
            blocks.append([*row])
        else:
            home.extend(row)
    return blocks


def _alike(block: Block, row: Block) -> bool:
    names, more = {line.name for line in block}, {line.name for line in row}
    return block[0].topic == row[0].topic and (names <= more or more <= names)


def _title(block: Block) -> str:
    rows = [row for row in dict.fromkeys(line.row for line in block) if row]
    named = ", ".join(rows[:5]) + (f" and {len(rows) - 5} more" if rows[5:] else "")
    return f"{block[0].topic.capitalize()}: {named}" if named else block[0].topic.capitalize()


def _table(compared: ComparisonTable, block: Block, extra: Extra, *, about: str) -> Html:
    head = [tag("th", "measure", scope="col")]
    head += [tag("th", tag("a", run, href=f"#{anchor(run)}"), scope="col") for run in compared.runs]
    head.append(tag("th", "held against", scope="col", class_="words"))
    rows = dict.fromkeys((line.topic, line.row) for line in block)
    topics = {topic for topic, _ in rows}
    whole = len(block) == len(_told(compared))
    banded = whole or len(topics) == 1 < len(rows)
    bodies = []
    for row in rows:
        lines = [line for line in block if (line.topic, line.row) == row]
        words = _title(lines) if whole else row[1]
        band = [_band(words, len(head))] if banded and words else []
        bodies.append(tag("tbody", *band, *_rows(lines, compared.runs, extra)))
    inside = [tag("caption", about), tag("thead", tag("tr", *head)), *bodies]
    return tag(
        "div",
        tag("table", *inside, class_="compared"),
        class_="scroll",
        tabindex="0",
        role="region",
        aria_label=about,
    )


def _band(row: str, width: int) -> Html:
    return tag("tr", tag("th", row, colspan=str(width), scope="rowgroup"), class_="band")


def _rows(lines: Block, runs: tuple[str, ...], extra: Extra) -> Iterator[Html]:
    for line in lines:
        cells = [
            tag("th", _heading(line.name, line.unit, line.better, line.condition), scope="row"),
            *(_cell(line, run) for run in runs),
            tag("td", _held(line), class_="words"),
        ]
        yield tag("tr", *cells)
        if line.name in extra and (line.topic, line.condition) == ("reconstruction", ""):
            more = extra[line.name]
            cells = [tag("td", more.get(run) or "–") for run in runs]
            yield tag(
                "tr", tag("th", more[""], scope="row"), *cells, tag("td", "–", class_="words")
            )


def _heading(name: str, unit: str, better: str, condition: str = "") -> Html:
    side = f"{better} is better" if better != "neither" else ""
    small = [tag("span", text, class_="unit") for text in (unit, side, condition) if text]
    return joined([tag("span", f"{label(name)}{ARROWS[better]}"), *small])


def _cell(line: ComparisonLine, run: str) -> Html:
    if run in line.undefined and run not in line.measures:
        return tag("td", tag("span", "not defined", class_="unit"))
    measure = line.measures.get(run)
    if measure is None:
        return tag("td", "–")
    if line.best == (run,):
        return tag("td", "★ ", value(measure), class_="best")
    may_be = run in line.best and len(line.best) < len(line.measures)
    return tag("td", "☆ " if may_be else "", value(measure))


def _held(line: ComparisonLine) -> Html:
    """Values and a few words; what is of one kind for every run stands once, as a range."""
    runs = list(line.measures)
    found: dict[str, list[float]] = {}
    for reference in line.baselines:
        found.setdefault(_without(runs, reference.words), []).append(reference.value)
    for reference in line.references.values():
        words = END_OF_BRIEF.split(_without(runs, reference.words))[0]
        found.setdefault(words, []).append(reference.value)
    largest = max((abs(measure.value) for measure in line.measures.values()), default=0.0)
    places = 3 - floor(log10(largest)) if 0 < largest < inf else 4
    lines = [
        tag("span", tag("b", _range(values, places)), f" {words}", class_="against")
        for words, values in found.items()
    ]
    return joined(lines) if lines else Html("–")


def _without(runs: Iterable[str], words: str) -> str:
    for run in runs:
        words = words.removesuffix(f" of {run}")
    return words


def _range(values: Sequence[float], places: int) -> str:
    ends = [number(round(end, places) + 0.0) for end in (min(values), max(values))]
    return ends[0] if ends[0] == ends[1] else f"{ends[0]} to {ends[1]}"


def _differences(compared: ComparisonTable) -> Html:
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
    whole = table(["measure", *runs], rows, about=about)
    return folded(about, f"{len(names)} measures", whole, tag("p", made, class_="small"))


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
            held = measure.reference
            made += f" Held against: {held.words}." if held is not None else ""
            if measure.note or made:
                said.setdefault(line.name, f": {measure.note}.{made}")
    lines = [tag("li", tag("b", label(name)), note) for name, note in said.items()]
    if not lines:
        return Html("")
    return tag("details", tag("summary", "What each measure means"), tag("ul", *lines))
