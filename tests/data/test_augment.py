import numpy as np
import pytest

from latentscape.data import DataConfig, augment_batch, augmented_copies, load_images
from latentscape.data.augment import AUGMENTATIONS
from latentscape.errors import ShapeError, UsageError


@pytest.fixture(scope="module")
def batch():
    return load_images(DataConfig("sprites", limit=32)).images


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("names", [*((name,) for name in AUGMENTATIONS), AUGMENTATIONS])
def test_shape_kind_seed_and_input_are_kept(batch, names):
    before = batch.copy()
    one = augment_batch(batch, names, rng=rng())
    assert one.dtype == np.uint8
    assert one.shape == batch.shape
    np.testing.assert_array_equal(one, augment_batch(batch, names, rng=rng()))
    assert (one != augment_batch(batch, names, rng=rng(1))).any()
    assert (one != batch).any()
    np.testing.assert_array_equal(batch, before)


def test_tensors_and_arrays_are_augmented_alike(batch):
    import torch

    tensor = augment_batch(torch.from_numpy(batch.copy()), AUGMENTATIONS, rng=rng())
    assert tensor.dtype == torch.uint8
    np.testing.assert_array_equal(tensor.numpy(), augment_batch(batch, AUGMENTATIONS, rng=rng()))


def test_flip_exchanges_left_and_right_of_half_the_images_exactly(batch):
    many = np.concatenate([batch] * 8)
    flipped = augment_batch(many, ("flip",), rng=rng())
    turned = (flipped == many[..., ::-1]).all(axis=(1, 2, 3))
    kept = (flipped == many).all(axis=(1, 2, 3))
    assert (turned | kept).all()
    assert 0.4 < turned.mean() < 0.6


def centres(images):
    """Centre of mass of the bright dot, in pixels."""
    weights = images[:, 0].astype(float)
    weights /= weights.sum(axis=(1, 2), keepdims=True)
    axis = np.arange(images.shape[-1]) + 0.5
    return np.stack([(weights.sum(1) * axis).sum(1), (weights.sum(2) * axis).sum(1)], axis=1)


def dots(x, y, n=400):
    images = np.zeros((n, 1, 40, 40), np.uint8)
    images[:, :, y - 1 : y + 2, x - 1 : x + 2] = 255
    return images


def test_shift_moves_up_to_a_tenth_each_way():
    moved = centres(augment_batch(dots(20, 20), ("shift",), rng=rng())) - 20.5
    assert np.abs(moved).max() <= 4.05
    assert (moved.max(0) > 3.5).all()
    assert (moved.min(0) < -3.5).all()


def test_rotate_turns_about_the_centre_by_up_to_fifteen_degrees():
    moved = centres(augment_batch(dots(32, 20), ("rotate",), rng=rng())) - 20
    radius = np.hypot(*moved.T)
    assert np.ptp(radius) < 0.3
    angles = np.rad2deg(np.arctan2(moved[:, 1], moved[:, 0]))
    assert -17.5 < angles.min() < -11
    assert 14 < angles.max() < 17.5


def test_crop_never_shrinks():
    grown = augment_batch(dots(20, 20), ("crop",), rng=rng())
    areas = grown.sum(axis=(1, 2, 3)) / dots(20, 20, 1).sum()
    assert areas.min() > 0.95
    assert areas.max() < 1.7  # 1 / 0.8²
    assert areas.max() > 1.4


def test_colour_changes_no_shape_and_keeps_gray_gray(batch):
    gray = np.repeat(batch[:, :1], 3, axis=1)
    out = augment_batch(gray, ("colour",), rng=rng()).astype(int)
    assert np.abs(out - out[:, :1]).max() <= 1
    order = np.argsort(gray[0, 0].ravel(), kind="stable")
    assert (np.diff(out[0, 0].ravel()[order]) >= -1).all()


def test_no_names_change_nothing(batch):
    assert augment_batch(batch, (), rng=rng()) is batch


def test_copies_stand_in_order_and_differ(batch):
    copies = augmented_copies(batch, ("shift", "rotate"), copies=3, seed=5)
    assert copies.shape == (96, *batch.shape[1:])
    by_copy = copies.reshape(3, 32, *batch.shape[1:]).astype(int)
    assert (by_copy[0] != by_copy[1]).any(axis=(1, 2, 3)).all()
    ink = np.abs(by_copy - batch[0, :, :1, :1]).sum(axis=(2, 3, 4))
    own = np.abs(batch.astype(int) - batch[0, :, :1, :1]).sum(axis=(1, 2, 3))
    assert np.corrcoef(ink[0], own)[0, 1] > 0.95  # row k·n + i is of image i
    again = augmented_copies(batch, ("shift", "rotate"), copies=3, seed=5)
    np.testing.assert_array_equal(copies, again)
    assert len(augmented_copies(batch, (), copies=0, seed=0)) == 0


def test_wrong_words_and_shapes_are_refused(batch):
    with pytest.raises(UsageError, match="'blur' is no augmentation"):
        augment_batch(batch, ("blur",), rng=rng())
    with pytest.raises(UsageError):
        augmented_copies(batch, ("flip",), copies=-1, seed=0)
    with pytest.raises(UsageError):
        augmented_copies(batch, (), copies=2, seed=0)
    with pytest.raises(ShapeError):
        augment_batch(batch.astype(np.float32), ("flip",), rng=rng())
    with pytest.raises(ShapeError):
        augment_batch(batch[0], ("flip",), rng=rng())
