import numpy as np
import pytest

from latentscape.errors import DataError
from latentscape.motion.warp import warp_middle


def scene(shift: int, side: int = 64) -> np.ndarray:
    """A soft texture that has moved to the right by so many pixels, uint8 ``3 side side``."""
    rng = np.random.default_rng(0)
    waves = rng.uniform(0.15, 0.5, (3, 6, 2)) * rng.choice((-1, 1), (3, 6, 2))
    phase = rng.uniform(0, 6, (3, 6))
    y, x = np.mgrid[:side, :side]
    angle = waves[..., 0, None, None] * y + waves[..., 1, None, None] * (x - shift)
    picture = np.sin(angle + phase[..., None, None]).mean(1)
    return (127 + 100 * picture).astype(np.uint8)


def moved(frame: np.ndarray, by: float):
    """A flow of the same length everywhere."""
    return np.broadcast_to(np.float32((by, 0)), (*frame.shape[1:], 2))


def error(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.square(a.astype(float) - b)[:, 4:-8, 4:-8].mean())


def test_what_moves_evenly_is_found_half_way():
    first, middle, last = scene(0), scene(2), scene(4)
    blend = first.astype(float) / 2 + last / 2
    assert error(warp_middle(first, last), middle) < 0.1 * error(blend, middle)


def test_a_known_flow_gives_the_middle_to_the_pixel():
    first, last = scene(0), scene(4)

    def flow(a, b):
        return moved(a, 4 if a is first else -4)

    assert error(warp_middle(first, last, flow), scene(2)) < 0.5


def test_what_stands_still_stays():
    first = scene(0)
    np.testing.assert_array_equal(warp_middle(first, first), first)


def test_the_direction_of_time_does_not_matter():
    first, last = scene(0), scene(4)
    there, back = warp_middle(first, last), warp_middle(last, first)
    assert np.abs(there.astype(int) - back).max() <= 1


def test_where_ways_there_and_back_disagree_both_ends_count():
    """Two flows that contradict each other everywhere: nothing is seen in both, all is averaged."""
    first, last = scene(0), scene(4)

    def flow(a, b):
        return moved(a, 4)

    blend = np.rint(first.astype(np.float32) / 2 + last.astype(np.float32) / 2)
    np.testing.assert_array_equal(warp_middle(first, last, flow), blend)


def test_what_comes_in_from_outside_is_taken_from_the_end_that_has_it():
    """A pan to the right by 8: at the left border only the last frame shows what is there."""
    first, middle, last = scene(0), scene(4), scene(8)

    def flow(a, b):
        return moved(a, 8 if a is first else -8)

    found = warp_middle(first, last, flow).astype(int)
    np.testing.assert_allclose(found[:, :, :3], middle[:, :, :3], atol=2)
    np.testing.assert_allclose(found[:, :, -3:], middle[:, :, -3:], atol=2)


def test_a_flow_that_is_none_is_refused():
    with pytest.raises(DataError):
        warp_middle(scene(0), scene(4), lambda a, b: np.full((64, 64, 2), np.nan))


def test_gray_and_tiny_frames():
    first, last = scene(0)[:1, :9, :7], scene(2)[:1, :9, :7]
    assert warp_middle(first, last).shape == (1, 9, 7)
