"""Adversarial, triplet, MMD, covariance and RAE terms against naive references."""

import math
from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from latentscape.errors import UsageError
from latentscape.models import Gaussian, Point, build_likelihood
from latentscape.objectives import (
    MMD,
    Adversarial,
    Covariance,
    DecoderNorm,
    Information,
    LatentNorm,
    Reconstruction,
    Sizes,
    Triplet,
)
from latentscape.objectives.mmd import mmd_squared
from latentscape.objectives.triplet import pair_distances, semi_hard
from latentscape.shapes import ImageShape
from latentscape.testing import TOY_SHAPE, toy_images, toy_model, toy_pass
from latentscape.training.recipes import recipe_named

SIZES = Sizes(TOY_SHAPE, (4,), 100)


def a_pass(recipe="vae", **changes):
    return replace(toy_pass(toy_model(recipe_named(recipe)), toy_images()), **changes)


@pytest.mark.parametrize("name", ["bernoulli", "gaussian-fixed", "laplace"])
def test_reconstruction_is_the_negative_log_density(name):
    done = a_pass(likelihood=build_likelihood(name, 0.5), images=toy_images().round())
    mean = torch.sigmoid(done.logits)
    density = {
        "bernoulli": lambda: torch.distributions.Bernoulli(mean),
        "gaussian-fixed": lambda: torch.distributions.Normal(mean, 0.5),
        "laplace": lambda: torch.distributions.Laplace(mean, 0.5),
    }[name]()
    expected = -density.log_prob(done.images).sum((1, 2, 3)).mean()
    torch.testing.assert_close(Reconstruction().loss(done, None), expected)


# --- adversarial ------------------------------------------------------------------------------


def test_discriminator_is_two_layers_of_a_thousand():
    part = Adversarial().build(SIZES)
    linear = [m for m in part if isinstance(m, torch.nn.Linear)]
    assert [m.out_features for m in linear] == [1000, 1000, 1]


def test_adversarial_losses_are_binary_cross_entropies():
    term = Adversarial(scale=0.5, hidden=(8,), smoothness=0)
    part = term.build(SIZES)
    done = a_pass("aae", rng=torch.Generator().manual_seed(3))
    prior = torch.empty_like(done.latents).normal_(generator=torch.Generator().manual_seed(3))
    ones, zeros = torch.ones(12, 1), torch.zeros(12, 1)
    on_codes, on_prior = part(done.latents), part(prior)
    bce = F.binary_cross_entropy_with_logits
    torch.testing.assert_close(term.loss(done, part), 0.5 * bce(on_codes, ones))
    torch.testing.assert_close(
        term.critic_loss(done, part), bce(on_prior, ones) + bce(on_codes, zeros)
    )


def test_smoothness_is_the_squared_slope_at_both_kinds_of_points():
    done = a_pass("aae", rng=torch.Generator().manual_seed(3))
    prior = torch.empty_like(done.latents).normal_(generator=torch.Generator().manual_seed(3))
    rough = Adversarial(hidden=(8,), smoothness=0)
    part = rough.build(SIZES)
    slopes = 0.0
    for points in (prior, done.latents.detach()):
        rows = [
            torch.autograd.functional.jacobian(part, row[None]).square().sum() for row in points
        ]
        slopes += torch.stack(rows).mean()
    smooth = Adversarial(hidden=(8,), smoothness=3).critic_loss(done, part)
    done.rng.manual_seed(3)
    expected = rough.critic_loss(done, part) + 1.5 * slopes
    torch.testing.assert_close(smooth, expected)
    smooth.backward()
    with torch.no_grad():
        assert Adversarial(hidden=(8,)).critic_loss(done, part).isfinite()


def test_encoder_that_follows_its_gradient_deceives_the_critic():
    """The sign is right: following the loss, codes move to where the critic sees the prior."""
    torch.manual_seed(0)
    term = Adversarial(hidden=(32,))
    part = term.build(SIZES)
    codes = torch.full((64, 4), 3.0)
    optimiser = torch.optim.Adam(part.parameters(), 1e-2)
    for _ in range(100):
        optimiser.zero_grad()
        term.critic_loss(a_pass("aae", latents=codes), part).backward()
        optimiser.step()
    learned = codes.clone().requires_grad_()
    term.loss(a_pass("aae", latents=learned), part).backward()
    assert (codes - learned.grad).norm() < codes.norm()


