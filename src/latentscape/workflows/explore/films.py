"""A trajectory as a file: GIF, MP4 or npz."""

from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, get_args

import numpy as np

from latentscape.errors import UsageError, nearest
from latentscape.records.exhibit import FilmKind, Journey
from latentscape.workflows.explore.travel import trip_of

if TYPE_CHECKING:
    from latentscape.workflows.explore.exhibit import OpenExhibit


def filmed(exhibit: "OpenExhibit", journey: Journey, kind: FilmKind) -> bytes:
    """The trajectory as a file.

    Args:
        exhibit: In which it is travelled.
        journey: As `travel.travelled` takes it.
        kind: ``gif`` and ``mp4`` go there and back again; ``npz`` has ``frames``, ``dissolve``
            and ``originals`` (uint8 ``k height width channels``), ``latents`` (steps, D),
            ``sample_ids``, ``key_steps`` and ``method``.

    Raises:
        UsageError: If there is no such kind, or as `travelled` does.
    """
    if kind not in get_args(FilmKind):
        raise UsageError(f"there is no film {kind!r}", nearest(kind, get_args(FilmKind)))
    trip = trip_of(exhibit, journey)
    if kind == "npz":
        file = BytesIO()
        np.savez_compressed(
            file,
            frames=trip.frames,
            dissolve=trip.dissolve,
            originals=trip.originals,
            latents=trip.latents,
            sample_ids=np.array([str(exhibit.stored.sample_ids[row]) for row in journey.rows]),
            key_steps=np.array(trip.travel.key_steps),
            method=np.array(journey.method),
        )
        return file.getvalue()
    from latentscape.workflows.film import film_path, write_film

    with TemporaryDirectory() as folder:
        stem = Path(folder) / "journey"
        write_film(np.moveaxis(trip.frames, -1, 1)[None], None, stem, kinds=(kind,))
        return film_path(stem, kind).read_bytes()
