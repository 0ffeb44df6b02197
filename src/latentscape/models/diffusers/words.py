"""The words after `diffusers:`: a folder or a hub id, and how the model is to run."""

import re
from dataclasses import dataclass
from pathlib import Path

from latentscape.errors import UsageError, nearest

FORM = "write it as diffusers:FOLDER or diffusers:OWNER/NAME"
HUB_ID = re.compile(r"[\w.\-]+/[\w.\-]+")
KNOWN = ("tiling", "slicing", "subfolder", "revision")


@dataclass(frozen=True)
class Words:
    """What was asked for.

    Attributes:
        place: A folder that is there, or an id of the hub.
        tiling: Side of a tile in pixels; 0 for the model's own; None for none.
        slicing: Whether images go through one at a time.
        subfolder: Where in the folder or repository the autoencoder lies; None to look for it.
        revision: Branch, tag or commit of the repository; None for its main one.
    """

    place: str
    tiling: int | None = None
    slicing: bool = False
    subfolder: str | None = None
    revision: str | None = None

    @property
    def folder(self) -> Path | None:
        """The folder, if it is one."""
        path = Path(self.place).expanduser()
        return path if path.is_dir() else None

    @property
    def name(self) -> str:
        """Short name for figures; of a folder ``vae`` also that of the folder it lies in."""
        path = Path(self.place).expanduser().absolute() if self.folder else Path(self.place)
        return f"{path.parent.name}-{path.name}" if path.name == "vae" else path.name

    @property
    def settings(self) -> str:
        """What may change what comes out, for the record."""
        if self.tiling is None:
            return ""
        return f"tiling={self.tiling}" if self.tiling else "tiling"


def read_words(words: str) -> Words:
    """Take apart ``PLACE[,tiling[=SIDE]][,slicing][,subfolder=NAME][,revision=NAME]``.

    Raises:
        UsageError: If a word is unknown, or the place is neither a folder nor an id.
    """
    place, options = words.strip(), []
    while not Path(place).expanduser().exists() and "," in place:
        place, _, option = place.rpartition(",")
        options.append(option.strip())
    place = place.strip()
    if not place:
        raise UsageError(f"diffusers:{words} names no model", FORM)
    _require_place(place)
    given = dict(_option(option) for option in options)
    tiling = given.get("tiling")
    return Words(
        place,
        tiling=None if tiling is None else _side(tiling),
        slicing="slicing" in given,
        subfolder=given.get("subfolder"),
        revision=given.get("revision"),
    )


def _require_place(place: str) -> None:
    path = Path(place).expanduser()
    if path.is_file():
        raise UsageError(
            f"{path} is a file; diffusers keeps a model as a folder with config.json",
            "name the folder; convert a single file with diffusers' from_single_file first",
        )
    if not path.is_dir() and not HUB_ID.fullmatch(place):
        raise UsageError(f"there is no folder {place}, and it is no id of the hub", FORM)


def _option(option: str) -> tuple[str, str]:
    key, equals, value = option.partition("=")
    if key not in KNOWN:
        raise UsageError(f"diffusers: has no option {option!r}", nearest(key, KNOWN))
    if (key == "slicing") == bool(equals) and key != "tiling":
        form = key if key == "slicing" else f"{key}=NAME"
        raise UsageError(f"{option!r} is half an option", f"write it as {form}")
    return key, value


def _side(value: str) -> int:
    if not value:
        return 0
    if not value.isdigit() or int(value) < 1:
        raise UsageError(f"tiling={value} is no side of a tile", "give it in pixels: tiling=256")
    return int(value)
