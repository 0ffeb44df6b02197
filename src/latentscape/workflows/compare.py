"""Compare: measures of several runs in one table, and what told them apart."""

import json
import os
import re
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latentscape.errors import DataError, RunError, UsageError
from latentscape.metrics import bootstrap_intervals
from latentscape.metrics.interval import Grouping
from latentscape.records import (
    RUN_FILE,
    ComparedRun,
    ComparisonRecord,
    ComparisonTable,
    Difference,
    MeasuredRun,
    ReconstructionRecord,
    RunRecord,
    Setting,
    read_run,
    rows_of,
    run_records,
    runs_in,
    side_by_side,
    write_csv,
)
from latentscape.records.side_by_side import OF_ONE_LIKELIHOOD
from latentscape.workflows.ways_compared import nearness, relations

STEM = "comparison"
MEASURE_OF = {"psnr": "psnr_mean"}  # a column of single images to the measure that is its mean
GROUPED = re.compile(
    r"over [\d,]+ (?P<whole>\w+?)s of |of (?:this|these [\d,]+) (?P<given>\w+?)s?:"
)  # what a record's intervals say of its groups
SAID_BY_TRAINING = ("network", "latent_shape", "options")


def compare(
    runs: str | Path | Sequence[str | Path],
    *,
    out: Path | str | None = None,
    against: str | None = None,
    seed: int = 0,
) -> ComparisonRecord:
    """Set the measures of several runs beside each other, with what tells them apart.

    Nothing is measured here: every record under the runs' ``measures/`` is read. Numbers share a
    column's line only where they are of the same images, measured the same way.

    Args:
        runs: Two or more run folders, or a folder of runs.
        out: Folder for ``comparison.json`` and ``comparison.csv``; ``comparison`` beside the runs
            if None. `latentscape.report` of that folder writes its page.
        against: Name of the run that the others are held against; the first if None.
        seed: Of the bootstrap of differences.

    Returns:
        Tables with intervals, and differences to one run where values of single images are kept.

    Raises:
        UsageError: If fewer than two runs are named, or one twice.
        RunError: If one is no run, or fewer than two have measures.
        DataError: If no two were measured on the same data.
    """
    folders = _folders(runs)
    warned: list[str] = []
    opened = _measured(folders, warned)
    if against is not None and against not in opened:
        raise UsageError(f"no run called {against!r} takes part", f"the runs: {', '.join(opened)}")
    _require_common_data(opened)
    tables, notes = side_by_side(list(opened.values()))
    tables = tuple(_with_differences(table, opened, against, seed=seed) for table in tables)
    room = _room(folders) if out is None else Path(out)
    record = ComparisonRecord(
        folder=str(room),
        runs=tuple(
            ComparedRun(
                name=name,
                folder=os.path.relpath(folder, room),
                recipe=opened[name].about["recipe"],
            )
            for name, folder in folders.items()
            if name in opened
        ),
        settings=tuple(_settings({name: folders[name] for name in opened}, opened)),
        tables=tables,
        notes=(*warned, *notes),
        relations=tuple(relations(opened, seed=seed)),
        nearness=tuple(nearness(opened, seed=seed)),
    )
    for note in record.notes:
        warnings.warn(note, stacklevel=2)
    record.save(room / STEM)
    write_csv(record, room / f"{STEM}.csv")
    return record


def _folders(runs: str | Path | Sequence[str | Path]) -> dict[str, Path]:
    """Name of each run to its folder, folders of runs opened up."""
    named = [Path(runs)] if isinstance(runs, str | Path) else [Path(run) for run in runs]
    found: list[Path] = []
    for folder in named:
        inside = [] if (folder / RUN_FILE).exists() else runs_in(folder)
        found += inside or [folder]
    for folder in found:
        read_run(folder)  # what is no run is said before how many there are
    whole = [folder.resolve() for folder in found]
    twice = next((folder for i, folder in enumerate(whole) if folder in whole[:i]), None)
    if twice is not None:
        raise UsageError(f"the run {twice} is named twice", "name each run once")
    if len(found) < 2:
        raise UsageError(
            f"{len(found)} run has nothing to stand beside" if found else "no run is named",
            "name two runs or more, or a folder of runs",
        )
    return dict(zip(_names(whole), found, strict=True))


