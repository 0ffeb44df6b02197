"""Projector: latents to the plane. Every method answers alike; what differs is one file each."""

import logging
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, ClassVar, Self, final

import numpy as np

from latentscape.errors import DataError, ShapeError, UsageError


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

    @property
    @abstractmethod
    def parameters(self) -> dict[str, Any]:
        """The settings used, plain values; after a fit those it came down to."""

    @property
    def axes(self) -> tuple[str, str]:
        """What the two axes are; empty where they mean nothing by themselves."""
        return ("", "")

    @abstractmethod
    def _fit(self, rows: np.ndarray) -> np.ndarray:
        """Lay out ``n d`` rows that are finite, at least `fewest`, and not all the same."""

    @abstractmethod
    def _place(self, rows: np.ndarray) -> np.ndarray:
        """Place further rows on the fitted map."""

    @final
    def fit(self, latents: np.ndarray) -> Self:
        """Learn the map of `latents`."""
        self.fit_transform(latents)
        return self

    @final
    def fit_transform(self, latents: np.ndarray) -> np.ndarray:
        """Learn the map of `latents`, and their positions on it.

        Args:
            latents: ``n *latent``, any latent shape.

        Returns:
            (n, 2) float32. Latents that are all one point land on the origin together.

        Raises:
            ShapeError: If there are too few latents for the method.
            DataError: If a latent is not finite.
        """
        rows = _as_rows(latents)
        if len(rows) < self.fewest:
            raise ShapeError(
                f"{self.title} needs at least {self.fewest} points and has {len(rows)}",
                f"map more images{'' if self.fewest <= 2 else ', or use the pca method'}",
            )
        self._shape = latents.shape[1:]
        self._spread = bool((rows != rows[0]).any())
        if not self._spread:
            return np.zeros((len(rows), 2), np.float32)
        return np.ascontiguousarray(self._fit(rows), np.float32)

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
