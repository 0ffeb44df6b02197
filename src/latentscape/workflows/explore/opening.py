"""From paths to exhibits."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from latentscape.errors import UsageError
from latentscape.records import MapRecord, run_records
from latentscape.workflows.explore.exhibit import OpenExhibit
from latentscape.workflows.explore.exhibits import OpenExhibits
from latentscape.workflows.explore.finding import Place, places
from latentscape.workflows.explore.stored import Stored, points_of, stored_in


def open_exhibits(
    paths: str | Path | Sequence[str | Path], *, limit: int | None = None, device: str = "auto"
) -> OpenExhibits:
    """Open runs and stores for the explorer; models and images wait until they are needed.

    Of a run its own store is shown, of the test split before others; nothing is encoded unasked.
    Without torch everything opens that needs no model.

    Args:
        paths: A run, several, a folder of runs, or a store.
        limit: Most samples of each; above, a seeded choice of them.
        device: Of the models: ``auto``, ``cpu``, ``cuda`` ...

    Raises:
        UsageError: If there is nothing there.
        RunError: If a run has no latents.
        StoreError, DataError: If the latents are damaged, or none is finite.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"{limit} samples are none", "give a limit of at least 1")
    one = isinstance(paths, str | Path)
    found = places([paths] if one else list(paths))
    return OpenExhibits(
        [
            OpenExhibit(str(i), place.name, run=place.run, stored=_noted(place, limit),
                        device=device)
            for i, place in enumerate(found)
        ]
    )  # fmt: skip


def _noted(place: Place, limit: int | None) -> Stored:
    stored = _stored(place, limit)
    return replace(stored, notes=(*stored.notes, *place.notes)) if place.notes else stored


def _stored(place: Place, limit: int | None) -> Stored:
    if place.store is not None:
        return stored_in(place.store, limit=limit)
    assert place.run is not None
    kept = [record for _, record in run_records(place.run, ("maps",))[0]]
    maps = [record for record in kept if isinstance(record, MapRecord)]
    # A plane of latents, if there is one, can still be decoded.
    return points_of(min(maps, key=lambda record: record.method != "latent"), place.name)
