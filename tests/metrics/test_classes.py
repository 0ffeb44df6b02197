from functools import partial

import numpy as np
import pytest
from sklearn import metrics as reference
from sklearn.neighbors import KNeighborsClassifier

from latentscape.errors import ShapeError
from latentscape.metrics import CATALOGUE, class_structure, nearest_neighbours
from latentscape.metrics.labelled import Labelled, permuted
from latentscape.metrics.scatter import (
    WEIGHTED,
    fisher_trace_ratio,
    scatter_scores,
    trace_ratio,
    weighted_trace_ratio,
)
from latentscape.metrics.separation import (
    linear_probe,
    silhouette,
    silhouettes,
    triplet_accuracy,
    triplets_won,
)
from latentscape.metrics.voting import Voters, knn_accuracy, votes_right
from latentscape.records import Row
from latentscape.records.classes import ClassStructure

NAMES = tuple("abcdefghij")
MEASURES = (
    "silhouette_euclidean", "silhouette_cosine", "knn_accuracy_5", "knn_accuracy_15",
    "linear_probe_accuracy", "fisher_trace_ratio", "davies_bouldin", "calinski_harabasz",
    "triplet_accuracy",
)  # fmt: skip

SCATTER = {
    "fisher_trace_ratio": fisher_trace_ratio,
    "davies_bouldin": partial(scatter_scores, name="davies_bouldin"),
    "calinski_harabasz": partial(scatter_scores, name="calinski_harabasz"),
}


def planted(n: int = 300, d: int = 4, apart: float = 2.0, classes: int = 3, seed: int = 0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, classes, n)
    centres = apart * rng.normal(size=(classes, d))
    return centres[labels] + rng.normal(size=(n, d)) * rng.uniform(0.5, 1.5, d), labels


def structure(rows: np.ndarray, labels: np.ndarray, **options) -> ClassStructure:
    k = min(20, len(rows) - 1)
    graph = nearest_neighbours(rows, k) if k > 0 else None
    return class_structure(rows, np.asarray(labels), NAMES, neighbours=graph, **options)


def classes_of(rows: np.ndarray, labels: np.ndarray, **options) -> Row:
    return structure(rows, labels, **options).rows[0]


def every_measure(found: ClassStructure):
    rows = [*found.rows, *(pair.row for pair in found.pairs)]
    return [measure for row in rows for measure in row.measures]


def test_scatter_and_silhouette_are_scikit_learns():
    rows, labels = planted()
    labelled = Labelled.of(rows, labels, NAMES)
    ours = {
        "silhouette_euclidean": silhouette(labelled, "euclidean", seed=0)[0],
        "silhouette_cosine": silhouette(labelled, "cosine", seed=0)[0],
        "davies_bouldin": scatter_scores(labelled, "davies_bouldin", seed=0)[0],
        "calinski_harabasz": scatter_scores(labelled, "calinski_harabasz", seed=0)[0],
    }
    expected = {
        "silhouette_euclidean": reference.silhouette_score(rows, labels),
        "silhouette_cosine": reference.silhouette_score(rows, labels, metric="cosine"),
        "davies_bouldin": reference.davies_bouldin_score(rows, labels),
        "calinski_harabasz": reference.calinski_harabasz_score(rows, labels),
    }
    for name, value in expected.items():
        assert ours[name].value == pytest.approx(value, rel=1e-9)


@pytest.mark.parametrize("scale", [1e-9, 1e9])
def test_the_scale_of_the_latents_changes_no_scatter(scale):
    rows, labels = planted()
    for name in ("davies_bouldin", "calinski_harabasz"):
        plain, scaled = (
            scatter_scores(Labelled.of(r, labels, NAMES), name, seed=0)[0]
            for r in (rows, scale * rows)
        )
        assert plain.value > 0
        assert scaled.value == pytest.approx(plain.value, rel=1e-6)
        assert scaled.high == pytest.approx(plain.high, rel=1e-6)
        assert scaled.reference.value == pytest.approx(plain.reference.value, rel=1e-6)


def test_a_row_that_counts_three_times_is_a_row_that_stands_there_three_times():
    rows, labels = planted(60, 3)
    counts = np.random.default_rng(1).integers(0, 4, len(rows))
    again, named = np.repeat(rows, counts, axis=0), np.repeat(labels, counts)
    weights = counts.astype(float)
    for name, score in WEIGHTED.items():
        theirs = getattr(reference, f"{name}_score")(again, named)
        assert score(rows, labels, weights) == pytest.approx(theirs, rel=1e-9)
    inside = sum(np.cov(again[named == c].T, bias=True) * (named == c).sum() for c in set(named))
    between = np.cov(again.T, bias=True) * len(again) - inside
    expected = np.trace(np.linalg.inv(inside) @ between)
    assert weighted_trace_ratio(rows, labels, weights) == pytest.approx(expected, rel=1e-9)


