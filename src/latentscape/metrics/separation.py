"""How far apart classes lie: silhouette, triplets, and a linear probe."""

import warnings
from collections.abc import Iterable
from typing import Literal

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.distances import pair_distances
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.metrics.labelled import N_PERMUTED, Labelled, null_reference, permuted
from latentscape.records import Measure

N_FEW_PERMUTED = 20
MOST_SILHOUETTE = 5_000
MOST_PROBE = 10_000
MOST_ANCHORS = 10_000
N_TRIPLETS = 50_000
N_FOLDS = 5
CHUNK_VALUES = 1 << 22


def silhouette(
    labelled: Labelled, metric: Literal["euclidean", "cosine"], *, seed: int
) -> tuple[Measure]:
    """Mean silhouette of up to 5,000 seeded samples.

    Reference:
        Rousseeuw 1987, Silhouettes: a graphical aid to the interpretation and validation of
        cluster analysis, §2; a class of one sample counts 0.
    """
    labelled.require_classes()
    some = labelled.some(MOST_SILHOUETTE, seed=seed)
    some_permuted = list(permuted(some, n=N_FEW_PERMUTED, seed=seed))
    values = silhouettes(some.rows, np.stack([some.labels, *some_permuted]), metric=metric)
    name = f"silhouette_{metric}"
    measure = measured(
        name,
        values[0].mean(),
        n=len(some),
        interval=bootstrap_intervals({name: values[0]}, seed=seed, groups=some.groups).get(name),
        note=asked(some, labelled),
        reference=null_reference(values[1:].mean(1), some, seed=seed),
    )
    return (measure,)


