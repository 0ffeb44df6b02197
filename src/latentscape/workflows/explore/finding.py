"""What the explorer is pointed at: runs, folders of runs, stores; and the store of a run."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path

from latentscape.errors import LatentscapeError, RunError, UsageError
from latentscape.records import RUN_FILE, MapRecord, read_run, run_of, run_records, runs_in
from latentscape.store import MANIFEST
from latentscape.store.manifest import PLAN, read_manifest

FOREIGN = ("diffusers:", "onnx:", "python:")
SPLITS = ("test", "all", "val", "train")


@dataclass(frozen=True)
class Place:
    """One run or store to be opened.

    Attributes:
        name: As the user would call it.
        run: The run folder; None of a store that lies elsewhere.
        store: The store's folder; None where the run keeps maps only.
        notes: What was passed over.
    """

    name: str
    run: Path | None
    store: Path | None
    notes: tuple[str, ...] = ()


def places(paths: list[str | Path]) -> list[Place]:
    """Everything that some paths lead to, in their order, nothing twice.

    Args:
        paths: A run, a folder of runs (those without latents are passed over, with a warning), or
            a store.

    Raises:
        UsageError: If a path leads to none of them, or there is no path.
        RunError: If a run has no latents.
    """
    if not paths:
        raise UsageError("there is nothing to explore", "name a run: `latentscape explore RUN`")
    found: dict[tuple[Path | None, Path | None], Place] = {}
    for path in paths:
        for place in _at(path):
            found.setdefault((place.run, place.store), place)
    return _told_apart(list(found.values()))


def _at(path: str | Path) -> list[Place]:
    if str(path).startswith(FOREIGN):
        raise UsageError(
            f"{path} is a model and has no latents yet",
            f"explore what `latentscape encode {path} DATA --out STORE` writes",
        )
    folder = Path(path)
    if folder.name in (RUN_FILE, MANIFEST):
        folder = folder.parent
    if (folder / RUN_FILE).exists():
        return [of_run(folder)]
    if (folder / MANIFEST).exists() or (folder / PLAN).exists():
        run = run_of(folder)
        name = folder.resolve().name
        return [Place(name if run is None else f"{run.resolve().name}/{name}", run, folder)]
    runs = runs_in(folder) if folder.is_dir() else []
    if not runs:
        raise UsageError(
            f"there is nothing to explore at {path}",
            "name a run, a folder of runs, or a store; `latentscape demo` makes a few runs",
        )
    return _of_runs(folder, runs)


def _of_runs(folder: Path, runs: list[Path]) -> list[Place]:
    opened, first = [], None
    for run in runs:
        try:
            opened.append(of_run(run))
        except LatentscapeError as error:
            first = first or error
            warnings.warn(f"{error.message}; it is left out", stacklevel=5)
    if not opened and first is not None:
        raise RunError(f"none of the {len(runs)} runs in {folder} has latents: {first.message}",
                       first.hint)  # fmt: skip
    return opened


def of_run(run: Path) -> Place:
    """A run with the store to show of it: of its own weights and images, and of its test split,
    before others. Stores that cannot be read are passed over, with a note.

    Raises:
        RunError: If it has neither a store nor a map. Nothing is encoded unasked.
        StoreError: If it has stores, and none can be read.
    """
    about, name = read_run(run), run.resolve().name
    ranked, faults = [], []
    for folder in sorted((run / "stores").glob("*")):
        if not (folder / MANIFEST).exists():
            continue
        try:
            manifest = read_manifest(folder / MANIFEST)
        except LatentscapeError as error:
            faults.append(error)
            continue
        rank = (
            about.get("weights_sha256") not in (None, manifest.model_sha256),
            about.get("fingerprint") not in (None, manifest.data_fingerprint),
            SPLITS.index(manifest.split) if manifest.split in SPLITS else len(SPLITS),
        )
        ranked.append((rank, folder))
    notes = tuple(f"{error.message}; it is passed over" for error in faults)
    if ranked:
        return Place(name, run, min(ranked)[1], notes)
    if any(isinstance(record, MapRecord) for _, record in run_records(run, ("maps",))[0]):
        return Place(name, run, None, notes)
    if faults:
        raise faults[0]
    raise RunError(f"the run {run} has no latents to show yet", f"`latentscape encode {run}`")


def _told_apart(found: list[Place]) -> list[Place]:
    """Where two have one name, by as much of their paths as tells them apart."""
    names = [place.name for place in found]
    return [
        place
        if names.count(place.name) == 1
        else replace(place, name=str(place.run or place.store))
        for place in found
    ]
