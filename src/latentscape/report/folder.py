"""What lies in a run folder, read without a model; what cannot be read is named.

A model that is no run has its records in a folder laid out the same, but without run.json.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from latentscape.errors import RunError, UsageError
from latentscape.records import (
    RUN_FILE,
    UNREADABLE,
    MapRecord,
    Provenance,
    ReconstructionRecord,
    Record,
    RunRecord,
    SheetRecord,
    TrajectoryRecord,
    load_record,
    read_run,
    run_records,
    runs_in,
    stem_of,
)

RECORDS = ("measures", "maps", "samples", "trajectories", "motion")
SHEET_ORDER = ("prior", "mixture", "manifold-prior", "manifold-aggregate")
MAP_ORDER = ("latent", "pca", "pacmap", "umap", "tsne", "isomap", "lle")

R = TypeVar("R", bound=Record)


@dataclass
class RunContents:
    """A run folder as a report sees it; anything may be missing.

    Attributes:
        folder: Where it lies.
        about: Content of run.json; empty of a folder that holds only records.
        run: The training record; None while training has not finished.
        records: Every other record, with its file's stem.
        measures: Those of them that lie under ``measures/``.
        unreadable: A sentence for each record that could not be read.
    """

    folder: Path
    about: dict[str, Any]
    run: RunRecord | None = None
    records: list[tuple[str, Record]] = field(default_factory=list)
    measures: list[Record] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The folder's own name."""
        return self.folder.resolve().name

    @property
    def is_run(self) -> bool:
        """Whether it was trained here, and not only measured."""
        return bool(self.about)

    @property
    def reconstructions(self) -> list[ReconstructionRecord]:
        """Reconstruction measures: the test split first, the posterior mean before a sample."""
        return sorted(
            self.of(ReconstructionRecord),
            key=lambda r: (r.provenance.posterior != "mean", r.provenance.split != "test"),
        )

    @property
    def sheets(self) -> list[SheetRecord]:
        """Sheets: samples first, manifolds after."""
        return sorted(self.of(SheetRecord), key=lambda r: _place(r.name, SHEET_ORDER))

    @property
    def maps(self) -> list[MapRecord]:
        """Maps: the latents as they are first, then PCA, then the others."""
        return sorted(self.of(MapRecord), key=lambda r: _place(r.method, MAP_ORDER))

    @property
    def trajectories(self) -> list[TrajectoryRecord]:
        """Interpolations, in the order of their files."""
        return self.of(TrajectoryRecord)

    @property
    def provenance(self) -> Provenance:
        """The training record's provenance, or what run.json says while there is none.

        Of a folder that holds only records, the first of them that says.
        """
        if self.run is not None:
            return self.run.provenance
        found = [getattr(record, "provenance", None) for _, record in self.records]
        told = next((p for p in found if isinstance(p, Provenance)), None)
        if not self.is_run and told is not None:
            return told
        model, data = self.about.get("model", {}), self.about.get("data", {})
        return Provenance(
            model=self.name,
            recipe=str(self.about.get("recipe", "unknown")),
            data=str(data.get("source", "unknown")),
            split="",
            n=0,
            seed=int(self.about.get("seed", 0)),
            latent_shape=tuple(model.get("latent_shape", ())),
            fingerprint=str(self.about.get("fingerprint", "")),
        )

    @property
    def validation(self) -> Provenance:
        """Of what was drawn in training: validation images at their posterior means."""
        n = self.run.n_images.get("val", 0) if self.run else 0
        told = {"split": "validation", "posterior": "mean", "n": n}
        return self.provenance.model_copy(update=told)

    @property
    def snapshots(self) -> list[Path]:
        """Prediction matrices, first epoch first."""
        return sorted((self.folder / "snapshots").glob("epoch-*.png"))

    @property
    def animation(self) -> Path | None:
        """training.gif, if it was made."""
        path = self.folder / "snapshots" / "training.gif"
        return path if path.is_file() else None

    @property
    def source(self) -> str:
        """DATA, as the command line takes it."""
        return str(self.about.get("data", {}).get("source", self.provenance.data))

    @property
    def store(self) -> str | None:
        """Name of the first finished store; None where there is none."""
        found = sorted((self.folder / "stores").glob("[!.]*/manifest.json"))
        return found[0].parent.name if found else None

    @property
    def usual_store(self) -> str:
        """Name of the store that `encode` writes when it is told nothing else."""
        name = str(self.about.get("data_name", self.provenance.data))
        return stem_of(name, "test")

    def epochs(self, n: int) -> tuple[int, ...]:
        """Numbers of ``n`` epochs: the snapshots' own where there are as many, else 1 to n."""
        found = tuple(int(path.stem.removeprefix("epoch-")) for path in self.snapshots)
        return found if len(found) == n else tuple(range(1, n + 1))

    def positions(self) -> tuple[np.ndarray, np.ndarray] | None:
        """Latent positions each epoch ``epochs n d`` and the samples' classes ``n``."""
        path = self.folder / "snapshots" / "positions.npz"
        try:
            with path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                positions = file["positions"]
                labels = file["labels"] if "labels" in file.files else None
        except FileNotFoundError:
            return None
        except UNREADABLE as error:
            self.unreadable.append(f"{path.name} cannot be read ({type(error).__name__}).")
            return None
        return positions, np.full(positions.shape[1], -1) if labels is None else labels

    def of(self, kind: type[R]) -> list[R]:
        """Every record of a kind, in the order of their files."""
        return [record for _, record in self.records if isinstance(record, kind)]


