"""A Gaussian mixture over latents: the prior of a model that was given none."""

import warnings

import numpy as np

FULL_COVARIANCE = 64
LATENTS_A_COMPONENT = 10


def drawn_from_mixture(
    means: np.ndarray, n_components: int, n: int, *, seed: int
) -> tuple[np.ndarray, str]:
    """Draws from a Gaussian mixture fitted to latents, and in words what was fitted.

    Latents are standardised first; covariances are full up to 64 numbers a latent, diagonal above.

    Args:
        means: ``m *latent`` posterior means.
        n_components: Gaussians in the mixture; fewer where there are under ten latents for each.
        n: Draws.
        seed: Of fit and draws.

    Returns:
        ``n *latent`` float32, and the words.

    Reference: Ghosh et al. 2020, From variational to deterministic autoencoders, §4 (ex-post
    density estimation).
    """
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    flat = means.reshape(len(means), -1).astype(np.float64)
    centre, scale = flat.mean(0), flat.std(0)
    # A latent that never moves (collapsed) is drawn where it always is.
    rows = (flat - centre) / np.where(scale > 0, scale, 1)
    n_components = max(1, min(n_components, len(rows) // LATENTS_A_COMPONENT))
    shape = "full" if rows.shape[1] <= FULL_COVARIANCE else "diag"
    note = f"{n_components} Gaussians ({shape} covariance) fitted to {len(rows):,} posterior means"
    if len(rows) == 1:
        return np.repeat(means, n, axis=0), f"{note}: all draws are that one"
    mixture = GaussianMixture(
        n_components, covariance_type=shape, reg_covar=1e-4, random_state=seed, max_iter=200
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        mixture.fit(rows)
    if not mixture.converged_:
        note += "; the fit had not settled"
    drawn = mixture.sample(n)[0]
    drawn = drawn[np.random.default_rng(seed).permutation(n)] * scale + centre
    return drawn.astype(np.float32).reshape(n, *means.shape[1:]), note
