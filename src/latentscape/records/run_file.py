"""run.json: what a run says of itself, read without torch and checked before it is believed."""

import json
from pathlib import Path
from typing import Any

from latentscape.errors import RunError, UsageError

FORMAT = 1
RUN_FILE = "run.json"
NEEDED: dict[str, type] = {"recipe": str, "seed": int, "model": dict, "data": dict}
MODEL_NEEDED = ("network", "image_shape", "latent_shape", "posterior", "likelihood")


def read_run(folder: Path) -> dict[str, Any]:
    """A run's run.json.

    Returns:
        Its content; ``recipe``, ``seed``, ``model`` and ``data`` are there and of their kind.

    Raises:
        UsageError: If there is no such folder, or it is no run.
        RunError: If it is damaged, or of another format.
    """
    if not folder.is_dir():
        raise UsageError(f"there is no run at {folder}", "train one with `latentscape train`")
    path = folder / RUN_FILE
    try:
        about = json.loads(path.read_text(encoding="utf-8"))
        version = about["format"]
    except FileNotFoundError as error:
        raise UsageError(
            f"{folder} is not a run: it has no {RUN_FILE}",
            diffusers_hint(folder) or "give a folder that `latentscape train` wrote",
        ) from error
    except (ValueError, KeyError, TypeError, OSError) as error:
        raise _damaged(path) from error
    if version != FORMAT:
        raise RunError(
            f"the run {folder} has format {version}; this version reads format {FORMAT}",
            f"it was written by latentscape {about.get('version', '?')}: install that version",
        )
    whole = all(isinstance(about.get(key), kind) for key, kind in NEEDED.items())
    if not (whole and "source" in about["data"] and set(MODEL_NEEDED) <= set(about["model"])):
        raise _damaged(path)
    return about


def diffusers_hint(folder: Path) -> str:
    """How to open a folder that a diffusers model was saved into; empty of other folders."""
    for part in (".", "vae", "vqvae", "movq"):
        try:
            text = (folder / part / "config.json").read_text(encoding="utf-8")
        except (OSError, ValueError):
            continue
        if '"_class_name"' in text:
            return f"it looks like a model of diffusers: say diffusers:{folder}"
    return ""


def _damaged(path: Path) -> RunError:
    return RunError(f"{path} is damaged", "restore it from a copy, or train again")
