"""Predict middle latents: fitted on training shots, scored on test shots, beside baselines."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.errors import DataError, UndefinedError, UsageError
from latentscape.motion.flow import Flow, flow_called
from latentscape.motion.prediction import (
    AGAIN,
    BLEND,
    BLURRED,
    CEILING,
    LINE,
    Columns,
    prediction_rows,
)
from latentscape.motion.predictors import (
    PREDICTORS,
    FitConfig,
    Predictor,
    TripletLatents,
    predictor_named,
)
from latentscape.motion.resampled import draws_of
from latentscape.motion.summary import thirds
from latentscape.records import Row, Undefined
from latentscape.records.prediction import MotionThird, PredictionRecord, PredictorFit
from latentscape.workflows.film import FILMS, remove_films
from latentscape.workflows.motion.flows import flow_sizes
from latentscape.workflows.motion.middles import (
    WARP,
    Middles,
    channel_variance,
    errors_of,
    perceptual_distance,
)
from latentscape.workflows.motion.prediction_film import write_films
from latentscape.workflows.motion.subject import MotionSubject, open_motion
from latentscape.workflows.opening import Progress

UNFITTED = (BLEND, AGAIN, WARP, "copy-first", "copy-last", LINE, CEILING)
NOTES = {
    BLEND: "the mean of first and last frame: what a predictor must beat",
    AGAIN: "the same, encoded and decoded: tells the decoder's own error from the way's",
    WARP: "both ends moved half-way along their optical flow, and averaged; no model behind it",
    LINE: "the mean of both ends' latents, decoded",
    CEILING: "the true middle, encoded and decoded: the best that this model can show",
}
THIRDS = ("little motion", "middling motion", "much motion")
FEWEST_OF_THIRDS, FEW_GROUPS, N_SHOWN = 9, 6, 6


@dataclass(frozen=True)
class PredictConfig:
    """Which predictors, and how they are fitted.

    Attributes:
        predictors: Names out of `PREDICTORS`; all that apply if None. The linear one and its blur
            are always there, to be held against.
        fit: How learned ones are trained; its seed and device are set by the verb.
        flow: ``dis``, ``farneback``, ``python:MODULE:CALLABLE`` or a callable, for the warp and
            for telling how much moves.
        film: Films of test shots beside the record: ``gif``, ``mp4``.
    """

    predictors: tuple[str, ...] | None = None
    fit: FitConfig = field(default_factory=FitConfig)
    flow: str | Flow = "dis"
    film: tuple[str, ...] = ()


def predict_middles(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    config: PredictConfig | None = None,
    out: Path | str | None = None,
    latents: Path | str | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> PredictionRecord:
    """Predict the middle latent of motion triplets from both ends, and say how well.

    Predictors learn from the training triplets, stop by the validation triplets, and are scored on
    test triplets, whose shots were never seen: among latents (skill over the midpoint and over its
    best blur, R²), and decoded, against the true frame, beside the blend of pixels, the warp by
    optical flow and the autoencoder's ceiling. Intervals resample films, or shots where there are
    fewer than eight films. Latents and frames are read a few at a time.

    Args:
        model: MODEL.
        data: DATA of moving pictures; the model's own images if None.
        config: Which predictors, and how they are fitted.
        out: Folder to write to; the model's run if None. The record is
            ``motion/DATA-prediction.json`` in it.
        latents: Folder of ``latent1..3.npy`` to read instead of encoding.
        seed: Of nets, of intervals and of what is shown.
        progress: Called with (done, in all, unit).

    Raises:
        UsageError: If there is no such predictor, flow or film.
        DataError, ModelError, StoreError: As `open_motion` does; DataError too if a split has no
            triplets.
    """
    config = config or PredictConfig()
    flow = flow_called(config.flow)[1]
    _require_films(config.film)
    names = _wanted(config.predictors)
    subject = open_motion(model, data, out=out, latents=latents, seed=seed, progress=progress)
    _require_splits(subject)
    predictors, left_out = _applying(names, subject, config.fit)
    fits = _fitted(predictors, subject, progress)
    test = subject.which("test")
    middles = Middles(subject, predictors, flow)
    ways, perceptual = _scored(middles, test, progress)
    motion = flow_sizes(subject, config.flow)[test]
    record = _record(subject, ways, motion).model_copy(
        update={
            "fits": fits,
            "left_out": left_out,
            "perceptual": perceptual,
            "settings": {
                k: v for k, v in asdict(config.fit).items() if k not in ("seed", "device")
            },
            **_pictures(middles, test[_chosen(motion)]),
        }
    )
    stem = subject.folder / "motion" / f"{subject.stem}-prediction"
    record.save(stem)
    remove_films(stem)
    if config.film:
        write_films(middles, _best(record.rows), stem, kinds=config.film)
    return record


def _wanted(names: Sequence[str] | None) -> tuple[str, ...]:
    """Names in the order of `PREDICTORS`, with those that others are held against."""
    if names is None:
        return tuple(PREDICTORS)
    for name in names:
        predictor_named(name)
    return tuple(name for name in PREDICTORS if name in {*names, LINE, BLURRED})


def _require_films(kinds: Sequence[str]) -> None:
    unknown = [kind for kind in kinds if kind not in FILMS]
    if unknown:
        raise UsageError(f"there is no film {unknown[0]!r}", f"known: {', '.join(FILMS)}")


def _require_splits(subject: MotionSubject) -> None:
    for split in ("train", "val", "test"):
        if not len(subject.which(split)):
            raise DataError(
                f"{subject.subject.images.name} has no {split} triplets",
                "predictors learn, stop and are judged by different shots: give more of them, or "
                "other fractions (val_fraction, test_fraction)",
            )


def _applying(
    names: Sequence[str], subject: MotionSubject, fit: FitConfig
) -> tuple[dict[str, Predictor], tuple[Undefined, ...]]:
    device = str(subject.subject.model.autoencoder.device)
    config = replace(fit, seed=subject.seed, device=device)
    every = {name: predictor_named(name, config) for name in names}
    refused = {name: one.refusal(subject.latent_shape) for name, one in every.items()}
    left_out = tuple(Undefined(name=name, why=why) for name, why in refused.items() if why)
    return {name: one for name, one in every.items() if not refused[name]}, left_out


def _fitted(
    predictors: Mapping[str, Predictor], subject: MotionSubject, progress: Progress | None
) -> tuple[PredictorFit, ...]:
    train, val = (
        TripletLatents(subject.latents_of, subject.which(split), subject.latent_shape)
        for split in ("train", "val")
    )
    fits = []
    for i, (name, predictor) in enumerate(predictors.items()):
        began = time.perf_counter()
        told = predictor.fit(train, val)
        seconds = time.perf_counter() - began
        fits.append(PredictorFit(name=name, seconds=seconds, **told._asdict()))
        if progress is not None:
            progress(i + 1, len(predictors), "predictors fitted")
    return tuple(fits)


def _scored(
    middles: Middles, test: np.ndarray, progress: Progress | None
) -> tuple[dict[str, dict[str, np.ndarray]], str]:
    """Way to its errors on the test triplets, (n,) each; and what LPIPS is here."""
    variance = channel_variance(middles.subject, test)
    perceptual, words = perceptual_distance()
    if middles.subject.subject.images.shape.channels not in (1, 3):
        perceptual, words = None, ""
    parts, done = [], 0
    for seen in middles.batches(test):
        parts.append(errors_of(seen, variance, perceptual))
        done += len(seen.which)
        if progress is not None:
            progress(done, len(test), "test triplets")
    ways = {
        way: {name: np.concatenate([part[way][name] for part in parts]) for name in own}
        for way, own in parts[0].items()
    }
    order = [way for way in (*UNFITTED[:-1], *PREDICTORS, CEILING) if way in ways]
    return {way: ways[way] for way in dict.fromkeys(order)}, words


def _record(
    subject: MotionSubject, ways: Mapping[str, Columns], motion: np.ndarray
) -> PredictionRecord:
    test = subject.which("test")
    told = subject.triplets.take(test)
    rows, baselines, words = _rows(subject, ways, np.arange(len(test)))
    counts = {split: len(subject.which(split)) for split in ("train", "val", "test")}
    record = PredictionRecord(
        provenance=subject.subject.provenance(seed=subject.seed, n=len(test)).model_copy(
            update={"split": "test"}
        ),
        rows=rows,
        baselines=baselines,
        by_motion=_by_motion(subject, ways, motion),
        fits=(),
        left_out=(),
        n_triplets=counts,
        n_shots=len(np.unique(told.shots)),
        n_films=len(np.unique(told.films)),
        resampled=words,
        names=tuple(map(str, told.names)),
        shots=tuple(map(str, told.shots)),
        films=tuple(map(str, told.films)),
        motion=motion,
        columns={f"{way} {name}": own[name] for way, own in ways.items() for name in own},
        shown=(),
        ways=(),
        pictures=np.zeros((0,), np.uint8),
        latents_from=subject.latents_from,
    )
    return record.model_copy(update={"warnings": _warnings(record)})


def _rows(
    subject: MotionSubject, ways: Mapping[str, Columns], some: np.ndarray
) -> tuple[tuple[Row, ...], tuple[Row, ...], str]:
    """Rows of predictors, of what has nothing to fit, and over what was resampled."""
    told = subject.triplets.take(subject.which("test")[some])
    draws = draws_of(told.films, told.shots, seed=subject.seed)
    chosen = {way: {name: v[some] for name, v in own.items()} for way, own in ways.items()}
    rows = prediction_rows(chosen, draws, notes=NOTES)
    fitted = tuple(row for row in rows if row.name not in UNFITTED)
    by_name = {row.name: row for row in rows}
    return fitted, tuple(by_name[n] for n in UNFITTED if n in by_name), draws.words


def _by_motion(
    subject: MotionSubject, ways: Mapping[str, Columns], motion: np.ndarray
) -> tuple[MotionThird, ...]:
    if len(motion) < FEWEST_OF_THIRDS:
        return ()
    found = []
    for name, some in zip(THIRDS, thirds(motion), strict=True):
        rows, baselines, _ = _rows(subject, ways, some)
        least, most = float(motion[some].min()), float(motion[some].max())
        found.append(MotionThird(name=name, least=least, most=most, rows=rows, baselines=baselines))
    return tuple(found)


def _warnings(record: PredictionRecord) -> tuple[str, ...]:
    said = []
    if record.n_shots < FEW_GROUPS:
        said.append(
            f"the test triplets come from {record.n_shots} shots only: their intervals are rough"
        )
    if record.n_films == 1 and record.n_shots == len(record.names):
        said.append(
            "the test triplets come from one film, and each counts as a shot of its own: intervals "
            "tell of this film, and are too narrow where several triplets show one shot"
        )
    missing = [u for row in record.baselines for u in row.undefined if u.name == "motion_skill"]
    if missing:
        said.append(f"motion skill is not defined: {missing[0].why}")
    return tuple(said)


def _best(rows: Sequence[Row]) -> str:
    """The predictor with the least error among latents, of those with something to fit."""
    if not rows:
        raise UndefinedError("no predictor was fitted", "name one with --predictors")
    return min(rows, key=lambda row: row["latent_error"].value).name


def _chosen(motion: np.ndarray) -> np.ndarray:
    """Places of a few triplets, from little to much motion: the middle ones of equal parts."""
    order = np.argsort(motion, kind="stable")
    parts = np.array_split(order, min(N_SHOWN, len(order)))
    return np.array([part[len(part) // 2] for part in parts])


def _pictures(middles: Middles, shown: np.ndarray) -> dict:
    """First, true middle, last, and the middle by every way, of a few triplets."""
    seen = middles.of(shown)
    ways = ("first", "true middle", "last", *seen.images)
    pictures = [*(seen.frames[:, i] for i in range(3)), *seen.images.values()]
    names = middles.subject.triplets.names[shown]
    return {
        "shown": tuple(map(str, names)),
        "ways": ways,
        "pictures": np.stack(pictures, axis=1),
    }
