import numpy as np
import pytest

from latentscape.errors import ShapeError
from latentscape.motion.places import change_by_place, place_scores, still_below


@pytest.fixture
def motion():
    return np.random.default_rng(0).uniform(0, 5, (4, 6, 8))


def test_change_that_follows_motion_is_found_and_noise_is_not(motion):
    rng = np.random.default_rng(1)
    texture = rng.random(motion.shape)
    followed = place_scores(motion**2, motion, texture, still=2)
    np.testing.assert_allclose(followed.correlation, 1)
    np.testing.assert_allclose(followed.auc, 1)
    noise = place_scores(rng.random(motion.shape), motion, texture, still=2)
    assert abs(noise.correlation).max() < 0.5
    assert abs(noise.auc - 0.5).max() < 0.25


def test_texture_that_explains_all_leaves_nothing(motion):
    rng = np.random.default_rng(1)
    texture = motion + rng.normal(size=motion.shape) * 0.5
    change = texture + rng.normal(size=motion.shape) * 0.5
    found = place_scores(change, motion, texture, still=2)
    assert found.correlation.min() > 0.6
    assert abs(found.partial.mean()) < 0.2  # of four, each with a spread of 1/√48


def test_where_nothing_moves_there_is_no_mask(motion):
    still = place_scores(motion, np.zeros_like(motion), motion, still=1)
    assert np.isnan(still.correlation).all()
    assert np.isnan(still.auc).all()


def test_change_is_the_length_over_channels():
    first = np.zeros((2, 3, 4, 5))
    last = first.copy()
    last[1, :, 2, 3] = [1, 2, 2]
    change = change_by_place(first, last)
    assert change[1, 2, 3] == 3
    assert change.sum() == 3
    with pytest.raises(ShapeError):
        change_by_place(np.zeros((2, 8)), np.zeros((2, 8)))


def test_stillness_goes_with_the_frame():
    assert still_below(360) == 2
    assert still_below(90) == 0.5
