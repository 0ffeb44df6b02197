from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from latentscape.data import DataConfig, ImageSet, split_rows
from latentscape.data.split import choose_rows
from latentscape.errors import DataError, UsageError


def a_set(n, groups=None, official=None):
    return ImageSet(
        name="toy",
        images=np.zeros((n, 1, 2, 2), np.uint8),
        sample_ids=np.arange(n).astype(str),
        labels=np.zeros(n, np.int64),
        groups=None if groups is None else np.asarray(groups),
        official=None if official is None else np.asarray(official),
    )


def config(**wishes):
    return replace(DataConfig("toy"), **wishes)


@settings(max_examples=150, deadline=None)
@given(
    sizes=st.lists(st.integers(1, 9), min_size=3, max_size=40),
    seed=st.integers(0, 2**31),
    val=st.sampled_from([0.0, 0.05, 0.3]),
    test=st.sampled_from([0.0, 0.2, 0.4]),
)
def test_splits_are_disjoint_whole_repeatable_and_never_cut_a_group(sizes, seed, val, test):
    groups = np.repeat(np.arange(len(sizes)), sizes)
    groups = np.random.default_rng(seed).permutation(groups)
    images = a_set(len(groups), groups=groups)
    wish = config(seed=seed, val_fraction=val, test_fraction=test)
    rows = split_rows(images, wish)
    joined = np.concatenate([rows["train"], rows["val"], rows["test"]])
    np.testing.assert_array_equal(np.sort(joined), np.arange(len(groups)))
    assert len(rows["train"]) > 0
    assert (len(rows["val"]) > 0) == (val > 0)
    assert (len(rows["test"]) > 0) == (test > 0)
    held = [set(groups[part]) for part in rows.values()]
    assert sum(map(len, held)) == len(set.union(*held))
    again = split_rows(images, wish)
    for name in rows:
        np.testing.assert_array_equal(rows[name], again[name])


def test_fractions_are_met_and_the_seed_matters():
    one = split_rows(a_set(1000), config(val_fraction=0.1, test_fraction=0.2))
    assert {name: len(part) for name, part in one.items()} == {
        "train": 720,
        "val": 80,
        "test": 200,
    }
    other = split_rows(a_set(1000), config(val_fraction=0.1, test_fraction=0.2, seed=1))
    assert len(np.intersect1d(one["test"], other["test"])) < 100


def test_groups_meet_the_fraction_nearly():
    groups = np.repeat(np.arange(100), 10)
    rows = split_rows(a_set(1000, groups=groups), config(test_fraction=0.2))
    assert len(rows["test"]) == 200


def test_the_sources_own_test_split_is_kept():
    official = np.repeat(["train", "test"], [90, 10])
    rows = split_rows(a_set(100, official=official), config(val_fraction=0.1, test_fraction=0.5))
    np.testing.assert_array_equal(rows["test"], np.arange(90, 100))
    assert len(rows["val"]) == 9


def test_the_sources_own_validation_split_is_kept():
    official = np.repeat(["train", "val", "test"], [80, 7, 13])
    rows = split_rows(a_set(100, official=official), config())
    np.testing.assert_array_equal(rows["val"], np.arange(80, 87))


def test_an_own_split_that_cuts_a_group_is_refused():
    images = a_set(4, groups=["a", "b", "b", "c"], official=["train", "train", "test", "test"])
    with pytest.raises(DataError, match="cuts 1 of 3 groups, first 'b'"):
        split_rows(images, config())


@pytest.mark.parametrize("n", [1, 2])
def test_too_few_images_are_an_error(n):
    with pytest.raises(DataError, match="too few images to set any aside for"):
        split_rows(a_set(n), config())


def test_one_group_cannot_be_split():
    with pytest.raises(DataError, match="too few") as caught:
        split_rows(a_set(50, groups=["one"] * 50), config())
    assert "groups" in str(caught.value.hint)


def test_only_test_images_leave_nothing_to_train_on():
    with pytest.raises(DataError):
        split_rows(a_set(5, official=["test"] * 5), config())


@pytest.mark.parametrize("fraction", [-0.1, 1.0, 2.0])
def test_fractions_out_of_range_are_refused(fraction):
    with pytest.raises(UsageError):
        split_rows(a_set(10), config(test_fraction=fraction))


@given(
    n_train=st.integers(1, 200),
    n_test=st.integers(1, 200),
    limit=st.integers(1, 500),
    seed=st.integers(0, 9),
)
def test_a_limit_keeps_each_split_in_proportion(n_train, n_test, limit, seed):
    official = np.repeat(["train", "test"], [n_train, n_test])
    rows = choose_rows(len(official), limit=limit, seed=seed, official=official)
    assert len(rows) == min(limit, len(official))
    assert (np.diff(rows) > 0).all()
    if limit >= 2:
        share = (official[rows] == "train").sum()
        exact = len(rows) * n_train / len(official)
        assert abs(share - exact) <= 1
        assert 0 < share < len(rows)


def test_a_limit_below_one_is_refused():
    with pytest.raises(UsageError):
        choose_rows(10, limit=0, seed=0)


def test_a_sources_names_for_its_splits_are_understood():
    names = np.array(["train"] * 6 + ["validation", "Valid", "val"] + ["test"] * 2)
    rows = split_rows(a_set(11, official=names), config())
    assert {name: rows[name].tolist() for name in ("val", "test")} == {
        "val": [6, 7, 8], "test": [9, 10],
    }  # fmt: skip


def test_a_part_that_is_no_split_is_refused():
    names = np.array(["train"] * 9 + ["holdout"])
    with pytest.raises(DataError, match="'holdout'") as caught:
        split_rows(a_set(10, official=names), config())
    assert "validation" in caught.value.hint
