"""The samples among which pairs are chosen, and what a choice is."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from latentscape.errors import UsageError


@dataclass
class Crowd:
    """Samples of one split.

    Attributes:
        sample_ids: (n,) identity of each.
        labels: (n,) integer class of each, −1 where unknown.
        class_names: Of the classes; may be empty.
        encode: Gives the samples' latents, ``n *latent``; called once, and only by criteria that
            ask where samples lie. None if that cannot be known.
        prior_matched: Whether training drew the latents towards N(0, I).
    """

    sample_ids: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...] = ()
    encode: Callable[[], np.ndarray] | None = None
    prior_matched: bool = True

    def __len__(self) -> int:
        return len(self.sample_ids)

    @cached_property
    def latents(self) -> np.ndarray:
        """``n *latent``, float32.

        Raises:
            UsageError: If where the samples lie cannot be known.
        """
        if self.encode is None:
            raise UsageError("this choice of pairs needs the samples' latents", "give a model")
        return np.asarray(self.encode(), np.float32)

    @cached_property
    def flat(self) -> np.ndarray:
        """(n, d) latents."""
        return self.latents.reshape(len(self), -1)

    @cached_property
    def members(self) -> list[np.ndarray]:
        """Rows of each class that has samples.

        Raises:
            UsageError: If no class is known.
        """
        known = np.unique(self.labels[self.labels >= 0])
        if len(known) == 0:
            raise UsageError("these images have no classes to choose pairs by", "use random pairs")
        return [np.flatnonzero(self.labels == label) for label in known]

    def class_of(self, row: int) -> str:
        """A sample's class in words."""
        label = int(self.labels[row])
        return self.class_names[label] if 0 <= label < len(self.class_names) else str(label)

    def anchors(self, n: int, rng: np.random.Generator) -> np.ndarray:
        """Rows of `n` different samples at most, drawn in turn from each class if there are any."""
        if (self.labels < 0).all():
            return rng.permutation(len(self))[:n]
        parts = [rng.permutation(rows) for rows in self.members]
        place = np.concatenate([np.arange(len(part)) for part in parts])
        rows = np.concatenate(parts)
        turn = rng.permutation(len(parts))
        whose = np.concatenate([np.full(len(part), turn[i]) for i, part in enumerate(parts)])
        return rows[np.lexsort((whose, place))][:n]


@dataclass(frozen=True)
class Chosen:
    """What a criterion chose.

    Attributes:
        rows: (pairs, 2) rows of start and end; −1 where an end is no sample.
        ends: ``pairs 2 *latent``; None where both ends of all pairs are samples.
        names: What the ends are called; None where sample ids say it.
    """

    rows: np.ndarray
    ends: np.ndarray | None = None
    names: tuple[tuple[str, str], ...] | None = None
