"""Triplets and shots of an exhibit, and their middle frames, true and guessed."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from latentscape.errors import LatentscapeError, UsageError
from latentscape.records import Measure, run_records
from latentscape.records.exhibit import Ability, Middles, MotionCard
from latentscape.records.motion import MotionRecord
from latentscape.records.prediction import PredictionRecord

if TYPE_CHECKING:
    from latentscape.data.motion_triplets import MotionTriplets
    from latentscape.motion.predictors import Predictor
    from latentscape.workflows.explore.exhibit import OpenExhibit

MOVING = ("triplets:", "video:", "sprites-motion")
ALL = "all triplets"
MOST_FLOWS = 256  # triplets whose flow is computed where no record has it
MOST_COURSES, FEWEST_FRAMES = 2_000, 4
HINT = "explore a run on triplets:PATH, video:PATH or sprites-motion"


def ability(exhibit: "OpenExhibit") -> Ability:
    """Whether there is motion to show; asked for without torch too."""
    images = exhibit.pictures.ability
    if not images.possible:
        return images
    if exhibit.stored.means is None:
        return exhibit.abilities["decode"]
    source = exhibit.pictures.source
    if not source.startswith(MOVING):
        return Ability(possible=False, why=f"{source} is no moving picture", hint=HINT)
    return Ability(possible=True)


def moved(exhibit: "OpenExhibit") -> tuple[MotionCard, dict[str, np.ndarray]]:
    """Triplets and shots, and the arrays that `MotionCard` names.

    Flow is read from the run's own record of motion; of runs without one it is computed, of at
    most 256 triplets, evenly through them.

    Raises:
        UsageError: If the exhibit is no moving picture, or has no whole triplet.
    """
    moving = exhibit.moving
    courses, names = moving.courses
    card = MotionCard(
        names=tuple(map(str, moving.triplets.names)),
        shots=names,
        numbers=moving.numbers,
        predictor=moving.predictor_name,
    )
    return card, {
        "triplets": moving.triplets.rows.astype(np.uint32),
        "flow": moving.flow.astype(np.float32),
        "displacement": moving.displacement.astype(np.float32),
        "courses": np.concatenate([np.zeros(0, np.int64), *courses]).astype(np.uint32),
        "lengths": np.array([len(course) for course in courses], np.uint32),
    }


def middles_of(exhibit: "OpenExhibit", triplet: int) -> tuple[Middles, np.ndarray]:
    """Frames of a triplet, true and guessed.

    First, true middle and last; the decoded middle of the line between both ends; the predicted
    one where the run keeps a fitted predictor that beats the line; the blend of the ends' pixels;
    and the true middle encoded and decoded, which is the best that the model can show.

    Raises:
        UsageError: If there is no such triplet.
        ModelError: If what is decoded is not finite.
    """
    moving = exhibit.moving
    if not 0 <= triplet < len(moving.triplets):
        known = f"triplets go from 0 to {len(moving.triplets) - 1}"
        raise UsageError(f"{exhibit.name} has no triplet {triplet}", known)
    rows = moving.triplets.rows[triplet]
    frames = exhibit.pictures(rows)
    guessed = moving.guesses(rows)
    blend = np.rint(frames[[0, 2]].astype(np.float32).mean(0)).astype(np.uint8)
    names = ("first", "true middle", "last", *guessed, "pixel blend")
    pictures = np.stack([*frames, *guessed.values(), blend])
    errors = [None] * 3 + [_error(one, frames[1]) for one in pictures[3:]]
    return Middles(names=names, errors=tuple(errors), words=moving.words(triplet)), pictures


@dataclass(frozen=True)
class Moving:
    """What is known of an exhibit's triplets.

    Attributes:
        exhibit: Whose they are.
        triplets: By the exhibit's rows.
    """

    exhibit: "OpenExhibit"
    triplets: "MotionTriplets"

    @cached_property
    def record(self) -> MotionRecord | None:
        """The run's own record of motion on these images."""
        return next((r for r in self._records if isinstance(r, MotionRecord)), None)

    @cached_property
    def prediction(self) -> PredictionRecord | None:
        """The run's own record of predicted middles."""
        return next((r for r in self._records if isinstance(r, PredictionRecord)), None)

    @cached_property
    def _records(self) -> list[MotionRecord | PredictionRecord]:
        assert self.exhibit.run is not None
        mine = self.exhibit.stored.provenance
        return [
            record
            for _, record in run_records(self.exhibit.run, ("motion",))[0]
            if isinstance(record, MotionRecord | PredictionRecord)
            and record.provenance.data == mine.data
            and _agree(record.provenance.fingerprint, mine.fingerprint)
            and _agree(record.provenance.model_sha256, mine.model_sha256)
        ]

    @cached_property
    def flow(self) -> np.ndarray:
        """(m,) mean length of the optical flow from first to last, pixels; NaN where unknown."""
        if self.record is not None and "flow flow" in self.record.columns:
            told = dict(zip(self.record.names, self.record.columns["flow flow"], strict=True))
            return np.array([told.get(str(name), np.nan) for name in self.triplets.names], float)
        from latentscape.motion.flow import dis, flow_between, size_of

        found = np.full(len(self.triplets), np.nan)
        for i in evenly(len(self.triplets), MOST_FLOWS):
            first, last = self.exhibit.pictures(self.triplets.rows[i][[0, 2]])
            pair = (np.moveaxis(first, -1, 0), np.moveaxis(last, -1, 0))
            found[i] = size_of(flow_between(dis, *pair, "dis")).mean()
        return found

    @cached_property
    def courses(self) -> tuple[list[np.ndarray], tuple[str, ...]]:
        """Rows of longer shots, each in the order of time, and their names; of triplets where no
        shot is longer."""
        from latentscape.motion.shots import sequences

        longer = [one for one in sequences(self.triplets.rows) if len(one) >= FEWEST_FRAMES]
        chains = longer or list(self.triplets.rows)
        chosen = [chains[i] for i in evenly(len(chains), MOST_COURSES)]
        groups = self.exhibit.stored.groups
        return chosen, tuple(str(groups[one[0]]) for one in chosen)

    @cached_property
    def numbers(self) -> tuple[Measure, ...]:
        """Those of the run's own record; without one, how displacement goes with flow."""
        if self.record is not None:
            row = next((row for row in self.record.rows if row.name == ALL), None)
            if row is not None:
                return row.measures
        from latentscape.motion.resampled import draws_for
        from latentscape.motion.summary import space_row

        known = np.flatnonzero(np.isfinite(self.flow))
        told = {"displacement": self.displacement[known], "flow": self.flow[known]}
        draws = draws_for(self.triplets.take(known), seed=0)
        return space_row(ALL, told, draws).measures

    @cached_property
    def displacement(self) -> np.ndarray:
        """(m,) distance of the last frame's latent from the first's."""
        latents, rows = self.exhibit.stored.latents, self.triplets.rows
        return np.linalg.norm(latents[rows[:, 2]].astype(np.float64) - latents[rows[:, 0]], axis=1)

    @property
    def predictor_name(self) -> str:
        """The predictor whose middles can be shown; empty where there is none."""
        return "" if self._predictor is None else self._predictor.name

    @cached_property
    def _predictor(self) -> "Predictor | None":
        record = self.prediction
        if record is None or record.best is None or not self.exhibit.live.ability.possible:
            return None
        from latentscape.workflows.motion.fits import kept_fit

        assert self.exhibit.run is not None
        told = next(fit for fit in record.fits if fit.name == record.best)
        folder = Path(self.exhibit.run)
        return kept_fit(folder, told, record.settings, self.exhibit.latent_shape)

    def guesses(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Middles that the model decodes, by name; none where it cannot be opened."""
        exhibit = self.exhibit
        if not exhibit.live.ability.possible:
            return {}
        latents = exhibit.stored.latents[rows]
        guessed = {"decoded line": latents[[0, 2]].mean(0)}
        if self._predictor is not None:
            ends = latents[[0, 2]].reshape(1, 2, *exhibit.latent_shape).astype(np.float32)
            guessed[f"predicted, {self._predictor.name}"] = self._predictor.predict(ends).reshape(
                -1
            )
        guessed["true middle, decoded"] = latents[1]
        try:
            decoded = exhibit.decode(np.stack(list(guessed.values())))
        except LatentscapeError:
            if exhibit.live.ability.possible:
                raise  # it opened, and makes nothing of these latents
            return {}
        return dict(zip(guessed, decoded, strict=True))

    def words(self, triplet: int) -> str:
        """What the reader should know of the errors of one triplet."""
        told = "Errors are mean squared errors of pixels in [0, 1] against the true middle; the "
        told += "true middle decoded has the least that this model can reach."
        split = str(self.exhibit.stored.splits[self.triplets.rows[triplet, 0]])
        if split:
            told += f" The triplet is of the {split} split."
        if not self.predictor_name:
            told += " No predictor is kept that beats the line: `latentscape motion --predict`."
        return told


def moving_of(exhibit: "OpenExhibit") -> Moving:
    """An exhibit's triplets.

    Raises:
        UsageError: If it is no moving picture, or no triplet has all three frames in it.
    """
    can = ability(exhibit)
    if not can.possible:
        raise UsageError(can.why, can.hint)
    images = exhibit.pictures.images
    if images.motion is None:
        raise UsageError(f"{images.name} is no moving picture", HINT)
    rows = exhibit.pictures.rows(np.arange(len(exhibit.stored)))
    triplets = images.motion.among(rows, len(images))
    if not len(triplets):
        raise UsageError(
            f"no triplet of {images.name} has all three frames among these samples",
            "encode all of its frames: `latentscape motion RUN`",
        )
    return Moving(exhibit, triplets)


def evenly(n: int, most: int) -> np.ndarray:
    """At most so many places out of n, evenly through them."""
    return np.unique(np.linspace(0, n - 1, min(most, n)).round().astype(int))


def _error(image: np.ndarray, truth: np.ndarray) -> float:
    difference = (image.astype(np.float64) - truth) / 255
    return float(np.square(difference).mean())


def _agree(one: str, other: str) -> bool:
    return not (one and other) or one == other
