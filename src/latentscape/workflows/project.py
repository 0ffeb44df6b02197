"""Project: a store's latents on the plane, and how much the picture lies."""

import time
from pathlib import Path

import numpy as np

from latentscape.errors import UsageError
from latentscape.metrics import faithfulness
from latentscape.projection import PCA, projector_named
from latentscape.records import MapRecord, Row
from latentscape.store import Store

N_NEIGHBOURS = 10
FEWEST = 4


def project(
    store: Path | str,
    *,
    method: str = "pacmap",
    seed: int = 0,
    limit: int = 10_000,
    out: Path | str | None = None,
) -> MapRecord:
    """Lay a store's latents out on the plane, beside PCA and a random projection.

    Needs neither the model nor torch.

    Args:
        store: A folder that `encode` wrote.
        method: ``pacmap``, ``pca``, ``umap``, ``tsne``, or ``latent`` for two latents as they are.
        seed: Of the choice of rows, the method and its measures.
        limit: Most points on the map; above, a seeded choice of them.
        out: Stem of the record's files; ``maps/`` in the store's run, if it lies in one, if None.

    Raises:
        UsageError: If the method is unknown or does not suit these latents.
        StoreError: If the store is damaged or half-written.
        ShapeError: If there are too few latents for the method.
    """
    if limit < 1:
        raise UsageError(f"a map of {limit} points shows nothing", "give a limit of at least 1")
    projector = projector_named(method)(seed=seed)
    opened = Store.open(store)
    rows = opened.choice(limit, seed=seed)
    latents = opened.rows(rows)
    started = time.monotonic()
    positions = projector.fit_transform(latents)
    seconds = time.monotonic() - started
    samples = opened.samples.take(rows)
    record = MapRecord(
        provenance=opened.manifest.provenance.model_copy(update={"n": len(rows), "seed": seed}),
        method=method,
        parameters=projector.parameters,
        positions=positions,
        labels=samples.labels,
        class_names=opened.manifest.class_names,
        sample_ids=tuple(samples.sample_ids.tolist()),
        faithfulness=_measured(projector.title, latents, positions, seed=seed),
        baselines=_baselines(method, latents, seed=seed),
        axes=projector.axes,
        seconds=seconds,
        prior_matched=opened.manifest.prior_matched,
    )
    stem = out or _stem(opened.folder, method)
    if stem is not None:
        record.save(stem)
    return record


def random_projection(latents: np.ndarray, *, seed: int) -> np.ndarray:
    """Positions on a random plane: what a map shows that has looked at nothing."""
    rows = latents.reshape(len(latents), -1)
    rng = np.random.default_rng(seed)
    return (rows @ rng.standard_normal((rows.shape[1], 2))).astype(np.float32)


def _baselines(method: str, latents: np.ndarray, *, seed: int) -> tuple[Row, ...]:
    found = [
        _measured("random projection", latents, random_projection(latents, seed=seed), seed=seed)
    ]
    if method != PCA.name and len(latents) >= PCA.fewest:
        positions = PCA(seed=seed).fit_transform(latents)
        found.insert(0, _measured(PCA.title, latents, positions, seed=seed))
    return tuple(found)


def _measured(name: str, latents: np.ndarray, positions: np.ndarray, *, seed: int) -> Row:
    n = len(latents)
    if n < FEWEST:
        return Row(name=name, measures=(), note=f"{n} points have too few neighbours to measure")
    if not (latents != latents[:1]).any():
        return Row(name=name, measures=(), note="all latents are one point: nothing to measure")
    k = min(N_NEIGHBOURS, (n - 1) // 2)
    return Row(name=name, measures=faithfulness(latents, positions, k=k, seed=seed))


def _stem(store: Path, method: str) -> Path | None:
    folder = store.resolve()
    run = folder.parent.parent
    if folder.parent.name != "stores" or not (run / "run.json").exists():
        return None
    return store.parent.parent / "maps" / f"{folder.name}-{method}"
