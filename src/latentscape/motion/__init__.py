"""What latents know of motion."""

from latentscape.motion.triplet import (
    holder_exponent,
    middle_angle,
    midpoint_deviation,
    perpendicular_share,
    time_of_middle,
    triangle,
    triangle_ratio,
)

__all__ = [
    "holder_exponent",
    "middle_angle",
    "midpoint_deviation",
    "perpendicular_share",
    "time_of_middle",
    "triangle",
    "triangle_ratio",
]
