"""Longer shots: how a latent travels while a scene goes on, frame after frame at equal steps."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from latentscape.errors import UndefinedError

FEWEST_FRAMES = 4


class Course(NamedTuple):
    """How one sequence goes through a space.

    Attributes:
        curvature: Mean angle between a step and the next, degrees: 0 straight on, 90 a random
            walk, 120 points that are all equally far apart.
        straightness: Distance of the ends over the way between them: 1 straight, towards 0 wound.
        roughness: Mean squared second difference over mean squared step: 0 straight at one pace,
            2 a random walk, 3 points drawn at random in any order.
    """

    curvature: float
    straightness: float
    roughness: float


def sequences(rows: np.ndarray) -> list[np.ndarray]:
    """Chain triplets that share frames into sequences of frames at equal steps.

    Triplets (a, b, c) and (b, c, d), or (a, b, c) and (c, d, e), are parts of one sequence.

    Args:
        rows: (m, 3) first, middle, last of each triplet.

    Returns:
        Rows of each sequence in the order of time, by its first row. A frame that two others
        follow, or that follows two, is where a sequence ends.
    """
    after: dict[int, int] = {}
    before: dict[int, int] = {}
    split: set[int] = set()
    for a, b in np.concatenate([rows[:, :2], rows[:, 1:]]).tolist():
        if after.setdefault(a, b) != b or before.setdefault(b, a) != a:
            split |= {a, b}
    links = {a: b for a, b in after.items() if a not in split and b not in split}
    heads = sorted(set(links) - set(links.values()))
    found = []
    for head in heads:
        chain = [head]
        while chain[-1] in links:
            chain.append(links[chain[-1]])
        found.append(np.array(chain, np.int64))
    return found


def course(points: np.ndarray) -> Course:
    """How a sequence goes, from the inner products of its steps.

    Args:
        points: ``frames *shape``, four or more, in the order of time.

    Returns:
        Curvature is the mean over places where both steps move.

    Raises:
        UndefinedError: If there are fewer than four frames, or nothing moves at all.

    Reference:
        Hénaff et al. 2019, Perceptual straightening of natural videos (curvature).
    """
    if len(points) < FEWEST_FRAMES:
        raise UndefinedError(f"a shot of {len(points)} frames has no course; it needs four")
    flat = points.reshape(len(points), -1).astype(np.float64)
    steps = np.diff(flat, axis=0)
    squares = (steps**2).sum(1)
    if not squares.any():
        raise UndefinedError("nothing moves in the shot")
    products = (steps[1:] * steps[:-1]).sum(1)
    lengths = np.sqrt(squares)
    scale = lengths[1:] * lengths[:-1]
    cosines = np.clip(products[scale > 0] / scale[scale > 0], -1, 1)
    second = squares[1:] + squares[:-1] - 2 * products
    return Course(
        float(np.degrees(np.arccos(cosines)).mean()) if len(cosines) else np.nan,
        float(np.linalg.norm(flat[-1] - flat[0]) / lengths.sum()),
        float(second.mean() / squares.mean()),
    )


def shuffled_order(n_frames: int, *, seed: Sequence[int]) -> np.ndarray:
    """Frames of a shot in another order: the null of its course."""
    return np.random.default_rng(seed).permutation(n_frames)
