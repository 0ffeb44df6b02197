"""A comparison as a tidy table: one line a run and measure, for a spreadsheet or a data frame."""

import csv
from collections.abc import Iterator
from pathlib import Path

from latentscape.errors import RunError
from latentscape.records.comparison import ComparisonLine, ComparisonRecord, ComparisonTable
from latentscape.records.record import refusal, replacing

COLUMNS: tuple[str, ...] = (
    "run", "data", "split", "posterior", "topic", "row", "measure", "value", "low", "high",
    "interval", "unit", "better", "n", "reference", "held_against", "note",
)  # fmt: skip


def write_csv(record: ComparisonRecord, path: Path) -> None:
    """Write the table atomically, UTF-8, with a head.

    A baseline has no ``run`` and stands in ``row``; what is not defined has no ``value`` and its
    reason in ``note``; differences to a run stand in the row ``minus RUN`` with the reference 0.

    Raises:
        RunError: If it cannot be written; nothing is left half-written.
    """
    try:
        with (
            replacing(path) as temporary,
            temporary.open("w", newline="", encoding="utf-8") as file,
        ):
            writer = csv.DictWriter(file, COLUMNS, restval="")
            writer.writeheader()
            for table in record.tables:
                writer.writerows(_of_table(table))
    except OSError as error:
        raise RunError(
            f"{path} could not be written: {refusal(error)}",
            "make room, or write elsewhere with --out",
        ) from error


def _of_table(table: ComparisonTable) -> Iterator[dict[str, object]]:
    head = {"data": table.data, "split": table.split, "posterior": table.posterior}
    for line in table.lines:
        yield from ({**head, **cells} for cells in _of_line(line))
    for told in table.differences:
        yield {
            **head, "run": told.run, "topic": told.topic, "row": f"minus {told.against}",
            "measure": told.name, "value": told.value, "low": told.low, "high": told.high,
            "interval": told.interval, "unit": told.unit, "better": told.better, "n": told.n,
            "reference": 0.0, "held_against": "no difference", "note": told.verdict,
        }  # fmt: skip


def _of_line(line: ComparisonLine) -> Iterator[dict[str, object]]:
    about = {
        "topic": line.topic, "row": line.row, "measure": line.name, "unit": line.unit,
        "better": line.better,
    }  # fmt: skip
    for run, measure in line.measures.items():
        held = measure.reference
        yield {
            **about, "run": run, "value": measure.value, "low": _cell(measure.low),
            "high": _cell(measure.high), "interval": measure.interval, "n": measure.n,
            "reference": held.value if held else "", "held_against": held.words if held else "",
            "note": "; ".join(filter(None, [line.condition, measure.note])),
        }  # fmt: skip
    for run, why in line.undefined.items():
        yield {**about, "run": run, "note": f"not defined: {why}"}
    for baseline in line.baselines:
        yield {
            **about, "row": baseline.words, "value": baseline.value, "low": _cell(baseline.low),
            "high": _cell(baseline.high), "note": "baseline",
        }  # fmt: skip


def _cell(value: float | None) -> object:
    return "" if value is None else value
