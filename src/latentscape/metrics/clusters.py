"""Clusterings of latents without labels, and how far their clusters are the classes."""

import warnings
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured, row_of
from latentscape.metrics.interval import LEVEL, Interval, centred_interval
from latentscape.metrics.labelled import (
    N_PERMUTED,
    Labelled,
    null_reference,
    permuted,
    unit_scale,
)
from latentscape.metrics.separation import asked
from latentscape.records import Measure, Row

N_RESTARTS = 10
N_RESAMPLES = 500
N_LINKED = 10  # neighbours of the spectral graph
MOST_K_MEANS, MOST_MIXTURE, MOST_PAIRWISE = 20_000, 10_000, 5_000

AGREEMENTS = (
    "adjusted_rand", "nmi", "v_measure", "homogeneity", "completeness", "hungarian_accuracy",
)  # fmt: skip


class Found(NamedTuple):
    """Clusters of some samples, −1 for noise, and how they were found."""

    clusters: np.ndarray
    words: str


def cluster_rows(labelled: Labelled, *, seed: int) -> tuple[Row, ...]:
    """A row a clustering: clusters found, and their agreement with the classes.

    As many clusters as there are classes are asked for; HDBSCAN chooses their number itself.
    Latents are taken as they are, not standardised. The slower ones see a seeded choice.
    """
    return tuple(
        _row(name, labelled.some(most, seed=seed), labelled, seed=seed)
        for name, (_, most) in CLUSTERINGS.items()
    )


def _row(name: str, some: Labelled, labelled: Labelled, *, seed: int) -> Row:
    told: list[str] = []

    def make() -> list[Measure]:
        labelled.require_classes()
        if len(some) <= len(labelled.names):
            raise UndefinedError(
                f"{len(some)} samples do not make {len(labelled.names)} clusters",
                "measure more images",
            )
        find = CLUSTERINGS[name][0]
        found = find(unit_scale(some.axes), len(labelled.names), seed)
        told.append(found.words)
        return _agreement_measures(some, found, seed=seed)

    row = row_of(name, {"agreement": make})
    sizes = asked(some, labelled)
    note = "; ".join(filter(None, [*told, sizes, labelled.axes_words]))
    return row.model_copy(update={"note": note})


def _agreement_measures(some: Labelled, found: Found, *, seed: int) -> list[Measure]:
    n, noise = len(some), found.clusters < 0
    # Noise is one more cluster in every agreement but the matching, where it matches no class.
    ids, clusters = np.unique(found.clusters, return_inverse=True)
    n_noise_columns = int(ids[0] < 0)
    shape = (len(some.names), len(ids))
    clusters = clusters.reshape(-1)
    tables = [_table(some.labels, clusters, shape)]
    draws = permuted(some, n=N_PERMUTED, seed=seed)
    tables += [_table(draw, clusters, shape) for draw in draws]
    values = agreements(np.stack(tables), n_noise=n_noise_columns)
    intervals = _intervals(some, clusters, shape, n_noise=n_noise_columns, seed=seed)
    out = [measured("n_clusters", len(ids) - n_noise_columns, n=n)]
    if noise.any():
        out.append(measured("noise_share", noise.mean(), n=n))
    for name in AGREEMENTS:
        null = null_reference(values[name][1:], some, seed=seed)
        out.append(measured(name, values[name][0], n=n, interval=intervals[name], reference=null))
    return out


def agreements(tables: np.ndarray, *, n_noise: int = 0) -> dict[str, np.ndarray]:
    """Every agreement of many tables of classes by clusters at once.

    Args:
        tables: (t, classes, clusters) counts of samples.
        n_noise: How many of the first columns are noise; those match no class.

    Returns:
        (t,) values by name: adjusted Rand index, NMI with the arithmetic mean, V-measure,
        homogeneity, completeness, and accuracy of the best one-to-one matching.

    Reference:
        Hubert and Arabie 1985, Comparing partitions, eq. 5; Rosenberg and Hirschberg 2007,
        V-measure, eqs. 1 to 4; Kuhn 1955, The Hungarian method.
    """
    from scipy.optimize import linear_sum_assignment

    counts = np.asarray(tables, np.float64)
    n = counts.sum((1, 2))
    of_class, of_cluster = counts.sum(2), counts.sum(1)
    entropy_class, entropy_cluster = _entropy(of_class, n), _entropy(of_cluster, n)
    shared = entropy_class + entropy_cluster - _entropy(counts.reshape(len(counts), -1), n)
    homogeneity = _ratio(shared, entropy_class)
    completeness = _ratio(shared, entropy_cluster)
    v = _ratio(2 * homogeneity * completeness, homogeneity + completeness, empty=0.0)
    together = _pairs(counts).sum((1, 2))
    in_class, in_cluster = _pairs(of_class).sum(1), _pairs(of_cluster).sum(1)
    by_chance = in_class * in_cluster / np.maximum(_pairs(n), 1)
    rand = _ratio(together - by_chance, (in_class + in_cluster) / 2 - by_chance)
    matched = np.empty(len(counts))
    for i, table in enumerate(counts[:, :, n_noise:]):
        matched[i] = table[linear_sum_assignment(table, maximize=True)].sum()
    return {
        "adjusted_rand": rand,
        "nmi": np.clip(_ratio(2 * shared, entropy_class + entropy_cluster), 0, 1),
        "v_measure": v,
        "homogeneity": homogeneity,
        "completeness": completeness,
        "hungarian_accuracy": matched / n,
    }


