"""Tables of measures: a model beside its baselines, and many runs beside each other."""

from collections.abc import Sequence
from math import prod

from latentscape.records import Measure, ReconstructionRecord, Row
from latentscape.report.markup import Html, joined, sentences, table, tag
from latentscape.report.picture import latent_words
from latentscape.report.verdict import (
    against_baseline,
    find,
    linear_baseline,
    ratio_to_linear,
    why_worse,
)
from latentscape.report.words import SIGNS, interval, label, number

ARROWS = {"higher": "↑", "lower": "↓", "neither": "–"}
MOST_COLUMNS = 7  # measures a table
MOST_BESIDE = 4  # of them in the table that also tells what the runs are
OF_ONE_LIKELIHOOD = ("elbo", "distortion", "distortion_above_floor", "bits_per_dim")
Compared = tuple[str, ReconstructionRecord]


def measure_table(record: ReconstructionRecord) -> Html:
    """A row a measure; columns: direction, the model with its interval, each baseline."""
    rows = []
    for measure in record.model_row.measures:
        others = [find(row, measure.name) for row in record.baselines]
        rows.append(
            [
                _heading(measure),
                SIGNS[measure.better],
                _value(measure),
                *(_value(other) if other else "–" for other in others),
            ]
        )
    names = [row.name for row in record.baselines]
    about = f"Measures on {data_words(record)}"
    whole = table(
        ["measure", "better side", record.model_row.name, *names], rows, about=about, marked=2
    )
    return joined([whole, _meanings(record)])


def comparison(runs: Sequence[Compared]) -> Html:
    """Runs on the same images beside each other, baselines below.

    A star marks the best of the models; baselines take no part, and measures that rest on the
    likelihood are only compared among models of the same. Many measures are spread over
    several tables, so that each fits a page.
    """
    first = runs[0][1]
    examples = {m.name: m for _, record in reversed(runs) for m in record.model_row.measures}
    names = list(dict.fromkeys(m.name for _, r in runs for m in r.model_row.measures))
    rest = names[MOST_BESIDE:]
    chunks = [names[:MOST_BESIDE]]
    chunks += [rest[i : i + MOST_COLUMNS] for i in range(0, len(rest), MOST_COLUMNS)]
    data = data_words(first)
    parts = []
    for i, chunk in enumerate(chunks):
        about = f"Runs on {data}" if i == 0 else f"Runs on {data}, continued"
        columns = [_column(examples[name]) for name in chunk]
        told = ["recipe", "latent", "MSE ÷ PCA's"] if i == 0 else []
        rows = _run_rows(runs, chunk, told=bool(told)) + _baseline_rows(runs, chunk, len(told))
        parts.append(table(["run", *told, *columns], rows, about=about))
    star = (
        "★ marks the best of the models in each column, baselines not counted; where the measure "
        "rests on the likelihood, the best of each likelihood. "
    )
    note = tag(
        "p",
        "↑ higher is better, ↓ lower is better. "
        f"{star if len(runs) > 1 else ''}Small figures are intervals ({_made(first)}).",
        class_="small",
    )
    return joined([*parts, note, sentences(_reasons(runs), class_="small")])


def data_words(record: ReconstructionRecord) -> str:
    """Which images, and what of the posterior was decoded where that is not the mean."""
    prov = record.provenance
    sample = "posterior sample" if prov.posterior != "mean" else ""
    return ", ".join(filter(None, [prov.data, prov.split, sample]))


def _reasons(runs: Sequence[Compared]) -> list[Html]:
    """Of each run that loses to PCA, by how much and why."""
    lines = []
    for run, record in runs:
        why, ratio = why_worse(record), ratio_to_linear(record)
        if why and ratio is not None:
            told = f": {number(ratio)} times the squared error of PCA; {why}."
            lines.append(Html(tag("b", run) + tag("span", told)))
    return lines


def _run_rows(runs: Sequence[Compared], names: list[str], *, told: bool) -> list[list[str | Html]]:
    best = {name: _best([record for _, record in runs], name) for name in names}
    rows = []
    for i, (run, record) in enumerate(runs):
        prov, row = record.provenance, record.model_row
        recipe = joined([tag("span", prov.recipe), tag("span", record.likelihood, class_="unit")])
        about = [recipe, latent_words(prov.latent_shape), _against_linear(record)]
        cells = [_star(find(row, name), i in best[name]) for name in names]
        rows.append([tag("a", run, href=f"#{anchor(run)}"), *(about if told else []), *cells])
    return rows


