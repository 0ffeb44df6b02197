"""latentscape compare."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentscape.cli.options import Json, Seed
from latentscape.cli.talk import give, reach

if TYPE_CHECKING:
    from latentscape.records import ComparisonLine, ComparisonTable, TruthOrder


def compare(
    runs: Annotated[
        list[Path], typer.Argument(metavar="RUN ...", help="Runs, or a folder of runs.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Folder to write to; `comparison` beside the runs if left out."),
    ] = None,
    against: Annotated[
        str | None,
        typer.Option(metavar="RUN", help="The run to hold the others against; else the first."),
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Measures of several runs in one table, with intervals and pictures side by side."""
    from latentscape.report.write import write_comparison
    from latentscape.workflows.compare import compare as run

    record = run(runs, out=out, against=against, seed=seed)
    written = write_comparison(Path(record.folder))
    lines = [line for table in record.tables for line in _table(table)]
    lines += [_order(order) for order in record.nearness]
    lines += [f"page  {written.path}", f"table {Path(record.folder) / 'comparison.csv'}"]
    give(record, lines, as_json=json)


def _order(order: "TruthOrder") -> str:
    """Models by their error against the true in-between images, the least first."""
    told = ", ".join(f"{row.name} {row['truth_error'].value:.3g}" for row in order.rows)
    return f"{order.criterion}, {order.method}, truth_error, least first: {told or order.note}"


def _table(table: "ComparisonTable") -> list[str]:
    """A line a measure, a column a run, as wide as its numbers."""
    head = [f"{table.data}, {table.split}, {table.n:,} images", *table.runs, "told apart"]
    rows, topics = [head], []
    for line in table.lines:
        if not line.measures:
            continue
        topic = " ".join(filter(None, [line.topic, line.row]))
        if topic not in topics:
            topics.append(topic)
            rows.append([topic, *[""] * (len(head) - 1)])
        rows.append([_name(line), *(_value(line, run) for run in table.runs), _verdict(line)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    padded = [[cell.ljust(width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    return [*("  ".join(row).rstrip() for row in padded), ""]


def _name(line: "ComparisonLine") -> str:
    side = {"higher": "higher is better", "lower": "lower is better"}.get(line.better, "")
    told = ", ".join(filter(None, [line.unit, side, line.condition]))
    return f"  {line.name} ({told})" if told else f"  {line.name}"


def _value(line: "ComparisonLine", run: str) -> str:
    measure = line.measures.get(run)
    if measure is None:
        return "not defined" if run in line.undefined else "-"
    between = ""
    if measure.low is not None and measure.high is not None:
        between = f" {reach(measure.low, measure.high)}"
    return f"{measure.value:.4g}{between}"


def _verdict(line: "ComparisonLine") -> str:
    if line.is_told_apart:
        return line.best[0]
    if len(line.best) < len(line.measures) and line.best:
        return f"not told apart: {', '.join(line.best)}"
    return "not told apart" if line.best else ""
