"""Numbers of many triplets kept on disk, some hundred a file, so that a stopped verb goes on."""

import hashlib
import json
import shutil
from collections.abc import Callable, Collection, Mapping
from pathlib import Path

import numpy as np

from latentscape.errors import StoreError
from latentscape.records import UNREADABLE, refusal, replacing
from latentscape.workflows.opening import Progress

SHARD = 128  # triplets a file
ABOUT = "about.json"


class Shards:
    """Columns of ``n`` rows in files of so many rows each.

    Args:
        folder: Where; a folder within it is named by the settings' hash.
        settings: All that the numbers depend on; written beside them.
        n: Rows.
        replaces: Names of settings: folders that differ in these alone are removed once this one
            is filled.
        size: Rows a file.
    """

    def __init__(
        self,
        folder: Path,
        settings: Mapping[str, object],
        n: int,
        *,
        replaces: Collection[str] = (),
        size: int = SHARD,
    ):
        self.replaces = frozenset(replaces)
        self.settings = {**settings, "rows": n}
        self.size = size
        text = json.dumps(self.settings, sort_keys=True, default=str)
        self.folder = folder / hashlib.sha256(text.encode()).hexdigest()[:12]
        self.n = n

    def fill(
        self,
        compute: Callable[[np.ndarray], Mapping[str, np.ndarray]],
        *,
        progress: Progress | None = None,
        unit: str = "triplets",
    ) -> "Shards":
        """Compute what is missing or damaged, a file at a time.

        Args:
            compute: Rows to their columns.
            progress: Called with (rows done, rows in all, unit).

        Raises:
            StoreError: If nothing can be written there.
        """
        for start in range(0, self.n, self.size):
            rows = np.arange(start, min(self.n, start + self.size))
            if not self._is_whole(start // self.size, len(rows)):
                self._write(start // self.size, compute(rows))
            if progress is not None:
                progress(int(rows[-1]) + 1, self.n, unit)
        self._remove_replaced()
        return self

    def column(self, name: str) -> np.ndarray:
        """A whole column; ``n ...``."""
        n_shards = -(-self.n // self.size)
        return np.concatenate([self._read(shard, name) for shard in range(n_shards)])

    def rows(self, name: str, which: np.ndarray) -> np.ndarray:
        """Chosen rows of a column, in the given order; only their files are read."""
        which = np.asarray(which)
        shards, places = np.divmod(which, self.size)
        parts = {int(shard): self._read(int(shard), name) for shard in np.unique(shards)}
        return np.stack([parts[int(s)][int(k)] for s, k in zip(shards, places, strict=True)])

    def names(self) -> list[str]:
        """Names of the columns."""
        with np.load(self._path(0), allow_pickle=False) as file:
            return list(file.files)

    def _remove_replaced(self) -> None:
        """Folders that nothing will read again, as what they were computed from has changed."""
        if not self.replaces:
            return
        own = json.loads(json.dumps(self.settings, default=str))
        for about in self.folder.parent.glob(f"*/{ABOUT}"):
            try:
                other = json.loads(about.read_text(encoding="utf-8"))
            except (OSError, ValueError):
                continue
            if about.parent == self.folder or not isinstance(other, dict):
                continue
            differ = {name for name in {*own, *other} if own.get(name) != other.get(name)}
            if differ <= self.replaces:
                shutil.rmtree(about.parent, ignore_errors=True)

    def _path(self, shard: int) -> Path:
        return self.folder / f"{shard:05d}.npz"

    def _is_whole(self, shard: int, n_rows: int) -> bool:
        try:
            with np.load(self._path(shard), allow_pickle=False) as file:
                return bool(file.files) and all(len(file[name]) == n_rows for name in file.files)
        except UNREADABLE:
            return False

    def _read(self, shard: int, name: str) -> np.ndarray:
        try:
            with np.load(self._path(shard), allow_pickle=False) as file:
                return file[name]
        except UNREADABLE as error:
            raise StoreError(
                f"{self._path(shard)} is missing or damaged", "give the same words again"
            ) from error

    def _write(self, shard: int, columns: Mapping[str, np.ndarray]) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            if not (self.folder / ABOUT).exists():
                with replacing(self.folder / ABOUT) as temporary:
                    text = json.dumps(self.settings, indent=1, default=str)
                    temporary.write_text(text, encoding="utf-8")
            with replacing(self._path(shard)) as temporary, temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, **columns)
        except OSError as error:
            raise StoreError(
                f"{self._path(shard)} could not be written: {refusal(error)}",
                "make room, or write elsewhere with --out",
            ) from error
