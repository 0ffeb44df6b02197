"""Measure structure: how a latent space is organised, a row a topic."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from latentscape.data import DataConfig
from latentscape.errors import UndefinedError
from latentscape.metrics import class_structure
from latentscape.metrics.covariance import covariance_shape, shape_verdict
from latentscape.metrics.dimension import LONGEST, intrinsic_dimension
from latentscape.metrics.gaussianity import gaussianity
from latentscape.metrics.interval import dealt
from latentscape.metrics.moments import CovarianceSums
from latentscape.metrics.neighbours import nearest_neighbours
from latentscape.metrics.prior_distance import no_prior, prior_distance
from latentscape.metrics.spatial import spatial_statistics
from latentscape.metrics.spectrum import (
    Spectrum,
    cells_for,
    principal_axes,
    spectrum_of,
    spectrum_of_few,
)
from latentscape.records import Neighbours, PrincipalPlane, Row, StructureRecord, Undefined
from latentscape.records.spatial import SpatialStatistics
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.opening import Progress
from latentscape.workflows.smoothness import smoothness_of

MOST_LATENTS = 4_096  # whose covariance is kept whole
MOST_ASKED = 100_000  # samples of the neighbour graph
MOST_SHOWN = 3_000
FEW = 2  # latents a sample, from which on the samples' products are the smaller matrix


def measure_structure(
    thing: str | Path,
    data: str | DataConfig | None = None,
    *,
    split: str | None = None,
    limit: int | None = None,
    seed: int = 0,
    out: Path | str | None = None,
    progress: Progress | None = None,
) -> StructureRecord:
    """How the latents of a model or a store lie: shape, Gaussianity, prior, dimension.

    Args:
        thing: MODEL, or a store that `encode` wrote.
        data: DATA, for a model; its own images if None.
        split: ``train``, ``val``, ``test`` or ``all``; ``test``, or a store's own, if None.
        limit: Most latents; above, a seeded choice of them.
        seed: Of every choice, draw and bootstrap.
        out: Stem of the record's files; ``measures/`` in the model's run if None.
        progress: Called with (images done, images in all, "images").

    Raises:
        UsageError, DataError, StoreError, ModelError: As opening them does.
    """
    latents = open_latents(thing, data, split=split, limit=limit, seed=seed, progress=progress)
    cloud = _cloud(latents, seed)
    spectrum = cloud.spectrum
    shape = _shape(spectrum)
    near = _chosen(latents, MOST_ASKED, seed=seed)
    graph = _graph(near, seed=seed)
    classes = class_structure(
        near.rows, near.labels, near.class_names,
        neighbours=graph, groups=near.groups, seed=seed,
    )  # fmt: skip
    record = StructureRecord(
        provenance=latents.provenance,
        rows=(shape, _gaussianity(cloud), _prior(latents, cloud), _dimension(near, graph, seed)),
        verdicts=(shape_verdict(shape), *filter(None, [classes.verdict])),
        eigenvalues=np.zeros(0) if isinstance(spectrum, str) else spectrum.values,
        null_eigenvalues=np.zeros((3, 0)) if isinstance(spectrum, str) else _ends(spectrum.null),
        plane=_plane(latents, cloud),
        prior_matched=latents.prior_matched,
        class_names=latents.class_names,
        classes=classes,
        spatial=_spatial(latents, seed),
        smoothness=smoothness_of(latents, seed=seed),
    )  # fmt: skip
    limited = limit is not None and limit < latents.n_before
    name = f"structure-{latents.stem}{f'-n{limit}' if limited else ''}"
    stem = out or latents.room("measures", name)
    if stem is not None:
        record.save(stem)
    return record


@dataclass(frozen=True)
class Cloud:
    """Latents as rows, with their sums.

    Attributes:
        rows: (n, d).
        sums: Dealt to cells; None where there are too many latents to keep a covariance of.
        words: What a bootstrap over the cells draws.
        spectrum: Variances along the principal axes; a sentence where there are none.
        seed: Of everything drawn.
    """

    rows: np.ndarray
    sums: CovarianceSums | None
    words: str
    spectrum: Spectrum | str
    seed: int


def _cloud(latents: Latents, seed: int) -> Cloud:
    rows = latents.rows
    sums, words = _sums(rows, latents.groups, seed)
    try:
        if sums is not None and len(rows) > rows.shape[1] // FEW:
            spectrum = spectrum_of(sums, seed=seed, words=words)
        elif len(rows) <= rows.shape[1]:
            spectrum = spectrum_of_few(rows, seed=seed)
        else:
            spectrum = _too_many(rows)
    except UndefinedError as error:
        spectrum = error.message
    return Cloud(rows, sums, words, spectrum, seed)


def _sums(
    rows: np.ndarray, groups: np.ndarray | None, seed: int
) -> tuple[CovarianceSums | None, str]:
    n, d = rows.shape
    if d > MOST_LATENTS:
        return None, ""
    cells, words = dealt(n, seed=seed, groups=groups, most=cells_for(d))
    return CovarianceSums.of(rows, cells, n_cells=int(cells.max(initial=0)) + 1), words


def _shape(spectrum: Spectrum | str) -> Row:
    if isinstance(spectrum, str):
        return _undefined("covariance shape", spectrum)
    return covariance_shape(spectrum)


def _gaussianity(cloud: Cloud) -> Row:
    if cloud.sums is None:
        return _undefined("Gaussianity", _too_many(cloud.rows))
    return gaussianity(cloud.rows, cloud.sums, seed=cloud.seed, words=cloud.words)


def _prior(latents: Latents, cloud: Cloud) -> Row:
    """Of the aggregate posterior: one draw from each image's, where that is more than a point."""
    if not latents.prior_matched:
        return no_prior(
            "training did not draw these latents towards N(0, I): their origin and scale mean "
            "nothing"
        )
    if cloud.sums is None:
        return no_prior(_too_many(cloud.rows))
    if latents.log_vars is None:
        what, rows, sums, words = "the latents themselves", cloud.rows, cloud.sums, cloud.words
    else:
        what, rows = "one draw from each image's posterior", _drawn(latents, cloud.seed)
        sums, words = _sums(rows, latents.groups, cloud.seed)
    assert sums is not None
    return prior_distance(rows, sums, seed=cloud.seed, words=words, what=what)