def _baseline_rows(
    runs: Sequence[Compared], names: list[str], n_told: int
) -> list[list[str | Html]]:
    rows = []
    for row in baselines_of([record for _, record in runs]):
        found = [find(row, name) for name in names]
        if any(found):
            about = ["baseline", *["–"] * (n_told - 1)][:n_told]
            cells = [_value(m) if m else "–" for m in found]
            rows.append([tag("i", row.name), *about, *cells])
    return rows


def anchor(name: str) -> str:
    """A run's name as an address inside the page."""
    return "run-" + "".join(c if c.isalnum() else "-" for c in name)


def _heading(measure: Measure) -> Html:
    unit = tag("span", measure.unit, class_="unit") if measure.unit else Html("")
    return joined([tag("span", label(measure.name)), unit])


def _column(measure: Measure) -> Html:
    arrow = Html("") if measure.better == "neither" else Html(f" {ARROWS[measure.better]}")
    word = tag("span", f"{measure.better} is better", class_="unit side")
    unit = tag("span", measure.unit, class_="unit") if measure.unit else Html("")
    side = word if measure.better != "neither" else Html("")
    return joined([Html(tag("span", label(measure.name)) + arrow), unit, side])


def _value(measure: Measure) -> Html:
    between = interval(measure)
    small = tag("span", between, class_="interval") if between else Html("")
    return joined([tag("span", number(measure.value)), small])


def _star(measure: Measure | None, best: bool) -> Html | str:
    if measure is None:
        return "–"
    if best:
        return tag("span", Html("★ "), _value(measure), class_="best")
    return _value(measure)


def _best(records: Sequence[ReconstructionRecord], name: str) -> set[int]:
    """Places of the best; where likelihoods are summed, of each likelihood's own best."""
    groups: dict[str, list[tuple[int, Measure]]] = {}
    for i, record in enumerate(records):
        measure = find(record.model_row, name)
        if measure is not None and measure.better != "neither":
            key = record.likelihood if name in OF_ONE_LIKELIHOOD else ""
            groups.setdefault(key, []).append((i, measure))
    best: set[int] = set()
    for found in groups.values():
        if len(found) > 1:
            choose = max if found[0][1].better == "higher" else min
            value = choose(measure.value for _, measure in found)
            best |= {i for i, measure in found if measure.value == value}
    return best


def _against_linear(record: ReconstructionRecord) -> Html | str:
    linear, ratio = linear_baseline(record), ratio_to_linear(record)
    if linear is None or ratio is None:
        return "–"
    words = "better" if ratio < 1 else "worse" if ratio > 1 else "same"
    if abs(ratio - 1) <= 1:
        words = against_baseline(record.model_row, linear)
    return joined([tag("span", number(ratio)), tag("span", words, class_="interval")])


def baselines_of(records: Sequence[ReconstructionRecord]) -> list[Row]:
    """Each different baseline once, those of one name beside each other.

    PCA and JPEG spend as much as the latent does; where runs of several latent sizes make them
    differ, the size is added to the name.
    """
    found: dict[str, dict[int, Row]] = {}
    for record in records:
        for row in record.baselines:
            size = prod(record.provenance.latent_shape)
            found.setdefault(row.name, {}).setdefault(size, row)
    out: list[Row] = []
    for name, rows in found.items():
        values = {_rounded(row) for row in rows.values()}
        several = len(rows) > 1 and len(values) > 1
        chosen = rows.items() if several else list(rows.items())[:1]
        out += [
            row.model_copy(update={"name": f"{name}, {size:,} numbers"}) if several else row
            for size, row in chosen
        ]
    return out


def _rounded(row: Row) -> float:
    mse = find(row, "mse")
    return round(mse.value, 6) if mse else 0.0


def _made(record: ReconstructionRecord) -> str:
    return next((m.interval for m in record.model_row.measures if m.interval), "none computed")


def _meanings(record: ReconstructionRecord) -> Html:
    lines = [
        tag("li", tag("b", label(m.name)), f": {m.note}")
        for m in record.model_row.measures
        if m.note
    ]
    lines += [
        tag("li", tag("b", row.name), f": {row.note}")
        for row in (record.model_row, *record.baselines)
        if row.note
    ]
    made = tag("p", f"Small figures are intervals: {_made(record)}.", class_="small")
    if not lines:
        return made
    return joined(
        [made, tag("details", tag("summary", "What each measure means"), tag("ul", *lines))]
    )
