"""The rows of measures that a record holds, whatever its kind."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from latentscape.records.measure import Measure, Provenance, Reference, Row
from latentscape.records.record import Record

NO_MODEL = ("baselines", "split_baselines", "nulls", "rotated")  # fields whose rows are no model's

# Fields whose rows are told on the model's own page only: they take others apart, or say again.
DETAILS = ("layer_rows", "by_group", "before", "after")


class FoundRow(NamedTuple):
    """A row, and whether it is the model's own or stands beside it to be held against."""

    row: Row
    is_baseline: bool


def rows_of(record: Record) -> Iterator[FoundRow]:
    """The rows that a record holds, in the order of its fields and at any depth.

    A kind of record that holds rows is read here without a word of code for it. Rows in a field
    called ``baselines``, ``split_baselines``, ``nulls`` or ``rotated`` are no model's; those in
    ``layer_rows``, ``by_group``, ``before`` or ``after`` are left out, for other records hold them
    or what they add up to.
    """
    for name in type(record).model_fields:
        if name in DETAILS:
            continue
        for found in _within(getattr(record, name)):
            yield FoundRow(found.row, found.is_baseline or name in NO_MODEL)


def _within(value: Any) -> Iterator[FoundRow]:
    if isinstance(value, Row):
        yield FoundRow(value, False)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _within(inner)
    elif isinstance(value, dict):
        yield from _within(list(value.values()))
    elif isinstance(value, Record) and not isinstance(value, Provenance | Measure | Reference):
        yield from rows_of(value)
