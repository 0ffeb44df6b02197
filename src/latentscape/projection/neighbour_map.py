"""Maps made from a graph of neighbours: what they share when further latents are placed."""

from abc import abstractmethod
from typing import Any, final

import numpy as np

from latentscape.projection.projector import Projector
from latentscape.projection.search import nearest
from latentscape.records import Neighbours


class NeighbourMap(Projector):
    """A map that is its latents, their positions and a few settings.

    Further latents are placed by the method's own rule among their nearest fitted latents, from
    these three alone: the object that fitted the map plays no part, so that a map read from its
    file places alike. A latent of the fit lands on its own position.
    """

    def __init__(self, *, seed: int = 0):
        super().__init__(seed=seed)
        self._rows = np.zeros((0, 0), np.float32)
        self._positions = np.zeros((0, 2), np.float32)
        self._kept: dict[str, np.ndarray] = {}

    @property
    @abstractmethod
    def asked(self) -> dict[str, Any]:
        """The settings asked for; a fit to few latents may come down to less, and the next not."""

    @final
    @property
    def parameters(self) -> dict[str, Any]:
        """As asked; after a fit as used, which so many latents allow."""
        return {**self.asked, **self._used}

    @abstractmethod
    def _lay_out(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        """Positions of the rows; what placing needs beyond them goes to ``self._kept``.

        Settings that come down to less go to ``self._used``.
        """

    @abstractmethod
    def _place_new(self, rows: np.ndarray) -> np.ndarray:
        """Positions of rows that were not in the fit."""

    @final
    def _near(self, rows: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
        """The k nearest fitted rows of each, or as many as there are, with distances."""
        return nearest(self._rows, rows, min(k, len(self._rows)))

    @final
    def _fit(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        self._rows = rows.copy()
        positions = self._lay_out(rows, graph)
        self._positions = np.ascontiguousarray(positions, np.float32)
        return self._positions.copy()

    @final
    def _place(self, rows: np.ndarray) -> np.ndarray:
        nearby, distances = self._near(rows, 1)
        fitted = distances[:, 0] == 0
        places = self._positions[nearby[:, 0]]
        if not fitted.all():
            places[~fitted] = self._place_new(rows[~fitted])
        return places

    @final
    def _state(self) -> dict[str, np.ndarray]:
        return {"rows": self._rows, "positions": self._positions, **self._kept}

    @final
    def _restore(self, parameters: dict[str, Any], state: dict[str, np.ndarray]) -> None:
        for name in self.asked:
            setattr(self, name, parameters[name])
        self._used = parameters
        if state:
            self._rows, self._positions = state.pop("rows"), state.pop("positions")
            self._kept = state
