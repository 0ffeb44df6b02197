import warnings

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, DataWarning, load_images, split_rows
from latentscape.errors import DataError

RED, GREEN = (200, 30, 10), (20, 180, 40)


def save(path, colour=RED, size=(12, 8), mode="RGB", **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour).save(path, **options)


def load(root, **wishes):
    return load_images(DataConfig(f"folder:{root}", **wishes))


def test_sub_folders_are_classes_and_paths_are_identities(tmp_path):
    save(tmp_path / "b" / "1.png")
    save(tmp_path / "a" / "2.png", GREEN)
    save(tmp_path / "a" / "deep" / "3.png", GREEN)
    save(tmp_path / "top.png")
    images = load(tmp_path)
    assert images.sample_ids.tolist() == ["a/2.png", "a/deep/3.png", "b/1.png", "top.png"]
    assert images.class_names == ("a", "b")
    assert images.labels.tolist() == [0, 0, 1, -1]
    assert images.images.shape == (4, 3, 8, 12)
    assert images.images[0, :, 0, 0].tolist() == list(GREEN)
    assert images.skipped == ()


def test_any_mix_of_sizes_and_modes_becomes_one_array(tmp_path):
    save(tmp_path / "a.jpg", (128, 128, 128), (40, 20))
    save(tmp_path / "b.png", 128, (7, 31), "L")
    save(tmp_path / "c.tif", (127, 127, 127, 0), (16, 16), "CMYK")
    save(tmp_path / "d.png", 128 * 257, (16, 16), "I;16")
    save(tmp_path / "e.png", (128, 128, 128, 255), (16, 16), "RGBA")
    save(tmp_path / "f.png", (128, 255), (16, 16), "LA")
    Image.new("RGB", (16, 16), (128, 128, 128)).quantize(4).save(tmp_path / "g.gif")
    save(tmp_path / "h.tif", 128 / 255, (16, 16), "F")
    Image.new("1", (16, 16), 1).save(tmp_path / "i.png")
    images = load(tmp_path, size=16, resize="squash")
    assert images.images.shape == (9, 3, 16, 16)
    assert np.abs(images.images[:8].astype(int) - 128).max() <= 2
    assert (images.images[8] == 255).all()


def test_gray_pictures_stay_gray_until_one_has_colour(tmp_path):
    save(tmp_path / "a.png", 10, mode="L")
    save(tmp_path / "b.png", 20, mode="L")
    assert load(tmp_path).shape.channels == 1
    save(tmp_path / "c.png")
    assert load(tmp_path).shape.channels == 3
    assert load(tmp_path, colour="L").shape.channels == 1


def test_gray_of_files_and_of_arrays_agree_to_the_bit(tmp_path):
    noise = np.random.default_rng(0).integers(0, 256, (5, 9, 9, 3), np.uint8)
    for k, picture in enumerate(noise):
        Image.fromarray(picture).save(tmp_path / f"{k}.png")
    np.savez(tmp_path.parent / "noise.npz", images=noise)
    files = load(tmp_path, colour="L")
    arrays = load_images(DataConfig(f"npz:{tmp_path.parent / 'noise.npz'}", colour="L"))
    np.testing.assert_array_equal(files.images, arrays.images)


def test_exif_orientation_is_obeyed(tmp_path):
    picture = Image.new("RGB", (20, 10), RED)
    picture.paste(GREEN, (0, 0, 10, 10))  # left half
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned a quarter clockwise: the left half comes to the top
    picture.save(tmp_path / "a.png", exif=exif)
    images = load(tmp_path)
    assert images.images.shape == (1, 3, 20, 10)
    assert images.images[0, :, 2, 5].tolist() == list(GREEN)
    assert images.images[0, :, 18, 5].tolist() == list(RED)


def test_transparency_lies_on_black_and_the_rule_says_so(tmp_path):
    save(tmp_path / "a.png", (200, 100, 50, 128), mode="RGBA")
    palette = Image.new("P", (12, 8), 0)
    palette.putpalette([250, 250, 250])
    palette.save(tmp_path / "b.png", transparency=0)
    images = load(tmp_path)
    assert np.abs(images.images[0, :, 0, 0].astype(int) - [100, 50, 25]).max() <= 1
    assert (images.images[1] == 0).all()
    assert images.rule["transparency"] == "on black"


