"""Where files of this machine lie is left out of what is shown to others."""

import os
import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from latentscape.records.exhibit import Ability, ExhibitCard, Exhibition

# Absolute paths of either kind of system, up to their last part.
FOLDERS = re.compile(r"(?<![\w./~-])(?:~?/|[A-Za-z]:\\)(?:[^\s/\\'\"]+[/\\])*(?=[^\s/\\])")
FILE_LINKS = re.compile(r"\bfile:/+(?:localhost/+)?", re.IGNORECASE)


def without_folders(text: str, known: Iterable[Path | str] = ()) -> str:
    """Text in which absolute paths are cut to their last part.

    A path with a space in it cannot be told from words; folders that are known are therefore cut
    as they stand: the user's own, the one the program was started in, the data's, and `known`.

    Args:
        known: Folders, a run's say, of which the last part may be told.
    """
    text = FILE_LINKS.sub("/", text)
    for folder in _own_folders(known):
        text = text.replace(folder, "")
    return FOLDERS.sub("", text)


def _own_folders(known: Iterable[Path | str]) -> list[str]:
    """With the separator behind each, the longest first; no root of a disk."""
    places = [Path(folder).absolute() for folder in known]
    places += [place.parent for place in places]
    data = os.environ.get("LATENTSCAPE_DATA")
    places += [Path.cwd(), *([Path(data).absolute()] if data else [])]
    with suppress(RuntimeError):  # there is no home
        places.append(Path.home())
    spelled = {place for place in places if place != place.parent}
    return sorted((f"{place}{os.sep}" for place in spelled), key=len, reverse=True)


def shown(card: ExhibitCard, known: Iterable[Path | str] = ()) -> ExhibitCard:
    """A card as it may leave this machine: its sentences tell no folders."""
    known = tuple(known)

    def cut(text: str) -> str:
        return without_folders(text, known)

    about = card.provenance
    texts = {name: cut(text) for name, text in about if isinstance(text, str)}
    return card.model_copy(
        update={
            "name": cut(card.name),
            "provenance": about.model_copy(update=texts),
            "abilities": {name: _told(able, known) for name, able in card.abilities.items()},
            "warnings": tuple(map(cut, card.warnings)),
        }
    )


def exhibition_shown(card: Exhibition, known: Iterable[Path | str] = ()) -> Exhibition:
    """All cards as they may leave this machine."""
    known = tuple(known)
    exhibits = tuple(shown(one, known) for one in card.exhibits)
    comparable = _told(card.comparable, known)
    return card.model_copy(update={"exhibits": exhibits, "comparable": comparable})


def _told(able: Ability, known: tuple[Path | str, ...]) -> Ability:
    texts = {"why": without_folders(able.why, known), "hint": without_folders(able.hint, known)}
    return able.model_copy(update=texts)
