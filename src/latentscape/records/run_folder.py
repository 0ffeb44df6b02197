"""What lies where: runs in a folder, files in a run, and the run that a store lies in."""

import re
from pathlib import Path

from latentscape.records.run_file import RUN_FILE


def runs_in(folder: Path) -> list[Path]:
    """The runs that lie in a folder, or in its ``runs``, by name."""
    found = sorted(folder.glob(f"*/{RUN_FILE}")) or sorted(folder.glob(f"runs/*/{RUN_FILE}"))
    return [path.parent for path in found]


def run_of(store: Path) -> Path | None:
    """The run in whose ``stores`` a store lies; None if it lies elsewhere."""
    whole = store.resolve()
    run = whole.parent.parent
    if whole.parent.name != "stores" or not (run / RUN_FILE).exists():
        return None
    as_named = store.parent.parent
    return as_named if as_named.resolve() == run else run


def stem_of(data: str, split: str, mark: str = "") -> str:
    """``DATA-SPLIT`` or ``DATA-MARK-SPLIT``, fit for a file's name.

    >>> stem_of("my photos", "test")
    'my-photos-test'
    """
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", data)
    return "-".join(filter(None, [name, mark, split]))
