"""Measure disentanglement: whether single latents follow single factors, where they are known."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.errors import UsageError
from latentscape.metrics.disentanglement import (
    Findings,
    Known,
    disentanglement,
    factors_of,
    label_gap,
)
from latentscape.metrics.disentanglement.trials import Trials
from latentscape.records import DisentanglementRecord, Undefined
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.opening import Progress
from latentscape.workflows.units import Units, units_of

MOST_IMAGES = 10_000
SCORES = 6


def measure_disentanglement(
    model: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str | None = None,
    repeats: int = 5,
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> DisentanglementRecord:
    """MIG, DCI, SAP, modularity, FactorVAE and β-VAE score, beside chance and random rotations.

    Of at most 10,000 images of the split. Images with labels and no factors have a gap of
    information about the label instead, which is no MIG.

    Args:
        model: MODEL; a store does not keep the factors of its images.
        data: DATA with factors: ``sprites``, or an npz that holds them; the model's own if None.
        split: ``train``, ``val``, ``test`` or ``all``; ``test``, or a store's own, if None.
        repeats: Halves of the images behind each interval, permutations behind each chance level,
            and rotations of the latents.
        seed: Of everything drawn.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (done, in all, "images" or "scores").

    Raises:
        UsageError: If the images have neither factors nor labels, or the words do not fit.
        DataError: If images and model do not fit.
    """
    if repeats < 2:
        raise UsageError(f"{repeats} repeats show no spread", "give at least 2")
    latents = open_latents(
        model, data, split=split, limit=MOST_IMAGES, seed=seed, progress=progress
    )
    units = units_of(latents)
    known, left_out, labels_only = _known(latents, units)
    groups = latents.groups
    if groups is not None and labels_only:
        groups = groups[latents.labels >= 0]
    trials = Trials(repeats, seed, groups)
    total = trials.n_takes * (1 if labels_only else SCORES)
    judge = label_gap if labels_only else disentanglement
    with _told(trials, total, progress) as trials:
        found = judge(known, name=latents.provenance.model, trials=trials)
    unusable = tuple(Undefined(name=f"factor {f.name}", why=f.why) for f in left_out)
    row = found.row.model_copy(update={"undefined": (*found.row.undefined, *unusable)})
    found = found._replace(row=row)
    record = _record(latents, units, known=known, found=found, labels_only=labels_only)
    stem = out or latents.room("measures", f"disentanglement-{latents.stem}")
    if stem is not None:
        record.save(stem)
    return record


def _known(latents: Latents, units: Units) -> tuple[Known, tuple[Undefined, ...], bool]:
    """Latents and factors; where there are none, the labels, and that they are all there is."""
    subject = latents.subject
    if subject is None:
        raise UsageError(
            "a store does not keep the factors of its images",
            "name the model: latentscape measure disentanglement MODEL DATA",
        )
    images = subject.images
    if images.factors is not None:
        found, left_out = factors_of(
            images.factors[subject.rows], images.factor_names, images.factor_kinds
        )
        return Known(units.rows, found, units.floor), left_out, False
    labelled = latents.labels >= 0
    if len(np.unique(latents.labels[labelled])) < 2:
        raise UsageError(
            f"{images.name} has no known factors, nor labels of two classes",
            "measure on sprites, or on an npz that holds factors (or latents_classes)",
        )
    found, left_out = factors_of(latents.labels[labelled][:, None].astype(float), ("label",))
    return Known(units.rows[labelled], found, units.floor), left_out, True


@contextmanager
def _told(trials: Trials, total: int, progress: Progress | None) -> Iterator[Trials]:
    """Trials that tell how far they are; all are done at the end, defined or not."""
    if progress is None:
        yield trials
        return
    done = count(1)
    yield replace(trials, tick=lambda: progress(min(next(done), total), total, "scores"))
    progress(total, total, "scores")


def _record(
    latents: Latents,
    units: Units,
    *,
    known: Known,
    found: Findings,
    labels_only: bool,
) -> DisentanglementRecord:
    return DisentanglementRecord(
        provenance=latents.provenance.model_copy(update={"n": len(known)}),
        row=found.row,
        rotated=found.rotated,
        by_factor=found.by_factor,
        labels_only=labels_only,
        axes=units.axes,
        unit_names=units.names,
        factor_names=tuple(factor.name for factor in known.factors),
        information=found.information,
        entropies=found.entropies,
        importance=found.importance,
        importance_by=found.importance_by,
        rate=units.rate,
        collapsed=~known.voting,
        ranked_by=units.ranked_by,
    )