def _names(folders: list[Path]) -> list[str]:
    """The shortest ends of the paths, the same number of parts each, that tell all apart."""
    for depth in range(1, max(len(folder.parts) for folder in folders) + 1):
        names = ["/".join(folder.parts[-depth:]) for folder in folders]
        if len(set(names)) == len(names):
            return names
    return [str(folder) for folder in folders]


def _measured(folders: dict[str, Path], warned: list[str]) -> dict[str, MeasuredRun]:
    """The runs that have measures; the others are named in `warned`."""
    opened: dict[str, MeasuredRun] = {}
    for name, folder in folders.items():
        records, unreadable = run_records(folder, ("measures",))
        others, _ = run_records(folder, ("maps",))
        warned += unreadable
        run = MeasuredRun(
            name=name,
            about=read_run(folder),
            records=tuple(record for _, record in records),
            others=tuple(record for _, record in others),
        )
        if any(True for record in run.records for _ in rows_of(record)):
            opened[name] = run
        else:
            command = f"latentscape measure reconstruction {folder}"
            warned.append(f"{name} has no measures and is left out; make them: {command}")
    if len(opened) < 2:
        missing = [str(folder) for name, folder in folders.items() if name not in opened]
        raise RunError(
            f"{', '.join(missing)} {'has' if len(missing) == 1 else 'have'} no measures to compare",
            " && ".join(f"latentscape measure reconstruction {folder}" for folder in missing),
        )
    return opened


def _require_common_data(opened: dict[str, MeasuredRun]) -> None:
    seen: dict[str, set[str]] = {}
    for name, run in opened.items():
        seen[name] = {
            told.data for r in run.records if (told := getattr(r, "provenance", None)) is not None
        }
    names = list(seen)
    if any(seen[a] & seen[b] for i, a in enumerate(names) for b in names[:i]):
        return
    told = "; ".join(f"{name} on {', '.join(sorted(data))}" for name, data in seen.items())
    raise DataError(
        f"no two of the runs were measured on the same data: {told}",
        "measure them on the same images: latentscape measure reconstruction RUN DATA",
    )


def _room(folders: dict[str, Path]) -> Path:
    parents = {folder.resolve().parent for folder in folders.values()}
    if len(parents) > 1:
        return Path(STEM)
    return next(iter(folders.values())).parent / STEM


def _settings(folders: dict[str, Path], opened: dict[str, MeasuredRun]) -> Iterator[Setting]:
    """What differs between the runs: recipe, training, data, and what came of it."""
    told = {name: _told(folders[name], run.about) for name, run in opened.items()}
    for key in dict.fromkeys(key for values in told.values() for key in values):
        values = {name: told[name][key] for name in told if key in told[name]}
        if len(set(values.values())) > 1 or len(values) < len(told):
            name = key.removesuffix(" source")  # data, as the command line calls it
            yield Setting(name=name, values=values)


def _told(folder: Path, about: dict[str, Any]) -> dict[str, str]:
    """A run's settings as words, by name."""
    training = about.get("training", {})
    model = {
        key: value
        for key, value in about["model"].items()
        if not training or key not in SAID_BY_TRAINING
    }
    told = {"recipe": about["recipe"]} | _flat(about["data"], "data ")
    told |= {"begun with": str(about["base"].get("name", "?"))} if "base" in about else {}
    told |= _flat(training, "") | _flat(model, "")
    try:
        record = RunRecord.load(folder / "record")
    except RunError:
        return told
    epochs = int(max(record.history.columns.get("epoch", (0,)), default=0))
    told |= {"parameters": f"{record.n_parameters:,}", "arithmetic": record.precision}
    if record.stopped != "finished":
        told |= {"trained": f"{epochs} epochs, {record.stopped}"}
    return told


