"""How classes lie in a latent space: numbers, clusters and overlaps, each beside its chance."""

from functools import partial

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import row_of
from latentscape.metrics.clusters import cluster_rows
from latentscape.metrics.labelled import Labelled
from latentscape.metrics.overlap import (
    bhattacharyya_matrix,
    overlap_sentence,
    overlapping_pairs,
)
from latentscape.metrics.scatter import fisher_trace_ratio, scatter_scores
from latentscape.metrics.separation import linear_probe, silhouette, triplet_accuracy
from latentscape.metrics.voting import Voters, knn_accuracy, knn_confusion
from latentscape.records import Neighbours, Row, Undefined
from latentscape.records.classes import ClassStructure, OverlappingPair

NOTHING = np.zeros((0, 0))


def class_structure(
    rows: np.ndarray,
    labels: np.ndarray,
    class_names: tuple[str, ...],
    *,
    neighbours: Neighbours | None,
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> ClassStructure:
    """Class measures, clusterings and class-overlap matrices of latents.

    Rows labelled −1 are left out. Every number of classes or clusters stands beside the same
    with labels permuted. What the samples do not define says why, and the rest goes on.

    Args:
        rows: (n, d) latents; d may come as ``n *latent``.
        labels: (n,) class of each, −1 where unknown.
        class_names: Name of each class.
        neighbours: Graph of all rows, 15 neighbours or more; None where there is none.
        groups: (n,) clip, artist or source of each: neighbours and triplets of one group do not
            count, folds and bootstrap keep groups whole.
        seed: Of every choice, permutation, fold and bootstrap.

    Raises:
        ShapeError: If rows, labels and groups differ in length.
    """
    labelled = Labelled.of(rows, labels, class_names, groups=groups, seed=seed)
    voters = None
    if neighbours is not None and len(labelled):
        voters = Voters.of(labelled, neighbours)
    matrix, confusion, pairs, undefined = _overlap(labelled, voters, seed=seed)
    return ClassStructure(
        n=len(labelled),
        n_unlabelled=len(rows) - len(labelled),
        class_names=labelled.names,
        class_labels=labelled.codes,
        class_sizes=tuple(labelled.sizes.tolist()),
        rows=(
            _class_row(labelled, voters, n_unlabelled=len(rows) - len(labelled), seed=seed),
            *cluster_rows(labelled, seed=seed),
        ),
        bhattacharyya=matrix,
        confusion=confusion,
        pairs=pairs,
        undefined=undefined,
        overlap_note=_overlap_note(labelled, voters),
        verdict=overlap_sentence(pairs, labelled.names),
    )


def _class_row(labelled: Labelled, voters: Voters | None, *, n_unlabelled: int, seed: int) -> Row:
    makers = {
        "silhouette_euclidean": partial(silhouette, labelled, "euclidean", seed=seed),
        "silhouette_cosine": partial(silhouette, labelled, "cosine", seed=seed),
        "knn_accuracy_5": partial(knn_accuracy, labelled, voters, 5, seed=seed),
        "knn_accuracy_15": partial(knn_accuracy, labelled, voters, 15, seed=seed),
        "linear_probe_accuracy": partial(linear_probe, labelled, seed=seed),
        "fisher_trace_ratio": partial(fisher_trace_ratio, labelled, seed=seed),
        "davies_bouldin": partial(scatter_scores, labelled, "davies_bouldin", seed=seed),
        "calinski_harabasz": partial(scatter_scores, labelled, "calinski_harabasz", seed=seed),
        "triplet_accuracy": partial(triplet_accuracy, labelled, seed=seed),
    }
    n_classes = len(labelled.names)
    what = "class" if n_classes == 1 else "classes"
    note = f"{len(labelled):,} labelled samples of {n_classes} {what}"
    if n_unlabelled:
        note += f"; {n_unlabelled:,} without a label left out"
    return row_of("classes", makers, note=note)


def _overlap(
    labelled: Labelled, voters: Voters | None, *, seed: int
) -> tuple[np.ndarray, np.ndarray, tuple[OverlappingPair, ...], tuple[Undefined, ...]]:
    try:
        labelled.require_classes()
    except UndefinedError as error:
        return NOTHING, NOTHING, (), (Undefined(name="class overlap", why=error.message),)
    matrix, undefined = bhattacharyya_matrix(labelled)
    confusion = NOTHING
    try:
        confusion = knn_confusion(labelled, voters)
    except UndefinedError as error:
        undefined.append(Undefined(name="knn_confusion", why=error.message))
    pairs = overlapping_pairs(labelled, voters, matrix=matrix, confusion=confusion, seed=seed)
    return matrix, confusion, pairs, tuple(undefined)


def _overlap_note(labelled: Labelled, voters: Voters | None) -> str:
    told = ["Bhattacharyya: a Gaussian a class, shrunk after Ledoit and Wolf where a class has "
            "fewer than 5 samples a dimension"]  # fmt: skip
    if labelled.axes_words:
        told.append(labelled.axes_words)
    if voters is not None:
        told.append(f"confusion: {len(voters.places)} neighbours a sample, {voters.words}")
    return "; ".join(told)
