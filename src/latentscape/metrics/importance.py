"""The importance-weighted bound (IWAE): nearer to log p(x) than the ELBO, on the same images."""

import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from latentscape.errors import UndefinedError
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import bootstrap_intervals
from latentscape.records import Measure

Score = Callable[[Tensor, Tensor], Tensor]

N_DRAWS = 200
MOST_DECODED = 128  # latents at a time
MOST_VALUES = 1 << 20  # pixel values at a time


class ImportanceBounds(NamedTuple):
    """One value an image.

    Attributes:
        bound: log (1/k) Σ w, nats.
        elbo: (1/k) Σ log w over the same draws, nats; never above the bound.
        effective: (Σ w)² / Σ w², 1 to k: how many draws the bound really rests on.
    """

    bound: np.ndarray
    elbo: np.ndarray
    effective: np.ndarray


@torch.inference_mode()
def importance_bounds(
    images: Float[Tensor, "batch channels height width"],
    mean: Float[Tensor, "batch *latent"],
    log_var: Float[Tensor, "batch *latent"],
    *,
    nll: Score,
    n_draws: int = N_DRAWS,
    rng: torch.Generator | None = None,
) -> ImportanceBounds:
    """log p(x) from below, by draws from the posterior weighed against prior and likelihood.

    w = p(x|z) p(z) / q(z|x) with z from q, p(z) = N(0, I). The bound rises with the number of
    draws towards log p(x).

    Args:
        images: Pixels in [0, 1].
        mean, log_var: Of each image's Gaussian posterior.
        nll: (latents, images) to −log p(x|z) of each, nats, summed over pixels.
        n_draws: k.
        rng: Of the draws.

    Raises:
        UndefinedError: If a posterior has no width.

    Reference:
        Burda et al. 2016, Importance weighted autoencoders, eq. 8.
    """
    if not torch.isfinite(log_var).all():
        raise UndefinedError(
            "the posterior is a point, under which no draw can be weighed",
            "train a recipe with a Gaussian posterior",
        )
    n = len(images)
    size = max(1, images[0].numel())
    at_once = max(1, min(n_draws, MOST_DECODED // n, MOST_VALUES // (n * size)))
    parts: list[Tensor] = []
    for start in range(0, n_draws, at_once):
        k = min(at_once, n_draws - start)
        noise = torch.empty(k, *mean.shape, device=mean.device).normal_(generator=rng)
        latents = mean + noise * torch.exp(0.5 * log_var)
        gain = 0.5 * (noise.square() - latents.square() + log_var).double().flatten(2).sum(2)
        repeated = images.expand(k, *images.shape).flatten(0, 1)
        cost = nll(latents.flatten(0, 1), repeated).double().view(k, n)
        parts.append(gain - cost)
    log_w = torch.cat(parts)
    bound = torch.logsumexp(log_w, 0) - math.log(n_draws)
    effective = torch.exp(2 * torch.logsumexp(log_w, 0) - torch.logsumexp(2 * log_w, 0))
    found = (bound, log_w.mean(0), effective)
    return ImportanceBounds(*(values.cpu().numpy() for values in found))


def importance_measures(
    found: ImportanceBounds,
    *,
    n_draws: int,
    note: str = "",
    groups: np.ndarray | None = None,
    seed: int = 0,
) -> Iterable[Measure]:
    """The bound, the ELBO on the same images and draws, their gap, and the effective draws.

    Args:
        found: From `importance_bounds`, all batches put together.
        n_draws: k.
        note: What else there is to say of all four.
        groups: (n,) group of each image, see `bootstrap_intervals`.
        seed: Of the bootstrap.

    Raises:
        UndefinedError: If a bound is not finite.
    """
    if not np.isfinite(found.bound).all():
        raise UndefinedError("a likelihood came out infinite", "look at the model's decoder")
    columns = {
        "iwae": found.bound,
        "elbo": found.elbo,
        "iwae_gain": found.bound - found.elbo,
        "effective_draws": found.effective,
    }
    intervals = bootstrap_intervals(columns, seed=seed, groups=groups)
    told = f"k = {n_draws:,} posterior draws an image{'; ' + note if note else ''}"
    return [
        measured(name, values.mean(), n=len(values), interval=intervals.get(name), note=told)
        for name, values in columns.items()
    ]
