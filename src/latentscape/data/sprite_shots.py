"""`sprites-motion`: shots of rendered sprites, whose every moment is known exactly.

In each shot one sprite goes along a circle or a straight line at a steady speed; in some shots it
turns at a steady rate or grows as well. Speeds differ: within a triplet of neighbouring frames its
centre moves `LEAST` to `MOST` pixels, log-uniformly. The frames are drawn, not blended, so the
middle frame of a triplet is the truth: on a line it lies halfway, on a circle beside the chord.
"""

import numpy as np

from latentscape.data.image_set import DataConfig, ImageSet
from latentscape.data.memory import Loading
from latentscape.data.motion_triplets import MotionTriplets
from latentscape.data.split import choose_rows
from latentscape.data.sprites import FACTORS, KINDS, PALETTE, SHAPES, render
from latentscape.errors import UsageError

N_SHOTS, N_FRAMES, SIDE = 400, 9, 64
LEAST, MOST = 1.0, 16.0  # pixels from first to last of three neighbouring frames
RADII = (10.0, 14.0)  # of the circles, in pixels
MARGIN = 16.0  # how far from the border the centre of a sprite stays, in pixels
SIZES = (0.12, 0.22)
GROWS = 1.5  # at most, from the first frame of a shot to its last
TURNS = np.pi / 8  # at most, from frame to frame


def read_sprites_motion(_: str, loading: Loading) -> ImageSet:
    """The `sprites-motion` source: 400 shots of 9 frames, always the same.

    A limit keeps whole shots (seeded choice).

    Raises:
        UsageError: If the step is so large that no triplet fits into a shot.
    """
    config = loading.config
    if 2 * config.frame_step >= N_FRAMES:
        raise UsageError(
            f"a step of {config.frame_step} is too large for shots of {N_FRAMES} frames",
            f"give at most {(N_FRAMES - 1) // 2}",
        )
    limit = None if config.limit is None else max(1, config.limit // N_FRAMES)
    shots = choose_rows(N_SHOTS, limit=limit, seed=config.seed)
    factors = np.concatenate([shot_factors(k) for k in shots])
    names = np.array([f"shot-{k:03d}" for k in shots])
    return ImageSet(
        name="sprites-motion",
        images=render(factors, SIDE),
        sample_ids=np.array([f"{name}/{t}" for name in names for t in range(N_FRAMES)]),
        labels=factors[:, 0].astype(np.int64),
        class_names=SHAPES,
        groups=names.repeat(N_FRAMES),
        factors=factors,
        factor_names=FACTORS,
        factor_kinds=KINDS,
        motion=_triplets(names, factors, config),
        rule={"frame step": config.frame_step, "frame stride": config.frame_stride},
    )


def shot_factors(shot: int) -> np.ndarray:
    """The settings of a shot's frames, (9, 6), as `render` takes them.

    Args:
        shot: Its number; the same number is the same shot.
    """
    rng = np.random.default_rng([shot, N_FRAMES])
    time = np.arange(N_FRAMES) - (N_FRAMES - 1) / 2
    apart = LEAST * (MOST / LEAST) ** rng.random()  # within three frames
    centre = _line(time, apart, rng) if rng.random() < 0.5 else None
    if centre is None:
        centre = _circle(time, apart, rng)
    turns, grows = rng.random(2) < 1 / 3
    size = np.exp(rng.uniform(*np.log(SIZES)))
    if grows:
        most = min(np.log(GROWS), np.log(SIZES[1] / size), np.log(size / SIZES[0]))
        size = size * np.exp(rng.uniform(-1, 1) * 2 * most * time / (N_FRAMES - 1))
    angle = rng.uniform(0, 2 * np.pi)
    if turns:
        angle = (angle + rng.uniform(-1, 1) * TURNS * time) % (2 * np.pi)
    columns = (rng.integers(len(SHAPES)), rng.integers(len(PALETTE)), size, angle, *centre / SIDE)
    return np.stack(np.broadcast_arrays(*columns, time)[:-1], axis=1).astype(np.float64)


def _line(time: np.ndarray, apart: float, rng: np.random.Generator) -> np.ndarray | None:
    """x and y on a straight line, in pixels, (2, n); None where the line would leave the image."""
    direction = rng.uniform(0, 2 * np.pi)
    way = apart / 2 * np.outer((np.cos(direction), np.sin(direction)), time)
    room = SIDE / 2 - MARGIN - np.abs(way).max(1)
    if (room < 0).any():
        return None
    return SIDE / 2 + rng.uniform(-room, room)[:, None] + way


def _circle(time: np.ndarray, apart: float, rng: np.random.Generator) -> np.ndarray:
    """x and y on a circle within the image, in pixels, (2, n)."""
    radius = rng.uniform(*RADII)
    rate = np.arcsin(apart / 2 / radius) * rng.choice((-1, 1))
    angle = rng.uniform(0, 2 * np.pi) + rate * time
    room = SIDE / 2 - MARGIN - radius
    middle = SIDE / 2 + rng.uniform(-room, room, 2)
    return middle[:, None] + radius * np.stack([np.cos(angle), np.sin(angle)])


def _triplets(names: np.ndarray, factors: np.ndarray, config: DataConfig) -> MotionTriplets:
    step = config.frame_step
    first = np.arange(0, N_FRAMES - 2 * step, config.frame_stride)
    begin = (N_FRAMES * np.arange(len(names))[:, None] + first).reshape(-1)
    shots = names.repeat(len(first))
    centre = SIDE * factors[:, FACTORS.index("x") :]
    return MotionTriplets(
        rows=np.stack([begin, begin + step, begin + 2 * step], axis=1),
        names=np.array([f"{shot}/{t}" for shot in names for t in first]),
        shots=shots,
        films=np.full(len(shots), "sprites-motion"),
        step=step,
        notes={"displacement": np.linalg.norm(centre[begin + 2 * step] - centre[begin], axis=1)},
    )
