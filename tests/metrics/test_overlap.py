import numpy as np
import pytest
from sklearn.covariance import ledoit_wolf

from latentscape.errors import UndefinedError
from latentscape.metrics import class_structure, nearest_neighbours
from latentscape.metrics.labelled import Labelled
from latentscape.metrics.overlap import (
    Gaussian,
    bhattacharyya,
    bhattacharyya_matrix,
    discriminant,
    gaussian_of,
    overlapping_pairs,
)


def test_the_coefficient_is_the_integral_of_the_root_of_both_densities():
    first = Gaussian(np.array([0.3]), np.array([[0.5]]), 0)
    second = Gaussian(np.array([1.4]), np.array([[2.0]]), 0)
    x = np.linspace(-20, 20, 200_001)

    def density(g: Gaussian) -> np.ndarray:
        variance = g.covariance[0, 0]
        return np.exp(-((x - g.mean[0]) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)

    expected = np.trapezoid(np.sqrt(density(first) * density(second)), x)
    assert bhattacharyya(first, second) == pytest.approx(expected, rel=1e-6)
    assert bhattacharyya(second, first) == pytest.approx(expected, rel=1e-6)
    assert bhattacharyya(first, first) == pytest.approx(1)


def test_the_coefficient_is_the_formula_and_any_basis_gives_the_same():
    rng = np.random.default_rng(0)
    rows = [rng.normal(size=(400, 3)) @ rng.normal(size=(3, 3)) + rng.normal(size=3) for _ in "ab"]
    means, covs = [r.mean(0) for r in rows], [np.cov(r.T, bias=True) for r in rows]
    step, middle = means[1] - means[0], (covs[0] + covs[1]) / 2
    dets = [np.linalg.det(c) for c in (middle, *covs)]
    distance = step @ np.linalg.inv(middle) @ step / 8
    distance += np.log(dets[0] / np.sqrt(dets[1] * dets[2])) / 2
    ours = bhattacharyya(*(gaussian_of(r) for r in rows))
    assert ours == pytest.approx(np.exp(-distance))
    turn = rng.normal(size=(3, 3))
    assert bhattacharyya(*(gaussian_of(r @ turn + 5) for r in rows)) == pytest.approx(ours)


def test_few_samples_a_dimension_are_shrunk_as_scikit_learn_does():
    rows = np.random.default_rng(0).normal(size=(30, 10))
    found = gaussian_of(rows)
    expected, shrinkage = ledoit_wolf(rows)
    assert found.shrinkage == pytest.approx(shrinkage)
    np.testing.assert_allclose(found.covariance, expected)
    assert gaussian_of(np.random.default_rng(0).normal(size=(50, 10))).shrinkage == 0


def test_a_class_without_spread_has_no_gaussian():
    with pytest.raises(UndefinedError, match="one sample"):
        gaussian_of(np.zeros((1, 2)))
    with pytest.raises(UndefinedError, match="do not spread"):
        gaussian_of(np.zeros((5, 2)))
    with pytest.raises(UndefinedError, match="do not spread"):
        gaussian_of(np.stack([np.arange(100.0), np.ones(100)], axis=1))


def overlapping(n: int = 300, apart: float = 1.5):
    """Classes b and c overlap by half; a lies far off."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], n)
    centres = np.array([[30.0, 0], [0, 0], [apart, 0]])
    return centres[labels] + rng.normal(size=(3 * n, 2)), labels


def coefficient_of(rows: np.ndarray, labels: np.ndarray, *, seed: int = 0, groups=None):
    """The Bhattacharyya measure of the most overlapping pair."""
    labelled = Labelled.of(rows, labels, ("a", "b", "c"), groups=groups)
    matrix, _ = bhattacharyya_matrix(labelled)
    nothing = np.zeros((0, 0))
    pairs = overlapping_pairs(labelled, None, matrix=matrix, confusion=nothing, seed=seed)
    return pairs[0].row["bhattacharyya"]


def found(rows: np.ndarray, labels: np.ndarray, k: int = 15, **options):
    graph = nearest_neighbours(rows, k)
    return class_structure(rows, labels, ("a", "b", "c"), neighbours=graph, **options)


def test_the_planted_pair_is_named_with_both_numbers_near_their_known_answers():
    rows, labels = overlapping()
    structure = found(rows, labels)
    assert [pair.row.name for pair in structure.pairs] == ["b / c"]
    row = structure.pairs[0].row
    expected = np.exp(-(1.5**2) / 8)
    coefficient = row["bhattacharyya"]
    assert coefficient.low < expected < coefficient.high
    assert coefficient.reference.value > 0.98
    assert "b and c" in structure.verdict
    assert f"Bhattacharyya {coefficient.value:.2f}" in structure.verdict
    assert structure.bhattacharyya[1, 2] == coefficient.value
    assert structure.confusion[1, 2] == pytest.approx(row["knn_confusion"].value)
    assert structure.confusion[2, 1] == pytest.approx(row["knn_confusion_back"].value)
    assert row["knn_confusion"].reference.value == pytest.approx(300 / 899)


def test_the_confusion_is_the_neighbours_labels_counted():
    rows, labels = overlapping(60)
    rows, labels = rows[:150], labels[:150]  # unequal classes
    graph = nearest_neighbours(rows, 15)
    expected = np.zeros((3, 3))
    for i, near in enumerate(graph.indices):
        for j in near:
            expected[labels[i], labels[j]] += 1
    expected /= expected.sum(1, keepdims=True)
    np.testing.assert_allclose(found(rows, labels).confusion, expected)
    np.testing.assert_allclose(found(rows, labels).confusion.sum(1), 1)


def test_the_interval_covers_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth, covered = np.exp(-(1.0**2) / 8), 0
    for seed in range(20):
        rows = rng.normal(size=(200, 1)) + np.repeat([[0.0], [1.0]], 100, axis=0)
        measure = coefficient_of(rows, np.repeat([0, 1], 100), seed=seed)
        covered += measure.low <= truth <= measure.high
    assert covered >= 16


def test_groups_are_kept_whole_in_the_bootstrap():
    """Ten copies of a sample are one sample's worth of knowledge."""
    rows, labels = overlapping(30)
    rows, labels, clips = (np.repeat(a, 10, axis=0) for a in (rows, labels, np.arange(90)))
    rows = rows + 1e-3 * np.random.default_rng(1).normal(size=rows.shape)
    naive, fair = coefficient_of(rows, labels), coefficient_of(rows, labels, groups=clips)
    assert fair.high - fair.low > 1.5 * (naive.high - naive.low)
    assert "groups" in fair.interval


def one_sample_apart(n: int, step: float) -> np.ndarray:
    """A class whose last latent is constant but for its last sample."""
    rows = np.random.default_rng(n).normal(size=(n, 2)).astype(np.float32)
    rows[:, 1] = 0
    rows[-1, 1] = step
    return rows


def test_resamples_without_spread_are_left_out_of_the_interval():
    rows = np.concatenate([one_sample_apart(30, 1), np.random.default_rng(0).normal(size=(30, 2))])
    measure = coefficient_of(rows, np.repeat([0, 1], 30))
    assert 0 <= measure.low <= measure.value <= measure.high <= 1
    assert "without spread along some axis left out" in measure.interval


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (one_sample_apart(30, 1), one_sample_apart(30, 2)),
        (one_sample_apart(30, 1), one_sample_apart(30, 1e-4) + np.float32(0.3)),
        (np.array([[0], [0], [0], [0], [1.0]]), np.array([[0.5], [0.5], [0.5], [0.5], [1.5]])),
    ],
)
def test_where_most_resamples_are_without_spread_there_is_no_interval(first, second):
    rows, sizes = np.concatenate([first, second]), [len(first), len(second)]
    measure = coefficient_of(rows, np.repeat([0, 1], sizes))
    assert 0 <= measure.value <= 1
    assert measure.low is None


