"""What `export` returns."""

from typing import ClassVar

from latentscape.records.record import Record


class ExportRecord(Record):
    """A run, a model or a store in a form that other programs read.

    Attributes:
        format: As it was asked for.
        model, model_sha256: Whose it is.
        files: What was written.
        bytes: Of all files together.
        facts: What they hold: shapes, opset, sample and so on, by name.
        notes: What was left out, and what the reader should know.
    """

    kind: ClassVar[str] = "export"
    format: str
    model: str
    model_sha256: str
    files: tuple[str, ...]
    bytes: int
    facts: dict[str, str | int | float]
    notes: tuple[str, ...] = ()
