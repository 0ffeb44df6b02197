import math

import numpy as np
import pytest
import torch
from torch import nn

from latentscape.metrics.jacobian import (
    frobenius_norms,
    largest_singular_values,
    singular_values,
)


def network(d: int, seed: int = 0) -> nn.Module:
    """A small decoder with an image's shape and every kind of layer a decoder has."""
    torch.manual_seed(seed)
    return nn.Sequential(
        nn.Linear(d, 32), nn.SiLU(), nn.Unflatten(1, (2, 4, 4)),
        nn.ConvTranspose2d(2, 4, 3, stride=2, padding=1, output_padding=1), nn.ReLU(),
        nn.GroupNorm(2, 4), nn.Conv2d(4, 1, 3, padding=1), nn.Sigmoid(),
    ).eval()  # fmt: skip


def by_reverse(decode: nn.Module, z: torch.Tensor) -> np.ndarray:
    """Singular values from a Jacobian by reverse differentiation, one latent at a time."""
    found = []
    for one in z:
        jacobian = torch.autograd.functional.jacobian(lambda v: decode(v[None]).flatten(), one)
        found.append(np.linalg.svd(jacobian.numpy(), compute_uv=False))
    return np.stack(found)


def test_they_are_those_of_the_whole_jacobian():
    decode, z = network(5), torch.randn(7, 5)
    np.testing.assert_allclose(singular_values(decode, z), by_reverse(decode, z), rtol=1e-3)


def test_small_chunks_give_the_same(monkeypatch):
    decode, z = network(3), torch.randn(9, 3)
    whole = singular_values(decode, z)
    monkeypatch.setattr("latentscape.metrics.jacobian.CHUNK_VALUES", 400)
    np.testing.assert_allclose(singular_values(decode, z), whole, rtol=1e-5)


def test_of_a_linear_decoder_they_are_its_matrix_s():
    weight = torch.randn(20, 6, generator=torch.Generator().manual_seed(0))
    wanted = np.linalg.svd(weight.numpy(), compute_uv=False)
    found = singular_values(lambda z: (z @ weight.T).view(-1, 1, 4, 5), torch.randn(4, 6))
    np.testing.assert_allclose(found, np.tile(wanted, (4, 1)), rtol=1e-5)


def test_estimates_meet_the_spectrum():
    decode, z = network(12), torch.randn(6, 12)
    exact = singular_values(decode, z)
    norms = frobenius_norms(decode, z, n_probes=400)
    np.testing.assert_allclose(norms, np.sqrt(np.square(exact).sum(1)), rtol=0.15)
    assert frobenius_norms(decode, z, n_probes=1).shape == (6,)
    largest = largest_singular_values(decode, z, n_iterations=300)
    np.testing.assert_allclose(largest, exact[:, 0], rtol=0.01)
    assert (largest <= exact[:, 0] * (1 + 1e-5)).all()


def test_spatial_latents_keep_their_shape():
    torch.manual_seed(0)
    decode = nn.Conv2d(2, 3, 1, bias=False)
    z = torch.randn(3, 2, 4, 4)
    gain = np.linalg.svd(decode.weight.detach().numpy()[:, :, 0, 0], compute_uv=False)
    np.testing.assert_allclose(largest_singular_values(decode, z), gain[0], rtol=1e-2)
    np.testing.assert_allclose(
        frobenius_norms(decode, z, n_probes=300), math.sqrt((gain**2).sum() * 16), rtol=0.05
    )


def test_a_still_decoder_has_none():
    z = torch.randn(3, 4)
    still = lambda z: (0 * z.sum(1)).view(-1, 1, 1, 1).expand(-1, 1, 2, 3)  # noqa: E731 - a toy
    assert singular_values(still, z).max() == 0
    assert frobenius_norms(still, z).max() == 0
    assert largest_singular_values(still, z).max() == 0


def test_the_seed_decides():
    decode, z = network(70), torch.randn(2, 70)
    one = frobenius_norms(decode, z, seed=1)
    np.testing.assert_array_equal(one, frobenius_norms(decode, z, seed=1))
    assert (one != frobenius_norms(decode, z, seed=2)).any()
    assert one == pytest.approx(np.sqrt(np.square(singular_values(decode, z)).sum(1)), rel=0.4)


def test_attention_has_a_derivative_too():
    """Fused attention of a processor has none forward; the plain one is taken."""
    keys = torch.randn(1, 2, 5, 4, generator=torch.Generator().manual_seed(0))

    def decode(latents):
        queries = latents.view(len(latents), 2, 1, 4)
        found = torch.nn.functional.scaled_dot_product_attention(
            queries, keys.expand(len(latents), -1, -1, -1), keys.expand(len(latents), -1, -1, -1)
        )
        return found.reshape(len(latents), 1, 2, 4)

    latents = torch.randn(3, 8, generator=torch.Generator().manual_seed(1))
    values = singular_values(decode, latents)
    for row, latent in zip(values, latents, strict=True):
        step = 1e-3
        rows = [
            (decode(latent[None] + step * unit) - decode(latent[None] - step * unit)) / (2 * step)
            for unit in torch.eye(8)
        ]
        expected = torch.linalg.svdvals(torch.stack([row.flatten() for row in rows], 1))
        np.testing.assert_allclose(row, expected.numpy(), atol=2e-3)
