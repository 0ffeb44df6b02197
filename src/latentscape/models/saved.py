"""A run folder as a model: description in run.json, weights in safetensors, never a pickle."""

import hashlib
from errno import ENOSPC
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from latentscape.data import DataConfig
from latentscape.errors import ModelError, RunError
from latentscape.models.autoencoder import Autoencoder
from latentscape.models.build import build_model
from latentscape.models.config import ModelConfig
from latentscape.models.opened import OpenModel
from latentscape.records import read_run, replacing

PICKLES = (".pt", ".pth", ".pkl", ".pickle", ".bin", ".ckpt")


def open_run(folder: Path) -> OpenModel:
    """Open a run folder.

    Raises:
        UsageError: If there is no such folder, or this version knows no such network.
        ModelError, RunError: If there is no model in it, or it cannot be used.
    """
    if folder.suffix.lower() in PICKLES:
        raise ModelError(
            f"{folder} is a pickle, which can run any code when it is opened",
            "give a run folder with model.safetensors; convert weights with safetensors first",
        )
    about = read_run(folder)
    weights = folder / "model.safetensors"
    if not weights.exists():
        raise RunError(
            f"the run {folder} has no weights yet",
            "its training did not finish: go on with `latentscape train ... --resume`",
        )
    sha256 = file_sha256(weights)
    if about.get("weights_sha256") not in (None, sha256):
        raise RunError(
            f"{weights} is not the file that the run wrote (its sha256 differs)",
            "restore the file, or train again",
        )
    model = build_model(ModelConfig.from_json(about["model"]))
    load_weights(model, weights)
    model.eval()
    return OpenModel(
        name=folder.name,
        autoencoder=model,
        recipe=about["recipe"],
        seed=about["seed"],
        sha256=sha256,
        data=data_config(about["data"]),
        folder=folder,
    )


def data_config(content: dict[str, Any]) -> DataConfig:
    """The data half of run.json."""
    try:
        return DataConfig(**{**content, "augment": tuple(content.get("augment", ()))})
    except TypeError as error:
        raise RunError(
            f"the run's data description does not fit this version ({error})",
            "it may have been written by another version of latentscape",
        ) from error


def save_weights(model: Autoencoder, path: Path) -> str:
    """Write weights as safetensors, atomically.

    Returns:
        The file's sha256.
    """
    state = {key: value.detach().cpu().contiguous() for key, value in model.state_dict().items()}
    try:
        with replacing(path) as temporary:
            save_file(state, temporary)
    except SafetensorError as error:  # its name for a write that failed
        raise OSError(ENOSPC, f"the weights did not fit ({error})") from error
    return file_sha256(path)


def load_weights(model: Autoencoder, path: Path) -> None:
    """Fill a model with weights from a safetensors file.

    Raises:
        ModelError: If the file is damaged or does not fit the model.
    """
    try:
        model.load_state_dict(load_file(path))
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} is damaged or no safetensors file", "restore it from a copy, or train again"
        ) from error
    except RuntimeError as error:
        raise ModelError(
            f"the weights in {path} do not fit the model described beside it",
            "restore the file that belongs to this run.json, or train again",
        ) from error


def file_sha256(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
