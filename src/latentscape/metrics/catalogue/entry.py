"""An entry of the catalogue."""

from typing import NamedTuple

from latentscape.records import Better


class Entry(NamedTuple):
    """The facts about a measure that do not depend on data."""

    unit: str
    better: Better
    bounds: tuple[float | None, float | None]
    meaning: str
