"""The words after `onnx:`: two files, and what the pair is called."""

import re
from itertools import takewhile
from pathlib import Path

from latentscape.errors import UsageError

FORM = "write it as onnx:ENCODER.onnx,DECODER.onnx"
SAYS_NOTHING = re.compile(r"(encoder|decoder|enc|dec|model)$", re.IGNORECASE)


def paths_of(words: str) -> tuple[Path, Path]:
    """Two paths; a comma may be part of either, where only so both files are there.

    Raises:
        UsageError: If there are not two.
    """
    parts = words.split(",")
    if len(parts) < 2 or not all(part.strip() for part in parts):
        raise UsageError(f"onnx:{words} does not name two files", FORM)
    ways = [
        tuple(Path(",".join(side).strip()).expanduser() for side in (parts[:i], parts[i:]))
        for i in range(1, len(parts))
    ]
    encoder, decoder = next((w for w in ways if all(p.is_file() for p in w)), ways[0])
    return encoder, decoder


def name_of(encoder: Path, decoder: Path) -> str:
    """The words with which both files' names begin; else, where those say nothing, the folders'."""
    encoder, decoder = encoder.absolute(), decoder.absolute()
    files, folders = (encoder.stem, decoder.stem), (encoder.parent.name, decoder.parent.name)
    if files[0] == files[1]:
        return _shared(*folders) or "+".join(folders)
    if shared := _shared(*files):
        return shared
    if all(SAYS_NOTHING.match(name) for name in files) and (shared := _shared(*folders)):
        return shared
    return "+".join(files)


def _shared(one: str, other: str) -> str:
    mine, theirs = (re.split(r"([_\-. ]+)", name) for name in (one, other))
    same = takewhile(lambda pair: pair[0] == pair[1], zip(mine, theirs, strict=False))
    return "".join(word for word, _ in same).rstrip("_-. ")
