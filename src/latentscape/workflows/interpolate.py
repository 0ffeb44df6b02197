"""Interpolate: from one latent to another, decoded on the way."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Unpack

import numpy as np
import torch

from latentscape.data import DataConfig
from latentscape.errors import ModelError, UsageError
from latentscape.records import TrajectoryRecord
from latentscape.training.recipes import prior_matched
from latentscape.trajectories import (
    Crowd,
    Interpolator,
    Pairs,
    choose_pairs,
    interpolator_named,
)
from latentscape.trajectories.paced import paced
from latentscape.workflows.film import remove_films, write_film
from latentscape.workflows.finite import N_NAMED
from latentscape.workflows.journey import N_PAIRS, PAIRS, Journey, JourneyWords, journey_of
from latentscape.workflows.key_frames import (
    SMOOTH,
    frames_of_keys,
    hash_of_keys,
    keys_named,
    pairs_of_keys,
    through_keys,
)
from latentscape.workflows.opening import (
    BATCH,
    Progress,
    Subject,
    decode,
    open_subject,
    require_finite,
    room_in,
)
from latentscape.workflows.surroundings import surroundings_of


@dataclass(frozen=True)
class _Way:
    """Where to travel: the pairs, how to go between them, and the keys on the way if there are.

    ``keys`` are latents and ``key_rows`` rows of the split; both are empty where pairs are
    travelled.
    """

    pairs: Pairs
    travel: Interpolator
    keys: np.ndarray
    key_rows: np.ndarray


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
        **words: The fields of `Journey`: ``pairs``, ``through``, ``n_pairs``, ``n_steps``,
            ``method``, ``seed``, ``split``, ``even``, ``film``.

    Raises:
        UsageError: If a word is unknown or does not go with another, or no such pairs exist.
        DataError: If images and model do not fit.
        ModelError: If what the model encodes is not finite, or no way decodes to what is; single
            ways that do not are left out with a warning.
    """
    journey = journey_of(**words)
    subject = open_subject(model, data, journey.split, judges=False)
    if journey.film and out is None and subject.model.folder is None:
        raise UsageError(
            f"{subject.model.name} is no run, so there is no place for a film",
            "say where with --out STEM",
        )
    way = _way(subject, crowd_of(subject), journey)
    latents, frames, pairs = _travelled(subject, way, journey, progress)
    record = TrajectoryRecord(
        provenance=subject.provenance(seed=journey.seed, n=len(pairs)),
        method=journey.method + (", even pace" if journey.even else ""),
        criterion=pairs.criterion,
        n_steps=journey.n_steps,
        pairs=names_of(subject, pairs),
        pair_labels=_labels_of(subject, pairs),
        latents=latents,
        frames=frames,
        originals=_originals(subject, pairs, frames[:, [0, -1]]),
        through=journey.keys,
        key_steps=frames_of_keys(way.keys, latents[0]) if journey.keys else (),
        key_originals=subject.as_bytes(subject.rows[way.key_rows]) if journey.keys else None,
    )
    stem = out or room_in(subject.model, "trajectories", _stem(subject, pairs, journey))
    if stem is not None:
        record.save(stem)
        names = [" → ".join(pair) for pair in record.pair_labels]
        if out is None:
            remove_films(Path(stem))  # those of an earlier record of that name
        write_film(record.frames, names, Path(stem), kinds=journey.film)
    return record


def _travelled(
    subject: Subject, way: _Way, journey: Journey, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray, Pairs]:
    """Latents and frames of the ways that decode to images, and between which pairs they go."""
    pairs, travel, ends = way.pairs, way.travel, ends_of(subject, way.pairs)
    if journey.even:
        travel = paced(travel, lambda latents: _seen(subject, latents))
    latents = travel(ends[:, 0], ends[:, 1], n_steps=journey.n_steps)
    frames, whole = _frames(subject, latents, progress)
    if len(whole) < len(pairs):
        return latents[whole], frames[whole], _left(subject, pairs, whole)
    return latents, frames, pairs


def _way(subject: Subject, crowd: Crowd, journey: Journey) -> _Way:
    """Which pairs, and how to go between them."""
    travel = None
    if journey.method not in SMOOTH:
        around = surroundings_of(subject, crowd, journey.method, seed=journey.seed)
        travel = interpolator_named(journey.method, around)
    if journey.keys:
        rows = keys_named(journey.keys, crowd)
        keys = _means(subject, subject.rows[rows])
        named = pairs_of_keys(rows, seed=journey.seed)
        return _Way(named, through_keys(keys, method=journey.method, travel=travel), keys, rows)
    assert travel is not None
    n_pairs = N_PAIRS if journey.n_pairs is None else journey.n_pairs
    found = choose_pairs(
        PAIRS if journey.pairs is None else journey.pairs, crowd, n_pairs=n_pairs, seed=journey.seed
    )
    return _Way(found, travel, np.zeros(0), np.zeros(0, np.int64))


