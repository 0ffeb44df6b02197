"""`npz:PATH`: images that are already an array, with labels, groups and factors beside them.

Keys: ``images`` (or ``imgs``, ``x``); ``labels`` (or ``label``, ``y``) as integers or names;
``classes`` or ``class_names``; ``groups``; ``official`` (train / val / test); ``sample_ids``;
``factors`` or ``latents_classes``, with ``factor_names`` and ``factor_kinds`` (category, number or
angle; without, whole numbers are categories). A ``.npy`` holds images alone.
Images are ``n height width``, ``n height width channels`` or ``n channels height width``; uint8,
bool, any integer in 0–255, or floating-point in [0, 1]. Objects (pickles) are not opened.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, get_args

import numpy as np

from latentscape.data.image_set import FactorKind, ImageSet
from latentscape.data.memory import Loading, room_for
from latentscape.data.split import official_split
from latentscape.errors import DataError
from latentscape.records import UNREADABLE

_BLOCK = 16 * 1024**2
_NAMES = {
    "images": ("images", "imgs", "x"),
    "labels": ("labels", "label", "y"),
    "class_names": ("class_names", "classes"),
    "groups": ("groups",),
    "official": ("official",),
    "sample_ids": ("sample_ids",),
    "factors": ("factors", "latents_classes"),
    "factor_names": ("factor_names",),
    "factor_kinds": ("factor_kinds",),
}


def read_arrays(path: str, loading: Loading) -> ImageSet:
    """Read a ``.npz`` or ``.npy`` file of images.

    Images that are uint8 and stored without compression stay on disk as a memory map; others are
    unpacked, beyond the memory limit into a map of their own.

    Raises:
        DataError: If the file is missing, damaged, holds objects, or its arrays do not fit.
    """
    file = Path(path).expanduser()
    if not file.is_file():
        raise DataError(f"there is no file {file}", "give the path of a .npz file")
    columns: dict[str, np.ndarray]
    try:
        if file.suffix == ".npy":
            columns = {"images": np.lib.format.open_memmap(file, mode="r")}
        else:
            columns = _columns(file, loading)
    except UNREADABLE as error:
        reason = "it holds Python objects" if "pickle" in str(error).lower() else str(error)
        raise DataError(
            f"{file} cannot be read: {reason}", "save plain arrays with numpy.savez"
        ) from error
    if "images" not in columns:
        raise DataError(
            f"{file} has no images", f"name the array one of {', '.join(_NAMES['images'])}"
        )
    images = _levels(channels_first(columns["images"], str(file)), str(file), loading)
    n = len(images)
    _check_columns(columns, n, str(file))
    labels, class_names = _classes(columns, n, str(file))
    factors = _factors(columns, n, str(file))
    return ImageSet(
        name=file.stem,
        images=images,
        sample_ids=columns.get("sample_ids", _counted(file.stem, n)).astype(str),
        labels=labels,
        class_names=class_names,
        groups=columns["groups"].astype(str) if "groups" in columns else None,
        official=official_split(columns["official"], f"`official` in {file}")
        if "official" in columns
        else None,
        factors=factors,
        factor_names=_factor_names(columns, factors, str(file)),
        factor_kinds=_factor_kinds(columns, factors, str(file)),
        rule={"stored as": str(columns["images"].dtype)},
    )


def channels_first(images: np.ndarray, place: str) -> np.ndarray:
    """``n channels height width``, as a view, from any of the three layouts.

    The axis of 1, 3 or 4 is the channels'; where two axes qualify, the one that leaves a square.

    Raises:
        DataError: If no axis can be told to be the channels'.
    """
    if images.ndim == 3:
        return images[:, None]
    if images.ndim == 4:
        _, a, b, c = images.shape
        last, first = c in (1, 3, 4), a in (1, 3, 4)
        if last and first:
            last = a == b or b != c
        if last or (not first and a == b):
            return images.transpose(0, 3, 1, 2)
        if first or b == c:
            return images
    raise DataError(
        f"the images in {place} have the shape {images.shape}",
        "store them as n×height×width×channels, with 1, 3 or 4 channels",
    )


def _check_columns(columns: dict[str, np.ndarray], n: int, place: str) -> None:
    if not n:
        raise DataError(f"{place} holds no images", "give a file with at least a few")
    for name, column in columns.items():
        if name != "images" and column.ndim != 1 and (name != "factors" or not column.ndim):
            raise DataError(
                f"the {name} in {place} are no list: their shape is {column.shape}",
                "save them as an array of one axis",
            )
        if name in ("labels", "groups", "official", "sample_ids", "factors") and len(column) != n:
            raise DataError(
                f"{place} has {n} images and {len(column)} {name}", "give one for each image"
            )
    ids, counts = np.unique(columns.get("sample_ids", np.arange(0)), return_counts=True)
    if (counts > 1).any():
        raise DataError(
            f"{place} gives the sample id {str(ids[counts.argmax()])!r} to {counts.max()} images",
            "give each image its own, or leave sample_ids out",
        )


def _columns(file: Path, loading: Loading) -> dict[str, np.ndarray]:
    columns: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(file) as archive:
        members = set(archive.namelist())
        for name, keys in _NAMES.items():
            key = next((key for key in keys if f"{key}.npy" in members), None)
            if key is not None:
                columns[name] = _member(file, archive, f"{key}.npy", loading)
    return columns


def _member(file: Path, archive: zipfile.ZipFile, member: str, loading: Loading) -> np.ndarray:
    """One array of the archive: mapped in place, read, or unpacked into a map."""
    with archive.open(member) as stream:
        shape, fortran, dtype = _header(stream)
        n_bytes = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
        if n_bytes <= loading.memory_limit or dtype.hasobject or fortran:
            with archive.open(member) as again:
                return np.lib.format.read_array(again, allow_pickle=False)
        offset = stream.tell()
        info = archive.getinfo(member)
        if info.compress_type == zipfile.ZIP_STORED:
            start = _data_start(file, info) + offset
            return np.memmap(file, dtype=dtype, mode="r", offset=start, shape=shape)
        flat = room_for((n_bytes,), limit=loading.memory_limit)
        done = 0
        while done < n_bytes:
            block = stream.read(min(_BLOCK, n_bytes - done))
            if not block:
                raise ValueError("the file is cut short")
            flat[done : done + len(block)] = np.frombuffer(block, np.uint8)
            done += len(block)
        return flat.view(dtype).reshape(shape)


def _header(stream: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype]:
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        return np.lib.format.read_array_header_1_0(stream)
    return np.lib.format.read_array_header_2_0(stream)


def _data_start(file: Path, info: zipfile.ZipInfo) -> int:
    """Where a member's bytes begin: behind its local header of 30 bytes, name and extra field."""
    with file.open("rb") as raw:
        raw.seek(info.header_offset + 26)
        lengths = np.frombuffer(raw.read(4), "<u2")
    return info.header_offset + 30 + int(lengths.sum())


