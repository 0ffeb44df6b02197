"""The outlines of the sprites, as signed distances.

Each function takes points of the sprite's own frame (x right, y up, the outline inside the unit
circle) and gives the distance to the outline, negative inside. None of the outlines is carried
onto itself by a rotation, so that a sprite's rotation can always be told from its picture.
"""

from collections.abc import Callable

import numpy as np

Distance = Callable[[np.ndarray, np.ndarray], np.ndarray]


def heart(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A square on its corner with a disc on each of its two upper sides."""
    a = 0.78
    x, y = np.abs(x), y + 0.16
    u, v = np.abs(x + y) - a, np.abs(x - y) - a  # the square's own axes, √2 times too long
    outside = np.hypot(np.maximum(u, 0), np.maximum(v, 0))
    square = (outside + np.minimum(np.maximum(u, v), 0)) * np.float32(0.5**0.5)
    disc = np.hypot(x - a / 2, y - a / 2) - np.float32(a * 0.5**0.5)
    return np.minimum(square, disc)


def drop(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """The hull of a large disc below and a very small one above."""
    large, small, low, apart = 0.62, 0.06, -0.36, 1.26
    x, y = np.abs(x), y - low
    sine = (large - small) / apart  # the slope of the line that touches both discs
    cosine = (1 - sine * sine) ** 0.5
    along = cosine * y - sine * x
    side = cosine * x + sine * y - large
    below = np.hypot(x, y) - large
    above = np.hypot(x, y - apart) - small
    return np.where(along < 0, below, np.where(along > cosine * apart, above, side))


def moon(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """A disc with another bitten out of its right side."""
    whole = np.hypot(x + 0.1, y) - 0.9
    bite = np.hypot(x - 0.36, y) - 0.68
    return np.maximum(whole, -bite)


def triangle(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """An isosceles triangle with softened corners, taller than wide."""
    corners = ((0.0, 0.86), (-0.6, -0.62), (0.6, -0.62))
    return _polygon(x, y, corners) - np.float32(0.1)


def arrow(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """An arrow that points up, with softened corners."""
    right = ((0.62, 0.08), (0.26, 0.08), (0.26, -0.8))
    left = tuple((-px, py) for px, py in reversed(right))
    return _polygon(x, y, ((0.0, 0.82), *right, *left)) - np.float32(0.08)


def _polygon(x: np.ndarray, y: np.ndarray, corners: tuple[tuple[float, float], ...]) -> np.ndarray:
    """Distance to the nearest edge; the sign by counting the edges that a ray to the right cuts."""
    nearest = np.full(x.shape, np.inf, np.float32)
    inside = np.zeros(x.shape, bool)
    for (ax, ay), (bx, by) in zip(corners, (*corners[1:], corners[0]), strict=True):
        ex, ey = bx - ax, by - ay
        px, py = x - np.float32(ax), y - np.float32(ay)
        foot = np.clip((px * ex + py * ey) * np.float32(1 / (ex * ex + ey * ey)), 0, 1)
        np.minimum(nearest, (px - ex * foot) ** 2 + (py - ey * foot) ** 2, out=nearest)
        if ey:
            inside ^= ((ay > y) != (by > y)) & (px < py * np.float32(ex / ey))
    distance = np.sqrt(nearest)
    return np.where(inside, -distance, distance)


OUTLINES: dict[str, Distance] = {
    "heart": heart,
    "drop": drop,
    "moon": moon,
    "triangle": triangle,
    "arrow": arrow,
}
