"""A room that shares its name with a verb, and is called as that verb.

``latentscape.motion`` and ``latentscape.report`` are packages and functions both; see
docs/decisions/0003. What one asks of a function (its signature, its help) is then the verb's own.
"""

import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from types import ModuleType
from typing import Any

VERB = "_verb_lives_in"


def called_as_verb(room: str, lives_in: str) -> None:
    """Let a package be called as the verb of its name.

    Args:
        room: The package's ``__name__``.
        lives_in: Module of the function of that name. It may lie above the room, which does not
            know it: it is imported when it is called or asked about.
    """
    module = sys.modules[room]
    setattr(module, VERB, lives_in)
    module.__class__ = CallableRoom


class CallableRoom(ModuleType):
    """A package that answers as a function where it is called or asked for help."""

    def __call__(self, *words: Any, **asked: Any) -> Any:
        """What the verb returns."""
        return _verb_of(self)(*words, **asked)

    def __getattr__(self, name: str) -> Any:
        if name == "__signature__":  # what `inspect.signature` asks of a callable
            return inspect.signature(_verb_of(self))
        raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")

    @property
    def __doc__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The verb's call and words, then the room's own."""
        verb, own = _verb_of(self), inspect.cleandoc(vars(self).get("__doc__") or "")
        return f"{verb.__name__}{inspect.signature(verb)}\n\n{inspect.getdoc(verb)}\n\n{own}\n"


def _verb_of(room: ModuleType) -> Callable[..., Any]:
    return getattr(import_module(vars(room)[VERB]), room.__name__.rpartition(".")[2])
