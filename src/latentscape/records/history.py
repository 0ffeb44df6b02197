"""A training's history as it lies in a run: a row an epoch, in Parquet; read without torch."""

from pathlib import Path

from latentscape.errors import RunError
from latentscape.records.results import HistoryRecord

PATH = "history.parquet"


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