def broken(root):
    save(root / "good.png")
    save(root / "also.png", GREEN)
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    Image.fromarray(noise).save(root / "cut.png")
    content = (root / "cut.png").read_bytes()
    (root / "cut.png").write_bytes(content[: len(content) // 2])
    (root / "notes.txt").write_text("not a picture")
    (root / "empty.jpg").write_bytes(b"")


def test_bad_files_are_named_counted_and_skipped(tmp_path):
    broken(tmp_path)
    with pytest.warns(DataWarning, match="skipped 3 of 5 files") as caught:
        images = load(tmp_path)
    assert len(caught) == 1
    assert images.sample_ids.tolist() == ["also.png", "good.png"]
    assert images.images[:, 0, 0, 0].tolist() == [GREEN[0], RED[0]]
    assert {s.path for s in images.skipped} == {"cut.png", "empty.jpg", "notes.txt"}
    for skipped in images.skipped:
        assert skipped.path in str(caught[0].message)
        assert skipped.reason


def test_strict_fails_at_the_first_bad_file(tmp_path):
    broken(tmp_path)
    with pytest.raises(DataError, match=r"cut\.png"):
        load(tmp_path, strict=True)


def test_hidden_files_are_no_pictures(tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config").write_text("x")
    assert len(load(tmp_path, strict=True)) == 1


@pytest.mark.parametrize(
    ("make", "match"),
    [
        (lambda root: root / "absent", "does not exist"),
        (lambda root: root, "holds no files"),
        (lambda root: ((root / "x.txt").write_text("") and None) or root / "x.txt", "not a folder"),
    ],
)
def test_missing_and_empty_folders_are_errors(tmp_path, make, match):
    with pytest.raises(DataError, match=match) as caught:
        load(make(tmp_path))
    assert caught.value.hint


def test_a_folder_without_one_picture_is_an_error(tmp_path):
    (tmp_path / "a.txt").write_text("x")
    with pytest.raises(DataError, match="none of the 1 files"):
        load(tmp_path)


def test_sizes_that_differ_need_a_size(tmp_path):
    save(tmp_path / "a.png", size=(12, 8))
    save(tmp_path / "b.png", size=(8, 12))
    with pytest.raises(DataError, match=r"a\.png is 12×8 pixels, b\.png is 8×12") as caught:
        load(tmp_path)
    assert "--size" in str(caught.value.hint)


def test_labels_table_replaces_the_sub_folders(tmp_path):
    for k in range(3):
        save(tmp_path / "all" / f"{k}.png")
    (tmp_path / "labels.csv").write_text("file,label\nall/0.png,10\nall/1.png,9\nall/2.png,\n")
    images = load(tmp_path)
    assert images.class_names == ("9", "10")
    assert images.labels.tolist() == [1, 0, -1]


@pytest.mark.parametrize(
    ("content", "match"),
    [
        ("name,label\na.png,1\n", "it needs file and label"),
        ("file,kind\na.png,1\n", "it needs file and label"),
        ("", "it needs file and label"),
        ("file,label\nb.png,1\n", r"1 of 1 files that are not in the folder, first b\.png"),
        ("file,label\na.png,1\na.png,2\n", r"'1' and '2' of a\.png"),
        ("file,label\n\xff\xfe,1\n", "cannot be read"),
    ],
)
def test_a_wrong_labels_table_is_an_error(tmp_path, content, match):
    save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_bytes(content.encode("latin-1"))
    with pytest.raises(DataError, match=match):
        load(tmp_path)


def test_groups_table_keeps_an_artist_in_one_split(tmp_path):
    lines = ["file,artist"]
    for k in range(40):
        save(tmp_path / f"{k:02d}.png", (k, k, k))
        lines.append(f"{k:02d}.png,{'ABCDEFGH'[k % 8] if k < 32 else ''}")
    (tmp_path / "credits.csv").write_text("\n".join(lines))
    images = load(tmp_path)
    assert len(np.unique(images.groups)) == 8 + 8  # eight artists, eight alone
    rows = split_rows(images, DataConfig("", test_fraction=0.3))
    assert not set(images.groups[rows["train"]]) & set(images.groups[rows["test"]])


def test_credits_without_a_group_column_are_no_matter(tmp_path):
    save(tmp_path / "a.png")
    (tmp_path / "credits.csv").write_text("file,licence\na.png,CC0\n")
    assert load(tmp_path).groups is None
    (tmp_path / "groups.csv").write_text("file,licence\na.png,CC0\n")
    with pytest.raises(DataError, match="group or artist or creator"):
        load(tmp_path)


def test_train_and_test_folders_are_the_sets_own_split(tmp_path):
    for name in ("train/cat/1.png", "train/dog/2.png", "val/cat/3.png", "test/dog/4.png"):
        save(tmp_path / name)
    images = load(tmp_path)
    assert images.class_names == ("cat", "dog")
    assert dict(zip(images.sample_ids, images.official, strict=True)) == {
        "train/cat/1.png": "train",
        "train/dog/2.png": "train",
        "val/cat/3.png": "val",
        "test/dog/4.png": "test",
    }


def test_a_limit_opens_only_the_chosen_files(tmp_path):
    for k in range(30):
        save(tmp_path / f"{k:02d}.png", (k, 0, 0))
    one, two = load(tmp_path, limit=5), load(tmp_path, limit=5, seed=1)
    assert len(one) == len(two) == 5
    assert one.sample_ids.tolist() != two.sample_ids.tolist()
    assert [f"{red:02d}.png" for red in one.images[:, 0, 0, 0]] == one.sample_ids.tolist()


def test_a_link_back_to_the_top_does_not_go_round(tmp_path):
    save(tmp_path / "a" / "1.png")
    (tmp_path / "a" / "back").symlink_to(tmp_path, target_is_directory=True)
    assert load(tmp_path).sample_ids.tolist() == ["a/1.png"]


@pytest.mark.realdata
def test_real_paintings_have_four_styles_and_whole_painters(data_root):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        images = load(data_root / "art", size=64)
    assert len(images) == 49
    assert images.class_names == ("expressionism", "impressionism", "post-impressionism", "realism")
    rows = split_rows(images, DataConfig(""))
    held = [set(images.groups[part]) for part in rows.values()]
    assert sum(map(len, held)) == len(set.union(*held))
