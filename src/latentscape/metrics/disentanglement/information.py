"""What each latent tells of each factor, in nats: MIG and modularity are read off this matrix."""

from collections.abc import Sequence

import numpy as np

from latentscape.errors import UndefinedError

N_BINS = 20


def information(latents: np.ndarray, codes: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mutual information of every latent with every factor, from counts in 20 equal bins.

    The plug-in estimate: about (bins − 1)(values − 1) / 2n nats too large, alike for all latents.

    Args:
        latents: ``n d``; each latent is cut into 20 bins of equal width between its ends.
        codes: (n,) value of each factor, from 0.

    Returns:
        ``d K`` nats, at least 0, and (K,) entropies of the factors.

    Reference:
        Locatello et al. 2019, Challenging common assumptions, appendix C (the 20 bins).
    """
    n, size = latents.shape
    low, width = latents.min(0), np.ptp(latents, axis=0)
    scaled = (latents - low) * (N_BINS / np.where(width > 0, width, 1))
    bins = np.minimum(scaled.astype(np.int64), N_BINS - 1)
    place = bins + N_BINS * np.arange(size)
    marginal = _entropies(np.bincount(place.ravel(), minlength=N_BINS * size), size, n)
    found, entropies = np.zeros((size, len(codes))), np.zeros(len(codes))
    for k, code in enumerate(codes):
        n_values = int(code.max()) + 1
        cells = (place * n_values + code[:, None]).ravel()
        joint = _entropies(np.bincount(cells, minlength=N_BINS * size * n_values), size, n)
        entropies[k] = _entropies(np.bincount(code), 1, n)[0]
        found[:, k] = np.maximum(marginal + entropies[k] - joint, 0)
    return found, entropies


def information_gaps(found: np.ndarray, entropies: np.ndarray) -> np.ndarray:
    """(K,) how far the best latent of each factor is ahead of the second, ÷ its entropy.

    Their mean is the MIG; 1 where one latent tells the whole factor and no other tells any of it.

    Raises:
        UndefinedError: If there is one latent only.

    Reference:
        Chen et al. 2018, Isolating sources of disentanglement, eq. 6.
    """
    if len(found) < 2:
        raise UndefinedError(
            "one latent has no second to be ahead of", "measure a model of more latents"
        )
    ordered = np.sort(found, axis=0)
    return (ordered[-1] - ordered[-2]) / entropies


def modularity(found: np.ndarray) -> float:
    """Whether each latent tells of one factor only: 1 − Σ_{k≠k*} m² / (m*² (K − 1)), averaged.

    Args:
        found: ``d K`` information of the latents that have a say; one that tells nothing at all
            is not counted.

    Returns:
        In [0, 1]; higher is better.

    Raises:
        UndefinedError: If there is one factor only, or no latent tells anything.

    Reference:
        Ridgeway and Mozer 2018, Learning deep disentangled embeddings, §3.
    """
    if found.shape[1] < 2:
        raise UndefinedError("one factor has no others to be kept apart from", "know more factors")
    found = found[found.max(axis=1, initial=0) > 0]
    if not len(found):
        raise UndefinedError(
            "every latent is collapsed", "`latentscape measure collapse` says what may help"
        )
    squares = np.square(found)
    largest = squares.max(1)
    return float(1 - ((squares.sum(1) - largest) / (largest * (found.shape[1] - 1))).mean())


def _entropies(counts: np.ndarray, size: int, n: int) -> np.ndarray:
    """(size,) entropies, nats, of as many tables laid end to end."""
    share = counts.reshape(size, -1) / n
    return -np.sum(share * np.log(np.where(share > 0, share, 1)), axis=1)
