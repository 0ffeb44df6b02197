import numpy as np
import pytest
import torch

from latentscape.data.sprites import between
from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories.truth import motion_skill, truth_errors, truth_scores

A = np.array([0, 1, 0.2, 0.0, 0.35, 0.5])
B = np.array([0, 1, 0.2, 0.0, 0.65, 0.5])  # the same sprite further to the right


def way(t) -> np.ndarray:
    """True frames at moments t, ``1 steps 3 32 32``."""
    return between(A, B, np.asarray(t), size=32)[None].astype(np.float32) / 255


TRUE = way(np.linspace(0, 1, 9))


def fade(frames: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, frames.shape[1]).reshape(1, -1, 1, 1, 1)
    return (1 - t) * frames[:, :1] + t * frames[:, -1:]


def test_skill_is_1_for_the_truth_0_for_a_crossfade_and_below_for_a_cut():
    stays = np.repeat(TRUE[:, :1], 9, axis=1)
    stays[:, -1] = TRUE[:, -1]
    assert motion_skill(TRUE, TRUE) == pytest.approx(1)
    assert motion_skill(fade(TRUE), TRUE) == pytest.approx(0, abs=1e-6)
    assert motion_skill(stays, TRUE) < 0


def test_errors_are_those_between_the_ends_and_make_the_skill():
    rng = np.random.default_rng(1)
    frames, truth, best = rng.random((3, 4, 5, 2, 6, 6))
    wanted = np.square(frames - truth)[:, 1:-1].mean((1, 2, 3, 4))
    own, faded, ceiling = (truth_errors(x, truth) for x in (frames, fade(frames), best))
    assert own == pytest.approx(wanted, rel=1e-5)
    skill = np.where(faded > ceiling, (faded - own) / (faded - ceiling), np.nan)
    found = motion_skill(frames, truth, ceiling=best)
    assert found == pytest.approx(skill, rel=1e-4, nan_ok=True)
    frames[2, 1, 0, 3, 3] = np.nan
    assert np.isnan(truth_errors(frames, truth)).tolist() == [False, False, True, False]
    assert np.isnan(truth_errors(frames[:, :2], truth[:, :2])).all()
    assert truth_errors(frames[:0], truth[:0]).shape == (0,)
    with pytest.raises(ShapeError):
        truth_errors(frames, truth[:, :4])


def test_skill_of_three_frames_is_that_of_the_middle_one():
    rng = np.random.default_rng(0)
    frames, truth, best = rng.random((3, 5, 3, 2, 6, 6))

    def error(x):
        return np.square(x[:, 1] - truth[:, 1]).mean((1, 2, 3))

    blend = error(fade(frames))
    wanted = (blend - error(frames)) / (blend - error(best))
    room = blend > error(best)
    found = motion_skill(frames, truth, ceiling=best)
    assert found[room] == pytest.approx(wanted[room], rel=1e-5)
    assert np.isnan(found[~room]).all()


def test_a_ceiling_a_blend_and_a_distance_may_be_given():
    worse = 0.8 * TRUE + 0.1
    assert motion_skill(worse, TRUE, ceiling=worse) == pytest.approx(1)
    assert motion_skill(worse, TRUE, blend=worse) == pytest.approx(0)

    def absolute(x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        return (x - y).abs().flatten(1).mean(1)

    plain = np.abs(worse - TRUE)[:, 1:-1].mean() / np.abs(fade(worse) - TRUE)[:, 1:-1].mean()
    assert motion_skill(worse, TRUE, distance=absolute) == pytest.approx(1 - plain, rel=1e-5)


def test_skill_without_room_or_numbers_is_nan():
    still = np.repeat(TRUE[:, :1], 5, axis=1)
    broken = TRUE.copy()
    broken[0, 3] = np.nan
    assert np.isnan(motion_skill(still, still))
    assert np.isnan(motion_skill(broken, TRUE))
    assert np.isnan(motion_skill(TRUE[:, :2], TRUE[:, :2]))


def test_the_true_way_at_even_speed_is_perfect():
    found = truth_scores(TRUE, way(np.linspace(0, 1, 33)), np.linspace(0, 1, 33))
    assert found.mean_distance == pytest.approx(0, abs=1e-9)
    assert found.smoothness == pytest.approx(0)
    assert found.places[0] == pytest.approx(np.linspace(0, 1, 9))


def test_a_crossfade_is_off_the_way_and_jumps():
    """At 32 pixels the two discs of a crossfade never become one in the middle."""
    moments = np.linspace(0, 1, 33)
    faded, cut = fade(TRUE), np.repeat(TRUE[:, [0, -1]], [4, 5], axis=1)
    found = truth_scores(np.concatenate([faded, cut]), way(moments), moments)
    assert (found.mean_distance[0], found.smoothness[0]) > (0.005, 0.2)
    assert found.mean_distance[1] == pytest.approx(0, abs=1e-9)
    assert found.smoothness[1] == pytest.approx(1 - 1 / 8)


def test_distance_is_the_cosines_and_places_may_be_each_pairs_own():
    rng = np.random.default_rng(0)
    frames, truths = rng.random((4, 5, 1, 6, 6)), rng.random((4, 7, 1, 6, 6))
    places = rng.random((4, 7))
    found = truth_scores(frames, truths, places)
    for i in range(4):
        x, y = frames[i].reshape(5, -1), truths[i].reshape(7, -1)
        cosines = x @ y.T / np.linalg.norm(x, axis=1)[:, None] / np.linalg.norm(y, axis=1)
        theta = places[i, cosines.argmax(1)]
        assert found.mean_distance[i] == pytest.approx((1 - cosines.max(1)).mean())
        assert found.places[i] == pytest.approx(theta)
        moves, whole = np.abs(np.diff(theta)), abs(theta[-1] - theta[0])
        if whole > 0:
            assert found.smoothness[i] == pytest.approx(moves.max() / whole - 1 / 4)


def test_angles_go_the_shorter_way_round():
    images = np.eye(8).reshape(1, 8, 1, 2, 4)
    angles = np.arange(8) * 45.0
    frames = images[:, [6, 7, 0, 1]]  # 270°, 315°, 0°, 45°
    assert truth_scores(frames, images, angles, period=360.0).smoothness == pytest.approx(0)
    assert truth_scores(frames, images, angles).smoothness == pytest.approx(315 / 225 - 1 / 3)


def test_a_way_that_ends_where_it_began_counts_in_no_mean():
    """And so does one with NaN; neither is scored as perfect."""
    images = np.eye(8).reshape(1, 8, 1, 2, 4)
    frames = np.concatenate([images[:, [0, 1, 0]], images[:, [0, 1, 2]], images[:, [0, 1, 2]]])
    frames[2, 1] = np.nan
    found = truth_scores(frames, images, np.arange(8.0))
    assert np.isnan(found.smoothness).tolist() == [True, False, True]
    assert np.isnan(found.mean_distance).tolist() == [False, False, True]


def test_arrays_that_do_not_fit_are_refused():
    with pytest.raises(ShapeError, match="differ in shape"):
        motion_skill(TRUE, TRUE[:, :3])
    with pytest.raises(ShapeError, match="places"):
        truth_scores(TRUE, TRUE, np.zeros(5))
    with pytest.raises(ShapeError, match="do not fit"):
        truth_scores(TRUE, TRUE[..., :16], np.zeros(9))
    with pytest.raises(UsageError, match="one true image"):
        truth_scores(TRUE, TRUE[:, :1], np.zeros(1))
