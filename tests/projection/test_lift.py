import numpy as np
import pytest

from latentscape.projection import PCA
from latentscape.projection.lift import (
    AROUND,
    ExactLift,
    InverseLift,
    NeighbourLift,
    placed_among,
    spread,
    weights_of,
)
from latentscape.projection.search import Nearest, nearest


def grid(side: int = 12) -> np.ndarray:
    """Points of a square grid, one apart."""
    axis = np.arange(side, dtype=float)
    return np.stack(np.meshgrid(axis, axis), -1).reshape(-1, 2)


def twin(positions, latents, place):
    """Latent, agreement and nearness by the docstrings, one place at a time."""
    distances = np.linalg.norm(positions - place, axis=1)
    order = np.argsort(distances, kind="stable")
    k = min(AROUND, len(positions))
    near, delta = order[:k], distances[order[:k]]
    reach = distances[order[k]] if len(positions) > k else np.inf
    if (delta == 0).any():
        weights = (delta == 0).astype(float)
    else:
        weights = (1 / delta - (0 if np.isinf(reach) else 1 / reach)) ** 2
    weights = weights if weights.sum() > 0 else np.ones(k)
    weights = weights / weights.sum()
    latent = weights @ latents[near]
    within = weights @ np.square(latents[near] - latent).sum(1)
    overall = np.square(latents - latents.mean(0)).sum(1).mean()
    own = np.square(weights).sum()
    missed = 0.0 if own > 1 - 1e-9 else within * (1 + own) / (1 - own)
    agreement = 1.0 if overall == 0 else float(np.clip(1 - missed / overall, 0, 1))
    to_all = np.linalg.norm(positions[near][:, None] - positions, axis=2)
    spacing = np.sort(to_all, axis=1)[:, min(k, len(positions) - 1)].mean()
    nearness = 1.0 if delta[0] <= spacing else (spacing / delta[0]) ** 2
    return latent, agreement, nearness


