"""`hf:NAME[:SPLIT]`: image data sets of the Hugging Face hub, through `datasets`."""

import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from latentscape.data.decode import Pictures, decode_all
from latentscape.data.image_set import ImageSet
from latentscape.data.memory import Loading
from latentscape.data.split import SPLIT_NAMES, choose_rows
from latentscape.errors import DataError


def read_hub(name: str, loading: Loading) -> ImageSet:
    """Read a data set of the hub, or one of its splits.

    The first column of pictures gives the images, the first of class labels the classes. Where
    splits named train and test are there, they are the set's own split.

    Raises:
        DataError: If the data set cannot be fetched, or has no column of pictures.
    """
    repository, _, split = name.partition(":")
    parts = _fetch(repository, split or None, f"hf:{name}")
    counts = [len(part) for part in parts.values()]
    known = {"train", "test"} <= set(parts) <= set(SPLIT_NAMES)
    official = np.repeat([SPLIT_NAMES[part] for part in parts], counts) if known else None
    short = repository.rstrip("/").rpartition("/")[2]
    ids = np.array([f"{short}-{part}-{i:05d}" for part in parts for i in range(len(parts[part]))])
    config = loading.config
    rows = choose_rows(len(ids), limit=config.limit, seed=config.seed, official=official)
    features = next(iter(parts.values())).features
    image_column = _column(features, "Image", f"hf:{name}")
    assert image_column is not None
    label_column = _column(features, "ClassLabel")
    raw = [_undecoded(part, image_column) for part in parts.values()]
    starts = np.cumsum([0, *counts])

    def content(k: int) -> bytes:
        part = int(np.searchsorted(starts, rows[k], side="right")) - 1
        cell = raw[part][int(rows[k] - starts[part])][image_column]
        if cell["bytes"] is not None:
            return cell["bytes"]
        return Path(cell["path"]).read_bytes()

    decoded = decode_all(
        Pictures(place=f"hf:{name}", names=ids[rows].tolist(), open=content), loading
    )
    rows = rows[decoded.kept]
    labels = np.full(len(ids), -1, np.int64)
    if label_column is not None:
        labels = np.concatenate([np.asarray(part[label_column][:]) for part in parts.values()])
    return ImageSet(
        name=short,
        images=decoded.images,
        sample_ids=ids[rows],
        labels=labels[rows].astype(np.int64),
        class_names=tuple(features[label_column].names) if label_column is not None else (),
        official=None if official is None else official[rows],
        rule={"stored as": f"hub, {repository}"},
        skipped=decoded.skipped,
    )


def read_named(name: str, repository: str, loading: Loading) -> ImageSet:
    """A named set from the hub, under the identities that its local files would have."""
    try:
        images = read_hub(repository, loading)
    except DataError as error:
        raise DataError(
            f"{name} is not on this machine, and the hub does not give it: {error.message}",
            f"put its files in a folder {name}/ and name the folder above it in LATENTSCAPE_DATA",
        ) from error
    ids = np.array([f"{name}-{'-'.join(i.rsplit('-', 2)[1:])}" for i in images.sample_ids.tolist()])
    return replace(images, name=name, sample_ids=ids)


def _fetch(repository: str, split: str | None, source: str) -> dict[str, Any]:
    """The splits by name, in the order train, validation, test, others."""
    if not can_ask():
        os.environ.setdefault("HF_HUB_OFFLINE", "1")  # the cache at once, not after half a minute
    import datasets

    try:
        found = datasets.load_dataset(repository, split=split)
    except Exception as error:  # the hub's client fails in a dozen classes of three libraries
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(
            f"{source} cannot be fetched from the hub: {reason}",
            "check the name and the connection; without one, use local files:"
            " folder:PATH, npz:PATH, or the named sets under LATENTSCAPE_DATA",
        ) from error
    if split is not None:
        return {split: found}
    order = {"train": 0, "validation": 1, "valid": 1, "val": 1, "test": 2}
    return {str(k): found[k] for k in sorted(found, key=lambda k: (order.get(str(k), 3), str(k)))}


def can_ask() -> bool:
    """Whether the hub's name can be looked up; with a proxy in between, it is assumed."""
    if any(os.environ.get(name) for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY")):
        return True
    host = urlsplit(os.environ.get("HF_ENDPOINT", "https://huggingface.co")).hostname
    try:
        return bool(host and socket.getaddrinfo(host, 443))
    except OSError:
        return False


def _column(features: Any, kind: str, source: str | None = None) -> str | None:
    for name, feature in features.items():
        if type(feature).__name__ == kind:
            return name
    if source is not None:
        raise DataError(
            f"{source} has no column of pictures, only {', '.join(features)}",
            "name a data set of images",
        )
    return None


def _undecoded(part: Any, column: str) -> Any:
    import datasets

    return part.select_columns([column]).cast_column(column, datasets.Image(decode=False))
