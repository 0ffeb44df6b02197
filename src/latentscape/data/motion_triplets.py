"""Which images of a set follow one another: motion triplets, with their films and shots."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np


@dataclass(frozen=True)
class MotionTriplets:
    """First, middle and last frames among the images of a set. Rows are triplets.

    The images' groups hold each shot together, so a triplet lies wholly in one split, and no
    triplet of the test shares a shot with training.

    Attributes:
        rows: (m, 3) int64, rows of the image set: first, middle, last. Triplets may share frames.
        names: (m,) identity of each triplet; the folder it lies in, where it has one.
        shots: (m,) shot of each; the group of its images.
        films: (m,) film of each; resampling and validation go by film where there are several.
        step: Frames from first to middle, and from middle to last; None where that is not known.
        notes: What is known of each, by name: ``level`` (0 easy, 1 middling, 2 hard; −1 unknown),
            ``roi`` ((m, 4) x, y, width, height of the moving region in pixels of the images; NaN
            where it is not known), ``scene`` (the shot found by its pictures, where triplets of one
            shot stand apart).
        left_out: How many were not taken, by reason, such as ``still``.
    """

    rows: np.ndarray
    names: np.ndarray
    shots: np.ndarray
    films: np.ndarray
    step: int | None = None
    notes: Mapping[str, np.ndarray] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def scenes(self) -> np.ndarray:
        """(m,) what is resampled: the scene that triplets were found to share, else the shot.

        Triplets cut from one shot say the same thing again and again; counted one by one they
        would make an interval that is far too narrow.
        """
        return np.asarray(self.notes.get("scene", self.shots))

    @property
    def counted(self) -> str:
        """How many there are, and were left out: ``0 motion triplets (left out as still: 9)``."""
        out = ", ".join(f"left out as {reason}: {n}" for reason, n in self.left_out.items())
        noun = "motion triplet" if len(self) == 1 else "motion triplets"
        return f"{len(self):,} {noun}" + (f" ({out})" if out else "")

    def take(self, which: np.ndarray) -> "MotionTriplets":
        """The chosen triplets, in the given order."""
        return replace(
            self,
            rows=self.rows[which],
            names=self.names[which],
            shots=self.shots[which],
            films=self.films[which],
            notes={name: column[which] for name, column in self.notes.items()},
        )

    def among(self, rows: np.ndarray, n: int) -> "MotionTriplets":
        """The triplets whose three frames are all among the kept rows, by their new places.

        Args:
            rows: (k,) rows of the image set that are kept, in their new order; or a mask.
            n: How many rows the set had.
        """
        place, rows = np.full(n, -1, np.int64), np.arange(n)[rows]
        place[rows] = np.arange(len(rows))
        moved = place[self.rows]
        whole = np.flatnonzero((moved >= 0).all(1))
        return replace(self.take(whole), rows=moved[whole])