def find_runs(folder: Path) -> list[Path]:
    """The run at ``folder``, or the runs inside it (or inside its ``runs``), by name.

    A folder without runs that holds records stands for itself: they are of a model that is no run.

    Raises:
        UsageError: If there is no such folder.
        RunError: If it holds neither a run nor a record.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "give a run, or a folder of runs")
    if (folder / RUN_FILE).exists():
        return [folder]
    found = runs_in(folder)
    if not found and _records_of(folder)[0]:
        return [folder]
    if not found:
        raise RunError(
            f"{folder} is not a run and holds none: there is no run.json in it",
            "train one with `latentscape train`, or make a few with `latentscape demo`",
        )
    return found


def read_contents(folder: Path) -> RunContents:
    """Everything in a run folder that a report can show.

    Raises:
        RunError: If run.json is damaged or of another format; a damaged record is named in
            ``unreadable`` instead.
    """
    if not (folder / RUN_FILE).exists() and (found := _records_of(folder))[0]:
        measures = [record for _, record in found[0] if hasattr(record, "provenance")]
        return RunContents(folder, {}, None, found[0], measures, found[1])
    contents = RunContents(folder, read_run(folder))
    contents.run = _read(contents, folder / "record.json", RunRecord)
    for room in RECORDS:
        found, unreadable = run_records(folder, (room,))
        contents.records += found
        contents.unreadable += unreadable
        if room == "measures":
            contents.measures += [record for _, record in found]
    return contents


def _records_of(folder: Path) -> tuple[list[tuple[str, Record]], list[str]]:
    """Records in the rooms of a folder that is no run; without rooms, those in the folder itself.

    Other JSON may lie beside records there, so that what cannot be read is not named.
    """
    if any((folder / room).is_dir() for room in RECORDS):
        return run_records(folder, RECORDS)
    return run_records(folder, (".",))[0], []


def _read(contents: RunContents, path: Path, kind: type[R]) -> R | None:
    if not path.exists():
        return None
    try:
        record = load_record(path)
    except RunError as error:
        contents.unreadable.append(f"{error.message}; {error.hint}.")
        return None
    return record if isinstance(record, kind) else None


def _place(name: str, order: tuple[str, ...]) -> tuple[int, str]:
    return (order.index(name) if name in order else len(order), name)
