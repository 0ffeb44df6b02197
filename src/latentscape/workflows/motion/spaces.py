"""Each triplet's numbers in latents and in pixels, with its own middle and with another's."""

import hashlib

import numpy as np

from latentscape.motion.flow import pooled
from latentscape.motion.places import change_by_place, place_scores, still_below
from latentscape.motion.triplet import Triangle, other_middles, triangle
from latentscape.workflows.motion.shards import Shards
from latentscape.workflows.motion.subject import MotionSubject
from latentscape.workflows.opening import Progress

PLACE = "motion/numbers"
VERSION = 2
PLACES = ("place_correlation", "place_correlation_partial", "moving_auc")


class Spaces:
    """Latents and pixels of triplets, chunk by chunk.

    Args:
        subject: The triplets.
        flows: Their optical flow, see `flow_table`.
    """

    def __init__(self, subject: MotionSubject, flows: Shards):
        self.subject, self.flows = subject, flows
        rows, shots, seed = subject.triplets.rows, subject.triplets.scenes, subject.seed
        self.within = other_middles(rows, shots, within=True, seed=seed)
        self.between = other_middles(rows, shots, within=False, seed=seed)

    def table(self, *, progress: Progress | None = None) -> Shards:
        """Every number of every triplet; what was computed before is read.

        Columns are called by space and number, as ``latents midpoint_deviation``. Spaces are
        ``latents`` and ``pixels``, and both with the middle of another triplet ``within`` the
        shot and ``between`` shots.
        """
        subject = self.subject
        settings = {
            "version": VERSION,
            "model": subject.subject.model.sha256,
            "fingerprint": subject.subject.images.fingerprint,
            "triplets": hashlib.sha256(subject.triplets.rows.tobytes()).hexdigest(),
            "latents": subject.digest,
            "flow": self.flows.settings["flow"],
            "flow_settings": self.flows.settings,
            "others": hashlib.sha256(np.stack([self.within, self.between]).tobytes()).hexdigest(),
        }
        replaces = ("version", "latents", "flow_settings")
        table = Shards(subject.folder / PLACE, settings, len(subject), replaces=replaces)
        return table.fill(self._compute, progress=progress)

    def _compute(self, which: np.ndarray) -> dict[str, np.ndarray]:
        parts = [self._chunk(chunk) for chunk in self.subject.chunks(which)]
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _chunk(self, which: np.ndarray) -> dict[str, np.ndarray]:
        subject, found = self.subject, {}
        latents, frames = subject.latents_of(which), _pixels(subject.frames_of(which))
        for null, others in (("", None), (" within", self.within), (" between", self.between)):
            middles = None if others is None else others[which]
            for space, points in (("latents", latents), ("pixels", frames)):
                told = self._triangle(space, points, middles)
                found |= {f"{space}{null} {name}": told[name] for name in Triangle._fields}
        if subject.is_spatial:
            found |= self._places(which, latents, frames)
        return found

    def _triangle(
        self, space: str, points: np.ndarray, others: np.ndarray | None
    ) -> dict[str, np.ndarray]:
        """Of chosen triplets, with other middles where they are named and there are any."""
        first, middle, last = (points[:, k] for k in range(3))
        if others is None:
            return triangle(first, middle, last)._asdict()
        fit = others >= 0
        found = {name: np.full(len(points), np.nan) for name in Triangle._fields}
        if fit.any():
            swapped = self._middles(space, others[fit])
            told = triangle(first[fit], swapped, last[fit])._asdict()
            for name, column in told.items():
                found[name][fit] = column
        return found

    def _middles(self, space: str, which: np.ndarray) -> np.ndarray:
        subject = self.subject
        if space == "latents":
            return subject.latents_of(which, (1,))[:, 0]
        return _pixels(subject.subject.as_bytes(subject.triplets.rows[which, 1]))

    def _places(
        self, which: np.ndarray, latents: np.ndarray, frames: np.ndarray
    ) -> dict[str, np.ndarray]:
        change = {
            "latents": change_by_place(latents[:, 0], latents[:, 2]),
            "pixels": pixel_change(frames, self.subject.latent_shape[1:]),
        }
        motion, texture = (self.flows.rows(f"{one}_map", which) for one in ("motion", "texture"))
        others = np.where(self.between[which] < 0, which, self.between[which])
        strange = self.flows.rows("motion_map", others)
        alone = self.between[which] < 0
        still = still_below(frames.shape[-2])
        found = {}
        for space, moved in change.items():
            own = place_scores(moved, motion, texture, still=still)
            null = place_scores(moved, strange, texture, still=still)
            for name, column, held in zip(PLACES, own, null, strict=True):
                found[f"{space} {name}"] = column
                found[f"{space} between {name}"] = np.where(alone, np.nan, held)
        return found


def pixel_change(frames: np.ndarray, grid: tuple[int, ...]) -> np.ndarray:
    """How much the pixels of each cell change from first to last: ``k 3 c h w`` to ``k rows
    columns``, mean over the cell of the length over colours, pixels in [0, 1]."""
    difference = frames[:, 2] - frames[:, 0]
    return pooled(np.sqrt((difference**2).sum(1)), (grid[0], grid[1]))


def _pixels(frames: np.ndarray) -> np.ndarray:
    return frames.astype(np.float32) / np.float32(255)