def test_the_axis_shows_the_pair_in_its_own_deviations():
    rows, labels = overlapping(2000)
    labelled = Labelled.of(rows, labels, ("a", "b", "c"))
    edges, shares = discriminant(labelled, (1, 2), seed=0)
    middles = (edges[1:] + edges[:-1]) / 2
    np.testing.assert_allclose(shares.sum(1), 1)
    left, right = shares @ middles
    assert left == pytest.approx(-0.75, abs=0.1)
    assert right == pytest.approx(0.75, abs=0.1)


def test_the_axis_is_not_drawn_of_the_samples_it_was_fitted_to():
    """Noise in more dimensions than samples would look like two classes apart."""
    rng = np.random.default_rng(0)
    labelled = Labelled.of(rng.normal(size=(60, 100)), np.arange(60) % 2, ("a", "b"))
    edges, shares = discriminant(labelled, (0, 1), seed=0)
    left, right = shares @ ((edges[1:] + edges[:-1]) / 2)
    assert abs(right - left) < 1


def test_a_class_of_one_sample_has_no_axis():
    rows, labels = overlapping(20)
    labelled = Labelled.of(rows[:41], labels[:41], ("a", "b", "c"))
    edges, shares = discriminant(labelled, (1, 2), seed=0)
    assert edges.size == 0
    assert shares.shape == (2, 0)
