"""How dense latents lie around a latent, by a Gaussian mixture of a store's own."""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from latentscape.trajectories.latent_moments import LatentMoments, latent_moments

N_PARTS = 10
FEWEST_EACH = 20  # rows a part and a dimension, below which there are fewer parts
MOST_ROWS = 5_000
RIDGE = 1e-3  # least variance of a part, of latents whitened to 1


@dataclass(frozen=True)
class LogDensity:
    """log p of latents, differentiable.

    Attributes:
        moments: Which whitened the latents before the mixture was fitted.
        weights, means, roots: (k,), (k, v), (k, v, v) of the mixture in whitened latents; roots
            are the Cholesky factors of the parts' precisions, x ↦ x @ root.
        constant: What whitening adds to log p.
    """

    moments: LatentMoments
    weights: Tensor
    means: Tensor
    roots: Tensor
    constant: float

    def __call__(self, latents: Tensor) -> Tensor:
        """``batch *latent`` to ``batch`` natural logarithms; of a grid, summed over positions."""
        moments = self.moments
        axes = self._like(latents, moments.axes / moments.scale[:, None] / moments.spread)
        centred = latents - self._like(latents, moments.mean)
        if moments.by_channel:
            centred = centred.flatten(2).transpose(1, 2)  # batch positions channels
        else:
            centred = centred.flatten(1)[:, None]  # batch 1 values
        white = centred @ axes
        roots, means = self._like(latents, self.roots), self._like(latents, self.means)
        apart = torch.einsum("npv,kvw->npkw", white, roots)
        apart = apart - torch.einsum("kv,kvw->kw", means, roots)
        log_roots = torch.diagonal(roots, dim1=1, dim2=2).log().sum(1)
        shares = self._like(latents, self.weights).log() + log_roots
        parts = shares - apart.square().sum(-1) / 2
        return torch.logsumexp(parts, -1).sum(1) + self.constant

    @staticmethod
    def _like(latents: Tensor, values: np.ndarray | Tensor) -> Tensor:
        return torch.as_tensor(values).to(latents.device, latents.dtype)


def log_density(
    latents: np.ndarray, *, moments: LatentMoments | None = None, seed: int = 0
) -> LogDensity:
    """Fit a mixture of up to 10 full Gaussians to latents whitened by their own moments.

    Fewer parts where there are fewer than 20 rows a part and dimension. A grid that has one
    covariance a channel is taken as a cloud of its channel vectors, its positions as independent:
    good enough to tell near from far, not to compare models by.

    Args:
        latents: ``n *latent``, finite.
        moments: Theirs, where they are known.
        seed: Of the draw of at most 5,000 rows and of the fit.

    Raises:
        UndefinedError: If fewer than two latents are finite.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.mixture import GaussianMixture

    moments = moments or latent_moments(latents, seed=seed)
    rng = np.random.default_rng(seed)
    few = latents[np.sort(rng.permutation(len(latents))[:MOST_ROWS])]
    few = few[np.isfinite(few).reshape(len(few), -1).all(1)]
    white = moments.whitened(few)
    n_positions, n_values = white.shape[1:]
    rows = rng.permutation(white.reshape(-1, n_values))[:MOST_ROWS]
    n_parts = int(np.clip(len(rows) // (FEWEST_EACH * n_values), 1, N_PARTS))
    mixture = GaussianMixture(n_parts, reg_covar=RIDGE, random_state=seed, max_iter=50)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # a mixture near the best will do
        mixture.fit(rows)
    weights, means, roots = (
        torch.from_numpy(np.ascontiguousarray(part, np.float64))
        for part in (mixture.weights_, mixture.means_, mixture.precisions_cholesky_)
    )
    stretch = np.log(moments.scale).sum() + np.log(moments.spread).sum()
    constant = n_values * np.log(2 * np.pi) / 2 + stretch
    return LogDensity(moments, weights, means, roots, -float(n_positions * constant))
