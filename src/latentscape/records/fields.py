"""Words from outside (a command line, a study's file) against the fields they are meant for."""

from functools import lru_cache
from typing import Any, get_origin, get_type_hints

import numpy as np
from pydantic import TypeAdapter, ValidationError

from latentscape.errors import UsageError


def fitted(owner: type, name: str, value: Any) -> Any:
    """A value as the field `name` of a dataclass wants it.

    Args:
        owner: The dataclass.
        name: One of its fields.
        value: A plain value, as JSON has them; a single one may stand for a tuple of one.

    Returns:
        The value, converted where nothing is lost (``3`` for a float, a list for a tuple).

    Raises:
        UsageError: If it does not fit.
    """
    kind, adapter = _adapter(owner, name)
    if isinstance(value, np.generic):
        value = value.item()
    if get_origin(kind) is tuple and not isinstance(value, list | tuple):
        value = (value,)
    try:
        return adapter.validate_python(value)
    except ValidationError as error:
        problem = error.errors()[0]["msg"]
        raise UsageError(
            f"{name} cannot be {value!r}: {problem[0].lower()}{problem[1:]}",
            f"{name} is {_words(kind)}",
        ) from error


@lru_cache(maxsize=256)
def _adapter(owner: type, name: str) -> tuple[Any, TypeAdapter[Any]]:
    kind = get_type_hints(owner)[name]
    return kind, TypeAdapter(kind)


def _words(kind: Any) -> str:
    named = {int: "a whole number", float: "a number", bool: "true or false", str: "a word"}
    return named.get(kind, f"of type {kind}").replace("typing.", "")
