"""What latents know of motion.

``latentscape.motion(model, data)`` is a verb, and ``latentscape.motion`` is also this package's
name. So the module itself can be called, as ``latentscape.report`` can: both doors work, in any
order of imports. The verb lives a storey above this room, which must not know it; so it is named,
and fetched when it is called.
"""

from latentscape.callable_room import called_as_verb
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

called_as_verb(__name__, "latentscape.workflows.motion")