@pytest.mark.slow
def test_the_intervals_of_scatter_hold_the_truth_about_as_often_as_they_say():
    rows, labels = planted(60_000, 2)
    rng = np.random.default_rng(1)
    truth, held = {}, dict.fromkeys(SCATTER, 0)
    for name, measure in SCATTER.items():
        (found,) = measure(Labelled.of(rows, labels, NAMES), seed=0)
        truth[name] = found.value / (len(rows) if name == "calinski_harabasz" else 1)
    for seed in range(30):
        some = rng.choice(len(rows), 300, replace=False)
        for name, measure in SCATTER.items():
            (found,) = measure(Labelled.of(rows[some], labels[some], NAMES), seed=seed)
            scale = len(some) if name == "calinski_harabasz" else 1
            held[name] += found.low <= truth[name] * scale <= found.high
    assert all(times >= 25 for times in held.values()), held


def test_the_silhouette_of_single_samples_is_scikit_learns_also_among_duplicates():
    rows, labels = planted(60, 2)
    rows = np.concatenate([rows, rows[:20], rows[:1]])
    labels = np.concatenate([labels, labels[:20], [3]])  # class 3 has one member
    for metric in ("euclidean", "cosine"):
        ours = silhouettes(rows, labels[None], metric=metric)[0]
        theirs = reference.silhouette_samples(rows, labels, metric=metric)
        np.testing.assert_allclose(ours, theirs, atol=1e-9)


def test_the_knn_vote_is_scikit_learns_leave_one_out():
    rows, labels = planted(120, 3, apart=0.7)
    labels = labels % 2  # with five voters of two classes there are no ties
    right = []
    for i in range(len(rows)):
        others = np.arange(len(rows)) != i
        model = KNeighborsClassifier(5).fit(rows[others], labels[others])
        right.append(model.predict(rows[i : i + 1])[0] == labels[i])
    labelled = Labelled.of(rows, labels, NAMES)
    voters = Voters.of(labelled, nearest_neighbours(rows, 5))
    assert knn_accuracy(labelled, voters, 5, seed=0)[0].value == pytest.approx(np.mean(right))


def test_ties_go_to_the_nearest_and_missing_voters_are_silent():
    votes = np.array([[2, 1, -1], [1, 1, 0], [1, 2, -1], [2, 2, -1]])
    assert votes_right(votes, np.array([2, 1, 0])).tolist() == [1, 1, 1]
    assert np.isnan(votes_right(np.full((4, 1), -1), np.array([0])))[0]


def test_the_fisher_ratio_is_the_trace_of_the_textbook():
    rows, labels = planted(200, 5)
    within, between = np.zeros((5, 5)), np.zeros((5, 5))
    for c in range(3):
        own = rows[labels == c]
        within += (own - own.mean(0)).T @ (own - own.mean(0))
        step = (own.mean(0) - rows.mean(0))[:, None]
        between += len(own) * step @ step.T
    expected = np.trace(np.linalg.solve(within, between))
    turned = rows @ np.random.default_rng(1).normal(size=(5, 5))  # any basis, any unit
    for points in (rows, turned):
        (ours,) = fisher_trace_ratio(Labelled.of(points, labels, NAMES), seed=0)
        assert ours.value == pytest.approx(expected)


def test_a_constant_latent_changes_no_ratio():
    rows, labels = planted(200, 3)
    wider = np.concatenate([rows, np.full((200, 1), 7.0)], axis=1)
    plain, padded = Labelled.of(rows, labels, NAMES), Labelled.of(wider, labels, NAMES)
    for measure in (
        fisher_trace_ratio,
        linear_probe,
        partial(scatter_scores, name="davies_bouldin"),
    ):
        assert measure(padded, seed=0)[0].value == pytest.approx(measure(plain, seed=0)[0].value)


def test_triplet_accuracy_is_the_share_of_all_triplets():
    rows, labels = planted(60, 2, apart=0.8)
    distances = np.linalg.norm(rows[:, None] - rows[None], axis=2)
    won = []
    for a in range(60):
        same = distances[a, (labels == labels[a]) & (np.arange(60) != a)]
        other = distances[a, labels != labels[a]]
        won.append((same[:, None] < other[None]).mean())
    (measure,) = triplet_accuracy(Labelled.of(rows, labels, NAMES), seed=0)
    assert measure.value == pytest.approx(np.mean(won), abs=0.01)
    assert measure.low < measure.value < measure.high


