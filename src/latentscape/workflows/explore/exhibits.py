"""All that was opened together."""

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

import latentscape
from latentscape.errors import UsageError
from latentscape.records.exhibit import Ability, Exhibition, SideBySide
from latentscape.workflows.explore.comparison import comparable, compared
from latentscape.workflows.explore.exhibit import OpenExhibit


class OpenExhibits:
    """Exhibits by key, ``0``, ``1`` ...; the `Exhibits` of the server.

    Args:
        exhibits: In their order.
    """

    def __init__(self, exhibits: Sequence[OpenExhibit]):
        self._exhibits = {exhibit.key: exhibit for exhibit in exhibits}

    def __getitem__(self, key: str) -> OpenExhibit:
        if key not in self._exhibits:
            raise UsageError(
                f"there is no exhibit {key!r}", f"there are {', '.join(self._exhibits)}"
            )
        return self._exhibits[key]

    def __iter__(self) -> Iterator[OpenExhibit]:
        return iter(self._exhibits.values())

    def __len__(self) -> int:
        return len(self._exhibits)

    @property
    def card(self) -> Exhibition:
        """The cards of all."""
        return Exhibition(
            version=latentscape.__version__,
            exhibits=tuple(exhibit.card for exhibit in self),
            comparable=self._comparable,
        )

    @cached_property
    def _comparable(self) -> Ability:
        """Found out once: the samples stay, and cards are asked for every second."""
        if len(self) > 1:
            return comparable(self)
        return Ability(possible=False, why="one run is open", hint="open two to four together")

    @property
    def folders(self) -> tuple[Path, ...]:
        """Where runs and stores lie, which nobody else is told."""
        runs = [exhibit.run for exhibit in self if exhibit.run is not None]
        stores = [found.stored.store.folder for found in self if found.stored.store is not None]
        return (*runs, *stores)

    def compare(self, keys: Sequence[str], name: str) -> tuple[SideBySide, dict[str, np.ndarray]]:
        """Exhibits side by side on maps of that method: ``positions-KEY`` and ``rows-KEY``."""
        return compared(self, keys, name)

    def warm(self) -> None:
        """Open models and images before they are asked for; what cannot be, the cards tell."""
        for exhibit in self:
            exhibit.warm()
