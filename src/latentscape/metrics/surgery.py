"""ELBO surgery: of the rate, what tells images apart, and what the prior charges for nothing.

    E_x KL(q(z|x) ‖ p) = I_q(x; z) + KL(q(z) ‖ p)
                       = I_q(x; z) + TC + Σ_j KL(q(z_j) ‖ p(z_j))

with q(z) = 1/N Σ_j q(z|x_j), the mixture of all N posteriors. One draw z_i a posterior; log q(z_i)
is the log-mean-exp over all N, its own posterior among them, so that I ≤ log N always.

Reference:
    Hoffman and Johnson 2016, ELBO surgery, eq. 8; Chen et al. 2018, Isolating sources of
    disentanglement, eq. 2 (the second line).
"""

from dataclasses import dataclass

import numpy as np

from latentscape.errors import ShapeError, UndefinedError

MOST_CODES = 5000
MOST_TERMS = 2e9  # N² d exponentials: some seconds
CHUNK_CELLS = 4_000_000  # of a block of the N × N table
LOG_2PI = float(np.log(2 * np.pi))
NEAR_CAP = 0.95


@dataclass(frozen=True)
class Surgery:
    """The rate taken apart; every column is one value a code, and its mean the number.

    Attributes:
        rate: log q(z_i|x_i) − log p(z_i), nats.
        information: log q(z_i|x_i) − log q(z_i): mean I_q(x; z), at most log N.
        marginal_kl: log q(z_i) − log p(z_i): mean KL(q(z) ‖ p).
        total_correlation: log q(z_i) − Σ_j log q(z_ij).
        dimension_wise: Σ_j log q(z_ij) − log p(z_ij).
        per_unit: (d,) KL(q(z_j) ‖ p(z_j)) of each latent, nats.
    """

    rate: np.ndarray
    information: np.ndarray
    marginal_kl: np.ndarray
    total_correlation: np.ndarray
    dimension_wise: np.ndarray
    per_unit: np.ndarray

    @property
    def n(self) -> int:
        """N, the codes in the mixture."""
        return len(self.rate)

    @property
    def cap(self) -> float:
        """log N, the most information that so many codes can show, nats."""
        return float(np.log(self.n))

    @property
    def is_capped(self) -> bool:
        """Whether the information lies so near log N that the true one may be any amount more."""
        return float(self.information.mean()) > NEAR_CAP * self.cap

    def columns(self) -> dict[str, np.ndarray]:
        """The five parts by name, one value a code."""
        return {
            "rate": self.rate,
            "information": self.information,
            "marginal_kl": self.marginal_kl,
            "total_correlation": self.total_correlation,
            "dimension_wise_kl": self.dimension_wise,
        }


def choose_codes(n: int, d: int, *, seed: int) -> np.ndarray:
    """Which of n codes to take: a seeded choice, as many as the work allows at d latents."""
    most = max(2, min(MOST_CODES, int((MOST_TERMS / d) ** 0.5)))
    if n <= most:
        return np.arange(n)
    return np.sort(np.random.default_rng(seed).permutation(n)[:most])


def elbo_surgery(means: np.ndarray, log_vars: np.ndarray, *, seed: int) -> Surgery:
    """Take the rate of Gaussian posteriors apart, against N(0, I).

    Memory is that of the codes and one block of the N × N table.

    Args:
        means, log_vars: ``n *latent``, n at least 2; a latent grid is flattened.
        seed: Of the draw from each posterior.

    Raises:
        ShapeError: If the two differ in shape.
        UndefinedError: If there are fewer than two codes, or a posterior has no width.
    """
    if means.shape != log_vars.shape:
        raise ShapeError(f"means {means.shape} and log variances {log_vars.shape} differ")
    if len(means) < 2:
        raise UndefinedError("one code has no mixture", "give at least two images")
    if not np.isfinite(log_vars).all():
        raise UndefinedError(
            "the posterior is a point: its rate is infinite, and so is each part of it",
            "measure a model with a Gaussian posterior",
        )
    mean = means.reshape(len(means), -1).astype(np.float64)
    log_var = log_vars.reshape(mean.shape).astype(np.float64)
    noise = np.random.default_rng(seed).standard_normal(mean.shape)
    z = mean + noise * np.exp(0.5 * log_var)
    own_each = -0.5 * (noise**2 + log_var + LOG_2PI)
    own = own_each.sum(1)
    prior_each = -0.5 * (z**2 + LOG_2PI)
    joint = _log_mixture(z, mean, log_var, own=own)
    each = _log_marginals(z, mean, log_var, own=own_each)
    prior = prior_each.sum(1)
    return Surgery(
        rate=own - prior,
        information=own - joint,
        marginal_kl=joint - prior,
        total_correlation=joint - each.sum(1),
        dimension_wise=(each - prior_each).sum(1),
        per_unit=(each - prior_each).mean(0),
    )


def _log_mixture(
    z: np.ndarray, mean: np.ndarray, log_var: np.ndarray, *, own: np.ndarray
) -> np.ndarray:
    """(n,) log q(z_i): the square (z − μ)²/σ² is multiplied out, so that blocks are products.

    A code's own posterior, which decides where codes lie apart, is put in as it is known.
    """
    n = len(z)
    precision = np.exp(-log_var)
    weighted = mean * precision
    constant = (mean * weighted + log_var + LOG_2PI).sum(1)
    out = np.empty(n)
    for start in range(0, n, max(1, CHUNK_CELLS // n)):
        rows = z[start : start + max(1, CHUNK_CELLS // n)]
        table = rows**2 @ precision.T
        table -= 2 * (rows @ weighted.T)
        table += constant
        table *= -0.5
        here = np.arange(len(rows))
        table[here, start + here] = own[start : start + len(rows)]
        out[start : start + len(rows)] = _log_mean_exp(table)
    return out


def _log_marginals(
    z: np.ndarray, mean: np.ndarray, log_var: np.ndarray, *, own: np.ndarray
) -> np.ndarray:
    """(n, d) log q(z_ij), latent by latent, in float32: each is one number, nothing cancels."""
    n, d = z.shape
    out = np.empty((n, d))
    step = max(1, CHUNK_CELLS // n)
    for j in range(d):
        centre = mean[:, j].astype(np.float32)
        scale = np.exp(-0.5 * log_var[:, j]).astype(np.float32)
        constant = (-0.5 * (log_var[:, j] + LOG_2PI)).astype(np.float32)
        for start in range(0, n, step):
            table = z[start : start + step, j, None].astype(np.float32) - centre
            table *= scale
            np.square(table, out=table)
            table *= -0.5
            table += constant
            here = np.arange(len(table))
            table[here, start + here] = own[start : start + step, j]
            out[start : start + step, j] = _log_mean_exp(table)
    return out


def _log_mean_exp(table: np.ndarray) -> np.ndarray:
    """log of the mean of exp along each row; the table is used up."""
    top = table.max(1)
    table -= top[:, None]
    np.exp(table, out=table)
    return top + np.log(table.mean(1))
