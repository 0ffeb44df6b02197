"""What the server is given to show; it never meets a model, only what one can do.

Images are uint8 ``k height width channels`` (1 or 3 channels), latents float32 ``k D`` (flattened).
Everything may raise a `LatentscapeError`, which becomes one kind answer.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import numpy as np

from latentscape.records.exhibit import (
    Dials,
    Dropped,
    Epochs,
    ExhibitCard,
    Exhibition,
    FilmKind,
    Found,
    ImageKind,
    Journey,
    Look,
    Manifold,
    Middles,
    MotionCard,
    SampleCard,
    SideBySide,
    Travel,
)


class Exhibit(Protocol):
    """One run's latents, and what can be done with them."""

    @property
    def card(self) -> ExhibitCard:
        """What there is to see and to do."""
        ...

    def column(self, name: str) -> np.ndarray:
        """(n,) float32 of every sample; NaN, or −1 of a category, where there is no value."""
        ...

    def points(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """(m, 2) float32 positions on a map, and (m,) uint32 the sample of each."""
        ...

    def images(self, rows: Sequence[int], kind: ImageKind, side: int | None) -> np.ndarray:
        """Chosen images, brought to at most `side` pixels where it is given."""
        ...

    def sample(self, row: int) -> SampleCard:
        """One sample's identity, numbers and nearest in the latent space."""
        ...

    def find(self, text: str, limit: int) -> Found:
        """Samples by id or class, best first."""
        ...

    def latents(self, rows: Sequence[int]) -> np.ndarray:
        """(k, D) posterior means of samples."""
        ...

    def lift(self, name: str, x: float, y: float) -> tuple[np.ndarray, Look]:
        """(D,) the latent that a place of a map stands for, and how far to trust it."""
        ...

    def place(self, name: str, latents: np.ndarray) -> np.ndarray:
        """(k, 2) float32 where latents lie on a map."""
        ...

    def decode(self, latents: np.ndarray) -> np.ndarray:
        """Images; one call at a time, many latents a call."""
        ...

    def manifold(self, name: str, side: int) -> tuple[Manifold, np.ndarray]:
        """A decoded grid of `side` tiles each way over a map, and its images."""
        ...

    def travel(self, journey: Journey) -> tuple[Travel, dict[str, np.ndarray]]:
        """The judged trajectory; ``frames``, ``dissolve`` and ``originals`` beside it."""
        ...

    def film(self, journey: Journey, kind: FilmKind) -> bytes:
        """The trajectory as a file."""
        ...

    def dials(self) -> tuple[Dials, np.ndarray, np.ndarray]:
        """The dials, their directions (k, D) and the centre (D,)."""
        ...

    def drop(self, image: np.ndarray) -> tuple[Dropped, np.ndarray, np.ndarray]:
        """An image uint8 ``height width 3`` encoded: where it lands, its latent (D,), the image as
        the model sees it and its reconstruction."""
        ...

    def motion(self) -> tuple[MotionCard, dict[str, np.ndarray]]:
        """Triplets and shots, and the arrays that `MotionCard` names."""
        ...

    def middles(self, triplet: int) -> tuple[Middles, np.ndarray]:
        """Frames of a triplet, true and guessed."""
        ...

    def training(self) -> tuple[Epochs, dict[str, np.ndarray]]:
        """Training epoch by epoch, and the arrays that `Epochs` names."""
        ...

    def epoch(self, epoch: int) -> bytes:
        """The prediction matrix of an epoch, a PNG."""
        ...


class Exhibits(Protocol):
    """All that was opened together."""

    @property
    def card(self) -> Exhibition:
        """The cards of all."""
        ...

    @property
    def folders(self) -> Sequence[Path]:
        """Where runs lie, which no answer tells."""
        ...

    def __getitem__(self, key: str) -> Exhibit: ...

    def compare(self, keys: Sequence[str], name: str) -> tuple[SideBySide, dict[str, np.ndarray]]:
        """Exhibits side by side on maps of that method: ``positions-KEY`` and ``rows-KEY``."""
        ...
