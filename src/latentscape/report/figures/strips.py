"""Interpolation strips: each trajectory above the plain cross-dissolve of its decoded ends.

A way through several samples stands below their images, and above the dissolve from key to key.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from latentscape.records import TrajectoryRecord
from latentscape.report.canvas import WIDTH, Canvas
from latentscape.report.figures.mosaic import mosaic
from latentscape.report.palette import LIGHT, SIZES
from latentscape.report.picture import Picture, Words

MOST_PAIRS = 6
MOST_NAMED = 8  # keys that the words name


def strips(record: TrajectoryRecord, *, name: str = "") -> Picture:
    """Up to six pairs, one under another.

    The lower strip of each pair mixes the pixels of the two decoded ends: what a model must beat
    to have shown more than a dissolve. Decoded, so that a blurred reconstruction counts for neither
    (METHODS §4). Of one way through several samples the images of all of them are shown above the
    frames that stand nearest to them, and pixels are mixed from each decoded key to the next.
    """
    pairs = min(MOST_PAIRS, len(record.frames))
    name = name or f"strips-{record.method}-{_slug(record.criterion)}"
    words = _words_of_keys(record, name) if record.through else _words(record, name, pairs)
    steps = record.frames.shape[1]
    left, right, top = 0.7, 0.12, 0.2
    width = WIDTH - left - right
    gap = max(1, record.frames.shape[-1] // 16)
    tiles = [_pair(record, i, gap) for i in range(pairs)]
    height = width * tiles[0].shape[0] / tiles[0].shape[1]
    space = 0.1
    canvas = Canvas(words, record.provenance, height=pairs * (height + space) + top + 0.05, n=pairs)
    for i, tile in enumerate(tiles):
        bottom = 0.05 + space / 2 + (pairs - 1 - i) * (height + space)
        axes = canvas.place(left, bottom, width, height)
        axes.imshow(tile, interpolation="none", aspect="auto")
        axes.set_axis_off()
        _name_rows(axes, record, i)
        if i == 0:
            headings = _headings_of_keys if record.through else _headings
            for place, text in headings(steps):
                axes.text(
                    place, 1.03, text, transform=axes.transAxes,
                    ha="center", va="bottom", fontsize=SIZES.small, color=LIGHT["muted"],
                )  # fmt: skip
    return canvas.finish()


def _words(record: TrajectoryRecord, name: str, pairs: int) -> Words:
    return Words(
        name,
        f"Interpolation: {record.method}, {record.criterion} pairs",
        "From left to right the latent moves from one image to another; the lower strip of each "
        "pair merely mixes the pixels of its two decoded ends, and a model that shows the same has "
        "learnt no more than that.",
        f"{pairs} strips of {record.n_steps} decoded images between two originals, "
        f"{record.criterion} pairs, {record.method} interpolation.",
        "cross-dissolve of the two decoded ends (lower strip)",
    )


def _words_of_keys(record: TrajectoryRecord, name: str) -> Words:
    keys, more = record.through[:MOST_NAMED], len(record.through) - MOST_NAMED
    named = ", ".join(keys) + (f" and {more} more" if more > 0 else "")
    n = len(record.through)
    return Words(
        name,
        f"Interpolation: {record.method} through {n} samples",
        f"From left to right the latent moves through {named}. On top are the images of these "
        "samples, each where the way comes nearest to it; the lowest strip merely mixes the pixels "
        "of one decoded key with those of the next, and a model that shows the same has learnt no "
        "more than that.",
        f"A strip of {record.n_steps} decoded images through {n} samples, whose own images stand "
        f"above it, {record.method} interpolation.",
        "cross-dissolve from decoded key to decoded key (lowest strip)",
    )


def _name_rows(axes: Any, record: TrajectoryRecord, i: int) -> None:
    rows = [(_ends(record, i), {"fontweight": "bold"}), ("dissolve", {"color": LIGHT["muted"]})]
    if record.through:
        rows.insert(0, ("samples", {"color": LIGHT["muted"]}))
    for row, (text, look) in enumerate(rows):
        axes.text(
            -0.015, 1 - (row + 0.5) / len(rows), text, transform=axes.transAxes, ha="right",
            va="center", fontsize=SIZES.small, linespacing=1.25, **look,
        )  # fmt: skip


def _pair(record: TrajectoryRecord, i: int, gap: int) -> np.ndarray:
    frames, ends = record.frames[i], record.originals[i]
    mixed = _mixed(frames, record.key_steps)
    if record.key_originals is not None:
        keys = np.zeros_like(frames)
        keys[list(record.key_steps)] = record.key_originals
        clear = set(range(len(frames))) - set(record.key_steps)
        tiles = np.concatenate([keys, frames, mixed])
        return mosaic(tiles, rows=3, columns=len(frames), gap=gap, clear=clear)
    strips = [np.concatenate([ends[:1], strip, ends[1:]]) for strip in (frames, mixed)]
    return mosaic(np.concatenate(strips), rows=2, columns=len(frames) + 2, gap=gap)


def _mixed(frames: np.ndarray, stops: Sequence[int]) -> np.ndarray:
    """The cross-dissolve from each of some frames to the next; of the two ends if none is named."""
    stops = list(stops) or [0, len(frames) - 1]
    place = np.interp(np.arange(len(frames)), stops, np.arange(len(stops)))
    leg = np.minimum(place.astype(int), len(stops) - 2)
    t = (place - leg)[:, None, None, None]
    known = frames[stops].astype(float)
    return ((1 - t) * known[leg] + t * known[leg + 1]).round().astype(np.uint8)


def _headings(steps: int) -> list[tuple[float, str]]:
    """What stands above a strip between two originals, and where, 0 to 1."""
    times = [(1 + column, text) for column, text in _times(steps)]
    columns = [(0, "start"), *times, (steps + 1, "end")]
    return [((column + 0.5) / (steps + 2), text) for column, text in columns]


def _headings_of_keys(steps: int) -> list[tuple[float, str]]:
    return [((column + 0.5) / steps, text) for column, text in _times(steps)]


def _times(steps: int) -> list[tuple[int, str]]:
    half = (steps - 1) // 2
    middle = [(half, f"t = {half / (steps - 1):.2f}")] if steps >= 4 else []
    return [(0, "t = 0"), *middle, (steps - 1, "t = 1")]


def _ends(record: TrajectoryRecord, i: int) -> str:
    labels = record.pair_labels[i] if i < len(record.pair_labels) else ("", "")
    start, end = (label if len(label) <= 9 else label[:8] + "…" for label in labels)
    if not (start or end):
        return f"pair {i + 1}"
    return f"{start} → {end}" if len(start + end) <= 6 else f"{start}\n→ {end}"


def _slug(text: str) -> str:
    return "".join(c if c.isalnum() else "-" for c in text.lower()).strip("-")
