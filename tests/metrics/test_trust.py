import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from latentscape.errors import ShapeError, UsageError
from latentscape.metrics import faithfulness, nearest_neighbours, point_trust


def twin(X: np.ndarray, Y: np.ndarray, k: int) -> np.ndarray:
    """Each point's term, from whole matrices of ranks."""
    n = len(X)
    ranks = []
    for rows in (X, Y):
        distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
        np.fill_diagonal(distances, np.inf)
        ranks.append(distances.argsort(1).argsort(1) + 1)
    in_space, on_map = ranks
    excess = np.where(on_map <= k, np.maximum(in_space - k, 0), 0).sum(1)
    return 1 - 2 * excess / (k * (2 * n - 3 * k - 1))


@pytest.fixture
def space():
    return np.random.default_rng(0).normal(size=(400, 6))


def test_every_point_has_its_own_term_of_scikit_learns_mean(space):
    Y = space[:, :2]
    found = point_trust(space, Y, k=8)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, twin(space, Y, 8), atol=1e-6)
    assert found.mean() == pytest.approx(trustworthiness(space, Y, n_neighbors=8), abs=1e-6)


def test_of_many_points_ranks_are_estimated():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(5000, 5))
    Y = X[:, :2] + 0.1 * rng.normal(size=(5000, 2))
    found = point_trust(X, Y, k=10, seed=1)
    assert found.mean() == pytest.approx(faithfulness(X, Y)["trustworthiness"].value, abs=0.01)
    some = rng.permutation(5000)[:200]
    exact = np.empty(200)
    for i, row in enumerate(some):
        space, plane = (np.linalg.norm(A - A[row], axis=1) for A in (X, Y))
        rank = space.argsort().argsort()
        excess = np.maximum(rank[plane.argsort()[1:11]] - 10, 0).sum()
        exact[i] = 1 - 2 * excess / (10 * (10_000 - 31))
    np.testing.assert_allclose(found[some], exact, atol=0.03)
    np.testing.assert_array_equal(found, point_trust(X, Y, k=10, seed=1))


def test_a_true_map_is_trusted_everywhere_and_a_folded_one_not_in_the_fold():
    plane = np.random.default_rng(0).uniform(-1, 1, (600, 2))
    assert (point_trust(plane, 3 * plane + 1, k=10) == 1).all()
    folded = np.where(plane[:, :1] > 0.5, plane * [-1, 1], plane)  # a strip laid over the others
    trust = point_trust(plane, folded, k=10)
    assert trust[plane[:, 0] > 0.6].mean() < 0.8
    assert trust[np.abs(plane[:, 0]) < 0.15].min() > 0.99


def test_copies_are_each_others_neighbours():
    X = np.random.default_rng(0).normal(size=(20, 4)).repeat(15, axis=0) + 100
    Y = X[:, :2] + np.random.default_rng(1).normal(scale=1e-3, size=(300, 2))
    np.testing.assert_allclose(point_trust(X, Y, k=5), 1)


def test_a_blind_map_is_worth_a_half(space):
    blind = np.random.default_rng(1).normal(size=(400, 2))
    assert point_trust(space, blind, k=10).mean() == pytest.approx(0.5, abs=0.03)
    assert point_trust(space, np.zeros((400, 2)), k=10).mean() == pytest.approx(0.5, abs=0.1)


def test_a_spatial_latent_is_one_row(space):
    grid = point_trust(space.reshape(400, 2, 3, 1), space[:, :2], k=5)
    np.testing.assert_array_equal(grid, point_trust(space, space[:, :2], k=5))


def test_known_neighbours_change_no_measure(space):
    Y = space[:, :2] + 0.1
    known = nearest_neighbours(space, 30)
    assert faithfulness(space, Y, neighbours=known) == faithfulness(space, Y)


def test_what_does_not_belong_together_is_refused(space):
    with pytest.raises(ShapeError, match="400 points"):
        point_trust(space, space[:399, :2], k=5)
    with pytest.raises(UsageError, match="k = 200"):
        point_trust(space, space[:, :2], k=200)
