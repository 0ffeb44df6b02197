import numpy as np
import pytest
from scipy.stats import wasserstein_distance

from latentscape.data.shots import AROUND, Watch, change, cuts, moved, shrunk


def scene(colour, *, n, speed=1.0, size=(48, 80)):
    """A bright square crossing a coloured ground."""
    frames = np.empty((n, *size, 3), np.uint8)
    frames[:] = colour
    for k in range(n):
        x = int(5 + speed * k)
        frames[k, 10:30, x : x + 20] = 255 - np.array(colour)
    return frames


def seen(frames, *, step=1, one_shot=False, times=None):
    watch = Watch(step)
    for k, frame in enumerate(frames):
        watch.see(shrunk(frame), k if times is None else times[k])
    return watch.seen(one_shot=one_shot)


def test_a_difference_has_the_meaning_that_is_stated():
    black, white = np.zeros((36, 64, 3), np.uint8), np.full((36, 64, 3), 255, np.uint8)
    assert (moved(black, white), change(black, white)) == (1, 1)
    assert (moved(black, black), change(black, black)) == (0, 0)
    shuffled = np.random.default_rng(0).integers(0, 255, (36, 64, 3), np.uint8)
    assert moved(shuffled, shuffled[::-1]) > 0.2
    assert change(shuffled, shuffled[::-1]) == 0  # the same colours elsewhere: a pan, not a cut


def test_the_distance_of_colours_is_wassersteins():
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 200, (2, 36, 64, 3), np.uint8)
    b = b // 2
    each = [wasserstein_distance(a[..., k].ravel(), b[..., k].ravel()) / 255 for k in range(3)]
    assert change(a, b) == pytest.approx(np.sqrt(np.mean(each) * moved(a, b)), rel=1e-9)


def test_hard_cuts_are_found_and_movement_is_none():
    film = np.concatenate([
        scene((40, 60, 200), n=12),
        scene((200, 60, 40), n=3, speed=3),
        scene((10, 12, 14), n=20, speed=2),
    ])  # fmt: skip
    assert seen(film).starts.tolist() == [0, 12, 15]
    assert seen(film).spans.tolist() == [[0, 12], [12, 15], [15, 35]]
    assert seen(film, one_shot=True).starts.tolist() == [0]


def test_a_fade_and_a_fast_pan_are_no_cuts():
    fade = np.stack([np.full((36, 64, 3), 10 * k, np.uint8) for k in range(25)])
    assert seen(fade).starts.tolist() == [0]
    wide = np.random.default_rng(0).integers(0, 255, (6, 50, 3), np.uint8)
    wide = wide.repeat(8, axis=0).repeat(16, axis=1)
    pan = np.stack([wide[:, 12 * k : 12 * k + 80] for k in range(40)])
    assert seen(pan).starts.tolist() == [0]


def test_the_median_around_agrees_with_a_plain_loop():
    changes = np.random.default_rng(3).gamma(0.5, 0.1, 300)
    changes[[0, 50, 51, 299]] = 0.9

    def is_cut(k):
        low, high = max(1, k - AROUND), min(len(changes), k + AROUND + 1)
        around = [changes[j] for j in range(low, high) if j != k]
        return changes[k] > 0.06 and changes[k] > 5 * np.median(around)

    assert cuts(changes).tolist() == [k for k in range(1, 300) if is_cut(k)]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_the_shortest_films(n):
    film = np.stack([np.full((36, 64, 3), 250 * k, np.uint8) for k in range(2)])[:n]
    found = seen(film)
    assert len(found) == n
    assert found.starts.tolist() == [[], [0], [0, 1]][n]


def test_triplets_keep_to_their_shot_step_and_stride():
    found = seen(scene((40, 60, 200), n=20), step=2)
    first, still, uneven = found.triplets(0, 20, stride=1, least=0.0005)
    assert first.tolist() == list(range(16))
    assert (len(still), len(uneven)) == (0, 0)
    first, _, _ = found.triplets(3, 15, stride=5, least=0.0005)
    assert first.tolist() == [3, 8]  # frames 3 5 7 and 8 10 12
    assert found.triplets(3, 7, stride=1, least=0)[0].tolist() == []  # shorter than a triplet


def test_held_drawings_are_still():
    """Animation on twos: each drawing is shown twice, so no middle lies between."""
    film = scene((40, 60, 200), n=10).repeat(2, axis=0)
    first, still, _ = seen(film).triplets(0, 20, stride=1, least=0.0005)
    assert (len(first), len(still)) == (0, 18)
    first, still, _ = seen(film, step=2).triplets(0, 20, stride=1, least=0.0005)
    assert (len(first), len(still)) == (16, 0)


def test_a_missing_frame_makes_triplets_uneven():
    film, times = scene((40, 60, 200), n=10), [0, 1, 2, 3, 5, 6, 7, 8, 9, 10]
    first, _, uneven = seen(film, times=times).triplets(0, 10, stride=1, least=0.0005)
    assert uneven.tolist() == [2, 3]  # 2 3 5 and 3 5 6
    assert first.tolist() == [0, 1, 4, 5, 6, 7]


def test_a_frame_missing_on_either_side_of_the_middle_is_no_even_triplet():
    times = [0, 1, 2, 4, 6, 7, 8, 9, 10, 11]  # 3 and 5 are missing: 2 4 6 are at even distances
    first, _, uneven = seen(scene((40, 60, 200), n=10), times=times).triplets(
        0, 10, stride=1, least=0.0005
    )
    assert uneven.tolist() == [1, 2, 3]
    assert first.tolist() == [0, 4, 5, 6, 7]


def test_the_interval_is_known_though_most_frames_are_missing():
    film, present = scene((40, 60, 200), n=40), np.random.default_rng(0).random(400) < 0.45
    times = np.flatnonzero(present)[:40]
    first, still, uneven = seen(film, times=times).triplets(0, 40, stride=1, least=0)
    assert first.tolist() == [k for k in range(38) if times[k + 2] - times[k] == 2]
    assert len(first) > 3
    assert len(first) + len(still) + len(uneven) == 38


@pytest.mark.parametrize(
    "times",
    [
        np.arange(70) * 2 + 1,  # every second number
        np.round(np.arange(70) * 1000 / 24),  # whole milliseconds
        np.cumsum(np.tile([33.37, 50.05], 35)),  # 24 frames a second, in a film of 30
        np.arange(70) + np.random.default_rng(1).uniform(-0.1, 0.1, 70),
        np.zeros(70),  # not known
    ],
)
@pytest.mark.parametrize("step", [1, 3, 30])
def test_frames_of_a_steady_film_are_even_whatever_the_clock(times, step):
    film = scene((40, 60, 200), n=70, size=(48, 120))
    first, _, uneven = seen(film, times=times, step=step).triplets(0, 70, stride=1, least=0)
    assert (len(first), len(uneven)) == (70 - 2 * step, 0)
