"""Films of test scenes in which every other frame is predicted."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from latentscape.motion.prediction import BLEND, CEILING, LINE
from latentscape.workflows.film import write_film
from latentscape.workflows.motion.middles import WARP, Middles
from latentscape.workflows.opening import decode

FEWEST, LONGEST = 3, 24  # triplets of a scene
COLUMNS = 6


def write_films(
    middles: Middles,
    test: np.ndarray,
    stem: Path,
    *,
    best: str | None = None,
    kinds: Sequence[str] = ("gif",),
) -> list[Path]:
    """The longest test scene, triplet by triplet: true, and each middle frame made in some way.

    Triplets follow one another without sharing a middle, so that every second frame is an end: a
    true one beside pixels, a decoded one beside latents.

    Args:
        middles: Makes the frames.
        test: Places of the test triplets.
        stem: Of the film.
        best: The predictor that is shown beside the line; none if None.
        kinds: ``gif``, ``mp4``.

    Returns:
        The files; none where no scene has three triplets that follow one another.
    """
    which = _longest(middles, test)
    if len(which) < FEWEST:
        return []
    ways = [BLEND, WARP, LINE, *([best] if best else []), CEILING]
    frames: dict[str, list[np.ndarray]] = {way: [] for way in ("true", *ways)}
    for seen in middles.batches(which):
        ends = decode(middles.subject.subject.model, seen.latents[:, 0])
        for i, (first, middle, _) in enumerate(seen.frames):
            frames["true"] += [first, middle]
            for way in ways:
                end = ends[i] if way in seen.predicted else first
                frames[way] += [end, seen.images[way][i]]
    tiles = np.stack([np.stack(frames[way]) for way in frames])
    return write_film(tiles, tuple(frames), stem, kinds=kinds, columns=COLUMNS, is_dark=True)


def _longest(middles: Middles, test: np.ndarray) -> np.ndarray:
    """Triplets of the test scene that has most that follow one another, in the order of time, none
    beginning before the one before it has ended."""
    triplets = middles.subject.triplets
    rows, scenes = triplets.rows, triplets.scenes
    found: list[int] = []
    for scene in np.unique(scenes[test]):
        places = test[scenes[test] == scene]
        chosen: list[int] = []
        for place in places[np.argsort(rows[places, 0], kind="stable")]:
            if not chosen or rows[place, 0] >= rows[chosen[-1], 2]:
                chosen.append(int(place))
        found = max(found, chosen, key=len)
    return np.array(found[:LONGEST], np.int64)
