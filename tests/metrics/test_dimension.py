import numpy as np
import pytest
from sklearn.datasets import make_swiss_roll
from sklearn.neighbors import NearestNeighbors

from latentscape.metrics.dimension import intrinsic_dimension, line_slope
from latentscape.metrics.neighbours import nearest_neighbours
from latentscape.records import Row

NAMES = ("twonn_dimension", "twonn_line_dimension", "mle_dimension")


def row_for(rows: np.ndarray, k: int = 20) -> Row:
    graph = nearest_neighbours(rows, min(k, len(rows) - 1), seed=0)
    return intrinsic_dimension(rows, graph, seed=0)


def padded(n: int, d: int, within: int) -> np.ndarray:
    """A d-dimensional Gaussian, turned into a larger space."""
    rng = np.random.default_rng(0)
    turn = np.linalg.qr(rng.normal(size=(within, within)))[0]
    return rng.normal(size=(n, d)) @ turn[:d] + 4


def twin(rows: np.ndarray) -> dict[str, float]:
    """The three estimates, straight from the papers."""
    T = NearestNeighbors(n_neighbors=21).fit(rows).kneighbors(rows)[0][:, 1:]
    n = len(T)
    mu = np.sort(T[:, 1] / T[:, 0])
    F = np.arange(1, n + 1) / n
    x, y = np.log(mu)[F <= 0.9], -np.log(1 - F[F <= 0.9])
    inverse = [np.log(T[:, [k - 1]] / T[:, : k - 1]).sum(1) / (k - 1) for k in range(10, 21)]
    return {
        "twonn_dimension": (n - 1) / np.log(mu).sum(),
        "twonn_line_dimension": (x @ y) / (x @ x),
        "mle_dimension": 1 / np.mean(inverse),
    }


@pytest.mark.parametrize("rows", [padded(600, 4, 6), np.random.default_rng(0).random((333, 3))])
def test_estimates_equal_their_twin(rows):
    row = row_for(rows)
    for name, value in twin(rows).items():
        assert row[name].value == pytest.approx(value, rel=1e-4)


@pytest.mark.parametrize(
    ("rows", "dimension"),
    [
        (make_swiss_roll(2500, random_state=0)[0], 2),
        (padded(2500, 5, 20), 5),
        (padded(2500, 1, 3), 1),
        (np.random.default_rng(0).normal(size=(2500, 3)), 3),
    ],
    ids=["swiss roll", "5 in 20", "a line", "a full cloud"],
)
def test_known_dimensions_are_found(rows, dimension):
    row = row_for(rows.astype(np.float32))
    for name in NAMES:
        assert row[name].value == pytest.approx(dimension, rel=0.12), name
        assert row[name].low < row[name].value < row[name].high


def test_shuffling_the_latents_gives_a_full_space_to_compare_with():
    row = row_for(padded(1500, 2, 8))
    for name in NAMES:
        assert row[name].value == pytest.approx(2, rel=0.15)
        assert row[name].reference.low > 5
    full = row_for(np.random.default_rng(0).normal(size=(1500, 8)))
    for name in NAMES:
        assert full[name].value == pytest.approx(full[name].reference.value, rel=0.15)


def test_duplicates_count_once():
    rows = padded(800, 3, 5)
    once, twice = row_for(rows), row_for(np.repeat(rows, 2, axis=0))
    for name in NAMES:
        assert twice[name].value == pytest.approx(once[name].value, rel=1e-6)
        assert "800 duplicates left out" in twice[name].note
        assert twice[name].n == 800


@pytest.mark.parametrize(
    "rows",
    [np.ones((50, 3)), np.tile(np.eye(3), (40, 1)), np.random.default_rng(0).normal(size=(3, 2))],
    ids=["one point", "three points again and again", "three samples"],
)
def test_where_too_little_is_left_it_says_why(rows):
    row = row_for(rows)
    assert not row.measures
    assert all("distinct points" in undefined.why for undefined in row.undefined)
    assert [undefined.name for undefined in row.undefined] == [
        "twonn", "twonn_line", "mle_dimension",
    ]  # fmt: skip


def test_a_regular_ring_defines_no_ratio():
    turn = np.arange(64) * 2 * np.pi / 64
    row = row_for(np.stack([np.cos(turn), np.sin(turn)], 1))
    assert [u.name for u in row.undefined] == ["twonn", "twonn_line"]
    assert 1 <= row["mle_dimension"].value < 2


@pytest.mark.parametrize("step", [1, 0.1])
def test_a_grid_defines_no_ratio_and_one_point_beside_it_changes_nothing(step):
    ticks = step * np.arange(20)
    grid = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    row = row_for(np.vstack([grid, [[0.3 * step, 0.4 * step]]]).astype(np.float32))
    why = {u.name: u.why for u in row.undefined}
    assert set(why) == {"twonn", "twonn_line"}
    assert "2 nearest of most of them equally far" in why["twonn"]
    assert np.isfinite(row["mle_dimension"].value)


def test_shuffles_whose_neighbours_are_tied_are_no_null():
    """Corners of a cube, two by two: each has one neighbour near, and none once bits are dealt."""
    words: list[np.ndarray] = []
    for word in np.random.default_rng(0).integers(0, 2, (2000, 12)):
        if all((word != other).sum() > 3 for other in words):
            words.append(word)
    rows = np.array(words, float)
    row = row_for(np.vstack([rows, np.abs(rows - np.eye(12)[0])]))
    assert row["twonn_dimension"].value > 0
    assert row["twonn_dimension"].reference is None
    assert row["twonn_line_dimension"].reference is None


def test_few_neighbours_leave_the_likelihood_out():
    row = row_for(np.random.default_rng(0).normal(size=(200, 3)), k=5)
    assert [m.name for m in row.measures] == list(NAMES[:2])
    assert [u.name for u in row.undefined] == ["mle_dimension"]


def test_the_slope_of_an_exact_line_is_found():
    share = np.arange(1, 1001) / 1000
    ratios = -np.log1p(-share.clip(max=1 - 1e-12)) / 6
    assert line_slope(ratios) == pytest.approx(6)


def test_the_seed_decides():
    rows = padded(300, 2, 4)
    assert row_for(rows) == row_for(rows)