def _flat(content: dict[str, Any], prefix: str) -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in content.items():
        name = f"{prefix}{key.replace('_', ' ')}"
        if isinstance(value, dict):
            flat |= _flat(value, f"{name.removesuffix(' options')} ")
        elif value not in (None, [], ()):
            flat[name] = _in_words(value)
    return flat


def _in_words(value: Any) -> str:
    if isinstance(value, list | tuple) and all(isinstance(word, str) for word in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


def _with_differences(
    table: ComparisonTable, opened: dict[str, MeasuredRun], against: str | None, *, seed: int
) -> ComparisonTable:
    """The table with what each run's single images say beside those of one run."""
    first = against if against in table.runs else table.runs[0]
    base = _single_images(opened[first], table)
    if base is None:
        return table
    found: list[Difference] = []
    for name in table.runs:
        other = _single_images(opened[name], table) if name != first else None
        if other is not None:
            found += _differences((name, other), (first, base), seed=seed)
    return table.model_copy(update={"differences": tuple(found)})


def _single_images(run: MeasuredRun, table: ComparisonTable) -> ReconstructionRecord | None:
    for record in run.records:
        if isinstance(record, ReconstructionRecord):
            told = record.provenance
            if all(
                getattr(told, name) == getattr(table, name)
                for name in ("data", "split", "posterior", "fingerprint", "n")
            ):
                return record
    return None


def _differences(
    run: tuple[str, ReconstructionRecord], base: tuple[str, ReconstructionRecord], *, seed: int
) -> Iterator[Difference]:
    """Paired bootstrap of each column that both have; nothing where the images differ."""
    (name, mine), (first, theirs) = run, base
    place = {sample: i for i, sample in enumerate(theirs.sample_ids)}
    if set(place) != set(mine.sample_ids) or _grouped_unknown(mine):
        return
    rows = np.array([place[sample] for sample in mine.sample_ids])
    same_likelihood = mine.likelihood == theirs.likelihood
    known = {m.name: m for m in mine.model_row.measures}
    columns: dict[str, np.ndarray] = {}
    for column, values in mine.per_image.items():
        measure = MEASURE_OF.get(column, column)
        other = theirs.per_image.get(column)
        fits = same_likelihood or measure not in OF_ONE_LIKELIHOOD
        if other is not None and measure in known and fits:
            with np.errstate(invalid="ignore"):  # two exact images are both infinitely good
                columns[measure] = np.asarray(values, float) - np.asarray(other, float)[rows]
    groups = Grouping(np.array(mine.groups), _noun(mine), "images") if mine.groups else None
    if not columns:
        return
    for measure, at in bootstrap_intervals(columns, seed=seed, groups=groups).items():
        finite = columns[measure][np.isfinite(columns[measure])]
        if len(finite):
            yield Difference(
                topic=mine.kind, run=name, against=first, name=measure,
                unit=known[measure].unit, better=known[measure].better,
                value=float(finite.mean()), low=at.low, high=at.high,
                interval=f"{at.words}, each image with both of its values", n=len(finite),
            )  # fmt: skip


def _grouped_unknown(record: ReconstructionRecord) -> bool:
    """Whether images come in groups that the record does not name: an interval would lie."""
    return not record.groups and bool(_noun_told(record))


def _noun(record: ReconstructionRecord) -> str:
    """What a group of its images is called; older records say so in their intervals alone."""
    return record.grouping or _noun_told(record) or "group"


def _noun_told(record: ReconstructionRecord) -> str:
    found = (GROUPED.search(m.interval) for m in record.model_row.measures)
    return next((one["whole"] or one["given"] for one in found if one), "")
