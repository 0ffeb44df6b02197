import json

import numpy as np
import pytest
from PIL import Image

from latentscape.data import (
    DataConfig,
    DataWarning,
    describe,
    load_images,
    split_rows,
    warn_of_cut_scenes,
)
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
        triplet(tmp_path / f"film{chr(97 + k)}_1")
    images = load(tmp_path)
    assert images.official is None
    rows = split_rows(images, DataConfig("x"))
    assert all(len(chosen) % 3 == 0 for chosen in rows.values())


def test_without_splits_or_clips_a_shot_is_a_group(tmp_path):
    """Four triplets of one shot, a cut, two of the next; another film looks like the first."""
    for k in (1, 2, 3, 10):  # by number, not by letter
        triplet(tmp_path / f"one_{k}", shade=20)
    for k in (11, 30):
        triplet(tmp_path / f"one_{k}", shade=220)
    triplet(tmp_path / "two_1", shade=20)
    images = load(tmp_path)
    shot_of = dict(zip(images.motion.names, images.motion.shots, strict=True))
    assert shot_of == {
        "one_1": "one/scene-000", "one_2": "one/scene-000", "one_3": "one/scene-000",
        "one_10": "one/scene-000", "one_11": "one/scene-001", "one_30": "one/scene-001",
        "two_1": "two/scene-000",
    }  # fmt: skip
    np.testing.assert_array_equal(images.groups, images.motion.shots.repeat(3))


def test_a_scene_in_training_and_in_the_test_is_told_of_and_warned_of_in_a_sentence(tmp_path):
    for place, shade in (("train/one_1", 20), ("train/one_3", 200), ("test/one_4", 200)):
        triplet(tmp_path / place, shade=shade)
    images = load(tmp_path)  # without a warning: not all who read images use their splits
    with pytest.warns(DataWarning, match=r"cuts 1 of 2 scenes.*latentscape info") as warned:
        warn_of_cut_scenes(images)
    assert len(str(warned[0].message).removeprefix(images.name)) <= 140
    assert images.motion.notes["scene"].tolist() == [
        "one/scene-001", "one/scene-000", "one/scene-001",
    ]  # fmt: skip
    assert sorted(set(images.groups)) == [
        "test/one/scene-001",
        "train/one/scene-000",
        "train/one/scene-001",
    ]
    facts = describe(images)
    told = "1 of 2, triplets in each: one/scene-001 (test 1, train 1)"
    assert facts["scenes in several splits"] == told
    assert facts["test beside train"].startswith("1 of 1 test triplets")
    assert facts["test beside train"].endswith("memory (test/one_4)")
    assert facts["motion triplets"] == "3 (scenes: 2, films: 1)"  # as motion counts them
    with pytest.raises(DataError, match="cuts scenes: 1 of 1 test") as error:
        load(tmp_path, strict=True)
    assert "leave out strict" in error.value.hint


def test_a_scene_that_validation_shares_is_told_of(tmp_path):
    """Early stopping reads validation: neither training nor the test may share scenes with it."""
    for name, shade in {
        "train/one_1": 20, "val/one_2": 20, "val/one_5": 120, "test/one_6": 120, "test/one_9": 220,
    }.items():  # fmt: skip
        triplet(tmp_path / name, shade=shade)
    facts = describe(load(tmp_path))
    early, late = facts["val beside train"], facts["test beside val"]
    assert early.startswith("1 of 2 val triplets are of scenes that are trained on")
    assert early.endswith("(val/one_2)")
    assert late.startswith("1 of 2 test triplets are of scenes that validation reads")
    assert late.endswith("(test/one_6)")
    assert "test beside train" not in facts


def test_a_split_that_cuts_no_scene_is_not_spoken_of(film):
    warn_of_cut_scenes(load(film))
    assert not [name for name in describe(load(film)) if "beside" in name or "several" in name]


