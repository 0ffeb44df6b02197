import subprocess
import sys

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from latentscape.errors import DataError, ShapeError, UsageError
from latentscape.metrics import CATALOGUE, faithfulness
from latentscape.metrics.faithfulness import GLOBAL, LOCAL
from latentscape.metrics.stress import stresses


def found(X: np.ndarray, Y: np.ndarray, **options) -> dict:
    return {measure.name: measure for measure in faithfulness(X, Y, **options).measures}


def test_trustworthiness_and_continuity_equal_scikit_learns():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 8))
    Y = X[:, :2] + 0.3 * rng.normal(size=(500, 2))
    for k in (1, 5, 12):
        ours = found(X, Y, k=k)
        assert ours["trustworthiness"].value == pytest.approx(
            trustworthiness(X, Y, n_neighbors=k), abs=1e-12
        )
        assert ours["continuity"].value == pytest.approx(
            trustworthiness(Y, X, n_neighbors=k), abs=1e-12
        )


def test_neighbour_preservation_counts_common_neighbours():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 4))
    Y = X[:, :2]
    near = [np.argsort(np.linalg.norm(A[:, None] - A[None], axis=2), 1)[:, 1:6] for A in (X, Y)]
    shared = np.mean([len(set(a) & set(b)) / 5 for a, b in zip(*near, strict=True)])
    assert found(X, Y, k=5)["neighbour_preservation"].value == pytest.approx(shared)


def test_a_map_that_only_turns_and_scales_is_perfect():
    rng = np.random.default_rng(0)
    Y = rng.normal(size=(300, 2))
    turn = np.linalg.qr(rng.normal(size=(6, 2)))[0]
    perfect = found(3 * Y @ turn.T + 7, Y)
    for name in ("trustworthiness", "continuity", "neighbour_preservation", "shepard_spearman"):
        assert perfect[name].value == pytest.approx(1)
    assert perfect["stress"].value == pytest.approx(0, abs=1e-9)


def test_a_random_map_is_worth_a_half_and_no_correlation():
    rng = np.random.default_rng(0)
    blind = found(rng.normal(size=(1500, 10)), rng.normal(size=(1500, 2)))
    assert blind["trustworthiness"].value == pytest.approx(0.5, abs=0.03)
    assert blind["continuity"].value == pytest.approx(0.5, abs=0.03)
    assert blind["neighbour_preservation"].value < 0.03
    assert blind["shepard_spearman"].value == pytest.approx(0, abs=0.05)


def test_a_folded_map_loses_trust_a_torn_one_continuity():
    line = np.linspace(-1, 1, 400)
    plane = np.stack([line, np.zeros(400)], 1)
    folded = found(plane, np.abs(plane))
    assert folded["trustworthiness"].value < 0.9 < folded["continuity"].value
    torn = found(np.abs(plane), plane)
    assert torn["continuity"].value < 0.9 < torn["trustworthiness"].value


def test_asking_some_points_estimates_asking_all():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(4000, 5))
    Y = X[:, :2]
    some = found(X, Y)["trustworthiness"]
    assert some.n == 2000
    assert "2,000 of 4,000 points asked" in some.note
    assert some.low < trustworthiness(X, Y, n_neighbors=10) < some.high


def test_order_does_not_matter_and_the_seed_decides():
    rng = np.random.default_rng(0)
    X, Y = rng.normal(size=(200, 5)), rng.normal(size=(200, 2))
    order = rng.permutation(200)
    for name in ("trustworthiness", "continuity", "neighbour_preservation"):
        assert found(X[order], Y[order])[name].value == pytest.approx(found(X, Y)[name].value)
    assert faithfulness(X, Y, seed=3) == faithfulness(X, Y, seed=3)


def test_every_measure_keeps_to_the_catalogue():
    rng = np.random.default_rng(0)
    row = faithfulness(rng.normal(size=(50, 2, 3)), rng.normal(size=(50, 2)), k=5)
    assert len(row.measures) == 6
    for measure in row.measures:
        entry = CATALOGUE[measure.name]
        assert (measure.unit, measure.better, measure.bounds) == entry[:3]
        low, high = measure.bounds
        assert low <= measure.value <= high
        assert measure.low is None or measure.low <= measure.value <= measure.high


def test_a_point_map_has_no_distances_to_compare():
    row = faithfulness(np.random.default_rng(0).normal(size=(30, 3)), np.zeros((30, 2)), k=3)
    assert {m.name for m in row.measures} == set(LOCAL)
    assert {u.name: u.why for u in row.undefined} == dict.fromkeys(
        GLOBAL, "the map has no distances that differ"
    )
    assert row["neighbour_preservation"].value < 0.4


@pytest.mark.parametrize(
    ("X", "why"), [(np.eye(3), "at least 4 points, not 3"), (np.ones((30, 3)), "one point")]
)
def test_what_has_no_neighbours_has_no_faithfulness_and_says_why(X, why):
    row = faithfulness(X, X[:, :2], k=3)
    assert not row.measures
    assert [u.name for u in row.undefined] == [*LOCAL, *GLOBAL]
    assert all(why in u.why for u in row.undefined)


def test_copies_of_one_point_are_neighbours_whichever_are_shown():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(20, 4)).repeat(15, axis=0) + 100
    Y = X[:, :2] + rng.normal(scale=1e-3, size=(300, 2))
    assert found(X, Y, k=5)["neighbour_preservation"].value == 1


def test_every_order_of_distances_kept_is_no_ordinal_stress():
    rng = np.random.default_rng(0)
    d = rng.uniform(1, 2, 500)
    metric, ordinal = stresses(d, d**5)
    assert metric > 0.1
    assert ordinal == pytest.approx(0, abs=1e-12)


def test_kruskal_stress_is_scikit_learns_monotone_regression():
    from sklearn.isotonic import IsotonicRegression

    rng = np.random.default_rng(0)
    d = rng.uniform(size=800)
    delta = d + rng.normal(scale=0.3, size=800).clip(-0.2)
    fitted = IsotonicRegression().fit_transform(d, delta)
    expected = np.sqrt(np.square(delta - fitted).sum() / np.square(delta).sum())
    assert stresses(d, delta)[1] == pytest.approx(expected)
    alpha = np.linalg.lstsq(delta[:, None], d, rcond=None)[0][0]
    expected = np.linalg.norm(d - alpha * delta) / np.linalg.norm(d)
    assert stresses(d, delta)[0] == pytest.approx(expected)


def test_pairs_equally_far_apart_may_lie_at_any_distance():
    assert stresses(np.ones(6), np.arange(1.0, 7))[1] == pytest.approx(0, abs=1e-12)


def test_bad_input_is_refused():
    X = np.random.default_rng(0).normal(size=(20, 3))
    with pytest.raises(ShapeError, match="20 points"):
        faithfulness(X, X[:19, :2])
    with pytest.raises(UsageError, match="k = 10"):
        faithfulness(X, X[:, :2], k=10)
    X[4, 1] = np.nan
    with pytest.raises(DataError, match="1 of 20"):
        faithfulness(X, np.ones((20, 2)), k=3)


def test_a_map_is_measured_without_torch():
    code = (
        "import sys\n"
        "class Uninstalled:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.split('.')[0] == 'torch':\n"
        "            raise ImportError(name)\n"
        "sys.meta_path.insert(0, Uninstalled())\n"
        "import numpy as np\n"
        "from latentscape.metrics import faithfulness\n"
        "X = np.random.default_rng(0).normal(size=(40, 3))\n"
        "print(len(faithfulness(X, X[:, :2], k=5).measures))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "6"