def silhouettes(rows: np.ndarray, labelings: np.ndarray, *, metric: str) -> np.ndarray:
    """The silhouette of each sample under each labelling; distances are computed once for all.

    Args:
        rows: (m, d) latents.
        labelings: (p, m) classes, 0 to c − 1.
        metric: ``euclidean`` or ``cosine``.

    Returns:
        (p, m) values, −1 to 1.
    """
    from sklearn.metrics import pairwise_distances

    n_labelings, m = labelings.shape
    n_classes = int(labelings.max()) + 1
    member = labelings[:, :, None] == np.arange(n_classes)
    sizes = member.sum(1).astype(np.float64)
    columns = member.transpose(1, 0, 2).reshape(m, -1).astype(np.float64)
    rows = rows.astype(np.float64)
    out = np.empty((n_labelings, m))
    step = max(1, CHUNK_VALUES // m)
    for start in range(0, m, step):
        here = slice(start, min(start + step, m))
        distances = pairwise_distances(rows[here], rows, metric=metric)
        distances[np.arange(len(distances)), np.arange(m)[here]] = 0
        sums = (distances @ columns).reshape(-1, n_labelings, n_classes)
        out[:, here] = _silhouettes_of(sums, labelings[:, here].T, sizes).T
    return out


def _silhouettes_of(sums: np.ndarray, own: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """(rows, p) from summed distances to each class (rows, p, c) and one's own class (rows, p)."""
    place = own[:, :, None]
    fellows = np.take_along_axis(sizes[None], place, 2)[:, :, 0] - 1
    inside = np.take_along_axis(sums, place, 2)[:, :, 0] / np.maximum(fellows, 1)
    to_others = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    np.put_along_axis(to_others, place, np.inf, 2)
    outside = to_others.min(2)
    larger = np.maximum(inside, outside)
    alone = (fellows < 1) | (larger <= 0) | ~np.isfinite(outside)
    outside = np.where(alone, 0.0, outside)
    return np.where(alone, 0.0, (outside - inside) / np.where(alone, 1.0, larger))


def triplet_accuracy(labelled: Labelled, *, seed: int) -> tuple[Measure]:
    """P(d(a, p) < d(a, n)) over about 50,000 seeded triplets of up to 10,000 anchors.

    No triplet holds two samples of one group. The interval draws anchors, so that triplets of one
    anchor do not pass for independent ones.

    Reference:
        Ishfaq et al. 2018, TVAE: triplet-based variational autoencoder using metric learning, §3.
    """
    labelled.require_classes()
    rng = np.random.default_rng(seed)
    won, anchors = triplets_won(labelled, labelled.labels, rng=rng)
    name = "triplet_accuracy"
    n_anchors = int(np.isfinite(won).sum())
    if not n_anchors:
        raise UndefinedError(
            "no two samples of one class are of different groups", "measure more groups"
        )
    n_lost = len(anchors) - n_anchors
    lost = f", {n_lost:,} of which have none between groups" if n_lost else ""
    groups = None if labelled.groups is None else labelled.groups[anchors]
    draws = permuted(labelled, n=N_FEW_PERMUTED, seed=seed)
    null = (float(np.nanmean(triplets_won(labelled, draw, rng=rng)[0])) for draw in draws)
    measure = measured(
        name,
        float(np.nanmean(won)),
        n=n_anchors,
        interval=bootstrap_intervals({name: won}, seed=seed, groups=groups).get(name),
        note=f"about {N_TRIPLETS:,} triplets of {len(anchors):,} anchors{lost}",
        reference=null_reference(null, labelled, seed=seed),
    )
    return (measure,)


def triplets_won(
    labelled: Labelled, labels: np.ndarray, *, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Share of each anchor's triplets whose positive is nearer, NaN where it has none.

    Args:
        labelled: The latents and groups.
        labels: (n,) classes, perhaps permuted.
        rng: Draws anchors, positives and negatives.

    Returns:
        (a,) shares and the anchors' places.
    """
    n, sizes = len(labels), np.bincount(labels)
    order = np.argsort(labels, kind="stable")
    starts = np.cumsum(sizes) - sizes
    place = np.empty(n, np.int64)
    place[order] = np.arange(n)
    able = np.flatnonzero((sizes[labels] > 1) & (sizes[labels] < n))
    anchors = np.sort(rng.permutation(able)[:MOST_ANCHORS])
    each = -(-N_TRIPLETS // max(len(anchors), 1))
    a = np.repeat(anchors, each)
    size, start = sizes[labels[a]], starts[labels[a]]
    step = rng.integers(1, size)
    positive = order[start + (place[a] - start + step) % size]
    other = rng.integers(0, n - size)
    negative = order[np.where(other < start, other, other + size)]
    near = pair_distances(labelled.rows, a, positive)
    far = pair_distances(labelled.rows, a, negative)
    won = np.where(near < far, 1.0, np.where(near == far, 0.5, 0.0))
    if labelled.groups is not None:
        group = np.unique(labelled.groups, return_inverse=True)[1].reshape(-1)
        won[(group[a] == group[positive]) | (group[a] == group[negative])] = np.nan
    counted = np.isfinite(won).reshape(-1, each)
    total = np.where(counted, won.reshape(-1, each), 0.0).sum(1)
    with np.errstate(invalid="ignore"):
        return total / counted.sum(1), anchors


def linear_probe(labelled: Labelled, *, seed: int) -> tuple[Measure]:
    """Cross-validated accuracy of a logistic regression of up to 10,000 seeded samples.

    Five stratified folds that keep groups whole; axes standardised on the training folds, L2
    with C = 1. Classes of fewer than five samples are left out.
    """
    labelled.require_classes()
    some = labelled.some(MOST_PROBE, seed=seed)
    large = some.sizes >= N_FOLDS
    if large.sum() < 2:
        raise UndefinedError(
            f"fewer than two classes have the {N_FOLDS} samples that {N_FOLDS} folds need",
            "measure more images",
        )
    kept = some.take(np.flatnonzero(large[some.labels])) if not large.all() else some
    predicted, unsettled = _held_out(kept, seed)
    right = (predicted == kept.labels).astype(np.float64)
    name = "linear_probe_accuracy"
    draws = permuted(kept, n=N_PERMUTED, seed=seed)
    largest = kept.sizes.max() / len(kept)
    note = [asked(kept, labelled), f"{N_FOLDS} folds, L2 with C = 1 on standardised axes"]
    if not large.all():
        note.append(f"classes of fewer than {N_FOLDS} samples left out")
    if unsettled:
        note.append(f"not converged in {unsettled} folds")
    measure = measured(
        name,
        right.mean(),
        n=len(kept),
        interval=bootstrap_intervals({name: right}, seed=seed, groups=kept.groups).get(name),
        note="; ".join(filter(None, [*note, labelled.axes_words])),
        reference=null_reference(
            ((predicted == draw).mean() for draw in draws), kept, seed=seed,
            words=f", against the same predictions; the largest class alone {largest:.3g}",
        ),
    )  # fmt: skip
    return (measure,)


def _held_out(labelled: Labelled, seed: int) -> tuple[np.ndarray, int]:
    """(n,) class predicted for each sample by the folds it is not in; folds not converged."""
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.preprocessing import StandardScaler

    predicted = np.full(len(labelled), -1)
    unsettled = 0
    for train, test in _folds(labelled, seed):
        if len(np.unique(labelled.labels[train])) < 2:
            raise UndefinedError(
                "groups and classes coincide: a fold is left with one class", "measure more groups"
            )
        scale = StandardScaler().fit(labelled.axes[train])
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", ConvergenceWarning)
            fitted = LogisticRegression(C=1.0, max_iter=200).fit(
                scale.transform(labelled.axes[train]), labelled.labels[train]
            )
        unsettled += bool(caught)
        predicted[test] = fitted.predict(scale.transform(labelled.axes[test]))
    return predicted, unsettled


def _folds(labelled: Labelled, seed: int) -> Iterable[tuple[np.ndarray, np.ndarray]]:
    from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

    if labelled.groups is None:
        folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed)
        return folds.split(labelled.axes, labelled.labels)
    if len(np.unique(labelled.groups)) < N_FOLDS:
        raise UndefinedError(
            f"fewer groups than the {N_FOLDS} folds that keep groups whole", "measure more groups"
        )
    folds = StratifiedGroupKFold(N_FOLDS, shuffle=True, random_state=seed)
    with warnings.catch_warnings():  # of a class with fewer groups than folds
        warnings.simplefilter("ignore", UserWarning)
        return list(folds.split(labelled.axes, labelled.labels, labelled.groups))


def asked(some: Labelled, labelled: Labelled) -> str:
    """``5,000 of 70,000 samples, chosen by seed``; nothing where they are all."""
    if len(some) == len(labelled):
        return ""
    return f"{len(some):,} of {len(labelled):,} samples, chosen by seed"