def test_validation_drawn_from_a_sets_training_part_goes_by_shot(tmp_path):
    """As of ATD-12K, which has no validation of its own."""
    for k in range(40):
        triplet(tmp_path / "train_10k" / f"one_{k}", shade=20 + 100 * (k // 4 % 3))
    triplet(tmp_path / "test_2k" / "two_1")
    images = load(tmp_path)
    rows = split_rows(images, DataConfig("x", val_fraction=0.2))
    scenes = images.motion.notes["scene"].repeat(3)
    assert len(set(scenes)) == 11
    assert len(rows["val"]) == 24
    assert not set(scenes[rows["val"]]) & set(scenes[rows["train"]])


def test_the_folders_of_atd_12k(tmp_path):
    """Splits with a size in their names, the test in two sizes, annotations beside them."""
    places = {
        "train_10k/Disney_v4_13_000123_s1": (16, 9),
        "train_10k/Japan_v2_1_134817_s1": (16, 9),
        "test_2k_540p/Japan_v2_1_200000_s3": (16, 9),
        "test_2k_original/Japan_v2_1_200000_s3": (32, 18),
    }
    for k, (place, size) in enumerate(places.items()):
        triplet(tmp_path / place, size=size, shade=(20, 40, 240, 240)[k])
    name = "Japan_v2_1_200000_s3"
    note = tmp_path / "test_2k_annotations" / name / f"{name}.json"
    note.parent.mkdir(parents=True)
    box = {"x": 960, "y": 270, "width": 480, "height": 540}
    size = {"width": 1920, "height": 1080}
    note.write_text(json.dumps({"motion_RoI": box, "level": 2, "image_size": size}))
    images = load(tmp_path)
    assert images.official.tolist() == ["test"] * 3 + ["train"] * 6
    assert images.motion.films.tolist() == ["Japan_v2_1", "Disney_v4_13", "Japan_v2_1"]
    notes = images.motion.notes
    assert notes["region"].tolist() == ["east", "west", "east"]
    assert notes["level"].tolist() == [2, -1, -1]
    np.testing.assert_allclose(notes["roi"][0], [8, 2.25, 4, 4.5])
    assert np.isnan(notes["roi"][1:]).all()
    assert {item.reason for item in images.skipped} == {"its triplet is there twice, in two sizes"}
    below = load(tmp_path / "test_2k_540p")  # the test alone finds the annotations beside it
    assert below.motion.notes["level"].tolist() == [2]


def test_frames_of_two_sizes_leave_their_triplet_out(film):
    Image.new("RGB", (8, 9)).save(film / "train" / "b" / "frame2.png")
    with pytest.warns(DataWarning, match="train/b .* 8×9 and 16×9"):
        images = load(film, size=8)
    assert len(images) == 15
    assert [item.path for item in images.skipped] == [f"train/b/frame{k}.png" for k in (1, 2, 3)]
    with pytest.raises(DataError, match="train/b"):
        load(film, size=8, strict=True)


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
    assert any(
        "1 of 7 triplets" in str(w.message) and "frame: train/short" in str(w.message) for w in told
    )
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
    facts = describe(images)
    assert "val triplets are of scenes that are trained on" in facts["val beside train"]
    assert "scenes that validation reads" in facts["test beside val"]
    assert "test beside train" not in facts
    assert facts["motion triplets"] == "91 (scenes: 5, films: 1)"
    rows = split_rows(images, DataConfig("x"))
    assert {split: len(chosen) for split, chosen in rows.items()} == {
        "train": 180, "val": 18, "test": 75,
    }  # fmt: skip
    scenes = dict(zip(images.motion.names, images.motion.notes["scene"], strict=True))
    assert scenes["test/bbb_open_0564"] == scenes["val/bbb_open_0558"]  # the shot from frame 551 on
    assert scenes["train/bbb_open_0432"] == scenes["val/bbb_open_0474"]
    tested = {scene for name, scene in scenes.items() if name.startswith("test")}
    assert not any(scenes[name] in tested for name in scenes if name.startswith("train"))
