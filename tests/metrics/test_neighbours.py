import subprocess
import sys

import numpy as np
import pytest
from scipy.spatial import cKDTree

from latentscape.errors import DataError, UndefinedError, UsageError
from latentscape.metrics import nearest_neighbours
from latentscape.metrics import neighbours as under_test


def groups_of_points(n: int, d: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return 3 * rng.normal(size=(10, d))[rng.integers(0, 10, n)] + rng.normal(size=(n, d))


def true_distances(rows: np.ndarray, k: int) -> np.ndarray:
    return cKDTree(rows).query(rows, k + 1)[0][:, 1:]


@pytest.mark.parametrize(("n", "d"), [(2000, 1), (2000, 8), (30, 40), (16, 3)])
def test_the_neighbours_are_scipys(n: int, d: int):
    rows = groups_of_points(n, d)
    graph = nearest_neighbours(rows, 15)
    far, expected = cKDTree(rows).query(rows, 16)
    assert (graph.indices == expected[:, 1:]).mean() > 0.998  # but for near ties in float32
    np.testing.assert_allclose(graph.distances, far[:, 1:], rtol=1e-4, atol=1e-6)
    assert "exact" in graph.words
    assert graph.k == 15


def test_a_far_off_space_keeps_its_neighbours():
    """In float32 the squared norms would swallow every distance."""
    rows = groups_of_points(1000, 5)
    moved = nearest_neighbours(rows + 1e5, 10)
    np.testing.assert_allclose(moved.distances, true_distances(rows, 10), rtol=1e-4)


def test_no_point_is_its_own_neighbour_even_among_duplicates():
    rows = np.repeat(groups_of_points(4, 3), 50, axis=0)
    graph = nearest_neighbours(rows, 5)
    assert not (graph.indices == np.arange(200)[:, None]).any()
    assert not graph.distances.any()
    assert (graph.indices // 50 == np.arange(200)[:, None] // 50).all()
    assert all(len(set(row)) == 5 for row in graph.indices.tolist())


def test_constant_points_have_neighbours_at_no_distance():
    graph = nearest_neighbours(np.full((40, 2, 2), 3.3), 7)
    assert not graph.distances.any()
    assert not (graph.indices == np.arange(40)[:, None]).any()
    assert "one point" in graph.words


def test_a_large_set_is_searched_in_cells_and_says_its_recall(monkeypatch):
    monkeypatch.setattr(under_test, "MAX_EXACT", 1000)
    rows = groups_of_points(6000, 8)
    rows[0] += 1e3  # alone in its cell
    graph = nearest_neighbours(rows, 10)
    expected = true_distances(rows, 10)
    np.testing.assert_allclose(graph.distances[0], expected[0], rtol=1e-5)
    assert np.isclose(graph.distances, expected, rtol=1e-4).mean() > 0.99
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    assert "recall" in graph.words
    assert "300 samples searched exactly" in graph.words


def test_the_seed_decides_and_duplicates_stay_neighbours_in_cells(monkeypatch):
    monkeypatch.setattr(under_test, "MAX_EXACT", 1000)
    rows = np.repeat(groups_of_points(20, 4), 100, axis=0)
    first, again = (nearest_neighbours(rows, 6, seed=3) for _ in range(2))
    assert np.array_equal(first.indices, again.indices)
    assert not first.distances.any()
    assert not (first.indices == np.arange(2000)[:, None]).any()


def test_bad_input_is_refused():
    rows = groups_of_points(10, 2)
    with pytest.raises(UndefinedError, match="at least 11 samples, not 10"):
        nearest_neighbours(rows, 10)
    with pytest.raises(UsageError, match="0 neighbours"):
        nearest_neighbours(rows, 0)
    rows[3, 1] = np.nan
    with pytest.raises(DataError, match="finite"):
        nearest_neighbours(rows, 3)


@pytest.mark.parametrize("order", ["torch, faiss", "faiss, torch"])
def test_faiss_and_torch_share_a_process(order: str):
    code = (
        f"import {order}\n"
        "import numpy as np\n"
        "from latentscape.metrics import nearest_neighbours\n"
        "rows = np.random.default_rng(0).normal(size=(3000, 8))\n"
        "square = torch.randn(200, 200)\n"
        "for _ in range(2):\n"
        "    square @ square\n"
        "    print(nearest_neighbours(rows, 5).k)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["5", "5"]