def _drawn(latents: Latents, seed: int) -> np.ndarray:
    assert latents.log_vars is not None
    noise = np.random.default_rng(seed).standard_normal(latents.rows.shape, np.float32)
    noise *= np.exp(0.5 * latents.log_vars.reshape(noise.shape))
    noise += latents.rows
    return noise


def _chosen(latents: Latents, most: int, *, seed: int) -> Latents:
    """At most so many of the latents, a seeded choice in their order."""
    n = len(latents)
    if n <= most:
        return latents
    return latents.take(np.sort(np.random.default_rng(seed).choice(n, most, replace=False)))


def _graph(latents: Latents, *, seed: int) -> Neighbours | None:
    """The neighbour graph that classes and dimension share; None of too few latents."""
    k = min(LONGEST, len(latents) - 1)
    return nearest_neighbours(latents.rows, k, seed=seed) if k >= 1 else None


def _dimension(latents: Latents, graph: Neighbours | None, seed: int) -> Row:
    if graph is None:
        return _undefined("intrinsic dimension", f"{len(latents)} sample has no neighbours")
    return intrinsic_dimension(latents.rows, graph, seed=seed)


def _plane(latents: Latents, cloud: Cloud) -> PrincipalPlane | None:
    if isinstance(cloud.spectrum, str) or cloud.spectrum.d < 2:
        return None
    axes = principal_axes(cloud.rows, cloud.sums)
    first, second = np.sqrt(cloud.spectrum.values[:2])
    centre = cloud.rows.mean(0, dtype=np.float64) @ axes
    aggregate = None
    if latents.log_vars is not None:
        within = np.exp(latents.log_vars.reshape(cloud.rows.shape)).mean(0, dtype=np.float64)
        aggregate = np.diag(cloud.spectrum.values[:2]) + (axes.T * within) @ axes
    shown = _chosen(latents, MOST_SHOWN, seed=cloud.seed)
    return PrincipalPlane(
        positions=(shown.rows @ axes).astype(np.float32),
        labels=shown.labels,
        centre=(float(centre[0]), float(centre[1])),
        deviations=(float(first), float(second)),
        aggregate=aggregate,
    )


def _ends(null: np.ndarray) -> np.ndarray:
    return np.stack([null.min(0), null.mean(0), null.max(0)])


def _undefined(name: str, why: str) -> Row:
    return Row(name=name, measures=(), undefined=(Undefined(name=name.replace(" ", "_"), why=why),))


def _too_many(rows: np.ndarray) -> str:
    return f"a covariance of {rows.shape[1]:,} latents is not kept: {MOST_LATENTS:,} at most"


def _spatial(latents: Latents, seed: int) -> SpatialStatistics | None:
    """Of latents on a grid; None of vectors, and of a single sample."""
    if latents.means.ndim != 4 or len(latents) < 2:
        return None
    return spatial_statistics(latents.means, groups=latents.groups, seed=seed)
