import numpy as np
import pytest

from latentscape.data import DataConfig, between_rows, load_images, split_rows
from latentscape.data.sprite_shots import LEAST, MARGIN, MOST, N_FRAMES, SIZES, shot_factors
from latentscape.data.sprites import render
from latentscape.errors import UsageError


def load(**wishes):
    return load_images(DataConfig("sprites-motion", **wishes))


@pytest.fixture(scope="module")
def images():
    return load(limit=45 * N_FRAMES)


def tracks(images):
    """Shots as (n, 9, 2): x and y of the centre in pixels."""
    return 64 * images.factors[:, 4:].reshape(-1, N_FRAMES, 2)


def test_frames_are_what_their_factors_draw(images):
    assert images.images.shape == (405, 3, 64, 64)
    np.testing.assert_array_equal(images.images, render(images.factors))
    assert np.unique(images.groups, return_counts=True)[1].tolist() == [N_FRAMES] * 45


def test_speed_is_steady_and_motion_sizes_spread_over_the_stated_range(images):
    steps = np.linalg.norm(np.diff(tracks(images), axis=1), axis=2)
    np.testing.assert_allclose(steps, steps[:, :1].repeat(N_FRAMES - 1, axis=1), rtol=1e-9)
    apart = images.motion.notes["displacement"]
    assert (apart >= LEAST - 1e-9).all()
    assert (apart <= MOST + 1e-9).all()
    assert np.quantile(apart, 0.2) < 2.5
    assert np.quantile(apart, 0.8) > 6
    first, last = images.motion.rows[:, 0], images.motion.rows[:, 2]
    np.testing.assert_allclose(
        apart, 64 * np.linalg.norm(images.factors[last, 4:] - images.factors[first, 4:], axis=1)
    )


def test_every_track_is_a_line_or_a_circle_within_the_image(images):
    paths = tracks(images)
    assert paths.min() >= MARGIN - 1e-9
    assert paths.max() <= 64 - MARGIN + 1e-9
    bend = np.linalg.norm(np.diff(paths, n=2, axis=1), axis=2)  # the same everywhere on a circle
    np.testing.assert_allclose(bend, bend[:, :1].repeat(N_FRAMES - 2, axis=1), atol=1e-9)
    lines = bend[:, 0] < 1e-9
    assert 5 < lines.sum() < 40


def test_some_turn_and_some_grow_within_bounds(images):
    size, angle = images.factors.reshape(-1, N_FRAMES, 6)[:, :, 2:4].transpose(2, 0, 1)
    assert (size > SIZES[0] - 1e-9).all()
    assert (size < SIZES[1] + 1e-9).all()
    for moves in (np.ptp(size, axis=1) > 0, np.ptp(angle, axis=1) > 0):
        assert 5 < moves.sum() < 30
    for column in (0, 1):  # shape and colour stay
        assert (np.ptp(images.factors.reshape(-1, N_FRAMES, 6)[:, :, column], axis=1) == 0).all()


def test_the_middle_of_a_line_is_the_drawn_middle(images):
    """Of a shot that neither bends nor grows, the exact moment at ½ is the middle frame."""
    draw = between_rows(images, DataConfig("sprites-motion"))
    first, middle, last = images.motion.rows.T
    f = images.factors
    straight = np.abs(f[first, 2] + f[last, 2] - 2 * f[middle, 2]) < 1e-9
    straight &= (np.abs(f[first, 4:] + f[last, 4:] - 2 * f[middle, 4:]) < 1e-9).all(1)
    assert straight.sum() > 20
    drawn = draw(first[straight], last[straight], np.full(straight.sum(), 0.5))
    assert np.abs(drawn.astype(int) - images.images[middle[straight]]).max() <= 1
    blend = (images.images[first].astype(int) + images.images[last]) / 2
    assert np.abs(blend - images.images[middle]).mean() > 1  # and a blend is not


def test_always_the_same_and_a_limit_keeps_whole_shots(images):
    again = load(limit=20 * N_FRAMES + 4)
    assert len(again) == 20 * N_FRAMES
    every = {name: k for k, name in enumerate(images.sample_ids)}
    both = [(every[name], k) for k, name in enumerate(again.sample_ids) if name in every]
    np.testing.assert_array_equal(
        images.images[[a for a, _ in both]], again.images[[b for _, b in both]]
    )
    np.testing.assert_array_equal(shot_factors(7), shot_factors(7))
    assert not np.array_equal(shot_factors(7), shot_factors(8))


def test_step_and_stride(images):
    wide = load(limit=90, frame_step=4)
    assert len(wide.motion) == 10
    assert wide.motion.rows[0].tolist() == [0, 4, 8]
    apart = load(limit=90, frame_stride=3).motion.rows
    assert len(np.unique(apart)) == apart.size == 90
    with pytest.raises(UsageError, match="step of 5"):
        load(frame_step=5)


def test_no_shot_is_cut_by_a_split(images):
    rows = split_rows(images, DataConfig("x"))
    assert sum(len(images.take(chosen).motion) for chosen in rows.values()) == len(images.motion)
    assert all(len(chosen) for chosen in rows.values())
