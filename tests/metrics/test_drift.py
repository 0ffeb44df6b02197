"""How far latents moved: known transformations, and twins written out."""

import numpy as np
import pytest

from latentscape.errors import DataError, ShapeError, UndefinedError
from latentscape.metrics.drift import latent_drift, rate_kept
from latentscape.metrics.interval import Grouping

RNG = np.random.default_rng(0)
GRID = RNG.standard_normal((40, 3, 5, 4)) * np.array([1.0, 4.0, 0.2])[:, None, None] + 7
VECTOR = RNG.standard_normal((60, 6)) * np.linspace(0.3, 3, 6)


def values(drift) -> dict[str, float]:
    return {measure.name: measure.value for measure in drift.measures}


@pytest.mark.parametrize("latents", [GRID, VECTOR])
def test_latents_that_stay_have_not_drifted(latents):
    drift = latent_drift(latents, latents.copy())
    found = values(drift)
    assert found["latent_drift"] == 0
    assert found["latents_kept"] == pytest.approx(1)
    assert found["latent_cka"] == pytest.approx(1)
    assert not drift.moved.any()
    np.testing.assert_allclose(drift.kept, 1)


@pytest.mark.parametrize("latents", [GRID, VECTOR])
def test_the_numbers_are_what_they_say(latents):
    """Ten-line twins on a channel that is scaled, one that is noise now, and the rest moved."""
    new = latents.copy()
    new[:, 0] = 3 * new[:, 0] - 5
    new[:, 1] = np.random.default_rng(1).standard_normal(new[:, 1].shape)
    new[:, 2] += 0.3 * np.random.default_rng(2).standard_normal(new[:, 2].shape)
    drift = latent_drift(latents, new)
    channels = [(latents[:, i].ravel(), new[:, i].ravel()) for i in range(latents.shape[1])]
    move = np.array([((x - y) ** 2).mean() for x, y in channels])
    spread = np.array([x.var() for x, _ in channels])
    kept = np.array([np.corrcoef(x, y)[0, 1] ** 2 for x, y in channels])
    found = values(drift)
    assert found["latent_drift"] == pytest.approx(np.sqrt(move.sum() / spread.sum()))
    assert found["latents_kept"] == pytest.approx((kept * spread).sum() / spread.sum())
    np.testing.assert_allclose(drift.moved, np.sqrt(move / spread))
    np.testing.assert_allclose(drift.kept, kept)


def test_a_turned_space_keeps_its_shape_and_not_its_channels():
    turn, _ = np.linalg.qr(np.random.default_rng(3).standard_normal((6, 6)))
    rows = np.random.default_rng(4).standard_normal((500, 6))
    found = values(latent_drift(rows, rows @ turn))
    assert found["latent_cka"] == pytest.approx(1, abs=1e-6)
    assert found["latents_kept"] < 0.6


def test_unrelated_latents_are_another_space():
    other = np.random.default_rng(5).standard_normal((400, 8))
    drift = latent_drift(np.random.default_rng(6).standard_normal((400, 8)), other)
    found = values(drift)
    assert found["latent_drift"] == pytest.approx(2**0.5, abs=0.05)
    assert found["latents_kept"] < 0.02
    cka = next(m for m in drift.measures if m.name == "latent_cka")
    assert cka.reference is not None
    assert cka.reference.low <= cka.value + 0.05
    assert abs(cka.value) < 0.05


def test_cka_is_that_of_the_papers_written_out():
    """Song et al. 2012, eq. 5, with loops over images."""
    x, y = VECTOR[:9] - VECTOR[:9].mean(0), np.tanh(VECTOR[:9]) - np.tanh(VECTOR[:9]).mean(0)
    n = 9

    def hsic(k, el):
        k, el = k - np.diag(np.diag(k)), el - np.diag(np.diag(el))
        one = np.ones(n)
        total = np.trace(k @ el) + (one @ k @ one) * (one @ el @ one) / ((n - 1) * (n - 2))
        return (total - 2 / (n - 2) * (one @ k @ el @ one)) / (n * (n - 3))

    k, el = x @ x.T, y @ y.T
    twin = hsic(k, el) / np.sqrt(hsic(k, k) * hsic(el, el))
    assert values(latent_drift(VECTOR[:9], np.tanh(VECTOR[:9])))["latent_cka"] == pytest.approx(
        twin
    )


def test_groups_are_drawn_whole():
    """Forty copies of two images say no more than the two."""
    few = np.repeat(GRID[:10], 6, axis=0)
    new = few + np.repeat(np.random.default_rng(7).standard_normal((10, 3, 1, 1)), 6, axis=0)
    groups = np.repeat(np.arange(10), 6)
    alone, whole = (latent_drift(few, new, groups=g).measures[0] for g in (None, groups))
    assert "10 groups" in whole.interval
    assert whole.high - whole.low > 1.5 * (alone.high - alone.low)


@pytest.mark.parametrize(("n_groups", "these"), [(1, "this shot"), (3, "these 3 shots")])
def test_few_shots_have_an_interval_over_their_images_that_says_so(n_groups, these):
    """Drawn whole, one shot would be the same on every resample: an interval of no width."""
    new = GRID + 0.3 * np.random.default_rng(7).standard_normal(GRID.shape)
    shots = Grouping(np.arange(len(GRID)) % n_groups, "shot", "images")
    drift = latent_drift(GRID, new, groups=shots)
    rates = np.random.default_rng(0).random((2, len(GRID)))
    for measure in (*drift.measures[:2], rate_kept(*rates, groups=shots)):
        assert measure.low < measure.value < measure.high
        said = f"over the {len(GRID)} images of {these}: says nothing of other shots"
        assert said in measure.interval
    tiny = latent_drift(GRID[:7], new[:7], groups=shots.among(np.arange(7))).measures[0]
    assert tiny.low is tiny.high is None


def test_the_posteriors_noise_stands_beside():
    drift = latent_drift(VECTOR, VECTOR + 0.1, noise=VECTOR.var(0).mean()).measures[0]
    assert drift.reference is not None
    assert drift.reference.value == pytest.approx(1)


def test_what_has_no_drift():
    with pytest.raises(UndefinedError, match="the same for every image"):
        latent_drift(np.ones((5, 2)), VECTOR[:5, :2])
    with pytest.raises(ShapeError):
        latent_drift(VECTOR, VECTOR[:, :2])
    with pytest.raises(DataError, match="one image"):
        latent_drift(VECTOR[:1], VECTOR[:1])
    with pytest.raises(DataError, match="not finite"):
        latent_drift(VECTOR, np.full_like(VECTOR, np.nan))
    few = latent_drift(VECTOR[:3], VECTOR[:3] + 1)
    assert [missing.name for missing in few.undefined] == ["latent_cka"]
    flat = latent_drift(VECTOR, np.zeros_like(VECTOR))
    assert values(flat)["latents_kept"] == pytest.approx(0, abs=1e-9)
    assert "latent_cka" in [missing.name for missing in flat.undefined]
