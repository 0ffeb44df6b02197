import cv2
import numpy as np
import pytest

from latentscape.errors import DataError, UsageError
from latentscape.motion.flow import (
    checked,
    dis,
    farneback,
    flow_called,
    gradient_energy,
    linearity,
    pooled,
    size_of,
)


def scene(dx: float, dy: float, *, side: int = 64, channels: int = 3) -> np.ndarray:
    """A smooth random texture whose content lies dx to the right and dy further down."""
    noise = np.random.default_rng(0).uniform(0, 255, (200, 200)).astype(np.float32)
    texture = cv2.normalize(cv2.GaussianBlur(noise, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    move = np.array([[1, 0, dx - 60], [0, 1, dy - 60]], np.float32)
    picture = cv2.warpAffine(texture, move, (side, side), flags=cv2.INTER_CUBIC)
    return np.repeat(np.rint(picture).clip(0, 255).astype(np.uint8)[None], channels, 0)


@pytest.mark.parametrize("flow", [dis, farneback])
@pytest.mark.parametrize(("dx", "dy"), [(1, 0), (0, 2), (-3, 1.5), (0.5, 0)])
def test_a_known_shift_is_found(flow, dx, dy):
    found = flow(scene(0, 0), scene(dx, dy))
    inner = np.median(found[10:-10, 10:-10].reshape(-1, 2), axis=0)
    np.testing.assert_allclose(inner, [dx, dy], atol=0.15)


@pytest.mark.parametrize(("side", "channels"), [(8, 1), (12, 3), (16, 1)])
def test_small_frames_have_a_flow_too(side, channels):
    found = dis(scene(0, 0, side=side, channels=channels), scene(1, 0, side=side,
                channels=channels))  # fmt: skip
    assert found.shape == (side, side, 2)
    assert 0.3 < np.median(found[..., 0]) < 1.3


def test_what_stands_still_does_not_move():
    assert size_of(dis(scene(0, 0), scene(0, 0))).max() < 0.01
    flat = np.full((3, 20, 20), 7, np.uint8)
    assert size_of(dis(flat, flat)).max() == 0


def test_flows_have_names():
    assert flow_called("dis") == ("dis", dis)
    assert flow_called("farneback") == ("farneback", farneback)
    name, own = flow_called(lambda a, b: np.zeros((4, 4, 2)))
    assert name == "<lambda>" and callable(own)  # noqa: PT018
    with pytest.raises(UsageError):
        flow_called("dys")
    with pytest.raises(UsageError, match="torchvision") as error:
        flow_called("raft")
    assert "--flow python:MODULE:CALLABLE" in error.value.hint


def test_a_flow_of_a_wrong_size_is_refused():
    frame = np.zeros((3, 4, 5), np.uint8)
    with pytest.raises(DataError):
        checked(np.zeros((5, 4, 2)), frame, "mine")
    with pytest.raises(DataError):
        checked(np.full((4, 5, 2), np.nan), frame, "mine")


def moved(dx: float, shape=(360, 40)) -> np.ndarray:
    flow = np.zeros((*shape, 2), np.float32)
    flow[150:200, 10:25, 0] = dx
    return flow


def test_steady_motion_has_no_residue_and_a_stop_has_a_half():
    steady = linearity(moved(-6), moved(6))
    assert steady.rrld == 0
    assert steady.is_kept
    assert steady.coverage == pytest.approx(50 * 15 / (360 * 40))
    assert linearity(moved(-6), moved(0)).rrld == pytest.approx(0.5)
    assert linearity(moved(-6), moved(-6)).rrld == np.inf


def test_what_does_not_move_or_moves_as_a_whole_is_not_kept():
    still = linearity(moved(-1), moved(1))
    assert np.isnan(still.rrld)
    assert not still.is_kept
    pan = np.full((360, 40, 2), 3, np.float32)
    assert not linearity(-pan, pan).is_kept


def test_the_threshold_goes_with_the_frame():
    small = np.zeros((36, 8, 2), np.float32)
    small[10:20, 2:5, 0] = 0.3
    assert linearity(-small, small).rrld == 0
    assert np.isnan(linearity(-small / 2, small / 2).rrld)


def test_pooling_is_the_mean_of_each_cell():
    values = np.random.default_rng(0).normal(size=(3, 8, 12))
    np.testing.assert_allclose(
        pooled(values, (4, 3)), values.reshape(3, 4, 2, 3, 4).mean((2, 4)), atol=1e-6
    )
    uneven = pooled(np.arange(5.0)[None], (1, 2))
    np.testing.assert_allclose(uneven, [[(0 + 1 + 1) / 2.5, (1 + 3 + 4) / 2.5]], atol=1e-6)


def test_texture_is_where_the_picture_changes():
    frame = np.zeros((1, 6, 6), np.uint8)
    frame[:, :, 3:] = 255
    energy = gradient_energy(frame)
    assert (energy[:, 2:4] == 0.25).all()
    assert energy[:, [0, 1, 4, 5]].max() == 0
