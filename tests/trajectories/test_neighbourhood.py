import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from latentscape.errors import ShapeError, UndefinedError
from latentscape.trajectories.geometry import geometry
from latentscape.trajectories.neighbourhood import Neighbourhood

RNG = np.random.default_rng(0)


def ratios_of(ways: np.ndarray, data: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return Neighbourhood.of(data).ratios(ways)


def test_neighbours_equal_scikit_learns():
    data, ways = RNG.normal(size=(500, 6)), 2 * RNG.normal(size=(9, 4, 6))
    near, ratios = ratios_of(ways, data)
    reference = NearestNeighbors(n_neighbors=5).fit(data)
    distances = reference.kneighbors(ways.reshape(-1, 6))[0]
    level = np.median(reference.kneighbors()[0][:, 4])
    assert near.ravel() == pytest.approx(distances[:, 0], rel=1e-4)
    assert ratios.ravel() == pytest.approx(distances[:, 4] / level, rel=1e-4)
    found = geometry(ways, data=data).columns
    assert geometry(ways, data=Neighbourhood.of(data)).columns["nearest_data"] == pytest.approx(
        found["nearest_data"]
    )
    assert found["nearest_data"] == pytest.approx(near[:, 1:-1].mean(1))
    assert found["neighbour_ratio"] == pytest.approx(np.median(ratios[:, 1:-1], axis=1))


def test_data_are_as_near_to_data_as_data():
    data = RNG.normal(size=(4000, 8))
    ways = RNG.normal(size=(300, 6, 8))
    inside, outside = (ratios_of(z, data)[1] for z in (ways, ways + 6))
    assert np.median(inside) == pytest.approx(1, abs=0.05)
    assert (outside > 2).all()


def test_adversarial_data_of_neighbours():
    ways = np.array([[[0.0, 0], [1, 0], [np.nan, 0]]])
    near, ratios = ratios_of(ways, np.array([[0.0, 0], [0, 1]]))
    assert near[0, :2] == pytest.approx([0, 1])
    assert ratios[0, :2] == pytest.approx([0, 1])
    assert np.isnan(near[0, 2])
    copies = ratios_of(ways, np.zeros((20, 2)))
    assert np.isnan(copies[1]).all()
    assert copies[0][0, :2] == pytest.approx([0, 1])
    far = ratios_of(ways + 1e6, 1e6 + np.array([[0.0, 0], [0, 1], [np.nan, 1]]))
    assert far[0][0, :2] == pytest.approx([0, 1], abs=1e-3)
    with pytest.raises(UndefinedError, match="level"):
        ratios_of(ways, np.zeros((1, 2)))
    with pytest.raises(ShapeError, match="do not fit"):
        ratios_of(ways, np.zeros((9, 3)))
