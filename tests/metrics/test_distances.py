import numpy as np
import pytest
from scipy.spatial.distance import cdist

from latentscape.metrics import distances
from latentscape.metrics.distances import pair_distances, squared_distances


def test_squared_distances_are_scipys_and_never_below_0():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(30, 5)), rng.normal(size=(40, 5))
    X[3] = Y[7] = 1e3 * X[3]
    found = squared_distances(X, Y)
    np.testing.assert_allclose(found, cdist(X, Y, "sqeuclidean"), rtol=1e-9, atol=1e-8)
    assert (found >= 0).all()
    np.testing.assert_array_equal(squared_distances(X, Y, squares=np.square(Y).sum(1)), found)


@pytest.mark.parametrize("dtype", [np.float32, np.float64, int])
def test_distances_of_pairs_are_those_of_their_rows(dtype, monkeypatch):
    monkeypatch.setattr(distances, "CHUNK_VALUES", 20)
    rng = np.random.default_rng(0)
    points = (10 * rng.normal(size=(9, 4))).astype(dtype)
    first, second = rng.integers(0, 9, (2, 23))
    expected = cdist(points, points)[first, second]
    np.testing.assert_allclose(pair_distances(points, first, second), expected, rtol=1e-6)


def test_no_pairs_have_no_distances():
    assert pair_distances(np.zeros((3, 2)), np.zeros(0, int), np.zeros(0, int)).shape == (0,)