@pytest.mark.parametrize("n", [1, 2, 5, AROUND, AROUND + 1, 60])
@pytest.mark.parametrize("kind", ["random", "duplicates", "line", "one point", "one latent"])
def test_neighbours_agree_with_a_plain_reading_of_the_formula(n, kind):
    rng = np.random.default_rng(n)
    positions, latents = rng.standard_normal((n, 2)), rng.standard_normal((n, 5))
    if kind == "duplicates":
        positions[n // 2 :] = positions[0]
    if kind == "line":
        positions[:, 1] = 0
    if kind == "one point":
        positions[:] = 1
    if kind == "one latent":
        latents[:] = 3
    places = np.concatenate([rng.standard_normal((20, 2)) * 2, positions[:1], [[1e6, -1e6]]])
    lifted = NeighbourLift(positions, latents.astype(np.float32))(places)
    for i, place in enumerate(places):
        latent, agreement, nearness = twin(positions, latents.astype(np.float32), place)
        if kind in ("duplicates", "one point") and n > AROUND:
            continue  # which of many equal points are the nearest is open
        np.testing.assert_allclose(lifted.latents[i], latent, atol=1e-4)
        np.testing.assert_allclose(lifted.agreement[i], agreement, atol=1e-4)
        np.testing.assert_allclose(lifted.nearness[i], nearness, rtol=1e-6)
    assert np.isfinite(lifted.latents).all()
    assert ((lifted.reliability >= 0) & (lifted.reliability <= 1)).all()


def test_a_point_of_the_map_is_its_own_latent():
    rng = np.random.default_rng(0)
    positions, latents = rng.standard_normal((200, 2)), rng.standard_normal((200, 30))
    lifted = NeighbourLift(positions, latents.astype(np.float32))(positions)
    np.testing.assert_allclose(lifted.latents, latents, atol=1e-6)
    np.testing.assert_array_equal(lifted.nearest, np.arange(200))
    np.testing.assert_allclose(lifted.reliability, 1)


def test_nothing_jumps_where_one_neighbour_takes_the_place_of_another():
    rng = np.random.default_rng(1)
    positions, latents = rng.standard_normal((300, 2)), rng.standard_normal((300, 4))
    way = np.linspace([-1, -1], [1, 1], 20_001)
    lifted = NeighbourLift(positions, latents)(way)
    steps = np.linalg.norm(np.diff(lifted.latents, axis=0), axis=1)
    assert steps.max() < 0.1 * np.ptp(latents, axis=0).max()


def test_a_map_that_keeps_the_latents_is_reliable_and_one_that_mixes_them_is_not():
    positions = grid()
    inside = positions[np.all((positions > 1) & (positions < 10), axis=1)] + 0.4
    faithful = positions @ np.random.default_rng(0).standard_normal((2, 9))
    mixed = np.random.default_rng(1).permutation(faithful)
    good, bad = (NeighbourLift(positions, z)(inside) for z in (faithful, mixed))
    assert good.reliability.min() > 0.9
    assert np.median(bad.reliability) < 0.4
    wanted = inside @ np.linalg.lstsq(positions, faithful, rcond=None)[0]
    assert np.abs(good.latents - wanted).max() < 0.25 * np.ptp(faithful, axis=0).max() / 12


@pytest.mark.parametrize("told", [0.0, 0.5, 0.9])
def test_agreement_is_the_share_of_a_left_out_latent_that_its_place_tells(told):
    rng = np.random.default_rng(3)
    positions, places = rng.uniform(-1, 1, (4_000, 2)), rng.uniform(-0.9, 0.9, (1_000, 2))
    axes = np.linalg.qr(rng.standard_normal((24, 2)))[0].T

    def latents(where):
        known = where @ axes * np.sqrt(24 * 3)
        noise = rng.standard_normal((len(where), 24))
        return np.sqrt(told) * known + np.sqrt(1 - told) * noise * np.sqrt(2)

    known, truth = latents(positions), latents(places)
    lifted = NeighbourLift(positions, known)(places)
    held_out = 1 - np.square(lifted.latents - truth).sum(1).mean() / spread(known)
    assert lifted.agreement.mean() == pytest.approx(max(0, held_out), abs=0.1)
    if not told:
        assert lifted.agreement.mean() < 0.1


def test_nearness_is_one_among_the_points_and_falls_with_the_square_outside():
    lift = NeighbourLift(grid(), grid())
    assert (lift(np.random.default_rng(0).uniform(0, 11, (50, 2))).nearness == 1).all()
    near, far = lift(np.array([[11 + 40.0, 5.0], [11 + 80.0, 5.0]])).nearness
    np.testing.assert_allclose(near / far, 4, rtol=1e-6)
    # Each of the 8 nearest points lies on the border; its 8th neighbour is at 2 or at √5.
    assert (2 / 40) ** 2 <= near <= (np.sqrt(8) / 40) ** 2


def test_a_plane_of_components_comes_back_whole_from_a_flat_cloud():
    rng = np.random.default_rng(0)
    flat = (rng.standard_normal((500, 2)) @ rng.standard_normal((2, 12)) + 3).astype(np.float32)
    projector = PCA()
    positions = projector.fit_transform(flat)
    lifted = InverseLift(positions, projector, size=12)(positions)
    np.testing.assert_allclose(lifted.latents, flat, atol=1e-4)
    np.testing.assert_allclose(lifted.reliability, 1, atol=1e-5)


def test_of_a_round_cloud_the_plane_tells_two_directions_of_ten():
    cloud = np.random.default_rng(0).standard_normal((20_000, 10)).astype(np.float32)
    projector = PCA()
    positions = projector.fit_transform(cloud)
    lift = InverseLift(positions, projector, size=10)
    places = np.array([[0.3, -0.2], [50.0, 0.0]])
    lifted = lift(places)
    assert lifted.agreement == pytest.approx(0.2, abs=0.01)
    assert lifted.nearness[0] == 1
    assert lifted.reliability[1] < 1e-3
    np.testing.assert_allclose(projector.transform(lifted.latents), places, atol=1e-4)


@pytest.mark.parametrize("size", [1, 2])
def test_the_latent_plane_is_itself(size):
    places = np.random.default_rng(0).standard_normal((7, 2)) * 100
    lifted = ExactLift(grid(), size=size)(places)
    np.testing.assert_allclose(lifted.latents, places[:, :size].astype(np.float32))
    assert (lifted.reliability == 1).all()


def test_weights_by_hand():
    np.testing.assert_allclose(weights_of(np.array([[1.0, 1, 2]])), [[0.5, 0.5]])
    np.testing.assert_allclose(weights_of(np.array([[0.0, 0, 3, 4]])), [[0.5, 0.5, 0]])
    np.testing.assert_allclose(weights_of(np.array([[1.0, 2, np.inf]])), [[0.8, 0.2]])
    np.testing.assert_allclose(weights_of(np.array([[2.0, 2, 2]])), [[0.5, 0.5]])
    np.testing.assert_allclose(weights_of(np.zeros((1, 3))), [[0.5, 0.5]])
    # (1/1 − 1/4)² : (1/2 − 1/4)² = 9 : 1
    np.testing.assert_allclose(weights_of(np.array([[1.0, 2, 4]])), [[0.9, 0.1]])


def test_a_known_latent_lands_on_its_point():
    rng = np.random.default_rng(0)
    latents, positions = rng.standard_normal((50, 6)).astype(np.float32), rng.random((50, 2))
    near, distances = Nearest(latents)(latents[:5], AROUND + 1)
    placed = placed_among(positions, near[:, :AROUND], distances)
    np.testing.assert_allclose(placed, positions[:5], atol=1e-6)


def test_spread_is_the_variance_summed():
    latents = np.random.default_rng(0).standard_normal((1000, 7)) * np.arange(7) + 100
    assert spread(latents) == pytest.approx(latents.var(0).sum())


def test_a_search_that_is_kept_answers_as_a_fresh_one():
    rng = np.random.default_rng(0)
    fitted, asked = rng.standard_normal((200, 9)), rng.standard_normal((20, 9))
    kept, fresh = Nearest(fitted)(asked, 4), nearest(fitted, asked, 4)
    by_hand = np.argsort(np.linalg.norm(asked[:, None] - fitted, axis=2), axis=1)[:, :4]
    np.testing.assert_array_equal(kept[0], by_hand)
    np.testing.assert_array_equal(kept[0], fresh[0])
    np.testing.assert_array_equal(kept[1], fresh[1])