def test_equal_distances_win_half_a_triplet():
    labelled = Labelled.of(np.tile([[0.0], [1.0]], (10, 1)) * 0 + [[1.0]], np.arange(20) % 2, NAMES)
    won, anchors = triplets_won(labelled, labelled.labels, rng=np.random.default_rng(0))
    assert (won == 0.5).all()
    assert len(anchors) == 20


def test_separate_classes_reach_every_known_answer():
    rows, labels = planted(400, 4, apart=60)
    found = structure(rows, labels)
    ours = found.rows[0]
    for name in ("knn_accuracy_5", "knn_accuracy_15", "linear_probe_accuracy", "triplet_accuracy"):
        assert ours[name].value == 1
    assert ours["silhouette_euclidean"].value > 0.9
    for row in found.rows[1:]:
        assert row["n_clusters"].value == 3, row.name
        for name in ("adjusted_rand", "nmi", "v_measure", "hungarian_accuracy"):
            assert row[name].value == pytest.approx(1), (row.name, name)
    assert np.allclose(found.bhattacharyya, np.eye(3), atol=1e-6)
    assert np.allclose(found.confusion, np.eye(3))
    assert found.pairs == ()
    assert found.verdict == ""


def test_shuffled_labels_fall_into_the_null_of_every_measure():
    rows, labels = planted(400, 3, classes=4)
    labels = np.random.default_rng(5).permutation(labels)
    outside = []
    for measure in every_measure(structure(rows, labels)):
        held = measure.reference
        if held is None or held.low is None:
            continue
        spread = max(held.high - held.low, 1e-9)
        if not held.low - spread <= measure.value <= held.high + spread:
            outside.append((measure.name, measure.value, held))
    assert not outside


def test_nulls_sit_at_chance():
    rows, labels = planted(600, 3, classes=2)
    ours = classes_of(rows, labels)
    for name in ("knn_accuracy_15", "linear_probe_accuracy", "triplet_accuracy"):
        assert ours[name].reference.value == pytest.approx(0.5, abs=0.03)
        assert ours[name].value > ours[name].reference.high
    assert ours["silhouette_euclidean"].reference.value == pytest.approx(0, abs=0.02)
    assert "labels permuted 100 times" in ours["knn_accuracy_5"].reference.words


def test_every_number_keeps_to_the_catalogue_and_says_what_it_is_held_against():
    rows, labels = planted(200, 3, apart=1, classes=4)
    for measure in every_measure(structure(rows, labels)):
        entry = CATALOGUE[measure.name]
        assert (measure.unit, measure.better, measure.bounds) == entry[:3]
        least, most = measure.bounds
        assert least is None or measure.value >= least
        assert most is None or measure.value <= most
        assert measure.low is None or measure.low <= measure.value <= measure.high
        assert measure.reference is not None or measure.name in ("n_clusters", "noise_share")


def test_the_seed_decides_and_unlabelled_samples_take_no_part():
    rows, labels = planted(100, 3, apart=1)
    first, again = structure(rows, labels, seed=4), structure(rows, labels, seed=4)
    assert first.rows == again.rows
    with_strangers = np.concatenate([rows, rows[:50] + 1e-3])
    strangers = structure(with_strangers, np.concatenate([labels, np.full(50, -1)]))
    assert (strangers.n, strangers.n_unlabelled) == (100, 50)
    plain = structure(rows, labels)
    for name in ("davies_bouldin", "silhouette_euclidean", "fisher_trace_ratio"):
        assert strangers.rows[0][name] == plain.rows[0][name]
    assert "50 without a label" in strangers.rows[0].note


def test_neighbours_of_the_same_group_do_not_vote():
    """Frames of one clip are nearly the same image: its own frames would always be right."""
    rng = np.random.default_rng(0)
    clips = np.repeat(np.arange(60), 4)
    rows = np.repeat(rng.normal(size=(60, 3)), 4, axis=0) + 1e-3 * rng.normal(size=(240, 3))
    labels = np.repeat(rng.integers(0, 2, 60), 4)
    naive, fair = classes_of(rows, labels), classes_of(rows, labels, groups=clips)
    assert naive["knn_accuracy_5"].value > 0.9
    assert fair["knn_accuracy_5"].value < 0.75
    assert fair["triplet_accuracy"].value == pytest.approx(0.5, abs=0.1)
    assert fair["linear_probe_accuracy"].value < 0.75
    assert "between groups" in fair["knn_accuracy_5"].reference.words
    assert "60 groups" in fair["knn_accuracy_5"].interval


def test_anchors_without_a_triplet_between_groups_are_not_counted():
    """The second class is one clip: none of its samples has a positive of another."""
    rng = np.random.default_rng(0)
    labels, clips = np.repeat([0, 1], [30, 10]), np.repeat([0, 1, 2, 3], 10)
    labelled = Labelled.of(rng.normal(size=(40, 2)), labels, NAMES, groups=clips)
    (found,) = triplet_accuracy(labelled, seed=0)
    assert found.n == 30
    assert "40 anchors, 10 of which have none between groups" in found.note


