"""Rendered sprites: anti-aliased shapes with known factors and exact in-between frames.

A sprite is six numbers: shape, colour, size, rotation, x, y. Any setting can be rendered, and so
can any moment between two settings, which makes these images the ground truth of a morph.

The rule of the in-between, at t from setting a to setting b:

- position and size: straight line, (1−t)·a + t·b;
- rotation: along the shorter arc; opposite angles turn counter-clockwise;
- colour: straight line in linear light (sRGB decoded), not in coded values;
- shape: the outline is where the two signed distances, blended (1−t)·d_a + t·d_b in the sprite's
  own frame, are zero.
"""

import numpy as np

from latentscape.data.image_set import FactorKind, ImageSet
from latentscape.data.memory import Loading
from latentscape.data.split import choose_rows
from latentscape.data.sprite_shapes import OUTLINES
from latentscape.errors import ShapeError, UsageError

SHAPES = tuple(OUTLINES)
FACTORS = ("shape", "colour", "size", "rotation", "x", "y")
KINDS: tuple[FactorKind, ...] = ("category", "category", "number", "angle", "number", "number")
PALETTE = {  # Okabe and Ito's colour-blind safe set, less the two that sink into the dark
    "orange": (0xE6, 0x9F, 0x00),
    "sky": (0x56, 0xB4, 0xE9),
    "green": (0x00, 0x9E, 0x73),
    "yellow": (0xF0, 0xE4, 0x42),
    "vermilion": (0xD5, 0x5E, 0x00),
    "purple": (0xCC, 0x79, 0xA7),
}
BACKGROUND = (0x14, 0x18, 0x22)
LEVELS = {  # the values that the `sprites` source draws from
    "shape": np.arange(len(SHAPES)),
    "colour": np.arange(len(PALETTE)),
    "size": np.linspace(0.16, 0.30, 8),
    "rotation": np.arange(24) * (2 * np.pi / 24),
    "x": np.linspace(0.32, 0.68, 16),
    "y": np.linspace(0.32, 0.68, 16),
}
N_SPRITES = 4000
_CHUNK = 64  # images rendered at once; their working arrays stay in the processor's cache


def render(factors: np.ndarray, size: int = 64) -> np.ndarray:
    """Draw sprites.

    Args:
        factors: (n, 6) or (6,). Shape: index into `SHAPES`; colour: index into `PALETTE`; size:
            radius as a share of the image's side, above 0; rotation: radians,
            counter-clockwise; x and y: centre in [0, 1], from the left and from the top.
        size: Side of the images in pixels.

    Returns:
        uint8 ``n 3 size size``.

    Raises:
        ShapeError: If there are not six factors.
        UsageError: If a shape or a colour is none of the known, or a size is not above 0.
    """
    return between(factors, factors, np.zeros(1), size=size)


def between(a: np.ndarray, b: np.ndarray, t: np.ndarray | float, *, size: int = 64) -> np.ndarray:
    """Draw the exact moment ``t`` between two settings, by the rule at the top of this file.

    Args:
        a: (n, 6) or (6,) settings at t = 0, as `render` takes them.
        b: (n, 6) or (6,) settings at t = 1.
        t: Moments in [0, 1], one or n. The three are broadcast against one another.
        size: Side of the images in pixels.

    Returns:
        uint8 ``n 3 size size``; at t = 0 and t = 1 exactly what `render` draws.

    Raises:
        ShapeError: If there are not six factors, or the three do not fit one another.
        UsageError: If ``t`` leaves [0, 1], or a setting is out of range.
    """
    first, last, moment = _settings(a), _settings(b), np.atleast_1d(np.asarray(t, float))
    if not ((moment >= 0) & (moment <= 1)).all():
        raise UsageError("t leaves [0, 1]", "0 is the first setting, 1 the last")
    try:
        (n,) = np.broadcast_shapes((len(first),), (len(last),), moment.shape)
    except ValueError as error:
        raise ShapeError(
            f"{len(first)} settings, {len(last)} settings and {moment.size} moments do not fit"
        ) from error
    first, last = np.broadcast_to(first, (n, 6)), np.broadcast_to(last, (n, 6))
    moment = np.broadcast_to(moment, (n,))
    images = np.empty((n, 3, size, size), np.uint8)
    for start in range(0, n, _CHUNK):
        rows = slice(start, start + _CHUNK)
        images[rows] = _draw(first[rows], last[rows], moment[rows], size)
    return images


def sample_factors(n: int, seed: int = 0) -> np.ndarray:
    """Draw n settings, each factor uniform over its `LEVELS` and independent: (n, 6) float64."""
    rng = np.random.default_rng(seed)
    return np.stack([rng.choice(LEVELS[name], n) for name in FACTORS], axis=1).astype(float)


