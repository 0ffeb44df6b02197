"""Predict middle latents: fitted on training shots, scored on test shots, beside baselines."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig, warn_of_cut_scenes
from latentscape.errors import UsageError
from latentscape.motion.flow import Flow
from latentscape.motion.prediction import BLURRED, LINE
from latentscape.motion.predictors import (
    PREDICTORS,
    FitConfig,
    Predictor,
    TripletLatents,
    predictor_named,
)
from latentscape.records import Undefined
from latentscape.records.prediction import PredictionRecord
from latentscape.workflows.film import FILMS, remove_films
from latentscape.workflows.motion.fits import fitted
from latentscape.workflows.motion.flows import flow_named
from latentscape.workflows.motion.middles import Middles
from latentscape.workflows.motion.prediction_film import write_films
from latentscape.workflows.motion.prediction_table import prediction_record
from latentscape.workflows.motion.scores import scored
from latentscape.workflows.motion.subject import MotionSubject, open_motion
from latentscape.workflows.motion.unseen import unseen_parts
from latentscape.workflows.opening import Progress

N_SHOWN = 6


@dataclass(frozen=True)
class PredictConfig:
    """Which predictors, and how they are fitted.

    Attributes:
        predictors: Names out of `PREDICTORS`; all that apply if None. The linear one and its blur
            are always there, to be held against.
        fit: How learned ones are trained; its seed and device are set by the verb.
        flow: ``dis``, ``farneback``, ``python:MODULE:CALLABLE``, ``python:FILE.py:CALLABLE`` or a
            callable, for the warp and for telling how much moves.
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
    test triplets, whose scenes were never seen: among latents (skill over the midpoint and over its
    best blur, R²), and decoded, against the true frame, beside the blend of pixels, the warp by
    optical flow and the autoencoder's ceiling. Intervals resample films, or scenes where there are
    fewer than eight films. What was fitted or scored before is taken again.

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
    flow = flow_named(config.flow)
    _require_films(config.film)
    names = _wanted(config.predictors)
    subject = open_motion(model, data, out=out, latents=latents, seed=seed, progress=progress)
    warn_of_cut_scenes(subject.subject.images)
    parts = unseen_parts(subject)
    fit = replace(config.fit, seed=seed, device=str(subject.subject.model.autoencoder.device))
    predictors, left_out = _applying(names, subject, fit)
    learnt = [
        TripletLatents(subject.latents_of, which, subject.latent_shape)
        for which in (parts.train, parts.val)
    ]
    fits = fitted(predictors, learnt, subject.folder, config=fit, progress=progress)
    middles = Middles(subject, predictors, flow)
    ways, motion, perceptual = scored(middles, parts.test, config=fit, progress=progress)
    record = prediction_record(subject, parts, ways=ways, motion=motion, fits=fits)
    told = {k: v for k, v in asdict(fit).items() if k not in ("seed", "device")}
    pictures = _pictures(middles, parts.test[_chosen(motion)])
    record = record.model_copy(
        update={"left_out": left_out, "perceptual": perceptual, "settings": told, **pictures}
    )
    stem = subject.folder / "motion" / f"{subject.stem}-prediction"
    record.save(stem)
    remove_films(stem)
    if config.film:
        write_films(middles, parts.test, stem, best=record.best, kinds=config.film)
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


def _applying(
    names: Sequence[str], subject: MotionSubject, fit: FitConfig
) -> tuple[dict[str, Predictor], tuple[Undefined, ...]]:
    every = {name: predictor_named(name, fit) for name in names}
    refused = {name: one.refusal(subject.latent_shape) for name, one in every.items()}
    left_out = tuple(Undefined(name=name, why=why) for name, why in refused.items() if why)
    return {name: one for name, one in every.items() if not refused[name]}, left_out


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
