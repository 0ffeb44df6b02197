import numpy as np
import pytest
from scipy.stats import expon, kstest, norm, rankdata

from latentscape.errors import ShapeError, UndefinedError
from latentscape.trajectories import lol, lol_iid, marginal_laws

N = 20_000


def exponential(seed: int, n: int = N) -> np.ndarray:
    """Three independent coordinates, none a Gaussian: decaying, of two peaks, of three values."""
    rng = np.random.default_rng(seed)
    peaks = rng.choice([-4.0, 4.0], n) + rng.normal(size=n) / 2
    return np.stack([rng.exponential(2, n), peaks, rng.integers(0, 3, n)], 1)


def test_every_step_has_the_law_of_each_coordinate():
    laws = marginal_laws(exponential(0))
    line = lol_iid(exponential(1), exponential(2), n_steps=5, laws=laws)
    plain = lol(exponential(1), exponential(2), n_steps=5, mean=exponential(0).mean(0))
    fresh = exponential(3)
    for step in range(5):
        assert kstest(line[:, step, 0], expon(scale=2).cdf).statistic < 0.02
        assert kstest(line[:, step, 1], fresh[:, 1]).statistic < 0.02
        assert abs(np.corrcoef(line[:, step].T)[0, 1]) < 0.04
    assert kstest(plain[:, 2, 0], expon(scale=2).cdf).statistic > 0.05
    assert kstest(plain[:, 2, 1], fresh[:, 1]).statistic > 0.1


def test_where_coordinates_are_gaussian_it_is_lol():
    """Latents on the quantiles of Gaussians: the law is theirs exactly, and so is the map."""
    quantiles = norm.ppf((np.arange(4001) + 0.5) / 4001)
    mean, spread = np.array([-3.0, 0.0, 7.0]), np.array([2.0, 0.1, 30.0])
    laws = marginal_laws(mean + spread * np.stack([quantiles, quantiles[::-1], quantiles], 1))
    starts, ends = mean + spread * np.random.default_rng(0).uniform(-2, 2, (2, 200, 3))
    found = lol_iid(starts, ends, n_steps=9, laws=laws)
    expected = lol(starts, ends, n_steps=9, mean=mean)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-10)


def test_of_many_draws_of_gaussians_it_is_nearly_lol():
    rng = np.random.default_rng(0)
    laws = marginal_laws(3 + rng.normal(size=(50_000, 4)))
    starts, ends = 3 + rng.normal(size=(2, 300, 4))
    found = lol_iid(starts, ends, n_steps=5, laws=laws)
    apart = np.abs(found - lol(starts, ends, n_steps=5, mean=np.full(4, 3.0)))
    assert np.median(apart) < 0.02


def twin(latents: np.ndarray, a: float, b: float, t: float) -> float:
    """One coordinate of one pair, by SciPy's ranks and normal quantiles."""
    x, first = np.unique(latents, return_index=True)
    z = norm.ppf((rankdata(latents) - 0.5) / len(latents))[first]
    slope = 1 / (latents.std() or 1.0)

    def score(value):
        below, above = min(value - x[0], 0), max(value - x[-1], 0)
        return np.interp(value, x, z) + slope * (below + above)

    middle = ((1 - t) * score(a) + t * score(b)) / np.sqrt((1 - t) ** 2 + t**2)
    below, above = min(middle - z[0], 0), max(middle - z[-1], 0)
    return np.interp(middle, z, x) + (below + above) / slope


@pytest.mark.parametrize(
    "kind", ["normal", "ties", "two values", "one value", "heavy tails", "two latents"]
)
def test_the_formula_word_for_word(kind):
    rng = np.random.default_rng(0)
    latents = {
        "normal": rng.normal(size=(50, 2)),
        "ties": rng.integers(-2, 3, (50, 2)) * 1.0,
        "two values": rng.integers(0, 2, (50, 2)) * 3.0,
        "one value": np.full((50, 2), 4.0),
        "heavy tails": rng.standard_cauchy((50, 2)),
        "two latents": np.array([[0.0, 1.0], [5.0, 1.0]]),
    }[kind]
    starts, ends = rng.normal(size=(2, 30, 2)) * 5  # most of them out of range
    found = lol_iid(starts, ends, n_steps=6, laws=marginal_laws(latents))
    for pair in range(30):
        for step in range(1, 5):
            expected = [
                twin(latents[:, i], starts[pair, i], ends[pair, i], step / 5) for i in range(2)
            ]
            np.testing.assert_allclose(found[pair, step], expected, rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(found[:, [0, -1]], np.stack([starts, ends], 1))


def test_the_map_there_and_back_is_none_in_range_and_out():
    laws = marginal_laws(exponential(0, 500))
    asked = np.random.default_rng(1).normal(size=(400, 3)) * 40
    np.testing.assert_allclose(laws.valued(laws.scored(asked)), asked, rtol=1e-9, atol=1e-9)
    in_order = np.sort(asked, axis=0)
    assert (np.diff(laws.scored(in_order), axis=0) > 0).all()


def test_a_large_grid_has_a_law_a_channel():
    rng = np.random.default_rng(0)
    latents = rng.exponential(size=(40, 2, 32, 32)).astype(np.float32)
    laws = marginal_laws(latents)
    assert laws.by_channel
    assert len(laws.values) == 2
    rows = latents[:, 1].reshape(40, -1)
    alone = marginal_laws(rows.reshape(-1, 1))
    pair = latents[0, 1, 3, 4], latents[1, 1, 3, 4]
    found = lol_iid(latents[:1], latents[1:2], n_steps=3, laws=laws)
    expected = lol_iid(*(np.array([[x]]) for x in pair), n_steps=3, laws=alone)
    np.testing.assert_allclose(found[0, 1, 1, 3, 4], expected[0, 1, 0], rtol=1e-5)


def test_broken_latents_do_not_count_and_too_few_are_refused():
    latents = exponential(0, 60)
    spoilt = np.concatenate([latents, np.full((3, 3), np.nan)])
    for whole, part in zip(
        marginal_laws(latents).scores, marginal_laws(spoilt).scores, strict=True
    ):
        np.testing.assert_array_equal(whole, part)
    with pytest.raises(UndefinedError, match="1 latent has no law"):
        marginal_laws(latents[:1])
    with pytest.raises(ShapeError):
        marginal_laws(latents[:, 0])
    with pytest.raises(ShapeError):
        lol_iid(latents, latents, n_steps=3, laws=marginal_laws(latents[:, :2]))
