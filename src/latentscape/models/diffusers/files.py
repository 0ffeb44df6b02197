"""Where a model of diffusers lies on disk: its config.json and its weights, fetched if need be."""

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from latentscape.errors import ModelError
from latentscape.models.diffusers.families import FAMILIES
from latentscape.models.diffusers.words import Words

STEM = "diffusion_pytorch_model"
SUBFOLDERS = ("vae", "movq", "vqvae", "vqgan", "vae_encoder", "first_stage_model")


class Files(NamedTuple):
    """A model on disk.

    Attributes:
        folder: Where config.json and the weights are.
        config: What config.json says.
        weights: All files of weights, first to last.
        variant: The word between stem and ending of their names, as ``fp16``; None without.
        listing: The file that says which weight lies in which of several; None of a single one.
    """

    folder: Path
    config: dict[str, Any]
    weights: tuple[Path, ...]
    variant: str | None
    listing: Path | None = None

    @property
    def is_pickle(self) -> bool:
        """Whether the weights are pickles; of two forms safetensors are taken."""
        return self.weights[0].suffix == ".bin"

    @property
    def sha256(self) -> str:
        """Of the weights' one file; of several, of all their hashes in order."""
        digests = []
        for path in self.weights:
            with path.open("rb") as file:
                digests.append(hashlib.file_digest(file, "sha256").hexdigest())
        return (
            digests[0]
            if len(digests) == 1
            else hashlib.sha256("".join(digests).encode()).hexdigest()
        )


def find_files(words: Words) -> Files:
    """Find the model, in a folder or on the hub.

    Raises:
        ModelError: If there is none, it is no autoencoder of images, or it cannot be fetched.
    """
    if words.folder is None:
        from latentscape.models.diffusers.hub import fetch

        return fetch(words)
    folder = _folder_of(words.folder, words.subfolder)
    return Files(folder, read_config(folder / "config.json", words.place), *weights_in(folder))


def _folder_of(top: Path, subfolder: str | None) -> Path:
    """The folder itself, or the one of a pipeline's parts that is an autoencoder."""
    if subfolder is not None:
        found = top / subfolder
        if not (found / "config.json").is_file():
            raise ModelError(f"{found} has no config.json", "name another subfolder")
        return found
    if (top / "config.json").is_file():
        return top
    for name in SUBFOLDERS:
        if (top / name / "config.json").is_file():
            return top / name
    raise ModelError(
        f"{top} has no config.json, and no folder vae with one",
        "name a folder that diffusers' save_pretrained wrote; a run needs no diffusers: before it",
    )


def read_config(path: Path, place: str) -> dict[str, Any]:
    """config.json of an autoencoder.

    Raises:
        ModelError: If it is damaged, or of something else.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{path} is damaged ({error})", "fetch or save it again") from error
    config = config if isinstance(config, dict) else {}
    kind = config.get("_class_name")
    if kind in FAMILIES:
        return config
    named = kind or next(iter(config.get("architectures") or ()), None)
    raise ModelError(
        f"{place} is no autoencoder of images: its config.json "
        + (f"names a {named}" if named else "names no class of diffusers"),
        f"classes that are: {', '.join(FAMILIES)}",
    )


def weights_in(folder: Path) -> tuple[tuple[Path, ...], str | None, Path | None]:
    """Files of weights in a folder, their variant and index.

    Safetensors come before pickles, the plain ones before those of a variant.

    Raises:
        ModelError: If there are none.
    """
    for ending in ("safetensors", "bin"):
        head = f"{STEM}.{ending}."
        index = _first(folder, f"{head}index*.json", f"{head}*.index.json")
        if index is not None:
            words = index.name[len(head) : -len(".json")].split(".")
            variant = ".".join(word for word in words if word != "index")
            if not (variant and (folder / f"{STEM}.{ending}").is_file()):
                return _shards(index), variant or None, index
        found = _first(folder, f"{STEM}*.{ending}")
        if found is not None:
            variant = found.name[len(STEM) : -len(ending) - 1].removeprefix(".")
            return (found,), variant or None, None
    raise ModelError(
        f"{folder} has config.json but no weights ({STEM}.safetensors or .bin)",
        "fetch or save the model again",
    )


def _first(folder: Path, *patterns: str) -> Path | None:
    """The file of the shortest name."""
    found = (path for pattern in patterns for path in folder.glob(pattern))
    return min(found, key=lambda path: (len(path.name), path.name), default=None)


def _shards(index: Path) -> tuple[Path, ...]:
    try:
        names = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{index} is damaged", "fetch or save the model again") from error
    paths = tuple(index.parent / Path(name).name for name in names)
    missing = [path.name for path in paths if not path.is_file()]
    if missing or not paths:
        raise ModelError(
            f"{index.parent} lacks {', '.join(missing) or 'weights'}", "fetch it again"
        )
    return paths
