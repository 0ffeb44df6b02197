"""What the labels of a sample's neighbours say: kNN accuracy and kNN confusion."""

from dataclasses import dataclass

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.metrics.labelled import (
    N_PERMUTED,
    Labelled,
    crosses_groups,
    null_reference,
    permuted,
)
from latentscape.records import Measure, Neighbours

MOST_NEIGHBOURS = 15


@dataclass(frozen=True)
class Voters:
    """The neighbours that may vote on each labelled sample: labelled, and of another group.

    Attributes:
        places: (k, n) place of each neighbour among the labelled samples, nearest first.
        counts: (k, n) whether there is such a neighbour.
        words: How the graph was found, and how many samples have fewer voters than k.
    """

    places: np.ndarray
    counts: np.ndarray
    words: str

    @classmethod
    def of(cls, labelled: Labelled, graph: Neighbours) -> "Voters":
        """Up to 15 voters a sample from the graph of all samples."""
        back = np.full(len(graph.indices), -1, np.int64)
        back[labelled.places] = np.arange(len(labelled))
        places = back[graph.indices[labelled.places]]
        counts = places >= 0
        told = [graph.words]
        if labelled.groups is not None:
            group = np.unique(labelled.groups, return_inverse=True)[1].reshape(-1)
            counts &= group[places] != group[:, None]
            told.append("neighbours of the same group do not count")
        if not counts.all():
            order = np.argsort(~counts, axis=1, kind="stable")
            places = np.take_along_axis(places, order, 1)
            counts = np.take_along_axis(counts, order, 1)
        k = min(MOST_NEIGHBOURS, graph.k)
        places, counts = places[:, :k], counts[:, :k]
        fewer = int((~counts.all(1)).sum())
        if fewer:
            told.append(f"{fewer:,} samples have fewer than {k} such neighbours in the graph")
        return cls(np.ascontiguousarray(places.T), np.ascontiguousarray(counts.T), "; ".join(told))

    def labels(self, labels: np.ndarray) -> np.ndarray:
        """(k, n) the voters' labels, −1 where there is none."""
        return np.where(self.counts, labels.astype(np.int32)[self.places], np.int32(-1))


def knn_accuracy(labelled: Labelled, voters: Voters | None, k: int, *, seed: int) -> tuple[Measure]:
    """Leave-one-out accuracy of a vote of k neighbours; ties go to the nearest of those tied.

    Raises:
        UndefinedError: If the graph has fewer than k neighbours a sample, or none may vote.
    """
    labelled.require_classes()
    if voters is None or len(voters.places) < k:
        have = "no" if voters is None else f"only {len(voters.places)}"
        raise UndefinedError(f"samples have {have} neighbours, not {k}", "measure more images")
    if not crosses_groups(labelled) or not voters.counts.any():
        raise UndefinedError(
            "no sample has a neighbour of its class in another group", "measure more groups"
        )
    right = votes_right(voters.labels(labelled.labels)[:k], labelled.labels)
    name = f"knn_accuracy_{k}"
    draws = permuted(labelled, n=N_PERMUTED, seed=seed)
    null = (float(np.nanmean(votes_right(voters.labels(draw)[:k], draw))) for draw in draws)
    interval = bootstrap_intervals({name: right}, seed=seed, groups=labelled.groups).get(name)
    largest = labelled.sizes.max() / len(labelled)
    words = f"; the largest class alone {largest:.3g}"
    measure = measured(
        name,
        float(np.nanmean(right)),
        n=int(np.isfinite(right).sum()),
        interval=interval,
        note=voters.words,
        reference=null_reference(null, labelled, seed=seed, words=words),
    )
    return (measure,)


def votes_right(votes: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """(n,) 1 where most voters have the sample's label, else 0; NaN where nobody votes.

    Args:
        votes: (k, n) labels, nearest first, −1 where there is none.
        labels: (n,) the true ones.
    """
    best = np.zeros(len(labels), np.int16)
    elected = np.full(len(labels), -1, votes.dtype)
    for vote in votes:
        count = (votes == vote).sum(0, dtype=np.int16)
        better = (count > best) & (vote >= 0)  # not ≥: a nearer label keeps its place
        best[better], elected[better] = count[better], vote[better]
    return np.where(best > 0, elected == labels, np.nan)


def knn_confusion(labelled: Labelled, voters: Voters | None) -> np.ndarray:
    """(c, c) mean share of a row class's neighbours that are of the column's class.

    Raises:
        UndefinedError: If there is no graph; a class without voters is a row of NaN.
    """
    labelled.require_classes()
    if voters is None:
        raise UndefinedError("there is no neighbour graph", "measure more images")
    n_classes = len(labelled.names)
    votes, n_voters = voters.labels(labelled.labels), voters.counts.sum(0)
    total = np.zeros(n_classes * n_classes)
    for vote in votes:
        valid = vote >= 0
        cell = labelled.labels[valid] * n_classes + vote[valid]
        total += np.bincount(cell, weights=1 / n_voters[valid], minlength=len(total))
    asked = np.bincount(labelled.labels[n_voters > 0], minlength=n_classes)
    with np.errstate(invalid="ignore"):
        return total.reshape(n_classes, n_classes) / np.where(asked > 0, asked, np.nan)[:, None]


def shares_of(labelled: Labelled, voters: Voters, *, of: int, among: int) -> np.ndarray:
    """(m,) for each sample of class `among`, the share of its neighbours of class `of`."""
    own = np.flatnonzero(labelled.labels == among)
    votes = np.where(voters.counts[:, own], labelled.labels[voters.places[:, own]], -1)
    n_voters = (votes >= 0).sum(0)
    with np.errstate(invalid="ignore"):
        return (votes == of).sum(0) / np.where(n_voters > 0, n_voters, np.nan)
