"""Scatter of classes: variance between them against variance inside."""

from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import CATALOGUE, measured
from latentscape.metrics.interval import LEVEL, Interval, centred_interval, dealt
from latentscape.metrics.labelled import (
    N_PERMUTED,
    Labelled,
    null_reference,
    permuted,
    unit_scale,
)
from latentscape.records import Measure

N_FEW_PERMUTED = 20
N_RESAMPLES = 200

Weighted = Callable[[np.ndarray, np.ndarray, np.ndarray], float]


def fisher_trace_ratio(labelled: Labelled, *, seed: int) -> tuple[Measure]:
    """tr(S_w⁻¹ S_b) on the axes that vary at all.

    Raises:
        UndefinedError: If there are too few samples for the dimensions, or no spread inside
            classes along some axis.
    """
    labelled.require_classes()
    whitened = _whitened(labelled.axes)
    n, n_axes = whitened.shape
    if n - len(labelled.names) < n_axes:
        raise UndefinedError(
            f"{n} samples of {len(labelled.names)} classes are too few for {n_axes} dimensions",
            "measure more images",
        )
    value = trace_ratio(whitened, labelled.labels)
    if not np.isfinite(value):
        raise UndefinedError(
            "the classes have no spread at all along some axis", "look at the map of the latents"
        )
    name = "fisher_trace_ratio"
    draws = permuted(labelled, n=N_PERMUTED, seed=seed)
    measure = measured(
        name, value, n=n, note=labelled.axes_words,
        interval=_interval(name, value, weighted_trace_ratio, whitened, labelled, seed=seed),
        reference=null_reference(
            (trace_ratio(whitened, draw) for draw in draws), labelled, seed=seed
        ),
    )  # fmt: skip
    return (measure,)


def trace_ratio(whitened: np.ndarray, labels: np.ndarray) -> float:
    """tr(S_w⁻¹ S_b) of rows whose total covariance is the identity; infinite if S_w is singular.

    With S_w + S_b = I both have the same axes, and an eigenvalue ρ of S_b adds ρ/(1 − ρ).

    Args:
        whitened: (n, a) rows.
        labels: (n,) classes.
    """
    sums, sizes = class_sums(whitened, labels, np.ones(len(labels)))
    means = sums / np.maximum(sizes, 1)[:, None]
    shares = np.linalg.svd(means * np.sqrt(sizes / len(labels))[:, None], compute_uv=False) ** 2
    if shares.max() > 1 - 1e-9:
        return float("inf")
    return float((shares / (1 - shares)).sum())


def scatter_scores(
    labelled: Labelled, name: Literal["davies_bouldin", "calinski_harabasz"], *, seed: int
) -> tuple[Measure]:
    """Davies–Bouldin or Calinski–Harabasz.

    Reference:
        Davies and Bouldin 1979, A cluster separation measure, eq. 6 with p = q = 2 and spread as
        a mean; Caliński and Harabasz 1974, A dendrite method for cluster analysis, eq. 3.
    """
    from sklearn import metrics

    labelled.require_classes()
    axes = labelled.axes
    sums, sizes = class_sums(axes, labelled.labels, np.ones(len(axes)))
    means = sums / sizes[:, None]
    inside = np.square(axes - means[labelled.labels]).sum()
    if inside <= 1e-12 * np.square(axes).sum():
        raise UndefinedError("classes have no spread at all", "look at the map of the latents")
    if len(np.unique(means, axis=0)) < len(means):
        raise UndefinedError("two classes have the same centre", "look at the map of the latents")
    axes = unit_scale(axes)
    score: Any = getattr(metrics, f"{name}_score")
    draws = permuted(labelled, n=N_FEW_PERMUTED, seed=seed)
    value = float(score(axes, labelled.labels))
    measure = measured(
        name, value, n=len(labelled), note=labelled.axes_words,
        interval=_interval(name, value, WEIGHTED[name], axes, labelled, seed=seed),
        reference=null_reference((score(axes, draw) for draw in draws), labelled, seed=seed),
    )  # fmt: skip
    return (measure,)