# --- metric triplet ---------------------------------------------------------------------------


def naive_semi_hard(points, labels, margin):
    """Pair by pair, as the paper's words have it."""
    losses = []
    for a in range(len(points)):
        for p in range(len(points)):
            if a == p or labels[a] != labels[p] or labels[a] < 0:
                continue
            d_ap = (points[a] - points[p]).norm()
            d_an = [
                (points[a] - points[n]).norm()
                for n in range(len(points))
                if labels[n] >= 0 and labels[n] != labels[a]
            ]
            if not d_an:
                continue
            farther = [d for d in d_an if d > d_ap]
            chosen = min(farther) if farther else max(d_an)
            losses.append(max(0.0, (d_ap - chosen + margin).item()))
    return losses


@pytest.mark.parametrize("seed", range(4))
def test_triplets_are_mined_semi_hard(seed):
    rng = torch.Generator().manual_seed(seed)
    points = torch.randn(14, 3, generator=rng)
    labels = torch.randint(-1, 3, (14,), generator=rng)
    expected = naive_semi_hard(points, labels, 0.7)
    ours = semi_hard(pair_distances(points), labels, margin=0.7)
    torch.testing.assert_close(ours, torch.tensor(expected))


def test_triplet_weighs_one_value_of_the_image():
    """METHODS weighs it against the ELBO per dimension, so per image it counts D times."""
    done = a_pass()
    expected = naive_semi_hard(done.posterior.mean, done.labels, 1.0)
    loss = Triplet(weight=0.5, margin=1.0).loss(done, None)
    assert loss.item() == pytest.approx(0.5 * 64 * sum(expected) / len(expected), rel=1e-5)


@pytest.mark.parametrize("labels", [torch.zeros(12), torch.full((12,), -1), torch.arange(12)])
def test_no_triplet_costs_nothing(labels):
    done = a_pass(labels=labels.long())
    loss = Triplet().loss(done, None)
    assert loss.item() == 0
    loss.backward()


def test_equal_points_have_a_gradient():
    mean = torch.zeros(12, 4, requires_grad=True)
    Triplet().loss(a_pass(posterior=Gaussian(mean, torch.zeros(12, 4))), None).backward()
    assert mean.grad.isfinite().all()


# --- maximum mean discrepancy -----------------------------------------------------------------


def naive_mmd(x, y, scales):
    n, d = x.shape
    total = 0.0
    for s in scales:
        c = 2 * d * s

        def k(a, b, c=c):
            return (c / (c + (a - b).square().sum())).item()

        apart = [(i, j) for i in range(n) for j in range(n) if i != j]
        total += sum(k(x[i], x[j]) + k(y[i], y[j]) for i, j in apart) / (n * (n - 1))
        total -= 2 * sum(k(a, b) for a in x for b in y) / n**2
    return total


def test_mmd_is_the_unbiased_estimate():
    torch.manual_seed(0)
    x, y = torch.randn(9, 3) + 1, torch.randn(9, 3)
    assert mmd_squared(x, y, scales=(0.5, 2)).item() == pytest.approx(
        naive_mmd(x, y, (0.5, 2)), abs=1e-5
    )


def test_mmd_is_zero_on_average_between_equals_and_positive_between_strangers():
    torch.manual_seed(0)
    same = torch.stack([mmd_squared(torch.randn(20, 4), torch.randn(20, 4)) for _ in range(300)])
    assert same.mean().abs() < 3 * same.std() / 300**0.5
    assert mmd_squared(torch.randn(50, 4) + 2, torch.randn(50, 4)) > 0.3


def test_information_ties_its_two_weights():
    def fresh():
        return a_pass(rng=torch.Generator().manual_seed(1))

    rate = fresh().posterior.kl().sum(1).mean()
    mismatch = MMD(weight=1).loss(fresh(), None)
    expected = 0.7 * rate + (0.3 + 5 - 1) * mismatch
    torch.testing.assert_close(Information(alpha=0.3, lam=5).loss(fresh(), None), expected)


def test_information_that_rewards_mismatch_is_refused():
    with pytest.raises(UsageError, match="mismatch") as error:
        Information(alpha=0, lam=1e-3)
    assert "1000" in error.value.hint
    with pytest.raises(UsageError):
        Information(alpha=2)
    with pytest.raises(UsageError):
        MMD(weight=-1)
    Information(alpha=0, lam=1)


