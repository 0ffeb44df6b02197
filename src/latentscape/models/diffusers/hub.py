"""Models of the Hugging Face hub: from its cache on this machine, else fetched into it."""

import json
from pathlib import Path

from latentscape.data.hub import can_ask
from latentscape.errors import ModelError
from latentscape.models.diffusers.files import (
    STEM,
    SUBFOLDERS,
    Files,
    read_config,
    weights_in,
)
from latentscape.models.diffusers.words import Words

NAMES = [
    f"{STEM}.{end}"
    for end in (
        *("safetensors.index.json", "safetensors", "fp16.safetensors"),
        *("safetensors.index.fp16.json", "safetensors.fp16.index.json"),  # as now, as once written
        *("bin.index.json", "bin"),
    )
]


def fetch(words: Words) -> Files:
    """A model's config and weights, in the hub's cache.

    Raises:
        ModelError: If it cannot be had, or is no autoencoder of images.
    """
    names = ("", *SUBFOLDERS) if words.subfolder is None else (words.subfolder,)
    configs = ((name, _get(words, name, "config.json")) for name in names)
    subfolder, path = next(((name, path) for name, path in configs if path), ("", None))
    if path is None:
        raise ModelError(
            f"{words.place} has no config.json, and no folder vae with one: it is no model of "
            "diffusers",
            "name another, or with ,subfolder=NAME where in it the autoencoder lies",
        )
    config = read_config(path, words.place)
    for name in NAMES:
        found = _get(words, subfolder, name)
        if found is not None and ".index." in name:
            for shard in set(json.loads(found.read_text(encoding="utf-8"))["weight_map"].values()):
                _get(words, subfolder, shard)
        if found is not None:
            break
    return Files(path.parent, config, *weights_in(path.parent))


def _get(words: Words, subfolder: str, name: str) -> Path | None:
    """One file; None where the repository has none of that name.

    Raises:
        ModelError: If there is no such repository, or the hub does not answer.
    """
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HfHubHTTPError,
        LocalEntryNotFoundError,
        OfflineModeIsEnabled,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    sub = subfolder or None
    try:
        return Path(
            hf_hub_download(
                words.place, name, subfolder=sub, revision=words.revision,
                local_files_only=not can_ask(),
            )
        )  # fmt: skip
    except GatedRepoError as error:
        raise ModelError(
            f"{words.place} is only for those who accept its terms",
            f"accept them at huggingface.co/{words.place}, then hf auth login",
        ) from error
    except RepositoryNotFoundError as error:
        raise ModelError(
            f"the hub has no model {words.place}, or it is private",
            "look for its name at huggingface.co/models; private ones want hf auth login",
        ) from error
    except RevisionNotFoundError as error:
        raise ModelError(
            f"{words.place} has no revision {words.revision}", "leave the revision out"
        ) from error
    except (LocalEntryNotFoundError, OfflineModeIsEnabled) as error:
        if _is_cached(words, subfolder):
            return None
        raise _not_here(words) from error
    except EntryNotFoundError:
        return None
    except (HfHubHTTPError, OSError) as error:
        raise _not_here(words) from error


def _is_cached(words: Words, subfolder: str) -> bool:
    """Whether the cache has the model's config: then what is missing is one of its files."""
    from huggingface_hub import try_to_load_from_cache

    places = ("", *SUBFOLDERS, subfolder)
    revision = words.revision
    return any(
        isinstance(
            try_to_load_from_cache(
                words.place, f"{name}/config.json" if name else "config.json", revision=revision
            ),
            str,
        )
        for name in places
    )


def _not_here(words: Words) -> ModelError:
    return ModelError(
        f"{words.place} is not on this machine, and the hub cannot be reached",
        f"where there is a network: hf download {words.place} --local-dir FOLDER; "
        "then name diffusers:FOLDER",
    )
