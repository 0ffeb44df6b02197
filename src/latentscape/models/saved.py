"""A run folder as a model: description in run.json, weights in safetensors, never a pickle."""

import hashlib
from errno import ENOSPC
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from latentscape.data import DataConfig
from latentscape.errors import LatentscapeError, ModelError, RunError
from latentscape.models.autoencoder import Autoencoder
from latentscape.models.build import build_model
from latentscape.models.config import BASE, ModelConfig
from latentscape.models.likelihood import build_likelihood
from latentscape.models.opened import OpenModel, open_model
from latentscape.records import RUN_FILE, read_run, replacing

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
    described = ModelConfig.from_json(about["model"])
    if described.network == BASE:
        model = fine_tuned(about.get("base") or {}, described, folder=folder)
    else:
        model = build_model(described)
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


def fine_tuned(base: dict[str, Any], described: ModelConfig, *, folder: Path) -> Autoencoder:
    """The networks of another program's model, as a fine-tuned run had them; its own weights.

    Args:
        base: What run.json says of it: ``opens`` and ``opens_sha256``.
        described: The run's own description.
        folder: Of the run.

    Raises:
        ModelError: If that model cannot be opened, or is another one now.
    """
    words, sha256 = base.get("opens"), base.get("opens_sha256")
    if not words:
        raise RunError(
            f"the run {folder} does not say which model it was fine-tuned from",
            "restore its run.json, or fine-tune again",
        )
    try:
        opened = open_model(words, "fp32", device="cpu")  # whoever asked moves it
    except LatentscapeError as error:
        raise ModelError(
            f"the run {folder} was fine-tuned from {words}, which does not open: {error.message}",
            f"bring it back there, or name its new place under base.opens in {folder / RUN_FILE}",
        ) from error
    if opened.sha256 != sha256:
        raise ModelError(
            f"{words} is not the model that {folder} was fine-tuned from (its sha256 differs)",
            "restore it, or fine-tune again",
        )
    model = opened.autoencoder.for_images(described.image_shape)
    return with_likelihood(model, described)


def with_likelihood(model: Autoencoder, described: ModelConfig) -> Autoencoder:
    """The model under the likelihood that a description names; as it is where that is its own."""
    now = model.likelihood
    scale = getattr(now, "sigma", getattr(now, "scale", described.likelihood_scale))
    if (now.name, scale) != (described.likelihood, described.likelihood_scale):
        model.likelihood = build_likelihood(
            described.likelihood, described.likelihood_scale, of_images=now.of_images
        ).to(model.device)
    return model


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
    whole = model.state_dict()
    state = {name: whole[name].detach().cpu().contiguous() for name in _names(whole).values()}
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
        state, whole = load_file(path), model.state_dict()
        names = _names(whole)
        shared = {
            name: state[first]
            for name, value in whole.items()
            if name not in state and (first := names.get(_place(value))) in state
        }
        model.load_state_dict({**state, **shared})
    except (SafetensorError, OSError) as error:
        raise ModelError(
            f"{path} is damaged or no safetensors file", "restore it from a copy, or train again"
        ) from error
    except RuntimeError as error:
        raise ModelError(
            f"the weights in {path} do not fit the model described beside it",
            "restore the file that belongs to this run.json, or train again",
        ) from error


def _place(value: Tensor) -> tuple[Any, ...]:
    """Where a tensor lies in memory: equal for the same weights under two names."""
    return value.data_ptr(), value.dtype, tuple(value.shape), value.stride()


def _names(whole: dict[str, Tensor]) -> dict[tuple[Any, ...], str]:
    """The first name of each tensor: encoder and decoder of another program may be one module."""
    names: dict[tuple[Any, ...], str] = {}
    for name, value in whole.items():
        names.setdefault(_place(value) if value.numel() else (name,), name)
    return names


def file_sha256(path: Path) -> str:
    """sha256 of a file's content, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
