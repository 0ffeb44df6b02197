"""Pairs whose ends are places in latent space rather than samples."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from latentscape.errors import UsageError
from latentscape.trajectories.crowd import Chosen, Crowd

Move = Callable[[int, int, int], np.ndarray]  # row, its class, the other -> the end
REACH = 2.0  # deviations to both sides along a principal axis
MOST_AXES = 8
MOST_CLUSTERS = 64
MOST_FITTED = 10_000


def cluster_centre_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """Two centres of k-means; as many clusters as classes, more if the pairs ask for it."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(crowd.flat, axis=0))
    wanted = max(2, len(np.unique(crowd.labels[crowd.labels >= 0])))
    while wanted * (wanted - 1) // 2 < n_pairs and wanted < MOST_CLUSTERS:
        wanted += 1
    n_clusters = min(wanted, distinct)
    if n_clusters < 2:
        raise UsageError("all latents are the same: there are no two clusters", "measure collapse")
    some = crowd.flat[np.sort(rng.permutation(len(crowd))[:MOST_FITTED])]
    seed = int(rng.integers(1 << 31))
    centres = KMeans(n_clusters, random_state=seed).fit(some).cluster_centers_
    every = np.array(list(combinations(range(n_clusters), 2)))
    pairs = every[rng.permutation(len(every))[:n_pairs]]
    names = tuple((f"centre {a + 1}", f"centre {b + 1}") for a, b in pairs.tolist())
    return _placed(crowd, centres[pairs], names)


def principal_axis_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """From −2 to +2 deviations along each of the first eight principal axes.

    The first round runs through the mean; further rounds run through samples, of which only the
    coordinate along the axis changes.
    """
    mean = crowd.flat.mean(0, dtype=np.float64)
    centred = crowd.flat - mean
    values, vectors = np.linalg.eigh(centred.T @ centred / len(centred))
    order = np.argsort(values)[::-1][:MOST_AXES]
    axes = [k for k in order if values[k] > 1e-10 * values.max() and values[k] > 0]
    if not axes:
        raise UsageError("the latents vary along no axis", "measure collapse")
    through = crowd.anchors(len(crowd), rng)
    ends, names = [], []
    for i in range(min(n_pairs, len(axes) * (1 + len(through)))):
        turn, place = divmod(i, len(axes))
        axis, spread = vectors[:, axes[place]], np.sqrt(values[axes[place]])
        base, where = np.zeros_like(mean), "the mean"
        if turn > 0:
            row = through[(i - len(axes)) % len(through)]
            base, where = centred[row] - (centred[row] @ axis) * axis, crowd.sample_ids[row]
        ends.append([mean + base + side * REACH * spread * axis for side in (-1, 1)])
        names.append(tuple(f"axis {place + 1} {sign}2σ at {where}" for sign in "−+"))
    return _placed(crowd, np.array(ends), tuple(names))


def class_difference_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """From a sample along the difference of two class means: what turns one class into another."""
    members = crowd.members
    means = [crowd.flat[rows].mean(0, dtype=np.float64) for rows in members]

    def moved(row: int, own: int, other: int) -> np.ndarray:
        return crowd.flat[row] + means[other] - means[own]

    return _towards_classes(crowd, n_pairs, rng, moved)


def probe_normal_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """From a sample to its mirror image behind the linear boundary between two classes.

    The boundary is a logistic regression's between the two; the way stands at right angles to it.
    """
    from sklearn.linear_model import LogisticRegression

    members, fitted = crowd.members, {}

    def moved(row: int, own: int, other: int) -> np.ndarray:
        pair = (min(own, other), max(own, other))
        if pair not in fitted:
            rows = np.concatenate([members[i] for i in pair])
            probe = LogisticRegression(max_iter=500).fit(crowd.flat[rows], crowd.labels[rows])
            fitted[pair] = (probe.coef_[0], float(probe.intercept_[0]))
        normal, offset = fitted[pair]
        place = crowd.flat[row].astype(np.float64)
        return place - 2 * (normal @ place + offset) / max(normal @ normal, 1e-30) * normal

    return _towards_classes(crowd, n_pairs, rng, moved)


def prior_prior_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """Two draws of N(0, I)."""
    _require_prior(crowd)
    ends = rng.standard_normal((n_pairs, 2, *crowd.latents.shape[1:]))
    names = tuple((f"draw {2 * i + 1}", f"draw {2 * i + 2}") for i in range(n_pairs))
    return _placed(crowd, ends, names)


def data_prior_pairs(crowd: Crowd, n_pairs: int, rng: np.random.Generator) -> Chosen:
    """A sample and a draw of N(0, I)."""
    _require_prior(crowd)
    rows = crowd.anchors(n_pairs, rng)
    draws = rng.standard_normal((len(rows), *crowd.latents.shape[1:]))
    ends = np.stack([crowd.latents[rows], draws], axis=1)
    names = tuple((str(crowd.sample_ids[row]), f"draw {i + 1}") for i, row in enumerate(rows))
    return _placed(crowd, ends, names, rows=np.stack([rows, np.full_like(rows, -1)], axis=1))


def _towards_classes(crowd: Crowd, n_pairs: int, rng: np.random.Generator, moved: Move) -> Chosen:
    """Samples in turn from each class, each moved towards another class drawn at random."""
    members = crowd.members
    if len(members) < 2:
        raise UsageError(
            "all samples are of one class: there is no other to go to",
            "choose principal-axis pairs",
        )
    rows = crowd.anchors(len(crowd), rng)
    rows = rows[crowd.labels[rows] >= 0][:n_pairs]
    place = {int(crowd.labels[rows_[0]]): i for i, rows_ in enumerate(members)}
    ends, names = [], []
    for row in rows:
        own = place[int(crowd.labels[row])]
        other = (own + int(rng.integers(1, len(members)))) % len(members)
        ends.append([crowd.flat[row], moved(row, own, other)])
        towards = crowd.class_of(members[other][0])
        names.append((str(crowd.sample_ids[row]), f"{crowd.sample_ids[row]} towards {towards}"))
    return _placed(crowd, np.array(ends), tuple(names),
                   rows=np.stack([rows, np.full_like(rows, -1)], axis=1))  # fmt: skip


def _placed(
    crowd: Crowd, ends: np.ndarray, names: tuple, *, rows: np.ndarray | None = None
) -> Chosen:
    ends = ends.reshape(*ends.shape[:2], *crowd.latents.shape[1:]).astype(np.float32)
    rows = np.full((len(ends), 2), -1, np.int64) if rows is None else rows
    return Chosen(rows, ends, names)


def _require_prior(crowd: Crowd) -> None:
    if not crowd.prior_matched:
        raise UsageError(
            "nothing drew this model's latents towards a prior to draw from",
            "choose pairs of samples, such as random or cluster-centres",
        )
