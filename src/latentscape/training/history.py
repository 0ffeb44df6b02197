"""A row an epoch, in Parquet, rewritten whole so that it is never half a file."""

import math
from pathlib import Path

from latentscape.records import replacing
from latentscape.records.history import PATH, read_history

__all__ = ["PATH", "add_epoch", "read_history", "write_history"]


def write_history(folder: Path, columns: dict[str, list[float]]) -> None:
    """Write the columns; a value an epoch in each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with replacing(folder / PATH) as temporary:
        pq.write_table(pa.table(columns), temporary)


def add_epoch(columns: dict[str, list[float]], row: dict[str, float]) -> None:
    """Append one epoch's row, in place; NaN stands for what an epoch did not measure."""
    n_before = max((len(values) for values in columns.values()), default=0)
    for name in {**columns, **row}:
        values = columns.setdefault(name, [math.nan] * n_before)
        values.append(float(row.get(name, math.nan)))
