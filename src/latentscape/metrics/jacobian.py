"""How a decoder stretches space: singular values of its Jacobian, by forward differentiation."""

import warnings
from collections.abc import Callable
from functools import cache
from importlib import import_module

import numpy as np
import torch
from torch import Tensor
from torch.func import jvp, vjp
from torch.nn.attention import SDPBackend, sdpa_kernel

Decode = Callable[[Tensor], Tensor]

CHUNK_VALUES = 1 << 24
N_PROBES = 16
N_ITERATIONS = 30
PLAIN_ATTENTION = SDPBackend.MATH  # a processor's fused attention has no forward derivative
SETTLED = 1e-4  # relative change at which a power iteration has arrived


@torch.no_grad()
@sdpa_kernel(PLAIN_ATTENTION)
def singular_values(decode: Decode, latents: Tensor) -> np.ndarray:
    """All singular values of J = ∂x/∂z at each latent, by one JVP for each latent dimension.

    Args:
        decode: ``batch *latent`` to ``batch channels height width``; images of a batch must not
            depend on each other.
        latents: ``n *latent``.

    Returns:
        (n, min(d, pixels)) float64, largest first; pixel value per latent unit.
    """
    _load_forward_mode()
    d = latents[0].numel()
    size = decode(latents[:1]).numel()
    step = max(1, CHUNK_VALUES // (size * d))
    found = []
    for start in range(0, len(latents), step):
        z = latents[start : start + step]
        jacobian = torch.empty(len(z), size, d, device=z.device)
        for j in range(d):
            along = torch.zeros_like(z).flatten(1)
            along[:, j] = 1
            jacobian[:, :, j] = jvp(decode, (z,), (along.view_as(z),))[1].flatten(1)
        found.append(torch.linalg.svdvals(jacobian).double().cpu().numpy())
    return np.concatenate(found)


@torch.no_grad()
@sdpa_kernel(PLAIN_ATTENTION)
def frobenius_norms(
    decode: Decode, latents: Tensor, *, n_probes: int = N_PROBES, seed: int = 0
) -> np.ndarray:
    """‖J‖_F at each latent, estimated without writing J down: E‖Jv‖² = ‖J‖²_F for random signs v.

    Args:
        decode: See `singular_values`.
        latents: ``n *latent``.
        n_probes: Random v; the squared norm's relative standard error is at most
            √(2 / n_probes).
        seed: Of v.

    Reference: Hutchinson 1990, A stochastic estimator of the trace.
    """
    _load_forward_mode()
    rng = torch.Generator(device=latents.device).manual_seed(seed)
    total = torch.zeros(len(latents), dtype=torch.float64, device=latents.device)
    for _ in range(n_probes):
        signs = torch.empty_like(latents).bernoulli_(0.5, generator=rng) * 2 - 1
        moved = jvp(decode, (latents,), (signs,))[1]
        total += moved.double().square().flatten(1).sum(1)
    return (total / n_probes).sqrt().cpu().numpy()


@torch.no_grad()
@sdpa_kernel(PLAIN_ATTENTION)
def largest_singular_values(
    decode: Decode, latents: Tensor, *, n_iterations: int = N_ITERATIONS, seed: int = 0
) -> np.ndarray:
    """σ_max of J at each latent by power iteration on JᵀJ; approached from below.

    Args:
        decode: See `singular_values`.
        latents: ``n *latent``.
        n_iterations: At most; fewer where no value moves by more than 1e-4 of itself.
        seed: Of the starting directions.
    """
    _load_forward_mode()
    rng = torch.Generator(device=latents.device).manual_seed(seed)
    direction = _unit(torch.empty_like(latents).normal_(generator=rng))
    before = torch.zeros(len(latents), device=latents.device)
    back = vjp(decode, latents)[1]
    for _ in range(n_iterations):
        moved = jvp(decode, (latents,), (direction,))[1]
        largest = moved.flatten(1).norm(dim=1)
        if bool(((largest - before).abs() <= SETTLED * largest).all()):
            before = largest
            break
        before, direction = largest, _unit(back(moved)[0])
    return before.double().cpu().numpy()


@cache
def _load_forward_mode() -> None:
    """Load what torch loads on the first JVP, without its words to its own programmers."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        import_module("torch._decomp.decompositions_for_jvp")


def _unit(directions: Tensor) -> Tensor:
    norms = directions.flatten(1).norm(dim=1).clamp_min(1e-30)
    return directions / norms.view(-1, *[1] * (directions.ndim - 1))
