"""What can go wrong, as a tree. Every error is one sentence and, where it helps, a hint.

LatentscapeError            the work failed                             exit code 1
├── UsageError              the words were wrong: option, name, value   exit code 2
├── DataError               images missing, unreadable, or unfit for the task
│   ├── SizesError          images of several sizes, where none was asked for
│   ├── SplitError          too few images, shots or groups to part into splits
│   └── UndefinedError      a measure that these samples do not define (too few, one class)
├── ModelError              a model that cannot be found, read or built
├── RunError                a run folder that is damaged, foreign or from another version
├── StoreError              a latent store that is damaged or of another provenance
├── TrainingError           training that broke down (NaN, collapse)
└── ShapeError              an array of the wrong shape
"""

from collections.abc import Iterable


class LatentscapeError(Exception):
    """Base of everything a user may see.

    Args:
        message: One sentence: what and where.
        hint: How to mend it; printed on its own ``hint:`` line.
    """

    exit_code = 1

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(LatentscapeError):
    """The words were wrong: an unknown name, an option out of range."""

    exit_code = 2


class DataError(LatentscapeError):
    """Images are missing, unreadable, or unfit for what was asked."""


class SizesError(DataError):
    """Images differ in size and no size was asked for; a size mends it."""


class SplitError(DataError):
    """Too few images, shots or groups to be parted into splits; taken whole they can be used."""


class UndefinedError(DataError):
    """A measure is not defined on these samples; the message is why, the other measures go on."""


class ModelError(LatentscapeError):
    """A model cannot be found, read or built."""


class RunError(LatentscapeError):
    """A run folder is damaged, foreign, or written by another version."""


class StoreError(LatentscapeError):
    """A latent store is damaged, unfinished, or of another provenance."""


class TrainingError(LatentscapeError):
    """Training broke down; the message names the cause."""


class ShapeError(LatentscapeError):
    """An array does not have the shape that the call needs."""


def nearest(name: str, known: Iterable[str]) -> str:
    """The hint for an unknown word: the known one nearest to it, or all that are known.

    >>> nearest("vea", ("ae", "vae"))
    'did you mean vae?'
    >>> nearest("gan", ("ae", "vae"))
    'known: ae, vae'
    """
    from difflib import get_close_matches

    words = list(known)
    near = get_close_matches(name.lower(), words, 1) or get_close_matches(name, words, 1)
    return f"did you mean {near[0]}?" if near else f"known: {', '.join(words)}"
