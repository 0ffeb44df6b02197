"""`folder:PATH`: pictures in a folder; its sub-folders are the classes.

Every file that is not hidden is taken for a picture, save three tables at the top:

- ``labels.csv`` (columns ``file,label``) gives the classes in place of the sub-folders;
- ``groups.csv`` (columns ``file,group``) gives the groups that a split must not cut;
- ``credits.csv`` gives them too, if it has a column ``file`` and one of ``group``, ``artist``,
  ``creator``. A file without an entry is a group of its own.

If the sub-folders are ``train`` and ``test`` (and perhaps ``val``), they are the set's own split,
and the classes are one level below.
"""

import csv
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentscape.data.decode import Pictures, decode_all
from latentscape.data.image_set import ImageSet
from latentscape.data.memory import Loading
from latentscape.data.split import SPLIT_NAMES, choose_rows
from latentscape.errors import DataError

TABLES = ("labels.csv", "groups.csv", "credits.csv")
GROUP_COLUMNS = ("group", "artist", "creator")


@dataclass(frozen=True)
class _Listing:
    """The files of a folder, and what is known of each before it is opened."""

    names: list[str]
    labels: np.ndarray
    class_names: tuple[str, ...]
    groups: np.ndarray | None
    official: np.ndarray | None


def read_folder(path: str, loading: Loading) -> ImageSet:
    """Read a folder of pictures.

    Raises:
        DataError: If the folder is missing or empty, a table beside the pictures is wrong, or the
            pictures are unfit (see `decode_all`).
    """
    root = Path(path).expanduser()
    if not root.is_dir():
        what = "is a file, not a folder" if root.exists() else "does not exist"
        raise DataError(f"the folder {root} {what}", "give the path of a folder of images")
    listing = _list(root)
    config = loading.config
    rows = choose_rows(
        len(listing.names), limit=config.limit, seed=config.seed, official=listing.official
    )
    names = [listing.names[row] for row in rows]
    pictures = Pictures(place=str(root), names=names, open=lambda k: root / names[k])
    decoded = decode_all(pictures, loading)
    rows = rows[decoded.kept]
    return ImageSet(
        name=root.resolve().name,
        images=decoded.images,
        sample_ids=np.array(listing.names)[rows],
        labels=listing.labels[rows],
        class_names=listing.class_names,
        groups=None if listing.groups is None else listing.groups[rows],
        official=None if listing.official is None else listing.official[rows],
        rule={"transparency": "on black"},
        skipped=decoded.skipped,
    )


def _list(root: Path) -> _Listing:
    names = [name for name in files_below(root) if name not in TABLES]
    if not names:
        raise DataError(
            f"the folder {root} holds no files", "put images, or folders of them, in it"
        )
    parts = [name.split("/")[:-1] for name in names]
    tops = {part[0] for part in parts if part}
    official = None
    if {"train", "test"} <= tops <= set(SPLIT_NAMES) and all(parts):
        official = np.array([SPLIT_NAMES[part[0]] for part in parts])
        parts = [part[1:] for part in parts]
    if (root / "labels.csv").is_file():
        table = _table(root / "labels.csv", ("label",))
        _refuse_strangers(root / "labels.csv", table, names)
        classes = [table.get(name, "") for name in names]
    else:
        classes = [part[0] if part else "" for part in parts]
    class_names = tuple(sorted({c for c in classes if c}, key=_natural))
    index = {name: k for k, name in enumerate(class_names)} | {"": -1}
    return _Listing(
        names=names,
        labels=np.array([index[c] for c in classes], np.int64),
        class_names=class_names,
        groups=_groups(root, names),
        official=official,
    )


def files_below(root: Path) -> list[str]:
    """Paths below the root that are not hidden, sorted; links are followed, no folder twice."""
    found, seen = [], set()
    for folder, below, files in os.walk(root, followlinks=True):
        real = os.path.realpath(folder)
        if real in seen:
            below.clear()
            continue
        seen.add(real)
        below[:] = sorted(name for name in below if not name.startswith("."))
        inside = Path(folder).relative_to(root)
        for name in files:
            path = (inside / name).as_posix()
            if not name.startswith("."):
                found.append(path)
    return sorted(found)


def _groups(root: Path, names: list[str]) -> np.ndarray | None:
    for file in ("groups.csv", "credits.csv"):
        path = root / file
        if not path.is_file():
            continue
        required = file == "groups.csv"
        table = _table(path, GROUP_COLUMNS, required=required)
        if required:
            _refuse_strangers(path, table, names)
        if any(table.get(name) for name in names):
            return np.array([table.get(name) or f"alone: {name}" for name in names])
    return None


def _table(path: Path, columns: tuple[str, ...], *, required: bool = True) -> dict[str, str]:
    """From file to the first of the columns that the table has."""
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file)
            heads = reader.fieldnames or ()
            column = next((name for name in columns if name in heads), None)
            if "file" not in heads or column is None:
                if not required:
                    return {}
                raise DataError(
                    f"{path} has the columns {', '.join(heads) or '(none)'};"
                    f" it needs file and {' or '.join(columns)}",
                    f"let its first line be: file,{columns[0]}",
                )
            table: dict[str, str] = {}
            for row in reader:
                name, value = Path(row["file"] or "").as_posix(), (row[column] or "").strip()
                if table.setdefault(name, value) != value:
                    raise DataError(
                        f"{path} says both {table[name]!r} and {value!r} of {name}",
                        "leave one line for each file",
                    )
            return table
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read: {error}", "save it as UTF-8 CSV") from error


def _refuse_strangers(path: Path, table: dict[str, str], names: list[str]) -> None:
    strangers = sorted(set(table) - set(names))
    if strangers:
        raise DataError(
            f"{path} names {len(strangers)} of {len(table)} files that are not in the folder,"
            f" first {strangers[0]}",
            "give each file's path from the folder that holds the table",
        )


def _natural(name: str) -> tuple[int, str]:
    return (int(name), "") if name.isascii() and name.isdigit() else (10**18, name)
