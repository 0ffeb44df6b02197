import math

import numpy as np
import pytest
import torch

from latentscape.metrics import CATALOGUE
from latentscape.metrics.smoothness import EPSILON, N_STEPS, Ground, smoothness
from latentscape.records import Row

WEIGHT = torch.randn(30, 4, generator=torch.Generator().manual_seed(0))


def linear(z: torch.Tensor) -> torch.Tensor:
    return (z.flatten(1) @ WEIGHT.T).view(-1, 1, 5, 6) / 10 + 0.5


def circle(z: torch.Tensor) -> torch.Tensor:
    """One latent, an angle; two pixels on a circle of radius 2."""
    return 2 * torch.stack([z.cos(), z.sin()], 1).view(-1, 1, 1, 2)


def normal(n: int, *shape: int) -> torch.Tensor:
    return torch.randn(n, *shape, generator=torch.Generator().manual_seed(1))


def row(decode, latents: torch.Tensor, **more) -> Row:
    return smoothness("decoder", Ground(decode, latents, **more))[0]


def why(found: Row) -> dict[str, str]:
    return {u.name: u.why for u in found.undefined}


def test_a_linear_decoder_is_as_even_as_can_be():
    found, values = smoothness("linear", Ground(linear, normal(300, 4)))
    sigma = np.linalg.svd(WEIGHT.numpy() / 10, compute_uv=False)
    np.testing.assert_allclose(values[0], sigma, rtol=1e-4)
    assert found["jacobian_norm"].value == pytest.approx(math.sqrt((sigma**2).sum()), rel=1e-4)
    assert found["jacobian_largest"].value == pytest.approx(sigma[0], rel=1e-4)
    assert found["jacobian_directions"].value == pytest.approx(
        (sigma**2).sum() ** 2 / (sigma**4).sum(), rel=1e-4
    )
    half_log_det = 0.5 * np.linalg.slogdet(WEIGHT.numpy().T @ WEIGHT.numpy() / 100)[1]
    assert found["log_volume"].value == pytest.approx(half_log_det, rel=1e-4)
    assert found["jacobian_unevenness"].value == pytest.approx(0, abs=1e-5)
    assert found["curvature"].value == pytest.approx(0, abs=1e-4)
    assert found["line_ratio"].value == pytest.approx(1, abs=1e-5)
    for name in ("lipschitz_steps", "lipschitz_neighbours"):
        assert sigma[-1] <= found[name].value <= found[f"{name}_95"].value <= sigma[0] * 1.001
    assert found.undefined == ()


def test_path_length_of_a_linear_decoder_is_its_chords():
    z = normal(128, 4)
    found = row(linear, z, seed=5)["path_length_pixels"]
    rng = np.random.default_rng(5)
    first = rng.permutation(128)
    second = (first + rng.integers(1, 128, 128)) % 128
    chords = (linear(z[first]) - linear(z[second])).square().flatten(1).mean(1)
    assert found.value == pytest.approx(float(chords.mean()), rel=1e-3)


def test_a_circle_bends_as_trigonometry_says():
    ends = torch.tensor([[0.0], [1.2]])  # every pair is these two
    found = row(circle, ends)
    h = 1.2 / (N_STEPS - 1)
    assert found["curvature"].value == pytest.approx(math.tan(h / 2), rel=1e-3)
    length = (N_STEPS - 1) * 2 * math.sin(h / 2)
    assert found["line_ratio"].value == pytest.approx(length / (2 * math.sin(0.6)), rel=1e-5)
    step = 2 * 2 * math.sin(EPSILON * 1.2 / 2)
    assert found["path_length_pixels"].value == pytest.approx(step**2 / 2 / EPSILON**2, rel=1e-3)
    assert found["jacobian_norm"].value == pytest.approx(2)
    assert found["lipschitz_neighbours"].value == pytest.approx(4 * math.sin(0.6) / 1.2, rel=1e-5)
    assert found["lipschitz_steps"].value == pytest.approx(2, rel=1e-3)


def test_a_decoder_that_stretches_unevenly_says_so():
    uneven = row(lambda z: linear(z.sinh()), normal(200, 4))
    even = row(linear, normal(200, 4))
    assert uneven["jacobian_unevenness"].value > 0.2
    assert uneven["curvature"].value > 0.05 > even["curvature"].value
    assert uneven["line_ratio"].value > 1.01


