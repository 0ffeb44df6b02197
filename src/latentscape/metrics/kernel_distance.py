"""KID: how far apart two sets of images lie in feature space, by a polynomial kernel."""

import numpy as np

from latentscape.errors import ShapeError, UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import LEVEL, Interval
from latentscape.records import Measure

N_HALVES = 200
FEWEST = 10
CHUNK_VALUES = 1 << 22


def kernel_distance(X: np.ndarray, Y: np.ndarray, *, seed: int = 0) -> Measure:
    """KID: the unbiased squared MMD with the kernel (xᵀy/d + 1)³.

    The value is the statistic over all pairs, which is what the mean over many subsets estimates.
    Its interval is made of 200 random halves of both sets, drawn without return: a half scatters
    about the whole as the whole does about the truth. Being unbiased, KID is as often under 0 as
    over it where the two sets come from one distribution.

    Args:
        X: (n, d) features of the generated images.
        Y: (m, d) features of the real ones.
        seed: Of the halves.

    Returns:
        ``kid``; lower is better, 0 expected of two sets from one distribution.

    Raises:
        ShapeError: If features differ in number.
        UndefinedError: If a set has fewer than 10 images.

    Reference:
        Bińkowski et al. 2018, Demystifying MMD GANs, §4. Halves: Shao and Wu 1989, A general
        theory for jackknife variance estimation, §2, with half of the samples deleted.
    """
    X, Y = np.asarray(X, np.float64), np.asarray(Y, np.float64)
    if X.shape[1:] != Y.shape[1:]:
        raise ShapeError(f"features of shape {X.shape[1:]} and {Y.shape[1:]} cannot be compared")
    if min(len(X), len(Y)) < FEWEST:
        raise UndefinedError(
            f"subsets of {min(len(X), len(Y))} images say nothing: KID needs {FEWEST}",
            "measure more images",
        )
    rng = np.random.default_rng(seed)
    drawn_x, drawn_y = _halves(len(X), rng), _halves(len(Y), rng)
    same_x, same_y = _pair_sums(X, X, (drawn_x, drawn_x)), _pair_sums(Y, Y, (drawn_y, drawn_y))
    cross = _pair_sums(X, Y, (drawn_x, drawn_y))
    n, m = drawn_x.sum(1), drawn_y.sum(1)
    same_x -= drawn_x @ _kernel(np.einsum("ij,ij->i", X, X), X.shape[1])  # no image with itself
    same_y -= drawn_y @ _kernel(np.einsum("ij,ij->i", Y, Y), Y.shape[1])
    found = same_x / (n * (n - 1)) + same_y / (m * (m - 1)) - 2 * cross / (n * m)
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(found[1:], [tail, 1 - tail])
    words = (
        f"{100 * LEVEL:g} % of {N_HALVES} random halves, {n[1]:,.0f} generated and {m[1]:,.0f} "
        f"real images each (seed {seed})"
    )
    return measured("kid", found[0], n=len(X), interval=Interval(low, high, words))


def _halves(n: int, rng: np.random.Generator) -> np.ndarray:
    """(1 + 200, n): all samples first, then random halves, as 0 and 1."""
    ranks = rng.random((N_HALVES, n)).argsort(axis=1).argsort(axis=1)
    return np.concatenate([np.ones((1, n)), (ranks < n // 2).astype(np.float64)])


def _pair_sums(X: np.ndarray, Y: np.ndarray, drawn: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """(draws,) Σ k(x, y) over the drawn x and y of each draw."""
    total = np.zeros(len(drawn[0]))
    step = max(1, CHUNK_VALUES // len(Y))
    for start in range(0, len(X), step):
        here = slice(start, start + step)
        kernel = _kernel(X[here] @ Y.T, X.shape[1])
        total += np.einsum("ij,ij->i", drawn[0][:, here] @ kernel, drawn[1])
    return total


def _kernel(products: np.ndarray, d: int) -> np.ndarray:
    return (products / d + 1) ** 3
