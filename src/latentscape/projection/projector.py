"""Projector: latents to the plane. Every method answers alike; what differs is one file each."""

import json
import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from pathlib import Path
from typing import Any, ClassVar, Self, final

import numpy as np

from latentscape.errors import DataError, RunError, ShapeError, UsageError
from latentscape.projection.search import neighbour_graph
from latentscape.records import Neighbours, refusal, replacing

FORMAT = 1


class Projector(ABC):
    """Latents ``n *latent`` to positions ``n 2``.

    Fit on the corpus, then place a trajectory on the same map with `transform`: fitted to a
    smooth trajectory alone, a projection draws a horseshoe whatever the data (Antognini &
    Sohl-Dickstein 2018: of a random walk, PC1 holds 6/π² ≈ 61 %).

    The same seed gives the same map on the same machine; on another processor UMAP and t-SNE
    may differ, so keep the positions, not the recipe.

    Args:
        seed: Seed of everything random in the method.

    Attributes:
        name: As in ``--method``.
        title: As in a figure.
        fewest: Fewest points that the method can lay out.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    fewest: ClassVar[int] = 2

    def __init__(self, *, seed: int = 0):
        self.seed = seed
        self._shape: tuple[int, ...] | None = None
        self._spread = False
        self._used: dict[str, Any] = {}

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """The settings used, plain values; after a fit those it came down to."""

    @property
    def axes(self) -> tuple[str, str]:
        """What the two axes are; empty where they mean nothing by themselves."""
        return ("", "")

    @abstractmethod
    def neighbours_wanted(self, n: int) -> int:
        """How many neighbours each of n latents must have in the graph the map is made from."""

    @abstractmethod
    def _fit(self, rows: np.ndarray, graph: Neighbours | None) -> np.ndarray:
        """Lay out ``n d`` rows that are finite, at least `fewest`, and not all the same.

        The graph holds just as many neighbours as are wanted; None where none are.
        """

    @abstractmethod
    def _place(self, rows: np.ndarray) -> np.ndarray:
        """Place further rows on the fitted map."""

    @abstractmethod
    def _state(self) -> dict[str, np.ndarray]:
        """Everything beside the parameters that `_place` needs."""

    @abstractmethod
    def _restore(self, parameters: dict[str, Any], state: dict[str, np.ndarray]) -> None:
        """Take back what `parameters` and `_state` gave."""

    @final
    def fit(self, latents: np.ndarray, *, neighbours: Neighbours | None = None) -> Self:
        """Learn the map of `latents`."""
        self.fit_transform(latents, neighbours=neighbours)
        return self

    @final
    def fit_transform(
        self, latents: np.ndarray, *, neighbours: Neighbours | None = None
    ) -> np.ndarray:
        """Learn the map of `latents`, and their positions on it.

        Args:
            latents: ``n *latent``, any latent shape.
            neighbours: The nearest neighbours of these latents, where they are known already;
                found here where they are not, or are fewer than `neighbours_wanted`.

        Returns:
            (n, 2) float32. Latents that are all one point land on the origin together.

        Raises:
            ShapeError: If there are too few latents for the method, or neighbours of others.
            DataError: If a latent is not finite.
        """
        rows = _as_rows(latents)
        if len(rows) < self.fewest:
            raise ShapeError(
                f"{self.title} needs at least {self.fewest} points and has {len(rows)}",
                f"map more images{'' if self.fewest <= 2 else ', or use the pca method'}",
            )
        if neighbours is not None and len(neighbours.indices) != len(rows):
            raise ShapeError(f"neighbours of {len(neighbours.indices)} points for {len(rows)}")
        self._shape, self._used = latents.shape[1:], {}
        # Nearly always the first rows tell.
        self._spread = bool((rows[:100] != rows[0]).any() or (rows != rows[0]).any())
        if not self._spread:
            return np.zeros((len(rows), 2), np.float32)
        wanted = self.neighbours_wanted(len(rows))
        graph = None
        if wanted and neighbours is not None and neighbours.k >= wanted:
            graph = neighbours.first(wanted)
        elif wanted:
            graph = neighbour_graph(rows, wanted)
        return np.ascontiguousarray(self._fit(rows, graph), np.float32)

    @final
    def transform(self, latents: np.ndarray) -> np.ndarray:
        """Positions of further latents on the fitted map, (n, 2) float32.

        Raises:
            ShapeError: If they differ in shape from those of the fit.
            UsageError: If there was no fit.
        """
        if self._shape is None:
            raise UsageError(f"{self.title} has no map yet to place latents on", "call fit first")
        if latents.shape[1:] != self._shape:
            raise ShapeError(
                f"the map is of latents of shape {self._shape}, not {latents.shape[1:]}"
            )
        rows = _as_rows(latents)
        if not self._spread or len(rows) == 0:
            return np.zeros((len(rows), 2), np.float32)
        return np.ascontiguousarray(self._place(rows), np.float32)

    @final
    def save(self, path: Path | str) -> Path:
        """Write what `transform` needs; `load_projector` reads it back, and places alike.

        One ``.npz`` of plain arrays, with the settings as JSON inside; nothing in it is code.

        Returns:
            The path, which ends in ``.npz``.

        Raises:
            UsageError: If there was no fit.
            RunError: If it cannot be written; nothing is left half-written.
        """
        if self._shape is None:
            raise UsageError(f"{self.title} has no map yet to save", "call fit first")
        path = Path(path)
        path = path if path.suffix == ".npz" else path.with_name(f"{path.name}.npz")
        about = {
            "format": FORMAT, "method": self.name, "shape": self._shape, "spread": self._spread,
            "parameters": self.parameters,
        }  # fmt: skip
        state = self._state() if self._spread else {}
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing(path) as temporary, temporary.open("wb") as file:
                np.savez(file, allow_pickle=False, about=np.array(json.dumps(about)), **state)
        except OSError as error:
            raise RunError(
                f"the map {path} could not be written: {refusal(error)}",
                "make room, or write elsewhere",
            ) from error
        return path

    @final
    def restored(self, about: dict[str, Any], state: dict[str, np.ndarray]) -> Self:
        """This projector as it was when it was saved; `load_projector` calls it."""
        self._shape, self._spread = tuple(about["shape"]), bool(about["spread"])
        self._restore(about["parameters"], state)
        return self


def _as_rows(latents: np.ndarray) -> np.ndarray:
    if latents.ndim < 2:
        raise ShapeError(f"latents must be n × latent, not an array of shape {latents.shape}")
    rows = np.asarray(latents, np.float32).reshape(len(latents), prod(latents.shape[1:]))
    if not np.isfinite(rows).all():
        broken = int((~np.isfinite(rows).all(axis=1)).sum())
        raise DataError(
            f"{broken} of {len(rows)} latents are not finite",
            "the model's training broke down: look at its loss curves",
        )
    if rows.shape[1] == 1:
        # A line is a flat plane: the libraries all want two columns at least.
        rows = np.pad(rows, ((0, 0), (0, 1)))
    return rows


@contextmanager
def quietly(*loggers: str) -> Iterator[None]:
    """Keep a library's talk about its own inner workings from the user."""
    levels = {name: logging.getLogger(name).level for name in loggers}
    for name in loggers:
        logging.getLogger(name).setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, level in levels.items():
            logging.getLogger(name).setLevel(level)