def test_perceptual_distance_is_the_one_that_is_given():
    distance = lambda a, b: (a - b).square().flatten(1).mean(1) * 7  # noqa: E731 - a toy
    found = row(linear, normal(50, 4), distance=distance, features="seven")
    perceptual, pixels = found["path_length_perceptual"], found["path_length_pixels"]
    assert perceptual.value == pytest.approx(7 * pixels.value, rel=1e-5)
    assert "features: seven" in perceptual.note
    assert "none left out" in perceptual.note


def test_a_large_latent_is_probed():
    matrix = torch.randn(200, 100, generator=torch.Generator().manual_seed(0)) / 10
    decode = lambda z: (z.flatten(1) @ matrix.T).view(-1, 2, 10, 10)  # noqa: E731 - a toy
    found, values = smoothness("large", Ground(decode, normal(40, 4, 5, 5)))
    sigma = np.linalg.svd(matrix.numpy(), compute_uv=False)
    assert values.size == 0
    assert found["jacobian_norm"].n == 16
    assert found["jacobian_norm"].value == pytest.approx(math.sqrt((sigma**2).sum()), rel=0.1)
    assert found["jacobian_largest"].value == pytest.approx(sigma[0], rel=0.05)
    assert "too large a Jacobian" in why(found)["log_volume"]


def test_collapsed_latents_and_decoders_are_undefined_with_a_reason():
    still = row(lambda z: torch.zeros(len(z), 1, 2, 3) + 0 * z[:, :1, None, None], normal(30, 4))
    assert "stands still" in why(still)["jacobian_unevenness"]
    assert still["jacobian_norm"].value == still["jacobian_largest"].value == 0
    assert "no two latents" in why(still)["curvature"]
    assert still["lipschitz_steps"].value == 0
    one_point = row(linear, torch.zeros(30, 4))
    assert "one point" in why(one_point)["lipschitz_steps"]
    assert "one point" in why(one_point)["lipschitz_neighbours"]
    assert "no two latents" in why(one_point)["curvature"]
    assert one_point["jacobian_norm"].value > 0
    dead = row(lambda z: linear(z * torch.tensor([1.0, 1, 1, 0])), normal(30, 4))
    assert "moves nothing" in why(dead)["log_volume"]
    assert dead["jacobian_directions"].value < 3.01
    alone = row(linear, normal(1, 4))
    assert "no other" in why(alone)["curvature"]
    wide = row(lambda z: linear(z)[..., :1, :3], normal(30, 4))
    assert "fewer pixels" in why(wide)["log_volume"]


def test_a_place_where_the_decoder_stands_still_is_left_out_of_what_it_undefines():
    """A decoder cut off beyond one latent value, as by a saturated output."""
    z = normal(128, 4)
    some = row(lambda z: linear(z) * (z[:, :1, None, None] < 1), z)
    n_still = int((z[:, 0] >= 1).sum())
    assert 0 < n_still < 64
    whole = row(linear, z)
    assert some["jacobian_norm"].n == 128
    assert some["jacobian_norm"].value == pytest.approx(
        whole["jacobian_norm"].value * (1 - n_still / 128), rel=1e-4
    )
    for name in ("jacobian_directions", "jacobian_unevenness"):
        assert some[name].n == 128 - n_still
        assert f"{n_still} latents left out" in some[name].note
        assert some[name].value == pytest.approx(whole[name].value, abs=1e-4)


def test_duplicates_have_no_ratio():
    z = normal(40, 4)
    found = row(linear, torch.cat([z, z[:20]]))["lipschitz_neighbours"]
    assert found.n == 20
    assert "40 exact duplicates left out" in found.note
    twice = row(linear, torch.cat([z, z]))
    assert "exact duplicate" in why(twice)["lipschitz_neighbours"]


def test_the_seed_decides_and_the_catalogue_is_kept():
    z = normal(150, 4)
    assert row(linear, z, seed=2) == row(linear, z, seed=2)
    for measure in row(lambda z: linear(z.sin()), z).measures:
        entry = CATALOGUE[measure.name]
        low, high = entry.bounds
        assert low is None or low <= measure.value
        assert high is None or measure.value <= high
        assert measure.low <= measure.value <= measure.high
