"""Two votes over sets of images that share one factor: the FactorVAE and the β-VAE score.

The sets are drawn from the images there are: a factor at random, a value as images have it (one a
set for FactorVAE, one a pair for β-VAE), then images of that value, with return. Nothing is
rendered anew, so that any set with factors will do.
"""

from collections.abc import Iterator

import numpy as np

from latentscape.errors import UndefinedError
from latentscape.metrics.disentanglement.factors import Factor, Known

N_VOTES = 800  # to learn from, and as many again to be judged by
N_SHARING = 64  # images of a set, or its pairs
CHUNK_VALUES = 1 << 22


def factor_vae_score(known: Known, *, seed: int = 0) -> float:
    """How often the latent that varies least in a set names the factor that the set shares.

    Latents are divided by their standard deviation over all images; collapsed ones have no vote.
    A majority vote is learnt on 800 sets of 64 images and judged on 800 others.

    Args:
        known: Latents and factors.
        seed: Of the sets.

    Returns:
        Share of right answers in [0, 1]; about 1 / K by chance.

    Raises:
        UndefinedError: If there is one factor only, or every latent is collapsed.

    Reference:
        Kim and Mnih 2018, Disentangling by factorising, §4.
    """
    voting = _voters(known)
    scaled = known.latents[:, voting] / known.latents[:, voting].std(0)
    n_factors = len(known.factors)
    votes = np.zeros((2, scaled.shape[1], n_factors), np.int64)
    rng = np.random.default_rng(seed)
    for k, factor in enumerate(known.factors):
        for turn in range(2):
            n_sets = _share(N_VOTES, n_factors, k)
            for rows in _sets(factor, n_sets, scaled.shape[1], rng, shape=(1, N_SHARING)):
                least = scaled[rows[:, 0]].var(axis=1).argmin(1)
                votes[turn, :, k] += np.bincount(least, minlength=scaled.shape[1])
    learnt, judged = votes
    right = judged[np.arange(len(learnt)), learnt.argmax(1)].sum()
    return float(right / judged.sum())


def beta_vae_score(known: Known, *, seed: int = 0) -> float:
    """How often a linear classifier names the factor that the two images of each pair share.

    A set is 64 pairs; the value that the two of a pair share differs from pair to pair. It sees
    the mean absolute difference of the pairs' latents, standardised over all sets, learns
    on 800 sets and is judged on 800 others.

    Args:
        known: Latents and factors; collapsed latents are left out.
        seed: Of the pairs.

    Returns:
        Share of right answers in [0, 1]; about 1 / K by chance.

    Raises:
        UndefinedError: If there is one factor only, or every latent is collapsed.

    Reference:
        Higgins et al. 2017, β-VAE, §3 (algorithm 1).
    """
    from sklearn.linear_model import LogisticRegression

    latents = known.latents[:, _voters(known)]
    rng = np.random.default_rng(seed)
    features, answers = [], []
    for k, factor in enumerate(known.factors):
        n_sets = 2 * _share(N_VOTES, len(known.factors), k)
        for rows in _sets(factor, n_sets, latents.shape[1], rng, shape=(N_SHARING, 2)):
            pairs = latents[rows[..., 0]] - latents[rows[..., 1]]
            features.append(np.abs(pairs).mean(1))
        answers.append(np.full(n_sets, k))
    answer, seen = np.concatenate(answers), np.concatenate(features)
    order = rng.permutation(len(answer))
    seen, answer = ((seen - seen.mean(0)) / seen.std(0).clip(1e-12))[order], answer[order]
    cut = len(answer) // 2
    model = LogisticRegression(max_iter=1000).fit(seen[:cut], answer[:cut])
    return float((model.predict(seen[cut:]) == answer[cut:]).mean())


def _voters(known: Known) -> np.ndarray:
    if len(known.factors) < 2:
        raise UndefinedError("one factor is always the one that is shared", "know more factors")
    voting = known.voting
    if not voting.any():
        raise UndefinedError(
            "every latent is collapsed", "`latentscape measure collapse` says what may help"
        )
    return voting


def _share(total: int, n_factors: int, k: int) -> int:
    """As many sets for each factor, the first ones one more where it does not go up."""
    return total // n_factors + (k < total % n_factors)


def _sets(
    factor: Factor, n_sets: int, size: int, rng: np.random.Generator, *, shape: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Rows of images, a chunk of sets at a time.

    Args:
        factor: The factor that is shared.
        n_sets: Sets in all.
        size: Latents of an image, for the size of a chunk.
        rng: Draws values and images.
        shape: Values a set, and images of each value.

    Yields:
        ``sets *shape`` rows; those along the last axis share one value.
    """
    by_value = np.argsort(factor.codes, kind="stable")
    counts = np.bincount(factor.codes, minlength=factor.n_values)
    starts = np.cumsum(counts) - counts
    n_values, n_sharing = shape
    n_chunk = max(1, CHUNK_VALUES // (n_values * n_sharing * size))
    for start in range(0, n_sets, n_chunk):
        n = min(n_chunk, n_sets - start)
        value = factor.codes[rng.integers(0, len(factor.codes), (n, n_values))][..., None]
        places = (rng.random((n, n_values, n_sharing)) * counts[value]).astype(np.int64)
        yield by_value[starts[value] + places]
