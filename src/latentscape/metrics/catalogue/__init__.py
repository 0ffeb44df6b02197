"""What each number is called, its unit, which way is better, and how far it can go."""

from collections.abc import Callable, Iterable, Mapping

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue.classes import CLASSES
from latentscape.metrics.catalogue.collapse import COLLAPSE
from latentscape.metrics.catalogue.disentanglement import DISENTANGLEMENT
from latentscape.metrics.catalogue.drift import DRIFT
from latentscape.metrics.catalogue.entry import Entry as Entry
from latentscape.metrics.catalogue.generation import GENERATION
from latentscape.metrics.catalogue.journeys import JOURNEYS
from latentscape.metrics.catalogue.maps import MAPS
from latentscape.metrics.catalogue.motion import MOTION
from latentscape.metrics.catalogue.prediction import PREDICTION
from latentscape.metrics.catalogue.reconstruction import RECONSTRUCTION
from latentscape.metrics.catalogue.shape import SHAPE
from latentscape.metrics.catalogue.smoothness import SMOOTHNESS
from latentscape.metrics.catalogue.spatial import SPATIAL
from latentscape.metrics.catalogue.trajectories import TRAJECTORIES
from latentscape.metrics.interval import Interval
from latentscape.records import Measure, Reference, Row, Undefined

CATALOGUE: dict[str, Entry] = {
    **RECONSTRUCTION,
    **COLLAPSE,
    **DRIFT,
    **MAPS,
    **SHAPE,
    **CLASSES,
    **SMOOTHNESS,
    **SPATIAL,
    **DISENTANGLEMENT,
    **GENERATION,
    **TRAJECTORIES,
    **JOURNEYS,
    **MOTION,
    **PREDICTION,
}


def measured(
    name: str,
    value: float,
    *,
    n: int,
    interval: Interval | None = None,
    note: str = "",
    reference: Reference | None = None,
) -> Measure:
    """The measure called `name` with its unit, direction and bounds from the catalogue.

    Args:
        name: A key of `CATALOGUE`.
        value: The number, in the catalogue's unit.
        n: Number of samples behind it.
        interval: Where one was computed.
        note: What the meaning does not say already; stands after it.
        reference: What the number is held against.
    """
    entry = CATALOGUE[name]
    return Measure(
        name=name,
        value=float(value),
        unit=entry.unit,
        better=entry.better,
        bounds=entry.bounds,
        low=None if interval is None else interval.low,
        high=None if interval is None else interval.high,
        interval="" if interval is None else interval.words,
        n=n,
        note=f"{entry.meaning}; {note}" if note else entry.meaning,
        reference=reference,
    )


def row_of(
    name: str, makers: Mapping[str, Callable[[], Iterable[Measure]]], *, note: str = ""
) -> Row:
    """A row of whatever measures are defined; of each other one, why it is not.

    Args:
        name: The row's.
        makers: Name of a measure (or of a group of them) to what computes it; one that raises
            `UndefinedError` stands under ``undefined`` with the error's message.
        note: The row's.
    """
    measures: list[Measure] = []
    undefined: list[Undefined] = []
    for what, make in makers.items():
        try:
            measures += make()
        except UndefinedError as error:
            undefined.append(Undefined(name=what, why=error.message))
    return Row(name=name, measures=tuple(measures), note=note, undefined=tuple(undefined))
