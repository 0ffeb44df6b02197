"""Info: what anything is."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from latentscape.errors import RunError, SizesError, UsageError
from latentscape.records import InfoRecord, Measure, RunRecord, load_record, runs_in
from latentscape.records.run_file import diffusers_hint

Facts = dict[str, str | int | float | None]
ROOMS = ("stores", "measures", "motion", "maps", "samples", "trajectories")
SHOWN_SIZE = 64  # to which pictures of several sizes are brought to be described


def info(thing: str) -> InfoRecord:
    """Tell a run, folder of runs or records, model, store, record, page or DATA apart, with facts.

    Raises:
        UsageError: If it is none of these.
    """
    if thing.startswith(("diffusers:", "onnx:", "python:")):
        return InfoRecord(thing=thing, what="model", facts=_model(thing))
    path = Path(thing)
    if path.is_file() and path.name in ("run.json", "manifest.json", "plan.json"):
        path = path.parent
    if thing and path.is_dir():
        if (path / "run.json").exists():
            return InfoRecord(thing=thing, what="run", facts=_run(path))
        if (path / "manifest.json").exists() or (path / "plan.json").exists():
            return InfoRecord(thing=thing, what="store", facts=_store(path))
        if runs := runs_in(path):
            return InfoRecord(thing=thing, what="folder of runs", facts=_runs(runs))
        found = _found(path)
        if set(found) > {"report"}:
            return InfoRecord(thing=thing, what="folder of records", facts=found)
        raise UsageError(
            f"the folder {thing} is neither a run nor a store",
            diffusers_hint(path) or f"for a folder of images say folder:{thing}",
        )
    if path.suffix == ".html" and path.exists():
        facts: Facts = {"bytes": path.stat().st_size}
        return InfoRecord(thing=thing, what="report", facts=facts)
    if path.suffix in (".json", ".npz") and path.exists():
        return InfoRecord(thing=thing, what="record", facts=_record(path))
    return InfoRecord(thing=thing, what="data", facts=_data(thing))


def _runs(runs: list[Path]) -> Facts:
    """A line a run; one that is damaged is named and does not hide the others."""
    from latentscape.records import read_run

    facts: Facts = {"runs": len(runs)}
    for run in runs:
        try:
            about = read_run(run)
        except RunError as error:
            facts[run.name] = error.message
            continue
        latent = "×".join(str(n) for n in about["model"]["latent_shape"])
        words = (about["recipe"], about["data"]["source"], f"latent {latent}")
        facts[run.name] = ", ".join((*words, about.get("state", "state unknown")))
    return facts


def _run(folder: Path) -> Facts:
    from latentscape.records import read_run

    about = read_run(folder)
    model, data = about["model"], about["data"]
    facts: Facts = {
        "state": about.get("state", "unknown"),
        "recipe": about["recipe"],
        "network": model["network"],
        "images": "×".join(str(n) for n in (*model["image_shape"][1:], model["image_shape"][0])),
        "latent": "×".join(str(n) for n in model["latent_shape"]),
        "posterior": model["posterior"],
        "likelihood": model["likelihood"],
        "data": data["source"],
        "seed": about["seed"],
        "written by": f"latentscape {about.get('version', '?')}",
        "weights sha256": about.get("weights_sha256"),
    }
    if (folder / "record.json").exists():
        facts |= _training(folder / "record.json")
    return facts | _found(folder)


def _found(folder: Path) -> Facts:
    """What was found out of a model, by the room that it lies in, and the page of it."""
    facts: Facts = {}
    for room in ROOMS:
        there = folder.glob(f"{room}/*" if room == "stores" else f"{room}/*.json")
        names = sorted({path.stem for path in there if not path.name.startswith(".")})
        if names:
            facts[room] = ", ".join(names)
    facts["report"] = "report.html" if (folder / "report.html").exists() else None
    return facts


def _model(name: str) -> Facts:
    """Of a model that is no run."""
    from latentscape.models import open_model

    opened = open_model(name)
    model, latent = opened.autoencoder, "×".join(str(n) for n in opened.autoencoder.latent_shape)
    facts: Facts = {"name": opened.name, "recipe": opened.recipe}
    if model.size_step is None:
        facts |= {"images": str(model.image_shape), "latent": latent}
    else:
        colours = {1: "gray", 3: "RGB"}.get(model.image_shape.channels, "")
        facts["images"] = f"{colours}, of any size, padded to multiples of {model.size_step}"
        facts["latent"] = f"{latent} of an image {model.image_shape}"
    return facts | {
        "posterior": model.posterior,
        "pixels": "[{:g}, {:g}]".format(*model.pixel_range)
        + (", assumed" if opened.recipe == "onnx" else ""),
        "precision": opened.precision,
        **({"settings": opened.settings} if opened.settings else {}),
        "latent scale": _numbers(model.conventions.latent_scale),
        "latent shift": _numbers(model.conventions.latent_shift),
        "parameters": sum(weight.numel() for weight in model.parameters()),
        "sha256": opened.sha256,
    }


def _numbers(value: float | tuple[float, ...]) -> str:
    """One number, or one a channel; as recorded, latents themselves are neither."""
    values = value if isinstance(value, tuple) else (value,)
    return ", ".join(f"{number:g}" for number in values)


def _training(path: Path) -> Facts:
    try:
        record = RunRecord.load(path)
    except RunError as error:
        return {"training record": error.message}
    facts: Facts = {
        "parameters": record.n_parameters,
        "epochs": int(max(record.history.columns.get("epoch", ()), default=0)),
        "images/s": round(record.images_per_second),
    }
    return facts | {f"test {m.name}": _valued(m) for m in record.test}


def _store(folder: Path) -> Facts:
    from latentscape.store import Store

    return _flat(json.loads(Store.open(folder).manifest.to_json()))


def _record(path: Path) -> Facts:
    record = load_record(path)
    content = json.loads(record.to_json())
    return {"kind": record.kind, **_flat(content.get("provenance", {}))}


def _data(name: str) -> Facts:
    from latentscape.data import DataConfig, describe, load_images

    config = DataConfig(name)
    try:
        try:
            return _flat(describe(load_images(config), config))
        except SizesError as error:
            config = replace(config, size=SHOWN_SIZE)
            told = {"sizes": error.message, "to use them": error.hint}
            return _flat({**told, **describe(load_images(config), config)})
    except UsageError as error:
        if Path(name).exists():
            raise
        raise UsageError(
            f"there is no run, store, record or data called {name!r}", error.hint
        ) from error


def _flat(content: dict[str, Any]) -> Facts:
    plain = (str, int, float, type(None))
    return {
        k: v if isinstance(v, plain) else json.dumps(v, default=str) for k, v in content.items()
    }


def _valued(measure: Measure) -> str:
    return f"{measure.value:.5g} {measure.unit}".strip()
