"""latentscape report."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from latentscape.cli.options import Json
from latentscape.cli.talk import give

if TYPE_CHECKING:
    from latentscape.records import ReportRecord


def report(
    folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run, or a folder of runs.")],
    json: Json = False,
) -> None:
    """Write report.html: every picture and number of a run, or of several side by side."""
    record = write_report(folder)
    give(record, [record.path], as_json=json)


def write_report(folder: Path) -> "ReportRecord":
    """Write the report of a run or a folder of runs."""
    from latentscape.report.write import report as write

    return write(folder)
