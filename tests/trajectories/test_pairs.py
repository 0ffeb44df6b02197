import numpy as np
import pytest

from latentscape.errors import UsageError
from latentscape.trajectories import CRITERIA, choose_pairs

IDS = np.array([f"mnist/{i:03d}" for i in range(40)])
LABELS = np.repeat(np.arange(4), 10)


def choose(criterion, *, labels=LABELS, n_pairs=8, seed=0, ids=IDS):
    return choose_pairs(criterion, sample_ids=ids, labels=labels, n_pairs=n_pairs, seed=seed)


@pytest.mark.parametrize("criterion", list(CRITERIA))
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
        choose("farthest")
    with pytest.raises(UsageError, match="0 pairs"):
        choose("random", n_pairs=0)
    with pytest.raises(UsageError, match="empty"):
        choose([])
