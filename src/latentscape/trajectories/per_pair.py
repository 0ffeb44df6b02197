"""Numbers a pair: what the tables of many trajectories have in common."""

from collections.abc import Iterable
from typing import ClassVar, Self

import numpy as np


class PerPair:
    """Base of frozen dataclasses whose fields are arrays with a row a pair."""

    names: ClassVar[dict[str, str]]  # in the catalogue → field
    optional: ClassVar[frozenset[str]]  # of them, those that need more than frames or curves
    unfit: np.ndarray

    def __len__(self) -> int:
        return len(self.unfit)

    @property
    def columns(self) -> dict[str, np.ndarray]:
        """Name in the catalogue to one value a pair; what was not asked for is left out."""
        named = {name: getattr(self, field) for name, field in self.names.items()}
        return {
            name: values
            for name, values in named.items()
            if name not in self.optional or np.isfinite(values).any()
        }

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """One table of many, in order; for pairs that come a batch at a time."""
        parts = list(parts)
        rows = {name: [getattr(part, name) for part in parts] for name in vars(parts[0])}
        return cls(**{name: np.concatenate(arrays) for name, arrays in rows.items()})
