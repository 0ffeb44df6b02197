"""What latents know of motion.

``latentscape.motion(model, data)`` is a verb, and ``latentscape.motion`` is also this package's
name. So the module itself can be called, as ``latentscape.report`` can: both doors work, in any
order of imports. The verb lives a storey above this room, which must not know it; so it is named,
and fetched when it is called.
"""

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from latentscape.motion.triplet import (
    cosine_at_middle,
    holder_exponent,
    midpoint_deviation,
    perpendicular_share,
    time_of_middle,
    triangle,
    triangle_ratio,
)

__all__ = [
    "cosine_at_middle",
    "holder_exponent",
    "midpoint_deviation",
    "perpendicular_share",
    "time_of_middle",
    "triangle",
    "triangle_ratio",
]


class _Verb(ModuleType):
    """A module that is called as the verb of its name."""

    def __call__(self, *words: Any, **asked: Any) -> Any:
        return import_module("latentscape.workflows.motion").motion(*words, **asked)


sys.modules[__name__].__class__ = _Verb
