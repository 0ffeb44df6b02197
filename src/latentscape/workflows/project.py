"""Project: a store's latents on the plane, and how much the picture lies."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from latentscape.errors import ShapeError, UsageError
from latentscape.metrics import faithfulness, nearest_neighbours, point_trust
from latentscape.projection import PCA, PROJECTORS, Latent, Projector, projector_named
from latentscape.records import (
    MapRecord,
    MapsRecord,
    Neighbours,
    Provenance,
    Row,
    Undefined,
    run_of,
)
from latentscape.store import Store
from latentscape.workflows.finite import finite_rows

N_NEIGHBOURS = 10
FEWEST = 4


def project(
    store: Path | str,
    *,
    method: str = "pacmap",
    seed: int = 0,
    limit: int = 10_000,
    out: Path | str | None = None,
    keep: bool = False,
) -> MapRecord:
    """Lay a store's latents out on the plane, beside PCA and a random projection.

    Needs neither the model nor torch. Latents that are not finite are left out, with a warning.

    Args:
        store: A folder that `encode` wrote.
        method: ``pacmap``, ``pca``, ``umap``, ``tsne``, ``isomap``, ``lle``, or ``latent`` for two
            latents as they are.
        seed: Of the choice of rows, the method and its measures.
        limit: Most points on the map; above, a seeded choice of them.
        out: Stem of the record's files; ``maps/`` in the store's run, if it lies in one, if None.
        keep: Also keep the fitted projector, to place further latents: ``STEM-projector.npz``.

    Raises:
        UsageError: If the method is unknown or does not suit these latents.
        StoreError: If the store is damaged or half-written.
        ShapeError: If there are too few latents for the method.
        DataError: If no latent is finite.
    """
    projector = projector_named(method)(seed=seed)
    cloud = _open(store, seed=seed, limit=limit)
    stem = out or _stem(cloud.store, method)
    _require_room(stem, keep)
    cloud.find_neighbours([projector])
    return _mapped(projector, cloud, stem=stem, keep=keep)


def project_all(
    store: Path | str,
    *,
    methods: Iterable[str] | None = None,
    seed: int = 0,
    limit: int = 10_000,
    out: Path | str | None = None,
    keep: bool = False,
) -> MapsRecord:
    """Several maps of the same latents, their neighbours found once for all.

    Args:
        store: A folder that `encode` wrote.
        methods: As `project` takes them; every one that suits these latents if None.
        seed: Of the choice of rows, the methods and their measures.
        limit: Most points on the maps; above, a seeded choice of them.
        out: Stem of the records' files, to which each method's name is added.
        keep: Also keep the fitted projectors.

    Returns:
        The maps; a method that these latents do not suit is left out, and why is said.

    Raises:
        UsageError: If a method is unknown.
        UsageError, ShapeError, DataError, StoreError: As `project`, if there is no map at all.
    """
    cloud = _open(store, seed=seed, limit=limit)
    _require_room(out or _stem(cloud.store, "all"), keep)
    names = _suited(cloud.latents) if methods is None else tuple(dict.fromkeys(methods))
    projectors = [projector_named(name)(seed=seed) for name in names]
    started = time.monotonic()
    cloud.find_neighbours(projectors)
    seconds = time.monotonic() - started
    maps: list[MapRecord] = []
    left_out: list[Undefined] = []
    first_error: UsageError | ShapeError | None = None
    for projector in projectors:
        named = None if out is None else Path(f"{out}-{projector.name}")
        stem = named or _stem(cloud.store, projector.name)
        try:
            maps.append(_mapped(projector, cloud, stem=stem, keep=keep))
        except (UsageError, ShapeError) as error:
            first_error = first_error or error
            left_out.append(Undefined(name=projector.name, why=error.message))
    if not maps and first_error is not None:
        raise first_error
    return MapsRecord(
        provenance=cloud.provenance, maps=tuple(maps), left_out=tuple(left_out), seconds=seconds
    )


@dataclass
class Cloud:
    """The latents to be mapped, what is known of them, and what all their maps share."""

    store: Path
    latents: np.ndarray
    labels: np.ndarray
    class_names: tuple[str, ...]
    sample_ids: np.ndarray
    provenance: Provenance
    prior_matched: bool
    neighbours: Neighbours | None = None

    @property
    def k(self) -> int:
        """Neighbours by which a map is judged."""
        return min(N_NEIGHBOURS, (len(self.latents) - 1) // 2)

    @property
    def judged(self) -> bool:
        """Whether there is anything by which to judge a map."""
        return len(self.latents) >= FEWEST and bool((self.latents != self.latents[:1]).any())

    def find_neighbours(self, projectors: list[Projector]) -> None:
        """One graph with as many neighbours as any projector wants."""
        n = len(self.latents)
        wanted = [self.k, *(p.neighbours_wanted(n) for p in projectors if n >= p.fewest)]
        if self.judged:
            self.neighbours = nearest_neighbours(
                self.latents, min(max(wanted), n - 1), seed=self.provenance.seed
            )

    def row(self, name: str, positions: np.ndarray) -> Row:
        """How faithful some positions are."""
        seed = self.provenance.seed
        return faithfulness(
            self.latents, positions, name=name, k=self.k, neighbours=self.neighbours, seed=seed
        )

    @cached_property
    def pca_row(self) -> Row | None:
        """How faithful PCA is; None of too few latents."""
        if len(self.latents) < PCA.fewest:
            return None
        return self.row(PCA.title, PCA(seed=self.provenance.seed).fit_transform(self.latents))

    @cached_property
    def random_row(self) -> Row:
        """How faithful a random projection is."""
        positions = random_projection(self.latents, seed=self.provenance.seed)
        return self.row("random projection", positions)


def random_projection(latents: np.ndarray, *, seed: int) -> np.ndarray:
    """Positions on a random plane: what a map shows that has looked at nothing."""
    rows = latents.reshape(len(latents), -1)
    rng = np.random.default_rng(seed)
    return (rows @ rng.standard_normal((rows.shape[1], 2))).astype(np.float32)


def _open(store: Path | str, *, seed: int, limit: int) -> Cloud:
    if limit < 1:
        raise UsageError(f"a map of {limit} points shows nothing", "give a limit of at least 1")
    opened = Store.open(store)
    rows = opened.choice(limit, seed=seed)
    latents = opened.rows(rows)
    samples = opened.samples.take(rows)
    finite = np.asarray(np.isfinite(latents.reshape(len(latents), -1)).all(axis=1))
    keep = finite_rows(finite, samples.sample_ids)
    return Cloud(
        store=opened.folder,
        latents=latents[keep],
        labels=samples.labels[keep],
        class_names=opened.manifest.class_names,
        sample_ids=samples.sample_ids[keep],
        provenance=opened.manifest.provenance.model_copy(update={"n": len(keep), "seed": seed}),
        prior_matched=opened.manifest.prior_matched,
    )


def _mapped(
    projector: Projector, cloud: Cloud, *, stem: Path | str | None, keep: bool
) -> MapRecord:
    """One map, measured, and written where it belongs."""
    known = cloud.neighbours
    started = time.monotonic()
    positions = projector.fit_transform(cloud.latents, neighbours=known)
    seconds = time.monotonic() - started
    baselines = [cloud.random_row]
    if projector.name != PCA.name and cloud.pca_row is not None:
        baselines.insert(0, cloud.pca_row)
    trust = None
    if cloud.judged:
        trust = point_trust(cloud.latents, positions, k=cloud.k, seed=cloud.provenance.seed)
    record = MapRecord(
        provenance=cloud.provenance,
        method=projector.name,
        parameters=projector.parameters,
        positions=positions,
        labels=cloud.labels,
        class_names=cloud.class_names,
        sample_ids=tuple(cloud.sample_ids.tolist()),
        faithfulness=cloud.row(projector.title, positions),
        baselines=tuple(baselines),
        axes=projector.axes,
        seconds=seconds,
        prior_matched=cloud.prior_matched,
        trust=trust,
        trust_k=0 if trust is None else cloud.k,
        neighbours="" if known is None else known.words,
    )
    if stem is not None:
        record.save(stem)
        if keep:
            projector.save(Path(f"{stem}-projector"))
    return record


def _require_room(stem: Path | str | None, keep: bool) -> None:
    if keep and stem is None:
        raise UsageError("there is no run to keep the fitted map in", "say where with --out")


def _suited(latents: np.ndarray) -> tuple[str, ...]:
    """Every method worth drawing: a plane is shown as it is, without PCA."""
    plane = latents[0].size == 2
    left_out = PCA.name if plane else Latent.name
    return tuple(name for name in PROJECTORS if name != left_out)


def _stem(store: Path, method: str) -> Path | None:
    run = run_of(store)
    return None if run is None else run / "maps" / f"{store.resolve().name}-{method}"
