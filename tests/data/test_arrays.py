import numpy as np
import pytest

from latentscape.data import DataConfig, load_images
from latentscape.data.arrays import channels_first
from latentscape.errors import DataError

RNG = np.random.default_rng(0)
HWC = RNG.integers(0, 256, (6, 5, 7, 3), np.uint8)


def load(path, **options):
    return load_images(DataConfig(f"npz:{path}"), **options)


@pytest.mark.parametrize(
    ("shape", "expected"),
    [
        ((6, 5, 7), (6, 1, 5, 7)),
        ((6, 5, 7, 3), (6, 3, 5, 7)),
        ((6, 5, 7, 1), (6, 1, 5, 7)),
        ((6, 3, 5, 7), (6, 3, 5, 7)),
        ((6, 3, 4, 4), (6, 3, 4, 4)),
        ((6, 4, 4, 3), (6, 3, 4, 4)),
        ((6, 9, 9, 12), (6, 12, 9, 9)),
        ((6, 12, 9, 9), (6, 12, 9, 9)),
    ],
)
def test_the_channel_axis_is_found(shape, expected):
    assert channels_first(np.zeros(shape, np.uint8), "toy").shape == expected


@pytest.mark.parametrize("shape", [(6,), (6, 5), (6, 5, 7, 9), (1, 2, 3, 4, 5)])
def test_shapes_that_are_no_images_are_refused(shape):
    with pytest.raises(DataError, match="shape"):
        channels_first(np.zeros(shape, np.uint8), "toy")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("memory_limit", [10**9, 100])
def test_stored_packed_mapped_or_in_memory_give_the_same(tmp_path, save, memory_limit, monkeypatch):
    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path / "cache"))
    save(tmp_path / "a.npz", images=HWC, labels=np.arange(6))
    images = load(tmp_path / "a.npz", memory_limit=memory_limit)
    np.testing.assert_array_equal(images.images, HWC.transpose(0, 3, 1, 2))
    assert images.labels.tolist() == list(range(6))
    assert isinstance(images.images, np.memmap) == (memory_limit == 100)
    assert not list(tmp_path.glob("cache/*"))
    np.save(tmp_path / "a.npy", HWC)
    alone = load(tmp_path / "a.npy")
    np.testing.assert_array_equal(alone.images, images.images)
    assert (alone.labels == -1).all()


def test_floats_in_unit_range_are_scaled_and_rounded(tmp_path):
    values = np.array([0, 0.25, 0.5, 1], np.float32).reshape(1, 1, 2, 2)
    np.savez(tmp_path / "a.npz", x=values)
    assert load(tmp_path / "a.npz").images.ravel().tolist() == [0, 64, 128, 255]
    np.savez(tmp_path / "b.npz", x=values > 0.3)
    assert load(tmp_path / "b.npz").images.ravel().tolist() == [0, 0, 255, 255]
    np.savez(tmp_path / "c.npz", x=(values * 100).astype(np.int64))
    assert load(tmp_path / "c.npz").images.ravel().tolist() == [0, 25, 50, 100]


@pytest.mark.parametrize(
    "values", [np.array([-1.0, 1.0]), np.array([0.0, np.nan]), np.array([0, 256])]
)
def test_values_out_of_range_are_refused_with_the_range(tmp_path, values):
    np.savez(tmp_path / "a.npz", images=values.reshape(2, 1, 1))
    with pytest.raises(DataError, match="must lie in") as caught:
        load(tmp_path / "a.npz")
    assert "(x + 1) / 2" in str(caught.value.hint)


def test_everything_beside_the_images_is_read(tmp_path):
    np.savez(
        tmp_path / "a.npz",
        imgs=HWC,
        y=np.array(["b", "a", "a", "b", "a", "b"]),
        groups=np.array([1, 1, 2, 2, 3, 3]),
        official=np.array(["train"] * 4 + ["test"] * 2),
        latents_classes=np.arange(12).reshape(6, 2),
        factor_names=np.array(["hair", "step"]),
    )
    images = load(tmp_path / "a.npz")
    assert images.class_names == ("a", "b")
    assert images.labels.tolist() == [1, 0, 0, 1, 0, 1]
    assert images.groups.tolist() == ["1", "1", "2", "2", "3", "3"]
    assert images.official.tolist() == ["train"] * 4 + ["test"] * 2
    assert images.factor_names == ("hair", "step")
    assert images.factors[1].tolist() == [2, 3]
    assert images.factor_kinds == ("category", "category")
    assert images.sample_ids[0] == "a-00000"


