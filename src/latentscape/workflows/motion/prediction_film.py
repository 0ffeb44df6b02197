"""Films of test shots in which every other frame is predicted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from latentscape.motion.prediction import BLEND, CEILING, LINE
from latentscape.workflows.film import write_film
from latentscape.workflows.motion.middles import WARP, Middles
from latentscape.workflows.opening import decode

LONGEST = 24  # triplets of a shot


def write_films(
    middles: Middles, best: str, stem: Path, *, kinds: Sequence[str] = ("gif",)
) -> list[Path]:
    """The longest test shot, frame by frame: true, and with each middle frame made in some way.

    Triplets follow one another without sharing a middle, so that every second frame is an end: a
    true one beside pixels, a decoded one beside latents.

    Args:
        middles: Makes the frames.
        best: The predictor that is shown.
        stem: Of the film.
        kinds: ``gif``, ``mp4``.

    Returns:
        The files.
    """
    which = _longest(middles)
    ways = (BLEND, WARP, LINE, best, CEILING)
    frames: dict[str, list[np.ndarray]] = {way: [] for way in ("true", *ways)}
    for seen in middles.batches(which):
        ends = decode(middles.subject.subject.model, seen.latents[:, 0])
        for i, (first, middle, _) in enumerate(seen.frames):
            frames["true"] += [first, middle]
            for way in ways:
                end = ends[i] if way in seen.predicted else first
                frames[way] += [end, seen.images[way][i]]
    tiles = np.stack([np.stack(frames[way]) for way in frames])
    return write_film(tiles, tuple(frames), stem, kinds=kinds)


def _longest(middles: Middles) -> np.ndarray:
    """Triplets of the test shot that has most, in the order of time, none beginning before the
    one before it has ended."""
    subject = middles.subject
    test = subject.which("test")
    shots, counts = np.unique(subject.triplets.shots[test], return_counts=True)
    places = test[subject.triplets.shots[test] == shots[counts.argmax()]]
    places = places[np.argsort(subject.triplets.rows[places, 0], kind="stable")]
    chosen = []
    for place in places:
        if not chosen or subject.triplets.rows[place, 0] >= subject.triplets.rows[chosen[-1], 2]:
            chosen.append(int(place))
    return np.array(chosen[:LONGEST])
