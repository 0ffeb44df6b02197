import numpy as np
import pytest

from latentscape.errors import UsageError
from latentscape.trajectories import CRITERIA, Crowd, choose_pairs, require_criterion

IDS = np.array([f"mnist/{i:03d}" for i in range(40)])
LABELS = np.repeat(np.arange(4), 10)
CENTRES = np.array([[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])
PLACES = CENTRES[LABELS] + np.random.default_rng(0).normal(size=(40, 3)) * [2.0, 1.0, 0.5]
BY_SAMPLE = ("random", "same-class", "different-class", "nearest", "farthest")


def choose(criterion, *, labels=LABELS, n_pairs=8, seed=0, ids=IDS):
    crowd = Crowd(ids, labels, encode=lambda: PLACES[: len(ids)])
    return choose_pairs(criterion, crowd, n_pairs=n_pairs, seed=seed)


@pytest.mark.parametrize("criterion", BY_SAMPLE)
def test_pairs_are_seeded_and_never_twice_the_same(criterion):
    pairs = choose(criterion)
    assert pairs.rows.shape == (8, 2)
    assert pairs.criterion == criterion
    assert len({frozenset(pair) for pair in pairs.rows.tolist()}) == 8
    assert (pairs.rows[:, 0] != pairs.rows[:, 1]).all()
    np.testing.assert_array_equal(choose(criterion).rows, pairs.rows)
    assert not np.array_equal(choose(criterion, seed=1).rows, pairs.rows)


def test_classes_are_as_the_criterion_says_and_take_turns():
    same = LABELS[choose("same-class", n_pairs=4).rows]
    assert (same[:, 0] == same[:, 1]).all()
    assert len(set(same[:, 0])) == 4
    different = LABELS[choose("different-class", n_pairs=4).rows]
    assert (different[:, 0] != different[:, 1]).all()
    assert len(set(different[:, 0])) == 4


def test_no_more_pairs_than_there_are():
    pairs = choose("random", ids=IDS[:3], labels=LABELS[:3], n_pairs=50)
    assert len(pairs.rows) == 3


def test_unknown_classes_take_no_part():
    labels = LABELS.copy()
    labels[:20] = -1
    assert (choose("same-class", labels=labels).rows >= 20).all()


@pytest.mark.parametrize("criterion", ["same-class", "different-class"])
def test_images_without_classes_are_a_clear_error(criterion):
    with pytest.raises(UsageError, match="no classes"):
        choose(criterion, labels=np.full(40, -1))


def test_one_class_has_no_different_pairs_and_singles_no_same_ones():
    with pytest.raises(UsageError, match="one class"):
        choose("different-class", labels=np.zeros(40, int))
    with pytest.raises(UsageError, match="no class has two"):
        choose("same-class", labels=np.arange(40))


def test_listed_pairs_are_taken_as_they_are():
    pairs = choose(["mnist/003:mnist/017", "mnist/000:mnist/039"], n_pairs=1)
    assert pairs.rows.tolist() == [[3, 17], [0, 39]]
    assert pairs.criterion == "listed"
    assert choose("mnist/003:mnist/017, mnist/000:mnist/039").rows.tolist() == [[3, 17], [0, 39]]


def test_identities_may_hold_colons():
    ids = np.array(["a:1", "a:2", "b"])
    assert choose(["a:1:a:2", "b:a:1"], ids=ids, labels=np.zeros(3, int)).rows.tolist() == [
        [0, 1],
        [2, 0],
    ]


def test_mistakes_are_met_kindly():
    with pytest.raises(UsageError, match="mnist/3") as caught:
        choose(["mnist/3:mnist/017"])
    assert "mnist/0" in caught.value.hint
    with pytest.raises(UsageError, match="not a pair"):
        choose(["mnist/003"])
    with pytest.raises(UsageError, match="no way to choose"):
        choose("far")
    with pytest.raises(UsageError, match="0 pairs"):
        choose("random", n_pairs=0)
    for nothing in ([], ["", " "]):
        with pytest.raises(UsageError, match="empty"):
            choose(nothing)
    with pytest.raises(UsageError) as caught:
        require_criterion("nearst")
    assert caught.value.hint.startswith("did you mean nearest?")


@pytest.mark.parametrize("criterion", list(CRITERIA))
def test_every_criterion_is_seeded_and_gives_finite_ends_or_rows(criterion):
    pairs = choose(criterion, n_pairs=6)
    again = choose(criterion, n_pairs=6)
    assert 1 <= len(pairs) <= 6
    np.testing.assert_array_equal(pairs.rows, again.rows)
    if pairs.ends is None:
        assert (pairs.rows >= 0).all()
    else:
        assert pairs.ends.shape == (len(pairs), 2, 3)
        assert np.isfinite(pairs.ends).all()
        np.testing.assert_array_equal(pairs.ends, again.ends)
        assert pairs.names is not None
        assert len(pairs.names) == len(pairs)
        known = pairs.rows >= 0
        np.testing.assert_allclose(pairs.ends[known], PLACES[pairs.rows[known]], rtol=1e-6)


def test_nearest_and_farthest_are_what_all_distances_say():
    apart = np.linalg.norm(PLACES[:, None] - PLACES, axis=2)
    for start, end in choose("farthest", n_pairs=5).rows:
        assert apart[start, end] == apart[start].max()
    np.fill_diagonal(apart, np.inf)
    for start, end in choose("nearest", n_pairs=5).rows:
        assert apart[start, end] == apart[start].min()
    other = np.where(LABELS[:, None] != LABELS, apart, np.inf)
    for start, end in choose("nearest-across-classes", n_pairs=5).rows:
        assert apart[start, end] == other[start].min()


def test_samples_on_one_spot_are_no_pair():
    crowd = Crowd(IDS, LABELS, encode=lambda: np.zeros((40, 3)))
    for criterion in ("nearest", "farthest", "cluster-centres", "principal-axis"):
        with pytest.raises(UsageError):
            choose_pairs(criterion, crowd, n_pairs=3, seed=0)
    twice = np.repeat(PLACES[:20], 2, axis=0)
    pairs = choose_pairs("nearest", Crowd(IDS, LABELS, encode=lambda: twice), n_pairs=9, seed=0)
    assert (np.abs(twice[pairs.rows[:, 0]] - twice[pairs.rows[:, 1]]).sum(1) > 0).all()


def test_the_first_principal_axis_is_travelled_two_deviations_to_each_side():
    pairs = choose("principal-axis", n_pairs=5)
    values, vectors = np.linalg.eigh(np.cov(PLACES.T, bias=True))
    np.testing.assert_allclose(pairs.ends[0].mean(0), PLACES.mean(0), atol=1e-5)
    along = pairs.ends[0, 1] - pairs.ends[0, 0]
    assert np.linalg.norm(along) == pytest.approx(4 * np.sqrt(values[-1]), rel=1e-5)
    assert abs(along @ vectors[:, -1]) == pytest.approx(np.linalg.norm(along), rel=1e-5)
    through = pairs.ends[3:].mean(1)  # the second round runs through samples
    line = through[0] - PLACES
    off = line - np.outer(line @ vectors[:, -1], vectors[:, -1])
    assert np.linalg.norm(off, axis=1).min() == pytest.approx(0, abs=1e-5)


def test_a_class_direction_carries_a_class_mean_onto_the_other():
    means = np.array([PLACES[c == LABELS].mean(0) for c in range(4)])
    pairs = choose("class-difference", n_pairs=8)
    moves = pairs.ends[:, 1] - pairs.ends[:, 0]
    every = (means[None] - means[:, None]).reshape(-1, 3)
    assert np.linalg.norm(moves[:, None] - every, axis=2).min(1).max() < 1e-5
    assert all("towards" in end for _, end in pairs.names)


def test_the_probe_normal_mirrors_a_sample_into_the_other_class():
    pairs = choose("probe-normal", n_pairs=12)
    nearest_class = np.linalg.norm(pairs.ends[:, 1, None] - CENTRES, axis=2).argmin(1)
    assert (nearest_class != LABELS[pairs.rows[:, 0]]).mean() > 0.9


def test_cluster_centres_are_the_planted_ones():
    pairs = choose("cluster-centres", n_pairs=6)
    off = np.linalg.norm(pairs.ends.reshape(-1, 1, 3) - CENTRES, axis=2).min(1)
    assert off.max() < 1.5
    assert len({frozenset(pair) for pair in pairs.names}) == 6


def test_without_a_prior_there_is_nothing_to_draw_and_without_a_model_nowhere_to_lie():
    crowd = Crowd(IDS, LABELS, encode=lambda: PLACES, prior_matched=False)
    with pytest.raises(UsageError, match="prior"):
        choose_pairs("prior-prior", crowd, n_pairs=3, seed=0)
    with pytest.raises(UsageError, match="latents"):
        choose_pairs("nearest", Crowd(IDS, LABELS), n_pairs=3, seed=0)
    with pytest.raises(UsageError) as caught:
        choose("nearst")
    assert "did you mean nearest?" in caught.value.hint
