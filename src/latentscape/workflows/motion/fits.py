"""Fits of predictors, kept on disk: a verb that was stopped goes on, and a film fits no more."""

import hashlib
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from latentscape.errors import StoreError
from latentscape.motion.predictors import (
    FitConfig,
    Predictor,
    TripletLatents,
    predictor_named,
)
from latentscape.records import UNREADABLE, PredictorFit, refusal, replacing
from latentscape.workflows.opening import Progress

PLACE = "fits"
VERSION = 1
ABOUT = "about"
NO_STATE = (KeyError, ValueError, RuntimeError)
MOST_VALIDATION = 1_000


def fitted(
    predictors: Mapping[str, Predictor],
    parts: Sequence[TripletLatents],
    folder: Path,
    *,
    config: FitConfig,
    progress: Progress | None = None,
) -> tuple[PredictorFit, ...]:
    """Fit predictors, or take again what was fitted to the same latents by the same words.

    Args:
        predictors: By name; fitted afterwards.
        parts: Training and validation triplets.
        folder: ``fits/`` is in it.
        config: By which the predictors were made.
        progress: Called with (epochs, most, "epochs of NAME") and (done, in all, "predictors").
    """
    train, val = parts
    words = {k: v for k, v in asdict(config).items() if k != "device"}
    settings = {"version": VERSION, "latents": [_content(part) for part in parts], **words}
    found = []
    for i, (name, predictor) in enumerate(predictors.items()):
        key = hashlib.sha256(json.dumps([name, settings]).encode()).hexdigest()[:12]
        path = folder / PLACE / f"{name}-{key}.npz"
        told = _kept(path, predictor, train.latent_shape)
        if told is None:
            began = time.perf_counter()
            fit = predictor.fit(train, val, progress=progress)
            seconds = time.perf_counter() - began
            error = predictor.error(val.choice(MOST_VALIDATION, seed=config.seed))
            told = PredictorFit(name=name, seconds=seconds, validation_error=error, **fit._asdict())
            _keep(path, predictor, told)
        found.append(told)
        if progress is not None:
            progress(i + 1, len(predictors), "predictors fitted")
    return tuple(found)


def kept_fit(
    folder: Path, told: PredictorFit, settings: Mapping[str, Any], shape: tuple[int, ...]
) -> Predictor | None:
    """A predictor as a record tells of it, with what it was fitted to.

    Args:
        folder: ``fits/`` is in it.
        told: As the record has it.
        settings: By which it was made, as the record has them.
        shape: Of one latent.

    Returns:
        None where its fit was not kept, or is another's by now.
    """
    names = set(FitConfig.__dataclass_fields__) - {"device"}
    config = FitConfig(**{name: settings[name] for name in names & set(settings)})
    for path in sorted((folder / PLACE).glob(f"{told.name}-*.npz")):
        predictor = predictor_named(told.name, config)
        if _kept(path, predictor, shape) == told:
            return predictor
    return None


def _content(triplets: TripletLatents) -> str:
    """Hash of all latents: what a path or a model's name says of them may have changed."""
    told = hashlib.sha256(repr(triplets.latent_shape).encode())
    for ends, middles in triplets.batches():
        told.update(ends.tobytes())
        told.update(middles.tobytes())
    return told.hexdigest()


def _kept(path: Path, predictor: Predictor, shape: tuple[int, ...]) -> PredictorFit | None:
    """What was fitted before, given back to the predictor; None where it is missing or damaged."""
    try:
        with np.load(path, allow_pickle=False) as file:
            state = {name: file[name] for name in file.files}
        told = PredictorFit.model_validate_json(str(state.pop(ABOUT)))
        predictor.restore(state, shape)
    except (*UNREADABLE, *NO_STATE):
        return None
    return told


def _keep(path: Path, predictor: Predictor, told: PredictorFit) -> None:
    columns = {**predictor.state(), ABOUT: np.array(told.model_dump_json())}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, temporary.open("wb") as file:
            np.savez(file, allow_pickle=False, **columns)
    except OSError as error:
        raise StoreError(
            f"{path} could not be written: {refusal(error)}",
            "make room, or write elsewhere with --out",
        ) from error
