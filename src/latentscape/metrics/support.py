"""Precision and recall, density and coverage: does the model paint what is real, and all of it?"""

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from latentscape.errors import ShapeError, UndefinedError, UsageError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.distances import squared_distances
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.records import Measure, Reference

K = 5
ROUNDING = 1e-12  # of the largest squared norm: under it two features are one point
CHUNK_VALUES = 1 << 22


class Support(NamedTuple):
    """What each image adds; the four measures are the means of the four columns.

    Attributes:
        precision: (n,) whether a generated image lies in any real image's ball.
        recall: (m,) whether a real image lies in any generated image's ball.
        density: (n,) real balls around a generated image ÷ k.
        coverage: (m,) whether any generated image lies in a real image's ball.
    """

    precision: np.ndarray
    recall: np.ndarray
    density: np.ndarray
    coverage: np.ndarray


def support_measures(
    X: np.ndarray, Y: np.ndarray, *, k: int = K, seed: int = 0
) -> Iterable[Measure]:
    """Precision, recall, density and coverage of generated images, with intervals.

    A ball is a point with the distance to its k-th nearest fellow of the same set as radius.

    Args:
        X: (n, d) features of the generated images.
        Y: (m, d) features of the real ones.
        k: Neighbours that make a ball.
        seed: Of the bootstrap.

    Returns:
        The four measures, higher is better. Density and coverage stand beside what two sets from
        one distribution are expected to have.

    Raises:
        ShapeError: If features differ in number.
        UsageError: If k is under 1.
        UndefinedError: If a set has not more than k images.

    Reference:
        Kynkäänniemi et al. 2019, Improved precision and recall, eqs. 1 to 3. Naeem et al. 2020,
        Reliable fidelity and diversity metrics, eqs. 3 to 5 and (expected values) appendix C.
    """
    found = support(X, Y, k=k)._asdict()
    expected = {
        "density": Reference(value=1, words="expected of two sets from one distribution"),
        "coverage": Reference(
            value=expected_coverage(len(X), len(Y), k=k),
            words="expected of two sets from one distribution",
        ),
    }
    intervals: dict = {}
    for names in (("precision", "density"), ("recall", "coverage")):  # n rows, m rows
        intervals |= bootstrap_intervals({name: found[name] for name in names}, seed=seed)
    note = f"k = {k}, {len(X):,} generated and {len(Y):,} real images"
    return [
        measured(
            name,
            values.mean(),
            n=len(values),
            interval=intervals.get(name),
            note=note,
            reference=expected.get(name),
        )
        for name, values in found.items()
    ]


def support(X: np.ndarray, Y: np.ndarray, *, k: int = K) -> Support:
    """The table behind the four measures; see `support_measures`."""
    if X.shape[1:] != Y.shape[1:]:
        raise ShapeError(f"features of shape {X.shape[1:]} and {Y.shape[1:]} cannot be compared")
    if k < 1:
        raise UsageError(f"balls of {k} neighbours hold nothing", "choose k from 1 up")
    n, m = len(X), len(Y)
    if min(n, m) <= k:
        raise UndefinedError(
            f"a {k}-th neighbour needs more than {k} images, and here are {min(n, m)}",
            "measure more images",
        )
    centre = np.asarray(Y, np.float64).mean(0)
    X, Y = np.asarray(X, np.float64) - centre, np.asarray(Y, np.float64) - centre
    rounding = ROUNDING * max(np.square(X).sum(1).max(), np.square(Y).sum(1).max())
    reach_x, reach_y = (_radii(points, k) + rounding for points in (X, Y))
    precision, density = np.zeros(n, bool), np.zeros(n)
    recall, coverage = np.zeros(m, bool), np.zeros(m, bool)
    for here in _chunks(n, m):
        between = squared_distances(X[here], Y)
        in_real = between <= reach_y
        precision[here], density[here] = in_real.any(1), in_real.sum(1) / k
        coverage |= in_real.any(0)
        recall |= (between <= reach_x[here, None]).any(0)
    return Support(precision.astype(float), recall.astype(float), density, coverage.astype(float))


def expected_coverage(n: int, m: int, *, k: int = K) -> float:
    """Coverage of m real images by n generated ones from the same distribution.

    A ball stays empty where the k nearest of all the n + m − 1 others are real:
    1 − Π_{i=1…k} (m − i)/(n + m − i).
    """
    i = np.arange(1, k + 1)
    return float(1 - np.prod((m - i) / (n + m - i)))


def nearest_row(X: np.ndarray, Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For each row of X the nearest row of Y: (n,) its place and (n,) its Euclidean distance."""
    centre = np.asarray(Y, np.float64).mean(0)
    X, Y = np.asarray(X, np.float64) - centre, np.asarray(Y, np.float64) - centre
    places = np.concatenate(
        [squared_distances(X[here], Y).argmin(1) for here in _chunks(len(X), len(Y))]
    )
    return places, np.linalg.norm(X - Y[places], axis=1)


def _radii(points: np.ndarray, k: int) -> np.ndarray:
    """(n,) squared distance of each point to its k-th nearest fellow."""
    reach = np.empty(len(points))
    for here in _chunks(len(points), len(points)):
        between = squared_distances(points[here], points)
        rows = np.arange(len(between))
        between[rows, rows + here.start] = np.inf
        reach[here] = np.partition(between, k - 1, axis=1)[:, k - 1]
    return reach


def _chunks(n: int, width: int) -> list[slice]:
    step = max(1, CHUNK_VALUES // width)
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]
