"""What every way between latents must keep to, whatever it follows.

Subclass it in a test module and give a pytest fixture ``maker``, what `register` takes:

    class TestMyWay(InterpolatorContract):
        @pytest.fixture
        def maker(self):
            return lambda surroundings: my_way
"""

# ruff: noqa: D102 - the name of a test is its sentence

from collections.abc import Callable

import numpy as np
import pytest
import torch

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import Interpolator, Surroundings

LATENT_SHAPES = [(1,), (2,), (16,), (128,), (4, 8, 8), (1, 1, 1)]
HUGE = 1e6
TINY = 1e-12


def toy_surroundings(shape: tuple[int, ...], n: int = 60) -> Surroundings:
    """A cloud of latents off the origin, a decoder that bends, and features of its images."""
    rng = np.random.default_rng(0)
    latents = (3 + rng.normal(size=(n, *shape)) * 2).astype(np.float32)
    size = int(np.prod(shape))
    weights = torch.from_numpy(rng.normal(size=(size, 48)).astype(np.float32) / size**0.5)

    def decode(latents: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(latents.flatten(1) @ weights / 2).reshape(-1, 3, 4, 4)

    return Surroundings(latents, decode, lambda images: images.mean((2, 3)))


def toy_ends(shape: tuple[int, ...], n: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Starts and ends of some ordinary pairs, float64."""
    starts, ends = np.random.default_rng(1).normal(size=(2, n, *shape)) * 7
    return starts, ends


def degenerate_ends(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Equal, parallel, opposite, nearly both, zero, tiny, huge, and far apart; float64."""
    (a,), (b,) = toy_ends(shape, 1)
    zero, nudge = np.zeros_like(a), 1 + 1e-6
    pairs = [
        (a, a), (a, 2 * a), (a, nudge * a), (a, -a), (a, -3 * a), (a, -a * nudge),
        (a, -a + 1e-5 * b), (a, a + 1e-6 * b), (zero, a), (a, zero), (zero, zero),
        (TINY * a, b), (TINY * a, TINY * b), (TINY * a, -TINY * a), (1e-38 * a, 1e-38 * b),
        (HUGE * a, HUGE * b), (HUGE * a, -HUGE * a), (HUGE * a, HUGE * a), (HUGE * a, TINY * b),
    ]  # fmt: skip
    starts, ends = (np.stack(part) for part in zip(*pairs, strict=True))
    return starts, ends


class InterpolatorContract:
    """Ends are exact and what lies between is finite: any latent, type, number of steps, pair."""

    @pytest.fixture(params=LATENT_SHAPES, ids=str)
    def shape(self, request: pytest.FixtureRequest) -> tuple[int, ...]:
        """Shapes of a latent that it is tried on; override to try it on others."""
        return request.param

    @pytest.fixture
    def way(
        self, maker: Callable[[Surroundings], Interpolator], shape: tuple[int, ...]
    ) -> Interpolator:
        return maker(toy_surroundings(shape))

    @pytest.mark.parametrize("n_steps", [2, 3, 10])
    def test_ends_are_exact(self, way: Interpolator, shape: tuple[int, ...], n_steps: int):
        starts, ends = (part.astype(np.float32) for part in toy_ends(shape))
        line = way(starts, ends, n_steps=n_steps)
        assert line.shape == (4, n_steps, *shape)
        assert line.dtype == np.float32
        assert np.isfinite(line).all()
        np.testing.assert_array_equal(line[:, 0], starts)
        np.testing.assert_array_equal(line[:, -1], ends)

    @pytest.mark.parametrize("kind", [np.float16, np.int64])
    def test_whole_numbers_and_half_precision_come_out_floating(
        self, way: Interpolator, shape: tuple[int, ...], kind: type
    ):
        starts, ends = (np.round(part).astype(kind) for part in toy_ends(shape))
        line = way(starts, ends, n_steps=4)
        assert line.dtype == np.result_type(kind, np.float16)
        assert np.isfinite(line).all()
        np.testing.assert_array_equal(line[:, 0], starts)
        np.testing.assert_array_equal(line[:, -1], ends)

    @pytest.mark.parametrize("kind", [np.float32, np.float64])
    def test_no_pair_is_too_degenerate(self, way: Interpolator, shape: tuple[int, ...], kind: type):
        starts, ends = (part.astype(kind) for part in degenerate_ends(shape))
        line = way(starts, ends, n_steps=5)
        assert line.dtype == kind
        assert np.isfinite(line).all()
        np.testing.assert_array_equal(line[:, 0], starts)
        np.testing.assert_array_equal(line[:, -1], ends)

    @pytest.mark.parametrize("bad", [np.nan, np.inf])
    def test_a_broken_end_spoils_its_own_pair_only(
        self, way: Interpolator, shape: tuple[int, ...], bad: float
    ):
        starts, ends = (part.astype(np.float32) for part in toy_ends(shape))
        ends[1].reshape(-1)[-1] = bad
        line = way(starts, ends, n_steps=6)
        assert np.isnan(line[1, 1:-1]).all()
        assert np.isfinite(line[[0, 2, 3]]).all()
        np.testing.assert_array_equal(line[:, 0], starts)
        np.testing.assert_array_equal(line[:, -1], ends)

    def test_frames_at_the_ends_are_the_ends_decoded_alone(
        self, way: Interpolator, shape: tuple[int, ...]
    ):
        decode = toy_surroundings(shape).decode
        assert decode is not None
        starts, ends = (part.astype(np.float32) for part in toy_ends(shape))
        line = torch.from_numpy(way(starts, ends, n_steps=7))
        frames = decode(line.flatten(0, 1)).unflatten(0, (4, 7))
        assert frames.isfinite().all()
        for place, part in ((0, starts), (-1, ends)):
            alone = torch.cat([decode(torch.from_numpy(row)[None]) for row in part])
            torch.testing.assert_close(frames[:, place], alone, rtol=0, atol=1e-6)

    def test_a_way_can_be_travelled_again_and_leaves_its_ends_as_they_were(
        self, way: Interpolator, shape: tuple[int, ...]
    ):
        starts, ends = (part.astype(np.float32) for part in toy_ends(shape))
        before = starts.copy(), ends.copy()
        first = way(starts, ends, n_steps=4)
        np.testing.assert_array_equal(way(starts, ends, n_steps=4), first)
        np.testing.assert_array_equal(starts, before[0])
        np.testing.assert_array_equal(ends, before[1])

    def test_no_pairs_no_ways(self, way: Interpolator, shape: tuple[int, ...]):
        none = np.zeros((0, *shape))
        assert way(none, none, n_steps=3).shape == (0, 3, *shape)

    @pytest.mark.parametrize("n_steps", [1, 0, -3])
    def test_one_step_is_no_way(self, way: Interpolator, shape: tuple[int, ...], n_steps: int):
        starts, ends = toy_ends(shape)
        with pytest.raises(UsageError, match="no line") as caught:
            way(starts, ends, n_steps=n_steps)
        assert caught.value.hint

    def test_ends_that_do_not_fit_are_refused(self, way: Interpolator, shape: tuple[int, ...]):
        starts, ends = toy_ends(shape)
        for wrong in (ends[:2], ends[..., None], np.concatenate([ends, ends], axis=-1)):
            with pytest.raises(ShapeError):
                way(starts, wrong, n_steps=3)
        with pytest.raises(ShapeError):
            way(np.zeros(5), np.zeros(5), n_steps=3)