def read_sprites(_: str, loading: Loading) -> ImageSet:
    """The `sprites` source: 4,000 settings, always the same; a ``limit`` chooses among them."""
    rows = choose_rows(N_SPRITES, limit=loading.config.limit, seed=loading.config.seed)
    factors = sample_factors(N_SPRITES)[rows]
    return ImageSet(
        name="sprites",
        images=render(factors),
        sample_ids=np.array([f"sprites-{i:05d}" for i in rows]),
        labels=factors[:, 0].astype(np.int64),
        class_names=SHAPES,
        factors=factors,
        factor_names=FACTORS,
        factor_kinds=KINDS,
    )


def _settings(factors: np.ndarray) -> np.ndarray:
    rows = np.atleast_2d(np.asarray(factors, float))
    if rows.ndim != 2 or rows.shape[1] != len(FACTORS):
        raise ShapeError(
            f"a sprite's setting is {len(FACTORS)} numbers, not an array of {rows.shape}",
            f"they are {', '.join(FACTORS)}",
        )
    for column, names in ((0, SHAPES), (1, tuple(PALETTE))):
        if not np.isin(rows[:, column], np.arange(len(names))).all():
            raise UsageError(
                f"a sprite's {FACTORS[column]} is a whole number from 0 to {len(names) - 1}",
                f"they stand for {', '.join(names)}",
            )
    if not np.isfinite(rows).all() or (rows[:, 2] <= 0).any():
        raise UsageError("a sprite's size must be above 0, and all its factors finite")
    return rows


def _draw(a: np.ndarray, b: np.ndarray, t: np.ndarray, size: int) -> np.ndarray:
    """One chunk: place the pixels in the sprite's frame, measure, cover, colour."""
    radius, x, y = ((1 - t) * a[:, i] + t * b[:, i] for i in (2, 4, 5))
    turn = np.pi - (np.pi - (b[:, 3] - a[:, 3])) % (2 * np.pi)  # in (−π, π]
    angle = a[:, 3] + t * turn
    grid = (np.arange(size, dtype=np.float32) + 0.5) / size
    right = grid[None, None, :] - _each(x)  # n 1 size
    up = _each(y) - grid[None, :, None]  # n size 1
    cosine, sine = _each(np.cos(angle) / radius), _each(np.sin(angle) / radius)
    u = cosine * right + sine * up  # n size size
    v = cosine * up - sine * right
    pixels = _each(radius * size)
    distance = _outlines(a[:, 0], b[:, 0], t, u, v) * pixels
    _sharpen(distance, np.where(a[:, 0] == b[:, 0], 0, 4 * t * (1 - t)))
    cover = np.clip(0.5 - distance, 0, 1)[:, None]  # n 1 size size
    shares = t[:, None]
    ink = (1 - shares) * _LINEAR[a[:, 1].astype(int)] + shares * _LINEAR[b[:, 1].astype(int)]
    ink = ink.astype(np.float32)[:, :, None, None]
    paper = _decoded(np.array(BACKGROUND)).astype(np.float32)[None, :, None, None]
    return _encoded(paper + cover * (ink - paper))


def _each(values: np.ndarray) -> np.ndarray:
    return values.astype(np.float32)[:, None, None]


def _outlines(
    a: np.ndarray, b: np.ndarray, t: np.ndarray, u: np.ndarray, v: np.ndarray
) -> np.ndarray:
    """Signed distance in the sprite's frame; only the outlines that count are computed."""
    distance = np.zeros_like(u)
    for shape, outline in enumerate(OUTLINES.values()):
        weight = np.where(a == shape, 1 - t, 0) + np.where(b == shape, t, 0)
        rows = np.flatnonzero(weight)
        if len(rows):
            distance[rows] += _each(weight[rows]) * outline(u[rows], v[rows])
    return distance


def _sharpen(distance: np.ndarray, amount: np.ndarray) -> None:
    rows = np.flatnonzero(amount)
    if len(rows) and distance.shape[-1] > 1:
        down, right = np.gradient(distance[rows], axis=(1, 2))
        slope = np.maximum(np.hypot(down, right), 0.3)
        distance[rows] /= 1 + _each(amount[rows]) * (slope - 1)


def _decoded(coded: np.ndarray) -> np.ndarray:
    """sRGB 0–255 to linear light in [0, 1] (IEC 61966-2-1)."""
    c = coded / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


_LINEAR = _decoded(np.array(list(PALETTE.values())))
_FINE = 16384  # steps of the way back: at most a fifth of a level wide, even in the dark
_light = np.arange(_FINE + 1) / _FINE
_CODES = np.where(_light <= 0.0031308, 12.92 * _light, 1.055 * _light ** (1 / 2.4) - 0.055)
_CODES = np.rint(255 * _CODES).astype(np.uint8)


def _encoded(linear: np.ndarray) -> np.ndarray:
    return _CODES[(linear * _FINE + 0.5).astype(np.int32)]
