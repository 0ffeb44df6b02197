"""The records that lie in a run folder, room by room; what cannot be read is named."""

from pathlib import Path

from latentscape.errors import RunError
from latentscape.records.record import Record, load_record


def run_records(folder: Path, rooms: tuple[str, ...]) -> tuple[list[tuple[str, Record]], list[str]]:
    """Every record in some rooms of a run, e.g. its ``measures`` and ``maps``.

    Returns:
        (file's stem, record) in the order of rooms and names, and a sentence on each file that
        could not be read.
    """
    found: list[tuple[str, Record]] = []
    unreadable: list[str] = []
    for room in rooms:
        for file in sorted((folder / room).glob("*.json")):
            try:
                found.append((file.stem, load_record(file)))
            except RunError as error:
                unreadable.append(f"{error.message}; {error.hint}.")
    return found, unreadable
