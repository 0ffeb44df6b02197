import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig, load_images
from latentscape.data.memory import GIB
from latentscape.data.resize import recolour, resize_array, resize_image
from latentscape.errors import DataError

RNG = np.random.default_rng(0)


def resized(images, size, rule):
    out = np.full((*images.shape[:2], size, size), 77, np.uint8)
    resize_array(images, out, rule=rule)
    return out


@pytest.mark.parametrize("rule", ["crop", "pad", "squash"])
@pytest.mark.parametrize("shape", [(40, 61), (61, 40), (17, 17), (8, 8), (33, 8)])
def test_arrays_and_files_are_resized_alike(rule, shape):
    images = RNG.integers(70, 186, (3, 3, *shape), np.uint8)  # no overshoot is cut off
    got = resized(images, 16, rule).astype(int)
    for image, one in zip(images, got, strict=True):
        picture = Image.fromarray(np.ascontiguousarray(image.transpose(1, 2, 0)))
        expected = np.asarray(resize_image(picture, 16, rule=rule)).transpose(2, 0, 1)
        assert np.abs(one - expected).max() <= 1


@pytest.mark.parametrize("height", [20, 40])
def test_each_rule_does_what_its_name_says(height):
    image = np.zeros((1, 1, height, 60 - height), np.uint8)
    tall = height > 30
    image[:] = 100
    middle = (slice(10, 30), slice(None)) if tall else (slice(None), slice(10, 30))
    image[0, 0][middle] = 200
    crop, pad, squash = (resized(image, 20, rule)[0, 0] for rule in ("crop", "pad", "squash"))
    if not tall:
        crop, pad, squash = crop.T, pad.T, squash.T
    assert (crop[1:-1] == 200).all()  # the centre, at its own scale
    assert (pad[:, :5] == 0).all()
    assert (pad[:, 15:] == 0).all()
    assert (pad[:, 5:15] > 0).all()
    assert squash[0, 0] == 100
    assert squash[10, 10] == 200


def test_shrinking_does_not_alias():
    stripes = np.zeros((1, 1, 64, 64), np.uint8)
    stripes[..., ::2] = 255
    small = resized(stripes, 8, "squash")[0, 0, :, 1:-1].astype(int)
    assert np.abs(small - 127.5).max() < 4


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_any_number_of_channels_is_resized(channels):
    images = RNG.integers(0, 256, (2, channels, 12, 12), np.uint8)
    assert resized(images, 12, "crop").tolist() == images.tolist()


def test_colour_there_and_back_is_the_same():
    gray = RNG.integers(0, 256, (4, 1, 5, 6), np.uint8)
    colour = recolour(gray, "RGB", limit=GIB)
    assert colour.shape == (4, 3, 5, 6)
    np.testing.assert_array_equal(recolour(colour, "L", limit=GIB), gray)
    assert recolour(gray, None, limit=GIB) is gray
    with pytest.raises(DataError, match="2 channels"):
        recolour(np.zeros((1, 2, 3, 3), np.uint8), "RGB", limit=GIB)


def test_the_rule_is_recorded_and_changes_the_fingerprint():
    one = load_images(DataConfig("digits", size=16, resize="crop", limit=20))
    two = load_images(DataConfig("digits", size=16, resize="pad", limit=20))
    assert one.shape == (1, 16, 16)
    assert one.rule["resize"] == "crop"
    np.testing.assert_array_equal(one.images, two.images)  # squares: the same pixels
    assert one.fingerprint != two.fingerprint
