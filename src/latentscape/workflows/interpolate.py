"""Interpolate: from one latent to another, decoded on the way."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypedDict, Unpack

import numpy as np
import torch

from latentscape.data import DataConfig
from latentscape.errors import UsageError
from latentscape.records import TrajectoryRecord
from latentscape.trajectories import Pairs, choose_pairs, interpolator_named
from latentscape.workflows.opening import (
    BATCH,
    Progress,
    Subject,
    decode,
    open_subject,
    require_finite,
    room_in,
)


class JourneyWords(TypedDict, total=False):
    """The keywords of `interpolate`; what they mean and stand at: `Journey`."""

    pairs: str | list[str] | tuple[str, ...]
    n_pairs: int
    n_steps: int
    method: str
    seed: int
    split: str


@dataclass(frozen=True)
class Journey:
    """Between which samples, and how.

    Attributes:
        pairs: ``different-class``, ``same-class`` or ``random``; or pairs ``"idA:idB"``.
        n_pairs: How many pairs to choose.
        n_steps: Frames of each trajectory, both ends counted.
        method: Name of the interpolator: ``linear``.
        seed: Of the choice of pairs.
        split: ``train``, ``val``, ``test`` or ``all``.
    """

    pairs: str | list[str] | tuple[str, ...] = "different-class"
    n_pairs: int = 8
    n_steps: int = 10
    method: str = "linear"
    seed: int = 0
    split: str = "test"


def interpolate(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    out: Path | str | None = None,
    progress: Progress | None = None,
    **words: Unpack[JourneyWords],
) -> TrajectoryRecord:
    """Travel between the posterior means of pairs of images, and decode every step.

    Args:
        model: MODEL.
        data: DATA; the model's own images if None.
        out: Stem of the record's files; ``trajectories/`` in the model's run if None.
        progress: Called with (frames done, frames in all, "frames").
        **words: The fields of `Journey`: ``pairs``, ``n_pairs``, ``n_steps``, ``method``,
            ``seed``, ``split``.

    Raises:
        UsageError: If a word is unknown, or no such pairs exist.
        DataError: If images and model do not fit.
        ModelError: If what the model gives is not finite.
    """
    try:
        journey = Journey(**words)
    except TypeError as error:
        known = ", ".join(asdict(Journey()))
        raise UsageError(f"interpolate knows no such word ({error})", f"known: {known}") from error
    travel = interpolator_named(journey.method)
    subject = open_subject(model, data, journey.split)
    images, split = subject.images, subject.rows
    pairs = choose_pairs(
        journey.pairs,
        sample_ids=images.sample_ids[split],
        labels=images.labels[split],
        n_pairs=journey.n_pairs,
        seed=journey.seed,
    )
    rows = split[pairs.rows]
    ends = _means(subject, rows)
    latents = travel(ends[:, 0], ends[:, 1], n_steps=journey.n_steps)
    record = TrajectoryRecord(
        provenance=subject.provenance(seed=journey.seed, n=len(rows)),
        method=journey.method,
        criterion=pairs.criterion,
        n_steps=journey.n_steps,
        pairs=_pairs_of(images.sample_ids[rows]),
        pair_labels=_pairs_of(_class_of(subject, rows)),
        latents=latents,
        frames=_frames(subject, latents, progress),
        originals=subject.as_bytes(rows),
    )
    stem = out or room_in(subject.model, "trajectories", _stem(subject, pairs, journey))
    if stem is not None:
        record.save(stem)
    return record


@torch.inference_mode()
def _means(subject: Subject, rows: np.ndarray) -> np.ndarray:
    """Posterior means of pairs of images, ``pairs 2 *latent``."""
    found = []
    for start in range(0, rows.size, BATCH):
        pixels = subject.pixels(rows.reshape(-1)[start : start + BATCH])
        mean = subject.model.autoencoder.encode(pixels).mean
        require_finite(subject.model.name, mean, "encodes")
        found.append(mean.cpu().numpy())
    means = np.concatenate(found)
    return means.reshape(*rows.shape, *means.shape[1:])


def _frames(subject: Subject, latents: np.ndarray, progress: Progress | None) -> np.ndarray:
    """Decoded trajectories, uint8 ``pairs steps channels height width``, a pair at a time."""
    n_pairs, n_steps = latents.shape[:2]
    frames = np.empty((n_pairs, n_steps, *subject.images.shape), np.uint8)
    for pair, line in enumerate(latents):
        frames[pair] = decode(subject.model, line)
        if progress is not None:
            progress((pair + 1) * n_steps, n_pairs * n_steps, "frames")
    return frames


def _class_of(subject: Subject, rows: np.ndarray) -> np.ndarray:
    """Class name of each row, empty where unknown."""
    names = np.array(["", *subject.images.class_names], dtype=object)
    labels = subject.images.labels[rows]
    return names[np.where((labels >= 0) & (labels < len(names) - 1), labels + 1, 0)]


def _pairs_of(names: np.ndarray) -> tuple[tuple[str, str], ...]:
    return tuple((str(start), str(end)) for start, end in names)


def _stem(subject: Subject, pairs: Pairs, journey: Journey) -> str:
    return f"{subject.stem}-{pairs.criterion}-{journey.method}"