@pytest.mark.parametrize(
    ("extra", "match"),
    [
        ({"labels": np.arange(5)}, "6 images and 5 labels"),
        ({"labels": np.linspace(0, 1, 6)}, "no whole numbers"),
        ({"labels": np.arange(6), "classes": np.array(["a", "b"])}, "names 2 classes"),
        ({"groups": np.arange(7)}, "6 images and 7 groups"),
        ({"factors": np.zeros((6, 2)), "factor_names": np.array(["one"])}, "2 factors and 1 names"),
        ({"factors": np.zeros((6, 1)), "factor_kinds": np.array(["hue"])}, "of the kinds hue"),
        ({"sample_ids": np.array(list("abcadd"))}, "sample id 'a' to 2 images"),
        ({"labels": np.int64(3)}, "labels .* are no list"),
        ({"labels": np.array([["a", "b"]] * 6)}, "labels .* are no list"),
        ({"labels": np.zeros(6, int), "classes": np.array("cat")}, "class_names .* are no list"),
        ({"factors": np.float64(1)}, "factors .* are no list"),
        ({"factors": np.array(["red"] * 6)}, "factors .* are no numbers"),
    ],
)
def test_arrays_that_do_not_fit_the_images_are_refused(tmp_path, extra, match):
    np.savez(tmp_path / "a.npz", images=HWC, **extra)
    with pytest.raises(DataError, match=match):
        load(tmp_path / "a.npz")


def test_objects_are_never_unpickled(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was opened",))

    np.savez(tmp_path / "a.npz", images=HWC, labels=np.array([Bomb()] * 6, dtype=object))
    with pytest.raises(DataError, match="Python objects"):
        load(tmp_path / "a.npz")


def test_missing_damaged_and_foreign_files_are_errors(tmp_path):
    with pytest.raises(DataError, match="there is no file"):
        load(tmp_path / "absent.npz")
    np.savez(tmp_path / "a.npz", pictures=HWC)
    with pytest.raises(DataError, match="has no images"):
        load(tmp_path / "a.npz")
    content = (tmp_path / "a.npz").read_bytes()
    (tmp_path / "a.npz").write_bytes(content[:200])
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path / "a.npz")


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_a_file_damaged_anywhere_is_an_error_or_still_images(tmp_path, save):
    save(tmp_path / "a.npz", images=HWC, labels=np.arange(6))
    whole, rng = (tmp_path / "a.npz").read_bytes(), np.random.default_rng(0)
    n_refused = 0
    for _ in range(100):
        content = bytearray(whole)
        content[rng.integers(len(whole))] ^= rng.integers(1, 256)
        (tmp_path / "b.npz").write_bytes(content)
        try:
            load(tmp_path / "b.npz")
        except DataError:
            n_refused += 1
    assert n_refused > 50


def test_no_images_are_refused_before_their_labels_are_read(tmp_path):
    np.savez(tmp_path / "a.npz", images=np.zeros((0, 5, 5), np.uint8), labels=np.zeros(0, int))
    with pytest.raises(DataError, match="holds no images"):
        load(tmp_path / "a.npz")


def test_an_archive_that_is_called_an_array_is_refused(tmp_path):
    np.savez(tmp_path / "a.npz", images=HWC)
    (tmp_path / "a.npz").rename(tmp_path / "a.npy")
    with pytest.raises(DataError, match="cannot be read"):
        load(tmp_path / "a.npy")


def test_what_a_factor_is_is_told_or_read_off_its_values(tmp_path):
    values = np.stack([np.arange(6), np.arange(6) / 4, np.where(np.arange(6) > 2, np.nan, 1)], 1)
    np.savez(tmp_path / "a.npz", images=HWC, factors=values)
    assert load(tmp_path / "a.npz").factor_kinds == ("category", "number", "category")
    kinds = np.array(["number", "angle", "category"])
    np.savez(tmp_path / "b.npz", images=HWC, factors=values, factor_kinds=kinds)
    assert load(tmp_path / "b.npz").factor_kinds == tuple(kinds)


@pytest.mark.realdata
@pytest.mark.slow
def test_real_sprites_with_factors(data_root):
    images = load(data_root / "sprites" / "lpc_sprites_walk_64.npz")
    assert images.images.shape == (15552, 3, 64, 64)
    assert len(np.unique(images.factors, axis=0)) == 15552
    assert images.factor_names[0] == "body"


def test_a_split_by_another_name_is_understood_or_refused(tmp_path):
    images = np.zeros((4, 5, 5), np.uint8)
    for last, expected in (("validation", "val"), ("valid", "val"), ("dev", None)):
        np.savez(tmp_path / "a.npz", images=images, official=["train", "train", "test", last])
        config = DataConfig(f"npz:{tmp_path / 'a.npz'}")
        if expected is None:
            with pytest.raises(DataError, match="'dev'"):
                load_images(config)
        else:
            assert load_images(config).official.tolist() == ["train", "train", "test", expected]
