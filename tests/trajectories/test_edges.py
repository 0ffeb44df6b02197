import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components, minimum_spanning_tree
from scipy.spatial.distance import cdist

from latentscape.trajectories.edges import (
    Edges,
    evenly,
    joined_pairs,
    lengths_of,
    nearest_nodes,
    traced,
)


def n_parts(points: np.ndarray, pairs: np.ndarray) -> int:
    return connected_components(Edges(pairs, np.ones(len(pairs))).matrix(len(points)), False)[0]


def blobs(n_blobs: int, n: int = 20) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(n_blobs, 1, 3)) * 100
    return (centres + rng.normal(size=(n_blobs, n, 3))).reshape(-1, 3).astype(np.float32)


def test_each_point_is_joined_to_its_nearest():
    points = np.random.default_rng(0).normal(size=(80, 4)).astype(np.float32)
    pairs = joined_pairs(points, 5, 0)
    nearest = np.argsort(cdist(points, points), 1)[:, 1:6]
    expected = {tuple(sorted((i, j))) for i in range(80) for j in nearest[i]}
    assert expected <= {tuple(pair) for pair in pairs}
    assert (pairs[:, 0] < pairs[:, 1]).all()
    assert len(np.unique(pairs, axis=0)) == len(pairs)


def test_parts_are_joined_by_their_shortest_gaps():
    points = blobs(6)
    pairs = joined_pairs(points, 4, 0)
    assert n_parts(points, pairs) == 1
    label = np.repeat(np.arange(6), 20)
    across = pairs[label[pairs[:, 0]] != label[pairs[:, 1]]]
    far = cdist(points, points)
    gaps = np.array([[far[label == i][:, label == j].min() for j in range(6)] for i in range(6)])
    expected = minimum_spanning_tree(gaps).data
    assert sorted(far[tuple(across.T)]) == pytest.approx(sorted(expected), rel=1e-5)


@pytest.mark.parametrize(
    "points",
    [
        np.repeat(np.eye(5, dtype=np.float32), 30, 0),
        np.zeros((12, 3), np.float32),
        np.array([[0.0], [1e6]], np.float32),
        np.arange(3.0, dtype=np.float32)[:, None],
    ],
    ids=["copies", "one point", "two", "three"],
)
def test_copies_and_few_points_hang_together(points):
    assert n_parts(points, joined_pairs(points, min(10, len(points) - 1), 0)) == 1


def test_nodes_nearest_to_others_are_those_of_all_distances():
    rng = np.random.default_rng(0)
    points = (1000 + rng.normal(size=(200, 3))).astype(np.float32)
    asked = 1000 + rng.normal(size=(15, 3))
    found, reach = nearest_nodes(points, asked, 6)
    far = cdist(asked, points.astype(np.float64))
    np.testing.assert_array_equal(found, np.argsort(far, 1)[:, :6])
    np.testing.assert_allclose(reach, np.sort(far, 1)[:, 5])


def test_lengths_are_distances_between_rows():
    first, second = np.random.default_rng(0).normal(size=(2, 9, 4))
    pairs = np.array([[0, 8], [3, 3], [8, 0]])
    np.testing.assert_allclose(
        lengths_of(first, second, pairs), cdist(first, second)[pairs.T[0], pairs.T[1]]
    )


def test_a_way_is_traced_back_to_where_it_began():
    assert traced(np.array([-9999, 0, 1, 1]), 3).tolist() == [0, 1, 3]


def test_points_along_pieces_are_evenly_far():
    stops = np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 0.0], [1.0, 3.0]])
    found = evenly(stops, np.array([0.0, 1.0, 1.0, 4.0]), 9)
    np.testing.assert_allclose(found[[0, 1, 2, 4, 8]], [[0, 0], [0.5, 0], [1, 0], [1, 1], [1, 3]])


def test_pieces_without_length_are_walked_piece_by_piece():
    stops = np.array([[0.0], [1.0], [5.0]])
    np.testing.assert_allclose(evenly(stops, np.zeros(3), 5)[:, 0], [0, 0.5, 1, 3, 5])
