"""Where a film is cut, and which of its moments are still: by stated rules, in constant memory.

Each frame is shrunk to `SMALL` pixels, with values in [0, 1]. Two frames differ in place by a, the
mean absolute difference of their pixels, and in colour by h ≤ a, the same after the values of each
channel have been sorted: the distance of their histograms (Wasserstein 1, mean over channels). A
new shot begins at a frame whose change from the one before it, √(h·a), is above `LEAST_CHANGE` and
above `TIMES_USUAL` times the median of the changes around it: a cut stands out, while a pan keeps
its colours and a fade goes on for some time. Dissolves, cuts between shots of like colours, and
shots of fewer than about `AROUND` frames in a row are not found.

A triplet is still where a, from first to middle or from middle to last, is below a threshold:
nothing moves, or a drawing is held for several frames and the middle is a copy. It is uneven where
neighbouring frames between its first and last stand apart by something else than the sequence's
interval: a frame is missing there, even if one is missing on either side of the middle.
"""

from collections import deque
from dataclasses import dataclass
from functools import cached_property

import numpy as np

SMALL = (64, 36)  # width, height
LEAST_CHANGE, TIMES_USUAL, AROUND = 0.06, 5.0, 8
CUT_RULE = (
    f"√(h·a) is above {LEAST_CHANGE} and {TIMES_USUAL:g} times the median of {AROUND} frames to"
    f" either side, at {SMALL[0]}×{SMALL[1]} (h distance of colour histograms, a mean absolute"
    " difference of pixels)"
)
_ALIKE = 1.75  # times the lower quartile: 3 to 2 are alike, one frame missing makes it 2
_BLOCK = 65_536


def shrunk(frame: np.ndarray) -> np.ndarray:
    """A frame, uint8 ``height width 3``, at `SMALL`: each pixel the mean of the area it covers."""
    import cv2

    return cv2.resize(frame, SMALL, interpolation=cv2.INTER_AREA)


def moved(a: np.ndarray, b: np.ndarray) -> float:
    """Mean absolute difference of two small frames, in [0, 1]; 0 is the same."""
    return float(np.abs(a.astype(np.int16) - b).mean()) / 255


def change(a: np.ndarray, b: np.ndarray) -> float:
    """√(h·a) of two small frames, in [0, 1]: 0 is the same, a cut is mostly above .2."""
    tones = [np.sort(frame.reshape(-1, frame.shape[2]), axis=0) for frame in (a, b)]
    return float(np.sqrt(moved(*tones) * moved(a, b)))


class Watch:
    """Sees the frames of a sequence one by one; remembers a few numbers of each, not the frames.

    Args:
        step: Frames from first to middle, and from middle to last, of the triplets to come.
    """

    def __init__(self, step: int):
        self.step = step
        self._last: deque[np.ndarray] = deque(maxlen=step)
        self._changes: list[float] = []
        self._moved: list[float] = []
        self._times: list[float] = []

    def __len__(self) -> int:
        return len(self._times)

    def see(self, small: np.ndarray, time: float) -> None:
        """Look at the next frame.

        Args:
            small: As `shrunk` gives it.
            time: When it is shown, or its number; grows from frame to frame.
        """
        self._changes.append(change(self._last[-1], small) if self._last else 0.0)
        full = len(self._last) == self.step
        self._moved.append(moved(self._last[0], small) if full else np.nan)
        self._last.append(small)
        self._times.append(time)

    def seen(self, *, one_shot: bool = False) -> "Seen":
        """What was seen; a sequence that is known to be one shot is not searched for cuts."""
        starts = np.zeros(min(1, len(self)), np.int64)
        if not one_shot:
            starts = np.r_[starts, cuts(np.array(self._changes))]
        return Seen(self.step, starts, np.array(self._moved), np.array(self._times))


@dataclass(frozen=True)
class Seen:
    """What a `Watch` saw of a sequence of n frames.

    Attributes:
        step: Frames from first to middle, and from middle to last.
        starts: (n_shots,) first frame of each shot, ascending.
        moved: (n,) mean absolute difference to the frame `step` before; NaN where there is none.
        times: (n,) when each frame is shown, in any unit.
    """

    step: int
    starts: np.ndarray
    moved: np.ndarray
    times: np.ndarray

    def __len__(self) -> int:
        return len(self.times)

    @property
    def spans(self) -> np.ndarray:
        """(n_shots, 2) first frame of each shot, and the one after its last."""
        return np.stack([self.starts, np.r_[self.starts[1:], len(self)]], axis=1)

    def triplets(
        self, start: int, stop: int, *, stride: int, least: float
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The triplets within a shot: those that are good, how many are still, how many uneven.

        Args:
            start: First frame of the shot, where the first triplet begins.
            stop: The frame after its last.
            stride: Frames from the beginning of a triplet to that of the next.
            least: A triplet is still where its lesser movement is below this.

        Returns:
            First frames (m,), of those that move and whose three frames are shown at even
            distances, one interval from frame to frame; first frames of those that are still; and
            of those that are uneven: a frame between them is missing.
        """
        first = np.arange(start, max(start, stop - 2 * self.step), stride)
        middle, last = first + self.step, first + 2 * self.step
        times = self.times
        even = np.abs(times[first] + times[last] - 2 * times[middle]) <= 0.5 * self._interval
        even &= self._gaps[last] == self._gaps[first]
        still = np.minimum(self.moved[middle], self.moved[last]) < least
        return first[even & ~still], first[even & still], first[~even]

    @cached_property
    def _interval(self) -> float:
        """From a frame to the next one, where none is missing between them.

        The shorter distances tell it, since many frames may be missing; their mean, since times may
        be rounded, or short and long by turns as in films shown at 24 and sampled at 30.
        """
        apart = np.diff(self.times)
        apart = apart[apart > 0]
        if not len(apart):
            return 1.0
        shorter = apart <= _ALIKE * np.quantile(apart, 0.25)
        return float(apart[shorter].mean())

    @cached_property
    def _gaps(self) -> np.ndarray:
        """(n,) how many neighbours up to each frame stand apart by something else."""
        apart = np.diff(self.times)
        odd = np.abs(apart - self._interval) > 0.5 * self._interval
        if not apart.any():  # a sequence whose times are not known
            odd[:] = False
        return np.r_[0, np.cumsum(odd)]


def cuts(changes: np.ndarray) -> np.ndarray:
    """Frames at which a new shot begins.

    Args:
        changes: (n,) √(h·a) of each frame from the one before it; the first is not looked at.

    Returns:
        Ascending int64 positions, by the rule at the top of this file.
    """
    n = len(changes)
    if n < 2:
        return np.zeros(0, np.int64)
    padded = np.pad(changes[1:].astype(np.float64), AROUND, constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * AROUND + 1)
    usual = np.empty(n - 1)
    for block in range(0, n - 1, _BLOCK):
        around = np.delete(windows[block : block + _BLOCK], AROUND, axis=1)
        alone = np.isnan(around).all(1)
        around[alone] = 0
        usual[block : block + _BLOCK] = np.nanmedian(around, axis=1)
    here = changes[1:]
    return 1 + np.flatnonzero((here > LEAST_CHANGE) & (here > TIMES_USUAL * usual))
