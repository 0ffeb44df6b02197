import numpy as np
import pytest

from latentscape.errors import ShapeError, UsageError
from latentscape.metrics import faithfulness, nearest_neighbours, point_trust


def near(rows: np.ndarray, k: int) -> np.ndarray:
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return distances.argsort(1)[:, :k]


@pytest.fixture
def space():
    return np.random.default_rng(0).normal(size=(400, 6))


def test_trust_is_the_share_of_common_neighbours(space):
    Y = space[:, :2]
    expected = [len(set(a) & set(b)) / 8 for a, b in zip(near(space, 8), near(Y, 8), strict=True)]
    found = point_trust(space, Y, neighbours=nearest_neighbours(space, 20), k=8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected)


def test_its_mean_is_the_maps_neighbour_preservation(space):
    Y = space[:, :2] + 0.1
    found = point_trust(space, Y, neighbours=nearest_neighbours(space, 10), k=10)
    kept = faithfulness(space, Y, k=10)["neighbour_preservation"].value
    assert found.mean() == pytest.approx(kept)


def test_a_true_map_is_trusted_everywhere_and_a_torn_one_at_the_tear():
    plane = np.random.default_rng(0).uniform(-1, 1, (600, 2))
    neighbours = nearest_neighbours(plane, 10)
    assert (point_trust(plane, 3 * plane + 1, neighbours=neighbours, k=10) == 1).all()
    folded = np.where(plane[:, :1] > 0.5, plane * [-1, 1], plane)  # a strip laid over the others
    trust = point_trust(plane, folded, neighbours=neighbours, k=10)
    assert trust[plane[:, 0] > 0.6].mean() < 0.6
    assert trust[np.abs(plane[:, 0]) < 0.15].min() == 1


def test_copies_are_each_others_neighbours():
    X = np.random.default_rng(0).normal(size=(20, 4)).repeat(15, axis=0)
    Y = X[:, :2] + np.random.default_rng(1).normal(scale=1e-3, size=(300, 2))
    assert (point_trust(X, Y, neighbours=nearest_neighbours(X, 5), k=5) == 1).all()


def test_a_collapsed_map_is_not_trusted(space):
    trust = point_trust(space, np.zeros((400, 2)), neighbours=nearest_neighbours(space, 10), k=10)
    assert trust.mean() < 0.1


def test_a_spatial_latent_is_one_row(space):
    neighbours = nearest_neighbours(space, 5)
    grid = point_trust(space.reshape(400, 2, 3, 1), space[:, :2], neighbours=neighbours, k=5)
    np.testing.assert_array_equal(
        grid, point_trust(space, space[:, :2], neighbours=neighbours, k=5)
    )


def test_what_does_not_belong_together_is_refused(space):
    neighbours = nearest_neighbours(space, 5)
    with pytest.raises(ShapeError, match="do not belong together"):
        point_trust(space, space[:399, :2], neighbours=neighbours, k=5)
    with pytest.raises(UsageError, match="5 neighbours are known"):
        point_trust(space, space[:, :2], neighbours=neighbours, k=6)