@torch.inference_mode()
def _seen(subject: Subject, latents: np.ndarray) -> np.ndarray:
    """(n, values) what latents decode to, in 8-bit levels; NaN stays NaN."""
    autoencoder = subject.model.autoencoder
    parts = torch.from_numpy(np.asarray(latents, np.float32)).split(BATCH)
    images = [autoencoder.decode(part.to(autoencoder.device)).cpu() for part in parts]
    return (torch.cat(images).clamp(0, 1) * 255).flatten(1).numpy()


def crowd_of(subject: Subject) -> Crowd:
    """A subject's split as what pairs are chosen among; encoded only if the choice asks."""
    images, model = subject.images, subject.model
    return Crowd(
        sample_ids=images.sample_ids[subject.rows],
        labels=images.labels[subject.rows],
        class_names=images.class_names,
        encode=lambda: _means(subject, subject.rows),
        prior_matched=prior_matched(model.recipe, posterior=model.autoencoder.posterior),
    )


def ends_of(subject: Subject, pairs: Pairs) -> np.ndarray:
    """The two latents of each pair, ``pairs 2 *latent``: places, or posterior means of samples."""
    if pairs.ends is not None:
        return pairs.ends
    means = _means(subject, subject.rows[pairs.rows].reshape(-1))
    return means.reshape(*pairs.rows.shape, *means.shape[1:])


def names_of(subject: Subject, pairs: Pairs) -> tuple[tuple[str, str], ...]:
    """What the two ends of each pair are called."""
    if pairs.names is not None:
        return pairs.names
    return _pairs_of(subject.images.sample_ids[subject.rows[pairs.rows]])


@torch.inference_mode()
def _means(subject: Subject, rows: np.ndarray) -> np.ndarray:
    """Posterior means of images, ``rows *latent``."""
    found = []
    for start in range(0, len(rows), BATCH):
        mean = subject.model.autoencoder.encode(subject.pixels(rows[start : start + BATCH])).mean
        require_finite(subject.model.name, mean, "encodes")
        found.append(mean.cpu().numpy())
    return np.concatenate(found)


def _frames(
    subject: Subject, latents: np.ndarray, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Decoded trajectories, uint8 ``pairs steps channels height width``, a pair at a time.

    And the places of those that are finite throughout.

    Raises:
        ModelError: If none is.
    """
    n_pairs, n_steps = latents.shape[:2]
    frames = np.zeros((n_pairs, n_steps, *subject.images.shape), np.uint8)
    whole, failure = [], None
    for pair, line in enumerate(latents):
        try:
            frames[pair] = decode(subject.model, line)
            whole.append(pair)
        except ModelError as error:
            failure = error
        if progress is not None:
            progress((pair + 1) * n_steps, n_pairs * n_steps, "frames")
    if failure is not None and not whole:
        raise failure
    return frames, np.array(whole, np.int64)


def _left(subject: Subject, pairs: Pairs, whole: np.ndarray) -> Pairs:
    """Those pairs whose ways decode to images; a warning names the others."""
    names = names_of(subject, pairs)
    lost = [" → ".join(names[i]) for i in sorted(set(range(len(pairs))) - set(whole.tolist()))]
    named = ", ".join(lost[:N_NAMED]) + (" and more" if len(lost) > N_NAMED else "")
    told = f"{len(lost)} of {len(pairs)} ways decode to values that are not finite"
    warnings.warn(f"{told}: {named}; they are left out", stacklevel=3)
    return replace(
        pairs,
        rows=pairs.rows[whole],
        ends=None if pairs.ends is None else pairs.ends[whole],
        names=None if pairs.names is None else tuple(pairs.names[i] for i in whole),
    )


def _originals(subject: Subject, pairs: Pairs, decoded: np.ndarray) -> np.ndarray:
    """The images at both ends; where an end is no sample, what is decoded there."""
    originals = decoded.copy()
    known = pairs.rows >= 0
    originals[known] = subject.as_bytes(subject.rows[pairs.rows[known]])
    return originals


def _class_of(subject: Subject, rows: np.ndarray) -> np.ndarray:
    """Class name of each row of the split, empty where unknown."""
    names = np.array(["", *subject.images.class_names], dtype=object)
    labels = np.where(rows >= 0, subject.images.labels[subject.rows[rows]], -1)
    return names[np.where((labels >= 0) & (labels < len(names) - 1), labels + 1, 0)]


def _labels_of(subject: Subject, pairs: Pairs) -> tuple[tuple[str, str], ...]:
    """Class names of both ends; of an end that is no sample, the short of what it is called."""
    labels = _class_of(subject, pairs.rows)
    if pairs.names is not None:
        for i, (start, end) in enumerate(pairs.names):
            for side, name in enumerate((start, end.removeprefix(start).strip())):
                if pairs.rows[i, side] < 0:
                    labels[i, side] = name.partition(" at ")[0]
    return _pairs_of(labels)


def _pairs_of(names: np.ndarray) -> tuple[tuple[str, str], ...]:
    return tuple((str(start), str(end)) for start, end in names)


def _stem(subject: Subject, pairs: Pairs, journey: Journey) -> str:
    pace = "-even" if journey.even else ""
    keys = f"-{hash_of_keys(journey.keys)}" if journey.keys else ""
    return f"{subject.stem}-{pairs.criterion}{keys}-{journey.method}{pace}"
