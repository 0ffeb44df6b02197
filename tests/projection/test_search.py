import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from latentscape.metrics import nearest_neighbours
from latentscape.projection import search
from latentscape.projection.search import nearest, neighbour_graph, tied


def test_nearest_agrees_with_scikit_learn_far_from_the_origin():
    rng = np.random.default_rng(0)
    fitted = (rng.normal(size=(400, 7)) + 1000).astype(np.float32)
    asked = (rng.normal(size=(50, 7)) + 1000).astype(np.float32)
    indices, distances = nearest(fitted, asked, 6)
    true = NearestNeighbors(n_neighbors=6).fit(fitted.astype(float)).kneighbors(asked)
    np.testing.assert_allclose(distances, true[0], rtol=1e-5)
    assert (indices == true[1]).mean() > 0.99


def test_asking_for_all_there_are():
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    indices, distances = nearest(rows, rows[:2], 5)
    assert sorted(indices[0].tolist()) == [0, 1, 2, 3, 4]
    assert distances[:, 0].tolist() == [0, 0]


@pytest.mark.parametrize("cells", [False, True])
def test_both_ways_to_find_a_graph_agree(cells, monkeypatch):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(900, 4)).astype(np.float32)
    rows[5] += 50
    exact = nearest_neighbours(rows, 8)
    if cells:
        monkeypatch.setattr(search, "MAX_EXACT", 100)
    found = neighbour_graph(rows, 8)
    assert ("cells" in found.words) == cells
    assert not (found.indices == np.arange(900)[:, None]).any()
    same = np.mean(
        [len(set(a) & set(b)) for a, b in zip(found.indices, exact.indices, strict=True)]
    )
    assert same / 8 > (0.95 if cells else 0.9999)


def test_pieces_are_joined_by_their_shortest_edges():
    line = np.array([0, 1, 2, 10, 11, 12, 30, 31, 32], float)[:, None]
    rows = np.hstack([line, np.zeros((9, 1))]).astype(np.float32)
    matrix, n_pieces = tied(neighbour_graph(rows, 2), rows)
    assert n_pieces == 3
    dense = matrix.toarray()
    np.testing.assert_array_equal(dense, dense.T)
    across = {(i, j): dense[i, j] for i, j in np.argwhere(np.triu(dense > 5))}
    assert across == {(2, 3): 8.0, (5, 6): 18.0}


def test_copies_of_one_latent_stay_tied_to_each_other():
    rows = np.repeat(np.eye(3, dtype=np.float32), 6, axis=0)
    matrix, n_pieces = tied(neighbour_graph(rows, 3), rows)
    from scipy.sparse.csgraph import shortest_path

    reached = shortest_path(matrix, directed=False)
    assert n_pieces >= 3
    assert np.isfinite(reached).all()
    assert reached[0, 1] < 1e-30
    assert reached[0, 8] == pytest.approx(np.sqrt(2), rel=1e-6)