def class_sums(
    rows: np.ndarray, labels: np.ndarray, weights: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """(c, a) sum of each class's rows, and (c,) its size; a row counts ``weights`` times."""
    from scipy.sparse import csr_array

    n = len(labels)
    sizes = np.bincount(labels, weights)
    member = csr_array((weights.astype(float), (labels, np.arange(n))), shape=(len(sizes), n))
    return np.asarray(member @ rows), sizes


def weighted_trace_ratio(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """tr(S_w⁻¹ S_b) of rows each of which counts ``weights`` times; infinite if S_w is singular."""
    sums, sizes = class_sums(rows, labels, weights)
    kept = sizes > 0
    total = (rows * weights[:, None]).T @ rows
    inside = total - (sums[kept] / sizes[kept, None]).T @ sums[kept]
    mean = sums.sum(0) / sizes.sum()
    try:
        ratios = np.linalg.solve(inside, total - sizes.sum() * np.outer(mean, mean))
    except np.linalg.LinAlgError:
        return float("inf")
    return float(np.trace(ratios) - rows.shape[1])


def weighted_calinski_harabasz(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Calinski–Harabasz of rows each of which counts ``weights`` times."""
    sums, sizes = class_sums(rows, labels, weights)
    kept = sizes > 0
    of_means = (np.square(sums[kept]).sum(1) / sizes[kept]).sum()
    n, n_classes = sizes.sum(), kept.sum()
    between = of_means - np.square(sums.sum(0)).sum() / n
    inside = weights @ np.square(rows).sum(1) - of_means
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(between / (n_classes - 1) / (inside / (n - n_classes)))


def weighted_davies_bouldin(rows: np.ndarray, labels: np.ndarray, weights: np.ndarray) -> float:
    """Davies–Bouldin of rows each of which counts ``weights`` times."""
    sums, sizes = class_sums(rows, labels, weights)
    kept = sizes > 0
    means = sums / np.maximum(sizes, 1)[:, None]
    apart = rows - means[labels]
    away = np.sqrt(np.einsum("na,na->n", apart, apart))
    spread = np.bincount(labels, away * weights)[kept] / sizes[kept]
    distances = np.linalg.norm(means[kept][:, None] - means[kept][None], axis=2)
    np.fill_diagonal(distances, np.inf)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(((spread[:, None] + spread) / distances).max(1).mean())


WEIGHTED: dict[str, Weighted] = {
    "davies_bouldin": weighted_davies_bouldin,
    "calinski_harabasz": weighted_calinski_harabasz,
}


def _interval(
    name: str, value: float, score: Weighted, rows: np.ndarray, labelled: Labelled, *, seed: int
) -> Interval | None:
    """Bootstrap of a number about all classes: samples (or groups) are drawn, each a weight."""
    units, what = dealt(len(rows), seed=seed, groups=labelled.groups)
    n_units = int(units.max()) + 1
    if n_units < 2:
        return None
    rng = np.random.default_rng(seed)
    resampled = [
        score(rows, labelled.labels, np.bincount(drawn, minlength=n_units)[units].astype(float))
        for drawn in (rng.integers(0, n_units, n_units) for _ in range(N_RESAMPLES))
    ]
    words = f"{100 * LEVEL:g} % bootstrap over {what} ({N_RESAMPLES} resamples, seed {seed})"
    return centred_interval(value, np.array(resampled), CATALOGUE[name].bounds, words)


def _whitened(axes: np.ndarray) -> np.ndarray:
    """(n, a) rows with the identity as covariance; axes that do not vary are left out."""
    values, vectors = np.linalg.eigh(axes.T @ axes / len(axes))
    kept = values > 1e-10 * values.max()
    return axes @ (vectors[:, kept] / np.sqrt(values[kept]))
