"""What latents know of motion."""

from latentscape.motion.triplet import (
    midpoint_deviation,
    perpendicular_share,
    time_of_middle,
    triangle_ratio,
)

__all__ = ["midpoint_deviation", "perpendicular_share", "time_of_middle", "triangle_ratio"]
