"""The exact in-between images of a set: whatever was done to the set is done to them."""

from dataclasses import replace

import numpy as np
import pytest

from latentscape.data import DataConfig, between_rows, load_images
from latentscape.data.sprites import between

SPRITES = DataConfig("sprites", limit=40)


@pytest.mark.parametrize(
    "config",
    [
        SPRITES,
        replace(SPRITES, size=32),
        replace(SPRITES, size=28, colour="L"),
        replace(SPRITES, size=20, resize="pad", binarize=True, colour="L"),
        replace(SPRITES, binarize=True),
    ],
    ids=["plain", "resized", "gray", "gray thresholded", "thresholded"],
)
def test_at_both_ends_are_the_images_themselves(config):
    images = load_images(config)
    draw = between_rows(images, config)
    assert draw is not None
    first, last = np.random.default_rng(0).permutation(40)[:20].reshape(2, 10)
    for t, rows in ((0.0, first), (1.0, last)):
        drawn = draw(first, last, np.full(10, t))
        assert drawn.dtype == np.uint8
        np.testing.assert_array_equal(drawn.astype(np.float32) / 255, images.pixels(rows))
    middle = draw(first, last, np.full(10, 0.5))
    assert middle.shape == (10, *images.shape)
    assert set(np.unique(middle)) <= {0, 255} or not config.binarize


def test_between_is_the_sprites_own_rule():
    images = load_images(SPRITES)
    assert images.factors is not None
    draw = between_rows(images, SPRITES)
    assert draw is not None
    rows, t = np.array([3, 5]), np.array([0.25, 0.7])
    wanted = between(images.factors[rows], images.factors[rows + 1], t)
    np.testing.assert_array_equal(draw(rows, rows + 1, t), wanted)


def test_where_nothing_is_known_there_is_nothing():
    digits = DataConfig("digits")
    assert between_rows(load_images(digits), digits) is None
    bare = replace(load_images(SPRITES), factors=None)
    assert between_rows(bare, SPRITES) is None
