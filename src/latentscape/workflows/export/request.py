"""What an export was asked for, and where it goes."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from latentscape.errors import UsageError
from latentscape.records import RUN_FILE, run_of

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Request:
    """What is exported, where to, and how much of it.

    Attributes:
        thing: As the user named it: a run, a store, or another MODEL.
        out: Where to; beside the run, in ``exports/``, if None.
        limit: Most samples; the format's own if None.
        seed: Of the choice of samples.
        progress: Called with (done, in all, unit).
    """

    thing: str
    out: Path | None = None
    limit: int | None = None
    seed: int = 0
    progress: Progress | None = None

    @property
    def run(self) -> Path | None:
        """The run that is meant, or that a store lies in; None of another model."""
        path = Path(self.thing)
        if (path / RUN_FILE).exists():
            return path
        return run_of(path) if path.is_dir() else None

    def folder(self, name: str) -> Path:
        """Where files go.

        Raises:
            UsageError: If there is no run to keep them in, or a file has that name.
        """
        if self.out is not None:
            if self.out.is_file():
                raise UsageError(f"{self.out} is a file", "name a folder with --out")
            return self.out
        if self.run is None:
            raise UsageError(
                f"{name} is no run, and has no place for what is written", "name one with --out"
            )
        return self.run / "exports"
