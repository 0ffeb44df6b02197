"""Latents of stores as plain ``.npy`` files, and what is known of their rows as CSV."""

import csv
from pathlib import Path
from typing import Literal

import numpy as np

from latentscape.errors import RunError, UsageError
from latentscape.records import refusal, replacing
from latentscape.records.exported import ExportRecord
from latentscape.store import Store
from latentscape.workflows.export.request import Request

CHUNK = 8192


def write_npy(request: Request) -> ExportRecord:
    """Write ``STORE.npy``, ``STORE-log_var.npy`` where there is one, and ``STORE-samples.csv``.

    Of a run that is every store in it. Rows are as in the store, float32, posterior means; a limit
    takes a seeded choice of them, in their order.

    Raises:
        UsageError: If there is no store.
        StoreError: If one is damaged.
        RunError: If the files cannot be written.
    """
    stores = [Store.open(folder) for folder in _stores(request)]
    folder = request.folder(request.thing)
    files: list[Path] = []
    facts: dict[str, str | int | float] = {}
    for store in stores:
        name = store.folder.resolve().name
        rows = store.choice(request.limit or len(store), seed=request.seed)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            files += _one(store, rows, folder / name, request)
        except OSError as error:
            raise RunError(
                f"{folder} could not be written: {refusal(error)}", "make room, or write elsewhere"
            ) from error
        facts[name] = f"{len(rows):,} × {'×'.join(map(str, store.latent_shape))}"
    manifest = stores[0].manifest
    facts |= {"rows": "posterior means, raw", "scale": str(manifest.scale)}
    facts["shift"] = str(manifest.shift)
    return ExportRecord(
        format="npy",
        model=manifest.model,
        model_sha256=manifest.model_sha256,
        files=tuple(map(str, files)),
        bytes=sum(path.stat().st_size for path in files),
        facts=facts,
    )


def _stores(request: Request) -> list[Path]:
    path = Path(request.thing)
    if request.run is None or request.run.resolve() != path.resolve():
        return [path]
    found = sorted(manifest.parent for manifest in path.glob("stores/*/manifest.json"))
    if not found:
        raise UsageError(
            f"the run {path} has no stored latents", f"encode first: latentscape encode {path}"
        )
    return found


def _one(store: Store, rows: np.ndarray, stem: Path, request: Request) -> list[Path]:
    files = [_array(store, "mean", rows, stem.with_name(f"{stem.name}.npy"), request)]
    if store.manifest.has_log_var:
        beside = stem.with_name(f"{stem.name}-log_var.npy")
        files.append(_array(store, "log_var", rows, beside, request))
    return [*files, _samples(store, rows, stem.with_name(f"{stem.name}-samples.csv"))]


def _array(
    store: Store, kind: Literal["mean", "log_var"], rows: np.ndarray, path: Path, request: Request
) -> Path:
    """One file, written a part at a time: memory does not grow with the store."""
    read = store.rows if kind == "mean" else store.log_var_rows
    shape = (len(rows), *store.latent_shape)
    with replacing(path) as temporary:
        whole = np.lib.format.open_memmap(temporary, "w+", np.float32, shape)
        for start in range(0, len(rows), CHUNK):
            part = rows[start : start + CHUNK]
            whole[start : start + len(part)] = read(part)
            if request.progress is not None:
                request.progress(start + len(part), len(rows), "latents")
        whole.flush()
    return path


def _samples(store: Store, rows: np.ndarray, path: Path) -> Path:
    """A line a row: its place in the store, identity, class, group and split."""
    samples, names = store.samples.take(rows), store.manifest.class_names
    classes = [names[label] if 0 <= label < len(names) else "" for label in samples.labels]
    with replacing(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(("row", "sample_id", "label", "class", "group", "split"))
        texts = (samples.sample_ids, samples.labels, classes, samples.groups, samples.splits)
        writer.writerows(zip(rows.tolist(), *texts, strict=True))
    return path
