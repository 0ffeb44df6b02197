"""Scores of predicted middles, kept on disk a few triplets a file: a stopped verb goes on."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from uuid import uuid4

import numpy as np

from latentscape.motion.prediction import CEILING
from latentscape.motion.predictors import PREDICTORS, FitConfig, Predictor
from latentscape.workflows.motion.middles import (
    Middles,
    channel_variance,
    errors_of,
    perceptual_distance,
)
from latentscape.workflows.motion.prediction_table import UNFITTED
from latentscape.workflows.motion.shards import Shards
from latentscape.workflows.opening import Progress

PLACE = "motion/scores"
VERSION = 1
AT_ONCE = 32  # triplets a file
MOVED = "moved"


def scored(
    middles: Middles, test: np.ndarray, *, config: FitConfig, progress: Progress | None = None
) -> tuple[dict[str, dict[str, np.ndarray]], np.ndarray, str]:
    """Errors of every way on the test triplets; those that were scored before are read.

    Args:
        middles: Makes the frames, by fitted predictors.
        test: Places of the test triplets.
        config: By which the predictors were made.
        progress: Called with (triplets done, in all, "test triplets").

    Returns:
        Way to its errors, (n,) each; (n,) mean length of each triplet's flow, pixels; what LPIPS
        is here, empty where there is none.
    """
    subject = middles.subject.subject
    variance = channel_variance(middles.subject, test)
    perceptual, words = perceptual_distance()
    if subject.images.shape.channels not in (1, 3):
        perceptual, words = None, ""

    def compute(places: np.ndarray) -> dict[str, np.ndarray]:
        parts = []
        for seen in middles.batches(test[places]):
            errors = errors_of(seen, variance, perceptual)
            told = {f"{way} {name}": own[name] for way, own in errors.items() for name in own}
            parts.append({MOVED: seen.moved, **told})
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    table = Shards(
        middles.subject.folder / PLACE,
        {
            **_settings(middles, test),
            "variance": variance.tolist(),
            "perceptual": words,
            "fits": _content(middles.predictors),
            "config": {k: v for k, v in asdict(config).items() if k != "device"},
        },
        len(test),
        replaces=("version", "latents", "variance", "code", "fits", "config"),
        size=AT_ONCE,
    ).fill(compute, progress=progress, unit="test triplets")
    return _ways(table), table.column(MOVED), words


def _settings(middles: Middles, test: np.ndarray) -> dict[str, object]:
    """What scores depend on beside the predictors: model, frames, latents, flow."""
    moving = middles.subject
    model = moving.subject.model
    return {
        "version": VERSION,
        "model": model.sha256 or uuid4().hex,
        "precision": model.precision,
        "model_settings": model.settings,
        "fingerprint": moving.subject.images.fingerprint,
        "triplets": hashlib.sha256(moving.triplets.rows[test].tobytes()).hexdigest(),
        "latents": moving.latents_digest(test),
        "flow": middles.flow.name,
        "code": middles.flow.code,
    }


def _content(predictors: Mapping[str, Predictor]) -> dict[str, str]:
    """A hash of all that each fit found."""
    found = {}
    for name, predictor in predictors.items():
        digest = hashlib.sha256()
        for key, values in sorted(predictor.state().items()):
            array = np.ascontiguousarray(values)
            digest.update(f"{key} {array.dtype} {array.shape}".encode() + array.tobytes())
        found[name] = digest.hexdigest()[:16]
    return found


def _ways(table: Shards) -> dict[str, dict[str, np.ndarray]]:
    """Columns by way and number: what has nothing to fit, predictors, the ceiling."""
    names = [name for name in table.names() if name != MOVED]
    ways: dict[str, dict[str, np.ndarray]] = {}
    for name in names:
        way, _, number = name.rpartition(" ")
        ways.setdefault(way, {})[number] = table.column(name)
    order = [way for way in (*UNFITTED[:-1], *PREDICTORS, CEILING) if way in ways]
    return {way: ways[way] for way in dict.fromkeys(order)}
