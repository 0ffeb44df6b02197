"""How classes lie in a latent space: part of what `measure structure` returns."""

from latentscape.records.measure import Row, Undefined
from latentscape.records.record import Array, Record


class OverlappingPair(Record):
    """Two classes that overlap, and both on the axis that tells them apart best.

    Attributes:
        first, second: Places of the two among the structure's classes.
        row: Named ``4 / 9``: Bhattacharyya coefficient and kNN confusion both ways.
        edges: (bins + 1,) on the pair's discriminant axis, in standard deviations inside classes;
            0 lies midway between the classes. Empty where there is no such axis.
        shares: (2, bins) share of each class's samples in each bin.
    """

    first: int
    second: int
    row: Row
    edges: Array
    shares: Array


class ClassStructure(Record):
    """Classes and clusters of a cloud of latents.

    Attributes:
        n: Samples with a label.
        n_unlabelled: Samples without; they take no part.
        class_names: The classes that have samples.
        class_labels: Their integers.
        class_sizes: Their samples.
        rows: ``classes``, then a row a clustering; null or chance stands as reference.
        bhattacharyya: (c, c) coefficient of the Gaussians of each two classes, 1 on the diagonal,
            NaN where a class has none; empty where undefined.
        confusion: (c, c) share of a row class's neighbours that are of the column's class; rows
            add up to 1; empty where undefined.
        pairs: The most overlapping, worst first.
        undefined: What of the matrices is not defined, and why.
        overlap_note: How the matrices were made.
        verdict: The most overlapping pair in a sentence; empty where there is none.
    """

    n: int
    n_unlabelled: int
    class_names: tuple[str, ...]
    class_labels: tuple[int, ...]
    class_sizes: tuple[int, ...]
    rows: tuple[Row, ...]
    bhattacharyya: Array
    confusion: Array
    pairs: tuple[OverlappingPair, ...] = ()
    undefined: tuple[Undefined, ...] = ()
    overlap_note: str = ""
    verdict: str = ""
