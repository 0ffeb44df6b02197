import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal

from latentscape.errors import UndefinedError
from latentscape.trajectories.log_density import log_density


def at(density, latents: np.ndarray) -> np.ndarray:
    return density(torch.from_numpy(latents)).numpy()


def test_of_one_gaussian_it_is_the_gaussian_s():
    rng = np.random.default_rng(0)
    root = rng.normal(size=(3, 3)) * [1, 10, 0.1]
    latents = rng.normal(size=(20_000, 3)) @ root + [5, -3, 0]
    asked = latents[:200]
    expected = multivariate_normal([5, -3, 0], root.T @ root).logpdf(asked)
    np.testing.assert_allclose(at(log_density(latents), asked), expected, atol=1)


def test_two_far_clouds_leave_a_gap_between():
    rng = np.random.default_rng(0)
    latents = rng.normal(size=(2000, 2)) + np.repeat([[-8, 0], [8, 0]], 1000, 0)
    left, middle, right = at(log_density(latents), np.array([[-8.0, 0], [0, 0], [8, 0]]))
    assert left > middle + 10
    assert abs(left - right) < 1


def test_its_integral_is_one():
    rng = np.random.default_rng(1)
    angle = rng.uniform(0, 2 * np.pi, 2000)
    latents = np.stack([3 * np.cos(angle), 0.5 * np.sin(angle)], 1)
    latents += rng.normal(size=(2000, 2)) * 0.1
    axis = np.linspace(-6, 6, 600)
    grid = np.stack(np.meshgrid(axis, axis / 4, indexing="ij"), -1).reshape(-1, 2)
    total = np.exp(at(log_density(latents), grid)).sum() * (axis[1] - axis[0]) ** 2 / 4
    np.testing.assert_allclose(total, 1, atol=0.01)


def test_it_is_differentiable_and_in_the_caller_s_type():
    latents = np.random.default_rng(2).normal(size=(4000, 2)).astype(np.float32)
    asked = torch.from_numpy(latents[:5]).requires_grad_()
    found = log_density(latents)(asked)
    assert found.dtype == torch.float32
    (uphill,) = torch.autograd.grad(found.sum(), asked)
    torch.testing.assert_close(uphill, -asked, atol=1.0, rtol=0)


@pytest.mark.parametrize("shape", [(2, 3, 3), (3, 20, 20)], ids=str)
def test_grids_are_summed_over_positions_where_their_channels_have_one_covariance(shape):
    rng = np.random.default_rng(3)
    latents = 2 + 5 * rng.normal(size=(400, *shape))
    found = at(log_density(latents), latents[:50])
    expected = -np.square((latents[:50] - 2) / 5).reshape(50, -1).sum(1) / 2
    expected -= np.prod(shape) * np.log(5 * np.sqrt(2 * np.pi))
    assert np.abs(found / expected - 1).max() < 0.05


def test_few_flat_or_broken_latents():
    latents = np.zeros((30, 3), np.float32)
    latents[:, 0] = np.arange(30)
    latents[3] = np.nan
    density = log_density(latents)
    near, far = at(density, np.array([[10.0, 0, 0], [10, 5, 0]], np.float32))
    assert np.isfinite(near)
    assert near > far
    with pytest.raises(UndefinedError):
        log_density(latents[:1])
    again = log_density(latents)
    torch.testing.assert_close(again.means, density.means)
