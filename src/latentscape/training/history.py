"""A row an epoch, in Parquet, rewritten whole so that it is never half a file."""

import math
from pathlib import Path

from latentscape.errors import RunError
from latentscape.records import HistoryRecord, replacing

PATH = "history.parquet"


def write_history(folder: Path, columns: dict[str, list[float]]) -> None:
    """Write the columns; a value an epoch in each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with replacing(folder / PATH) as temporary:
        pq.write_table(pa.table(columns), temporary)


def read_history(folder: Path) -> HistoryRecord:
    """Read a run's history.

    Raises:
        RunError: If it is missing or damaged.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table = pq.read_table(folder / PATH)
        return HistoryRecord(columns={k: tuple(v) for k, v in table.to_pydict().items()})
    except (OSError, ValueError, pa.ArrowException) as error:
        raise RunError(
            f"{folder / PATH} is missing or damaged", "restore it from a copy, or train again"
        ) from error


def add_epoch(columns: dict[str, list[float]], row: dict[str, float]) -> None:
    """Append one epoch's row, in place; NaN stands for what an epoch did not measure."""
    n_before = max((len(values) for values in columns.values()), default=0)
    for name in {**columns, **row}:
        values = columns.setdefault(name, [math.nan] * n_before)
        values.append(float(row.get(name, math.nan)))