def _levels(images: np.ndarray, place: str, loading: Loading) -> np.ndarray:
    """The images as uint8: 0–255 as they are, [0, 1] times 255 and rounded."""
    if images.dtype == np.uint8:
        mapped = isinstance(images, np.memmap)
        return images if mapped else np.ascontiguousarray(images)
    out = room_for(images.shape, limit=loading.memory_limit)
    for start, chunk in _chunks(images):
        low, high, factor = 0, 255, 1
        if images.dtype.kind == "f":
            high, factor = 1, 255
        elif images.dtype.kind == "b":
            chunk, factor = chunk.astype(np.uint8), 255
        elif images.dtype.kind not in "iu":
            raise DataError(
                f"the images in {place} are of type {images.dtype}, not numbers",
                "save them as uint8, 0 to 255",
            )
        if not (chunk.min() >= low and chunk.max() <= high):  # also catches NaN
            raise DataError(
                f"the images in {place} run from {chunk.min():.4g} to {chunk.max():.4g};"
                f" {images.dtype} images must lie in [{low}, {high}]",
                "scale them first, e.g. (x + 1) / 2 for images in [-1, 1]",
            )
        out[start : start + len(chunk)] = np.rint(chunk * factor)
    return out


def _chunks(images: np.ndarray, rows: int = 1024) -> Iterator[tuple[int, np.ndarray]]:
    for start in range(0, len(images), rows):
        yield start, np.asarray(images[start : start + rows])


def _classes(
    columns: dict[str, np.ndarray], n: int, place: str
) -> tuple[np.ndarray, tuple[str, ...]]:
    labels = columns.get("labels")
    names = tuple(str(name) for name in columns.get("class_names", ()))
    if labels is None:
        return np.full(n, -1, np.int64), names
    if labels.dtype.kind in "US":
        own, index = np.unique(labels.astype(str), return_inverse=True)
        return index.astype(np.int64), tuple(own.tolist())
    whole = labels.astype(np.int64) if labels.dtype.kind in "iufb" else None
    if whole is None or (whole != labels).any() or whole.min() < -1:
        raise DataError(
            f"the labels in {place} are no whole numbers from 0, one an image",
            "number the classes 0, 1, 2 ...; -1 stands for unknown",
        )
    if not names:
        names = tuple(str(k) for k in range(int(whole.max()) + 1))
    if whole.max() >= len(names):
        raise DataError(
            f"{place} names {len(names)} classes but has the label {whole.max()}",
            "give class_names one name for each label",
        )
    return whole, names


def _factors(columns: dict[str, np.ndarray], n: int, place: str) -> np.ndarray | None:
    if "factors" not in columns:
        return None
    try:
        return columns["factors"].reshape(n, -1).astype(float)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"the factors in {place} are no numbers: {error}",
            "number the values of each factor; its name belongs in factor_names",
        ) from error


def _factor_names(
    columns: dict[str, np.ndarray], factors: np.ndarray | None, place: str
) -> tuple[str, ...]:
    if factors is None:
        return ()
    names = tuple(str(name) for name in columns.get("factor_names", ()))
    if names and len(names) != factors.shape[1]:
        raise DataError(
            f"{place} has {factors.shape[1]} factors and {len(names)} names for them",
            "give factor_names one name for each column",
        )
    return names or tuple(f"factor {k}" for k in range(factors.shape[1]))


def _factor_kinds(
    columns: dict[str, np.ndarray], factors: np.ndarray | None, place: str
) -> tuple[FactorKind, ...]:
    """As the file says; else categories, or numbers where a column has any that is not whole."""
    if factors is None:
        return ()
    if "factor_kinds" not in columns:
        whole = [
            bool((np.isnan(column) | (column == np.rint(column))).all()) for column in factors.T
        ]
        return tuple("category" if is_whole else "number" for is_whole in whole)
    known = {kind: kind for kind in get_args(FactorKind)}
    found = [str(kind) for kind in columns["factor_kinds"]]
    if len(found) != factors.shape[1] or not set(found) <= set(known):
        raise DataError(
            f"{place} has {factors.shape[1]} factors of the kinds {', '.join(found)}",
            f"give factor_kinds one of {', '.join(known)} for each column",
        )
    return tuple(known[kind] for kind in found)


def _counted(name: str, n: int) -> np.ndarray:
    return np.array([f"{name}-{i:05d}" for i in range(n)])