# --- covariance -------------------------------------------------------------------------------


def test_covariance_against_numpy():
    done = a_pass()
    mean = done.posterior.mean.detach()
    c = torch.cov(mean.T, correction=0)
    off = (c - c.diag().diag()).square().sum()
    one = 3 * off + 7 * (c.diag() - 1).square().sum()
    ours = Covariance(off_diagonal=3, diagonal=7).loss(done, None)
    torch.testing.assert_close(ours.detach(), one)
    c2 = c + done.posterior.std.detach().square().mean(0).diag()
    two = 3 * off + 3 * (c2.diag() - 1).square().sum()
    ours = Covariance(of="latent", off_diagonal=3).loss(done, None)
    torch.testing.assert_close(ours.detach(), two)


def test_usual_diagonals():
    white = torch.tensor([[1.0, 1], [1, -1], [-1, 1], [-1, -1]])
    done = a_pass(posterior=Point(2 * white))  # covariance 4·I
    assert Covariance(off_diagonal=1).loss(done, None).item() == pytest.approx(10 * 2 * 9)
    assert Covariance(off_diagonal=1).loss(replace(done, posterior=Point(white)), None) == 0


# --- regularised autoencoder ------------------------------------------------------------------


def test_latent_norm_is_half_the_squared_length():
    done = a_pass("rae", latents=torch.full((12, 4), 2.0))
    assert LatentNorm(latent_weight=0.1).loss(done, None).item() == pytest.approx(0.5 * 0.1 * 16)


def test_decoder_norm_is_the_sum_of_squared_weights():
    done = a_pass("rae")
    total = sum(w.square().sum().item() for w in done.decoder_parameters)
    loss = DecoderNorm(decoder_weight=0.1).loss(done, None)
    assert loss.item() == pytest.approx(0.1 * total, rel=1e-5)


def test_slope_is_the_decoded_images_by_the_latent():
    """‖∂x̂/∂z‖² from the full Jacobian (and not ∂x̂/∂x), on average over directions."""
    done = a_pass("rae", rng=torch.Generator().manual_seed(0))

    def decode(z):
        return torch.sigmoid(done.decoder(z[None]))[0].flatten()

    jacobians = [torch.autograd.functional.jacobian(decode, z) for z in done.latents.detach()]
    exact = torch.stack([j.square().sum() for j in jacobians]).mean()
    term = DecoderNorm(decoder_weight=1, of="slope")
    estimates = torch.stack([term.loss(done, None).detach() for _ in range(400)])
    assert (estimates.mean() - exact).abs() < 4 * estimates.std() / math.sqrt(400)


def test_slope_moves_the_decoder_and_bears_inference_mode():
    model = toy_model(recipe_named("rae"))
    term = DecoderNorm(decoder_weight=1, of="slope")
    term.loss(toy_pass(model, toy_images()), None).backward()
    assert any(w.grad is not None and w.grad.any() for w in model.decoder.parameters())
    for off in (torch.no_grad(), torch.inference_mode()):
        with off:
            assert term.loss(toy_pass(model, toy_images()), None).isfinite()


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Adversarial(hidden=()),
        lambda: Adversarial(scale=-1),
        lambda: Triplet(margin=-1),
        lambda: MMD(scales=()),
        lambda: Covariance(of="codes"),
        lambda: Covariance(off_diagonal=-1),
        lambda: LatentNorm(latent_weight=-1),
        lambda: DecoderNorm(of="paint"),
        lambda: DecoderNorm(decoder_weight=-1),
    ],
)
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(UsageError):
        wrong()


def test_spatial_latents_are_flattened():
    done = a_pass("aae")
    codes = torch.randn(12, 3, 2, 2)
    grid = replace(done, latents=codes, posterior=Point(codes))
    flat = replace(done, latents=codes.flatten(1), posterior=Point(codes.flatten(1)))
    part = Adversarial(hidden=(8,)).build(Sizes(ImageShape(1, 8, 8), (3, 2, 2), 10))
    for term in (Adversarial(hidden=(8,)), Triplet(), Covariance(), LatentNorm()):
        assert torch.equal(term.loss(grid, part), term.loss(flat, part))
