"""The record of predicted middles: rows of every way, of all triplets and by how much moves."""

from collections.abc import Mapping, Sequence

import numpy as np

from latentscape.motion.prediction import (
    AGAIN,
    BLEND,
    CEILING,
    LINE,
    Columns,
    prediction_rows,
)
from latentscape.motion.resampled import draws_for
from latentscape.motion.summary import THIRDS, thirds
from latentscape.records import Row
from latentscape.records.prediction import MotionThird, PredictionRecord, PredictorFit
from latentscape.workflows.motion.middles import WARP
from latentscape.workflows.motion.subject import MotionSubject
from latentscape.workflows.motion.unseen import Unseen

UNFITTED = (BLEND, AGAIN, WARP, "copy-first", "copy-last", LINE, CEILING)
NOTES = {
    BLEND: "the mean of first and last frame: what a predictor must beat",
    AGAIN: "the same, encoded and decoded: tells the decoder's own error from the way's",
    WARP: "both ends moved half-way along their optical flow, and averaged; no model behind it",
    LINE: "the mean of both ends' latents, decoded",
    CEILING: "the true middle, encoded and decoded: the best that this model can show",
}
FEWEST_OF_THIRDS = 9
SMALL = 0.5  # pixels


def prediction_record(
    subject: MotionSubject,
    parts: Unseen,
    *,
    ways: Mapping[str, Columns],
    motion: np.ndarray,
    fits: Sequence[PredictorFit],
) -> PredictionRecord:
    """All but the pictures and what did not apply.

    Args:
        subject: The model and its triplets.
        parts: Which were learnt from, and judged.
        ways: Way to its errors on the test triplets, (n,) each.
        motion: (n,) mean length of the flow of each, pixels.
        fits: Of the predictors.
    """
    told = subject.triplets.take(parts.test)
    rows, baselines, words = _rows(subject, ways, parts.test)
    record = PredictionRecord(
        provenance=subject.subject.provenance(seed=subject.seed, n=len(told)).model_copy(
            update={"split": "test"}
        ),
        rows=rows,
        baselines=baselines,
        by_motion=_by_motion(subject, ways, test=parts.test, motion=motion),
        fits=tuple(fits),
        left_out=(),
        n_triplets={split: len(getattr(parts, split)) for split in ("train", "val", "test")},
        n_shots=len(np.unique(told.scenes)),
        n_films=len(np.unique(told.films)),
        grouped_by="scene" if "scene" in told.notes else "shot",
        resampled=words,
        names=tuple(map(str, told.names)),
        shots=tuple(map(str, told.scenes)),
        films=tuple(map(str, told.films)),
        motion=motion,
        columns={f"{way} {name}": own[name] for way, own in ways.items() for name in own},
        shown=(),
        ways=(),
        pictures=np.zeros((0,), np.uint8),
        latents_from=subject.latents_from,
    )
    said = (*subject.warnings, *parts.words, *_warnings(record))
    return record.model_copy(update={"warnings": said})


def _rows(
    subject: MotionSubject, ways: Mapping[str, Columns], which: np.ndarray
) -> tuple[tuple[Row, ...], tuple[Row, ...], str]:
    """Rows of predictors, of what has nothing to fit, and over what was resampled."""
    draws = draws_for(subject.triplets.take(which), seed=subject.seed)
    rows = prediction_rows(ways, draws, notes=NOTES)
    fitted = tuple(row for row in rows if row.name not in UNFITTED)
    by_name = {row.name: row for row in rows}
    held = tuple(by_name[n] for n in UNFITTED if n in by_name)
    return fitted, held, draws.note or draws.words


def _by_motion(
    subject: MotionSubject, ways: Mapping[str, Columns], *, test: np.ndarray, motion: np.ndarray
) -> tuple[MotionThird, ...]:
    if len(motion) < FEWEST_OF_THIRDS:
        return ()
    found = []
    for name, some in zip(THIRDS, thirds(motion), strict=True):
        chosen = {way: {one: v[some] for one, v in own.items()} for way, own in ways.items()}
        rows, baselines, _ = _rows(subject, chosen, test[some])
        least, most = float(motion[some].min()), float(motion[some].max())
        found.append(MotionThird(name=name, least=least, most=most, rows=rows, baselines=baselines))
    return tuple(found)


def _warnings(record: PredictionRecord) -> tuple[str, ...]:
    said = []
    if record.resampled.startswith("no interval"):
        said.append(record.resampled)
    if record.n_films == 1 and record.n_shots == len(record.names) and record.grouped_by == "shot":
        said.append(
            "the test triplets come from one film, and each counts as a shot of its own: intervals "
            "tell of this film, and are too narrow where several triplets show one shot"
        )
    middling = float(np.median(record.motion))
    if middling < SMALL:
        said.append(
            f"half of the test triplets move by less than {middling:.2g} pixels on the mean: "
            "little can be told of motion on frames as small, or as near in time, as these"
        )
    missing = [u for row in record.baselines for u in row.undefined if u.name == "motion_skill"]
    if missing:
        said.append(f"motion skill is not defined: {missing[0].why}")
    return tuple(said)
