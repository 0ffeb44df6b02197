import numpy as np

from latentscape.trajectories import linear
from latentscape.trajectories.paced import paced

RNG = np.random.default_rng(0)
STARTS, ENDS = (RNG.uniform(0.1, 1, (5, 2, 3)).astype(np.float32) for _ in range(2))


def test_steps_look_equally_long_and_ends_are_exact():
    def look(latents):
        return np.exp(4 * latents.reshape(len(latents), -1))

    even = paced(linear, look)(STARTS, ENDS, n_steps=9)
    assert even.shape == (5, 9, 2, 3)
    assert even.dtype == np.float32
    np.testing.assert_array_equal(even[:, 0], STARTS)
    np.testing.assert_array_equal(even[:, -1], ENDS)

    def unevenness(ways):
        seen = look(ways.reshape(-1, 6)).reshape(5, 9, 6)
        steps = np.linalg.norm(np.diff(seen, axis=1), axis=2)
        return steps.std(1) / steps.mean(1)

    plain = linear(STARTS, ENDS, n_steps=9)
    assert (unevenness(even) < 0.1 * unevenness(plain)).all()
    on_line = np.cross((even - plain[:, :1])[..., 0, :], (ENDS - STARTS)[:, None, 0, :])
    np.testing.assert_allclose(on_line, 0, atol=1e-6)


def test_what_looks_evenly_paced_already_is_left_as_it_is():
    even = paced(linear, lambda latents: latents)(STARTS, ENDS, n_steps=7)
    np.testing.assert_allclose(even, linear(STARTS, ENDS, n_steps=7), atol=1e-6)


def test_a_pair_that_cannot_be_seen_keeps_its_own_pace():
    def look(latents):
        seen = np.exp(3 * latents.reshape(len(latents), -1))
        seen[:25] = np.nan
        return seen

    even = paced(linear, look)(STARTS, ENDS, n_steps=7)
    np.testing.assert_array_equal(even[0], linear(STARTS, ENDS, n_steps=7)[0])
    assert not np.allclose(even[2], linear(STARTS, ENDS, n_steps=7)[2])