def _entropy(counts: np.ndarray, n: np.ndarray) -> np.ndarray:
    share = counts / n[:, None]
    return -(share * np.log(np.where(share > 0, share, 1))).sum(1)


def _ratio(above: np.ndarray, below: np.ndarray, *, empty: float = 1.0) -> np.ndarray:
    """The quotient, `empty` where there is nothing to share; rounding below zero is none."""
    nothing = below <= 1e-12
    quotient = np.where(nothing, empty, above / np.where(nothing, 1, below))
    return np.where(np.abs(quotient) < 1e-12, 0.0, quotient)


def _pairs(counts: np.ndarray) -> np.ndarray:
    return counts * (counts - 1) / 2


def _table(labels: np.ndarray, clusters: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(labels * shape[1] + clusters, minlength=shape[0] * shape[1]).reshape(shape)


def _intervals(
    some: Labelled, clusters: np.ndarray, shape: tuple[int, int], *, n_noise: int, seed: int
) -> dict[str, Interval | None]:
    """Bootstrap of the table with the clusters held; whole groups are drawn where there are any."""
    from scipy.sparse import csr_array

    rng = np.random.default_rng(seed)
    cell = some.labels * shape[1] + clusters
    if some.groups is None:
        n, what = len(cell), f"{len(cell):,} samples"
        shares = np.bincount(cell, minlength=shape[0] * shape[1]) / n
        drawn = rng.multinomial(n, shares, size=N_RESAMPLES)
    else:
        group = np.unique(some.groups, return_inverse=True)[1].reshape(-1)
        n_groups = int(group.max()) + 1
        what = f"{n_groups:,} groups of {len(cell):,} samples"
        size = (n_groups, shape[0] * shape[1])
        by_group = csr_array((np.ones(len(cell)), (group, cell)), shape=size)
        weights = rng.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_RESAMPLES)
        drawn = weights @ by_group
    values = agreements(np.asarray(drawn).reshape(-1, *shape), n_noise=n_noise)
    words = (
        f"{100 * LEVEL:g} % bootstrap over {what}, clusters held, centred on the value "
        f"({N_RESAMPLES} resamples, seed {seed})"
    )
    held = agreements(_table(some.labels, clusters, shape)[None], n_noise=n_noise)
    return {
        name: centred_interval(float(held[name][0]), column, CATALOGUE[name].bounds, words)
        for name, column in values.items()
    }


def _k_means(rows: np.ndarray, n_clusters: int, seed: int) -> Found:
    from sklearn.cluster import KMeans

    with warnings.catch_warnings():  # fewer distinct points than clusters: fewer are found
        warnings.simplefilter("ignore")
        restarts: Any = N_RESTARTS
        fitted = KMeans(n_clusters, n_init=restarts, random_state=seed)
        clusters = fitted.fit_predict(rows.astype(np.float32))
    return Found(clusters, f"k-means++, {N_RESTARTS} restarts, k = {n_clusters}")


def _mixture(rows: np.ndarray, n_clusters: int, seed: int) -> Found:
    from sklearn.mixture import GaussianMixture

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fitted = GaussianMixture(n_clusters, random_state=seed).fit(rows)
    settled = "" if fitted.converged_ else f", not converged in {fitted.max_iter} rounds"
    words = f"{n_clusters} Gaussians with full covariance, begun from k-means{settled}"
    return Found(fitted.predict(rows), words)


def _ward(rows: np.ndarray, n_clusters: int, seed: int) -> Found:
    from sklearn.cluster import AgglomerativeClustering

    clusters = AgglomerativeClustering(n_clusters, linkage="ward").fit_predict(rows)
    return Found(clusters, f"merged bottom-up by Ward's criterion down to {n_clusters} clusters")


def _hdbscan(rows: np.ndarray, n_clusters: int, seed: int) -> Found:
    from sklearn.cluster import HDBSCAN

    least = max(5, len(rows) // (10 * n_clusters))
    least = min(least, len(rows) - 1)
    options: Any = {"min_cluster_size": least, "min_samples": min(10, least), "copy": True}
    fitted = HDBSCAN(**options).fit(rows)
    words = f"clusters of {least} samples or more; noise is a cluster of its own but matches none"
    return Found(fitted.labels_, words)


def _spectral(rows: np.ndarray, n_clusters: int, seed: int) -> Found:
    from sklearn.cluster import SpectralClustering

    k = min(N_LINKED, len(rows) - 1)
    fitted = SpectralClustering(  # LOBPCG: ARPACK factors the graph, fifty times slower, same ends
        n_clusters, affinity="nearest_neighbors", n_neighbors=k, random_state=seed,
        eigen_solver="lobpcg", assign_labels="cluster_qr",
    )  # fmt: skip
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        clusters = fitted.fit_predict(rows)
    apart = any("not fully connected" in str(warning.message) for warning in caught)
    words = f"{k}-neighbour graph" + (", which falls into separate parts" if apart else "")
    return Found(clusters, words)


CLUSTERINGS: dict[str, tuple[Callable[[np.ndarray, int, int], Found], int]] = {
    "k-means": (_k_means, MOST_K_MEANS),
    "Gaussian mixture": (_mixture, MOST_MIXTURE),
    "agglomerative": (_ward, MOST_PAIRWISE),
    "HDBSCAN": (_hdbscan, MOST_PAIRWISE),
    "spectral": (_spectral, MOST_PAIRWISE),
}
