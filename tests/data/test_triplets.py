import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, DataWarning, load_images, split_rows
from latentscape.errors import DataError


def triplet(folder, *, numbers=(1, 2, 3), shade=100, size=(16, 9), suffix="png"):
    folder.mkdir(parents=True)
    for k in numbers:
        Image.new("RGB", size, (shade, 10 * k, 0)).save(folder / f"frame{k}.{suffix}")


def load(root, **wishes):
    return load_images(DataConfig(f"triplets:{root}", **wishes))


@pytest.fixture
def film(tmp_path):
    """Six triplets in three splits, one name used twice."""
    for k, place in enumerate(("train/a", "train/b", "train/c", "val/a", "test/a", "test/d")):
        triplet(tmp_path / "film" / place, shade=20 * k)
    return tmp_path / "film"


def test_the_folders_split_is_kept_and_no_triplet_is_cut(film):
    images = load(film)
    rows = split_rows(images, DataConfig("x"))
    assert {split: len(chosen) for split, chosen in rows.items()} == {
        "train": 9, "val": 3, "test": 6,
    }  # fmt: skip
    assert images.sample_ids[rows["val"]].tolist() == [f"val/a/frame{k}.png" for k in (1, 2, 3)]
    assert len(set(images.groups)) == 6
    assert images.class_names == ()


def test_frames_of_a_triplet_follow_each_other(film):
    images = load(film)
    assert images.images[:, 1, 0, 0].tolist() == [10, 20, 30] * 6
    assert all(len(set(images.groups[k : k + 3])) == 1 for k in range(0, 18, 3))


@pytest.mark.parametrize("rule", ["squash", "crop", "pad"])
def test_every_resize_rule_is_obeyed_as_for_a_folder(film, rule):
    ours = load(film, size=8, resize=rule)
    folder = load_images(DataConfig(f"folder:{film}", size=8, resize=rule))
    order = [folder.sample_ids.tolist().index(name) for name in ours.sample_ids]
    np.testing.assert_array_equal(ours.images, folder.images[order])
    assert ours.rule["resize"] == rule


def test_a_limit_keeps_whole_triplets(film):
    for limit in (6, 7, 8):
        images = load(film, limit=limit)
        assert len(images) == 6
        assert np.unique(images.groups, return_counts=True)[1].tolist() == [3, 3]
    assert len(load(film, limit=1, val_fraction=0)) <= 3


def test_without_splits_whole_groups_are_drawn(tmp_path):
    for k in range(10):
        triplet(tmp_path / f"t{k}")
    images = load(tmp_path)
    assert images.official is None
    rows = split_rows(images, DataConfig("x"))
    assert all(len(chosen) % 3 == 0 for chosen in rows.values())


def test_a_clip_of_several_triplets_is_one_group(tmp_path):
    for place in ("one/a", "one/b", "two/a", "three/a"):
        triplet(tmp_path / place)
    assert sorted(set(load(tmp_path).groups)) == ["one", "three", "two"]


def test_what_is_not_whole_is_named_and_left_out(film):
    triplet(film / "train" / "short", numbers=(1, 3))
    (film / "train" / "a" / "latent1.npy").write_bytes(b"beside the frames")
    (film / "train" / "b" / "frame2.png").write_bytes(b"no image")
    with pytest.warns(DataWarning) as told:
        images = load(film)
    assert any("lack a frame: train/short" in str(w.message) for w in told)
    assert len(images) == 15
    left = {skipped.path: skipped.reason for skipped in images.skipped}
    assert left["train/short/frame1.png"] == "its triplet is not whole"
    assert left["train/b/frame2.png"] == "not an image"
    assert left["train/b/frame1.png"] == "its triplet is not whole"
    assert not any("latent1" in path for path in left)


def test_strict_refuses_a_triplet_that_is_not_whole(film):
    triplet(film / "train" / "short", numbers=(1, 3))
    with pytest.raises(DataError, match="short lacks a frame"):
        load(film, strict=True)


def test_a_frame_given_twice_is_refused(film):
    Image.new("RGB", (16, 9)).save(film / "test" / "a" / "frame1.jpg")
    with pytest.raises(DataError, match="frame 1 twice"):
        load(film)


def test_a_folder_without_triplets_says_what_one_looks_like(tmp_path):
    Image.new("RGB", (8, 8)).save(tmp_path / "picture.png")
    with pytest.raises(DataError, match="no motion triplet") as error:
        load(tmp_path)
    assert "frame1.jpg" in error.value.hint
    with pytest.raises(DataError, match="does not exist"):
        load(tmp_path / "nowhere")


@pytest.mark.realdata
def test_the_animation_triplets(data_root):
    images = load(data_root / "animation" / "triplets", size=32, resize="squash")
    rows = split_rows(images, DataConfig("x"))
    assert {split: len(chosen) for split, chosen in rows.items()} == {
        "train": 180, "val": 18, "test": 75,
    }  # fmt: skip
