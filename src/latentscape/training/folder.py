"""A run's folder: who may train into it, and what run.json says while it does."""

import importlib.metadata
import json
import platform
from dataclasses import asdict
from pathlib import Path
from typing import Any

from latentscape.data import DataConfig, ImageSet
from latentscape.errors import RunError, UsageError
from latentscape.models import ModelConfig
from latentscape.records import read_run, replacing
from latentscape.records.run_file import FORMAT, RUN_FILE
from latentscape.training.config import TrainConfig

FREE_TO_CHANGE = ("epochs", "patience", "loggers", "checkpoint_seconds", "doctor", "device")


def require_free(folder: Path, *, resume: bool) -> None:
    """Refuse a folder that is in use, unless it holds a run that is to go on.

    Raises:
        UsageError: Saying what it holds.
    """
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file, not a folder for a run", "choose another --out")
    if not (folder / RUN_FILE).exists():
        if folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir()):
            raise UsageError(
                f"the folder {folder} holds something that is no run", "choose another --out"
            )
        return
    if not resume:
        raise UsageError(
            f"{folder} already holds a run", "go on with it by --resume, or choose another --out"
        )


def check_folder(
    folder: Path,
    data: DataConfig,
    config: TrainConfig,
    *,
    resume: bool,
    base: dict[str, Any] | None = None,
) -> None:
    """Refuse a folder that is in use, or a resume with other words.

    Args:
        folder: Of the run.
        data, config: What it is to be trained on, and how.
        resume: Whether it may hold a run already.
        base: What it was fine-tuned from, as in run.json.

    Raises:
        UsageError: Saying what differs.
    """
    require_free(folder, resume=resume)
    if not (folder / RUN_FILE).exists():
        return
    about = read_run(folder)
    begun = TrainConfig().to_json() | about.get("training", {})
    known = asdict(DataConfig("")) | about["data"]  # what the run's version had no word for yet
    before = {**begun, **_named(known, "data"), **_named(about.get("base"), "base")}
    now = {**config.to_json(), **_named(asdict(data), "data"), **_named(base, "base")}
    before, now = (json.loads(json.dumps(words)) for words in (before, now))
    changed = [key for key in now if key not in FREE_TO_CHANGE and before.get(key) != now[key]]
    changed += [key for key in before if key.startswith("base.") and key not in now]
    if changed:
        words = ", ".join(f"{k}: {before.get(k)} → {now.get(k)}" for k in changed)
        raise UsageError(
            f"the run {folder} was started with other settings ({words})",
            "resume with the same words, or choose another --out",
        )


def _named(words: dict[str, Any] | None, room: str) -> dict[str, Any]:
    return {f"{room}.{key}": value for key, value in (words or {}).items()}


def check_images(folder: Path, images: ImageSet) -> None:
    """Refuse to go on with other images than those the run began with.

    Raises:
        RunError: If the fingerprint has changed.
    """
    begun = read_run(folder).get("fingerprint")
    if begun not in (None, images.fingerprint):
        raise RunError(
            f"{images.name} is not what the run {folder} began with: its images have changed",
            "restore them, or train anew with another --out",
        )


def describe_run(
    folder: Path,
    images: ImageSet,
    data: DataConfig,
    *,
    config: TrainConfig,
    model: ModelConfig,
    base: dict[str, Any] | None = None,
) -> None:
    """Write run.json before the first step; `base` is what the run is fine-tuned from."""
    about = {
        "format": FORMAT,
        "version": importlib.metadata.version("latentscape"),
        "state": "training",
        "recipe": config.recipe,
        "seed": config.seed,
        "training": config.to_json(),
        "model": model.to_json(),
        **({} if base is None else {"base": base}),
        "data": asdict(data),
        "data_name": images.name,
        "rule": images.rule,
        "fingerprint": images.fingerprint,
        "versions": {
            "python": platform.python_version(),
            **{name: importlib.metadata.version(name) for name in ("torch", "numpy")},
        },
        "weights_sha256": None,
    }
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder, about)


def continue_run(folder: Path, config: TrainConfig) -> None:
    """Note that training goes on, and with which words; sweep what a killed run left behind."""
    for path in folder.rglob(".*.tmp"):
        path.unlink(missing_ok=True)
    update_run(folder, state="training", training=config.to_json())


def update_run(folder: Path, **changes: Any) -> None:
    """Change some of run.json, atomically."""
    about = json.loads((folder / RUN_FILE).read_text(encoding="utf-8"))
    _write(folder, {**about, **changes})


def _write(folder: Path, about: dict[str, Any]) -> None:
    with replacing(folder / RUN_FILE) as temporary:
        temporary.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
