import math

import numpy as np
import pytest
import torch

from latentscape.metrics import ReconstructionScore, bits_per_dim, entropy_floor


def gaussian_score(*, sigma: float, n: int = 200, size: int = 16) -> tuple:
    rng = np.random.default_rng(0)
    x = rng.uniform(0.3, 0.7, (n, 1, size, size))
    y = np.clip(x + 0.05 * rng.normal(size=x.shape), 0, 1)
    error = np.square(y - x).reshape(n, -1).sum(1)
    nll = 0.5 * error / sigma**2 + x[0].size * (math.log(sigma) + 0.5 * math.log(2 * math.pi))
    mean, log_var = rng.normal(size=(n, 3)), rng.normal(size=(n, 3))
    kl = 0.5 * (mean**2 + np.exp(log_var) - 1 - log_var)
    score = ReconstructionScore(likelihood="gaussian")
    score.update(x, y, nll=nll, kl=kl, means=mean)
    return score, kl, nll


def test_parts_add_up_to_the_bound():
    score, kl, nll = gaussian_score(sigma=0.1)
    row, per_image = score.compute("vae")
    assert row["elbo"].value == pytest.approx(-(row["distortion"].value + row["rate"].value))
    assert row["rate"].value == pytest.approx(kl.sum(1).mean())
    assert per_image["distortion"] == pytest.approx(nll)


def test_bits_per_dim_at_the_best_sigma_is_the_closed_form():
    _, _, _ = gaussian_score(sigma=1)
    mse = gaussian_score(sigma=1)[0].compute("x")[0]["mse"].value
    score, kl, _ = gaussian_score(sigma=math.sqrt(mse))
    bits = score.compute("x")[0]["bits_per_dim"]
    closed = 0.5 * math.log2(2 * math.pi * math.e * mse) + 8
    closed += kl.sum(1).mean() / (256 * math.log(2))
    assert bits.value == pytest.approx(closed, abs=1e-6)
    assert bits.low < bits.value < bits.high


def test_a_fair_coin_costs_one_bit_a_pixel():
    assert bits_per_dim(784 * math.log(2), 784, likelihood="bernoulli") == pytest.approx(1)
    x = (torch.rand(50, 1, 16, 16) > 0.5).float()
    score = ReconstructionScore(likelihood="bernoulli")
    nll = torch.full((50,), 256 * math.log(2))
    score.update(x, torch.full_like(x, 0.5), nll=nll, kl=torch.zeros(50, 2))
    row, _ = score.compute("coin")
    assert row["bits_per_dim"].value == pytest.approx(1, abs=1e-6)
    assert "entropy_floor" not in {measure.name for measure in row.measures}


def test_a_perfect_bernoulli_decoder_of_gray_pays_exactly_the_floor():
    x = torch.rand(20, 1, 12, 12).double()
    nll = torch.nn.functional.binary_cross_entropy(x, x, reduction="none").flatten(1).sum(1)
    assert entropy_floor(x) == pytest.approx(nll.numpy(), rel=1e-6)
    score = ReconstructionScore(likelihood="bernoulli")
    score.update(x, x, nll=nll, kl=torch.zeros(20, 2))
    row, _ = score.compute("gray")
    assert row["distortion_above_floor"].value == pytest.approx(0, abs=1e-6)
    assert row["entropy_floor"].value == pytest.approx(nll.mean().item())
    assert "bits_per_dim" not in {measure.name for measure in row.measures}
    assert "no likelihood" in row.note


def test_what_was_decoded_is_stated():
    x = torch.rand(4, 1, 8, 8)
    score = ReconstructionScore(likelihood="gaussian", posterior="mean", nll_posterior="mean")
    score.update(x, x, nll=torch.ones(4), kl=torch.ones(4))
    row, _ = score.compute("vae")
    assert "decoded from the posterior mean" in row["mse"].note
    assert "no bound" in row["elbo"].note
