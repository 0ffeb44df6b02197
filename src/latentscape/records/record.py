"""The base of what verbs return: frozen, NumPy inside, JSON and npz outside."""

import errno
import json
import os
import zlib
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from zipfile import BadZipFile

import numpy as np
from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from latentscape.errors import RunError

Array = Annotated[
    np.ndarray,
    PlainSerializer(lambda a: {"shape": list(a.shape), "dtype": str(a.dtype)}, when_used="json"),
    WithJsonSchema({"type": "object", "description": "an array kept beside the JSON, in the npz"}),
]

# What NumPy and zipfile raise on a file that is damaged; zipfile's RuntimeError is of a flag or a
# version that it does not know.
UNREADABLE = (ValueError, KeyError, EOFError, OSError, BadZipFile, RuntimeError, zlib.error)

KINDS: dict[str, type["Record"]] = {}


class Record(BaseModel):
    """One result. Subclasses are plain lists of fields; saving and loading live here.

    A record is two files with one stem: ``NAME.json`` for everything one may read, and, where it
    holds arrays, ``NAME.npz`` for those. In the JSON an array stands as ``{"$array": key}``.
    """

    model_config = ConfigDict(
        frozen=True,
        arbitrary_types_allowed=True,
        extra="forbid",
        ser_json_inf_nan="constants",
        json_schema_serialization_defaults_required=True,  # what is written has every field
    )
    kind: ClassVar[str] = ""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        if cls.__dict__.get("kind"):
            KINDS[cls.kind] = cls

    def to_json(self) -> str:
        """The record as one JSON text; arrays stand as their shape and dtype."""
        return json.dumps({"kind": self.kind, **self.model_dump(mode="json")}, indent=2)

    def save(self, stem: Path | str) -> Path:
        """Write ``stem.json`` and, if there are arrays, ``stem.npz``; both atomically.

        Returns:
            The path of the JSON file.

        Raises:
            RunError: If it cannot be written, e.g. on a full disk; nothing is left half-written.
        """
        stem = Path(stem)
        arrays: dict[str, np.ndarray] = {}
        text = json.dumps({"kind": self.kind, **_pack(self.model_dump(), "", arrays)}, indent=1)
        try:
            stem.parent.mkdir(parents=True, exist_ok=True)
            with ExitStack() as both:  # renamed once both are written: arrays first, JSON last
                temporary = both.enter_context(replacing(_beside(stem, ".json")))
                temporary.write_text(text + "\n", encoding="utf-8")
                if arrays:
                    temporary = both.enter_context(replacing(_beside(stem, ".npz")))
                    with temporary.open("wb") as file:
                        np.savez_compressed(file, allow_pickle=False, **arrays)
        except OSError as error:
            raise RunError(
                f"the record {_beside(stem, '.json')} could not be written: {refusal(error)}",
                "make room, or write elsewhere with --out",
            ) from error
        vars(self)["_saved_at"] = path = _beside(stem, ".json")  # as a cached property lies
        return path

    @property
    def saved_at(self) -> Path | None:
        """The JSON file that `save` wrote; None of a record that was not written."""
        return self.__dict__.get("_saved_at")

    @classmethod
    def load(cls, stem: Path | str) -> Self:
        """Read a record that `save` wrote; the subclass is told by its ``kind``.

        Raises:
            RunError: If the file is missing, damaged, or of another kind.
        """
        record = load_record(stem)
        if not isinstance(record, cls):
            raise RunError(
                f"{stem} holds a {record.kind!r} record, not a {cls.kind!r}",
                "open it with load_record",
            )
        return record


def load_record(stem: Path | str) -> Record:
    """Read any record, told apart by its ``kind``."""
    path = _beside(Path(stem), ".json")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        arrays_path = _beside(Path(stem), ".npz")
        arrays = {}
        if arrays_path.exists():
            with arrays_path.open("rb") as raw, np.load(raw, allow_pickle=False) as file:
                arrays = {key: file[key] for key in file.files}
        kind = content.pop("kind")
        return KINDS[kind].model_validate(_unpack(content, arrays))
    except FileNotFoundError as error:
        raise RunError(
            f"there is no record at {path}", "run the verb that writes it first"
        ) from error
    except (*UNREADABLE, TypeError, AttributeError) as error:
        raise RunError(
            f"the record {path} cannot be read ({type(error).__name__})",
            "it may be damaged or from another version: run the verb that wrote it again",
        ) from error


class replacing:  # noqa: N801 - reads as a verb: with replacing(path) as temporary
    """Write to a temporary neighbour, rename on success, leave nothing on failure."""

    def __init__(self, path: Path):
        self.path = path
        self.temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")

    def __enter__(self) -> Path:
        return self.temporary

    def __exit__(self, error_type: type[BaseException] | None, *_: object) -> None:
        if error_type is None:
            self.temporary.replace(self.path)
        else:
            self.temporary.unlink(missing_ok=True)


def refusal(error: OSError) -> str:
    """Why the system would not write, in words; NumPy's short write, a full disk, has none."""
    return error.strerror or (str(error) if error.errno else os.strerror(errno.ENOSPC))


def _beside(stem: Path, suffix: str) -> Path:
    if stem.suffix in (".json", ".npz"):
        stem = stem.with_suffix("")
    return stem.with_name(stem.name + suffix)


def _pack(value: Any, key: str, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, np.ndarray):
        arrays[key] = value
        return {"$array": key}
    if isinstance(value, dict):
        return {k: _pack(v, f"{key}.{k}" if key else str(k), arrays) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_pack(v, f"{key}.{i}", arrays) for i, v in enumerate(value)]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        return value.item()
    return value


def _unpack(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$array"}:
            return arrays[value["$array"]]
        return {k: _unpack(v, arrays) for k, v in value.items()}
    if isinstance(value, list):
        return [_unpack(v, arrays) for v in value]
    return value
