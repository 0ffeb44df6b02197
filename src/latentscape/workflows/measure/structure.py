"""Measure structure: how a latent space is organised, a row a topic."""

from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.records import Neighbours, Row
from latentscape.records.structure import StructureRecord
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.opening import Progress

N_NEIGHBOURS = 20


def measure_structure(
    thing: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str = "test",
    limit: int | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> StructureRecord:
    """How the latents of a model or a store lie: shape, Gaussianity, prior, dimension.

    Args:
        thing: MODEL, or a store that `encode` wrote.
        data: DATA, for a model; its own images if None.
        split: ``train``, ``val``, ``test`` or ``all``, for a model.
        limit: Most latents; above, a seeded choice of them.
        seed: Of every choice, draw and bootstrap.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError, StoreError, ModelError: As opening them does.
    """
    latents = open_latents(thing, data, split=split, limit=limit, seed=seed, progress=progress)
    graph = _graph(latents, seed=seed)
    record = StructureRecord(
        provenance=latents.provenance,
        rows=(_dimension(latents, graph, seed=seed),),
        verdicts=(),
        eigenvalues=np.zeros(0),
        null_eigenvalues=np.zeros((3, 0)),
        prior_matched=latents.prior_matched,
        class_names=latents.class_names,
        # classes=_classes(latents, graph, seed=seed)
        # spatial=_spatial(latents)
        # smoothness=_smoothness(latents, seed=seed)
    )
    stem = out or latents.room("measures", f"structure-{latents.stem}")
    if stem is not None:
        record.save(stem)
    return record


def _graph(latents: Latents, *, seed: int) -> Neighbours | None:
    """The neighbour graph that classes and dimension share; None of too few latents."""
    return None


def _dimension(latents: Latents, graph: Neighbours | None, *, seed: int) -> Row:
    return Row(name="intrinsic dimension", measures=())