def test_labels_are_permuted_between_groups_where_each_has_one():
    labelled = Labelled.of(
        np.zeros((6, 1)), np.array([0, 0, 1, 1, 2, 2]), NAMES, groups=np.repeat([5, 6, 7], 2)
    )
    for draw in permuted(labelled, n=5, seed=0):
        assert draw[::2].tolist() == draw[1::2].tolist()
        assert sorted(draw.tolist()) == [0, 0, 1, 1, 2, 2]


def test_voters_are_labelled_and_of_another_group():
    rows = np.arange(20.0)[:, None]
    labels = np.where(np.arange(20) % 2, -1, 0)
    graph = nearest_neighbours(rows, 4)
    voters = Voters.of(Labelled.of(rows, labels, NAMES), graph)
    assert (voters.labels(np.zeros(10, int))[voters.counts] == 0).all()
    assert voters.counts.sum(0).tolist() == [2] * 9 + [1]  # the last has odd ones on one side only
    assert "fewer than 4" in voters.words


@pytest.mark.parametrize(
    ("rows", "labels", "why"),
    [
        (np.random.default_rng(0).normal(size=(40, 3)), np.ones(40, int), "one class, b"),
        (np.random.default_rng(0).normal(size=(40, 3)), np.full(40, -1), "no sample has a label"),
        (np.random.default_rng(0).normal(size=(8, 3)), np.arange(8), "more than one sample"),
        (np.full((40, 3), 2.5), np.arange(40) % 3, "all latents are one point"),
    ],
)
def test_what_no_measure_is_defined_on_says_why(rows, labels, why: str):
    found = structure(rows, labels)
    assert {u.name for u in found.rows[0].undefined} == set(MEASURES)
    for row in found.rows:
        assert row.measures == ()
        assert all(why in u.why for u in row.undefined)
    assert why in found.undefined[0].why
    assert found.bhattacharyya.size == found.confusion.size == 0


def test_too_few_samples_undefine_some_measures_and_the_rest_go_on():
    rng = np.random.default_rng(0)
    ours = classes_of(rng.normal(size=(12, 30)), np.arange(12) % 3)
    why = {u.name: u.why for u in ours.undefined}
    assert set(why) == {"knn_accuracy_15", "linear_probe_accuracy", "fisher_trace_ratio"}
    assert "only 11 neighbours" in why["knn_accuracy_15"]
    assert "too few for" in why["fisher_trace_ratio"]


def test_classes_without_spread_have_no_scatter_ratio():
    rows = np.repeat(np.random.default_rng(0).normal(size=(3, 2)), 20, axis=0)
    ours = classes_of(rows, np.repeat([0, 1, 2], 20))
    assert {u.name for u in ours.undefined} == {
        "fisher_trace_ratio", "davies_bouldin", "calinski_harabasz",
    }  # fmt: skip
    assert ours["silhouette_euclidean"].value == pytest.approx(1)
    assert trace_ratio(np.array([[1.0], [-1.0]]), np.array([0, 1])) == np.inf


def test_small_classes_and_a_group_for_each_class_are_named():
    rows, labels = planted(80, 3, classes=2)
    labels[:3] = (2, 3, 3)
    found = structure(rows, labels)
    assert "classes of fewer than 5" in found.rows[0]["linear_probe_accuracy"].note
    assert "bhattacharyya of c" in {u.name for u in found.undefined}
    assert np.isnan(found.bhattacharyya[2, 0])
    grouped = structure(rows, labels % 2, groups=labels % 2).rows[0]
    assert "knn_accuracy_5" in {u.name for u in grouped.undefined}
    assert grouped["silhouette_euclidean"].reference is None


def test_spatial_latents_are_seen_on_their_principal_axes():
    rows, labels = planted(300, 4)
    lifted = (rows @ np.random.default_rng(1).normal(size=(4, 200))).reshape(300, 8, 5, 5)
    seen, plain = Labelled.of(lifted, labels, NAMES), Labelled.of(rows, labels, NAMES)
    assert "principal axes, 100 % of the variance" in linear_probe(seen, seed=0)[0].note
    ours, expected = (fisher_trace_ratio(each, seed=0)[0] for each in (seen, plain))
    assert ours.value == pytest.approx(expected.value)


def test_unequal_lengths_are_refused():
    with pytest.raises(ShapeError, match="10 latents"):
        class_structure(np.zeros((10, 2)), np.zeros(9, int), NAMES, neighbours=None)
