"""Every way by name: what all of them promise."""

import numpy as np
import pytest
import torch

from latentscape.errors import ShapeError, UsageError
from latentscape.trajectories import INTERPOLATORS, NEEDS, Surroundings, interpolator_named

CLOSED = [name for name, needs in NEEDS.items() if "decode" not in needs and name != "graph"]
SHAPES = [(1,), (2,), (5,), (4, 3, 3)]


def surroundings(shape: tuple[int, ...], n: int = 60) -> Surroundings:
    """A cloud off the origin, a decoder that bends, and two features of its images."""
    rng = np.random.default_rng(0)
    latents = (3 + rng.normal(size=(n, *shape)) * 2).astype(np.float32)
    weights = torch.from_numpy(rng.normal(size=(int(np.prod(shape)), 48)).astype(np.float32))

    def decode(latents: torch.Tensor) -> torch.Tensor:
        return torch.sigmoid(latents.flatten(1) @ weights / 4).reshape(-1, 3, 4, 4)

    return Surroundings(latents, decode, lambda images: images.mean((2, 3)))


def some_ends(shape: tuple[int, ...], n: int = 4) -> tuple[np.ndarray, np.ndarray]:
    starts, ends = np.random.default_rng(1).normal(size=(2, n, *shape)).astype(np.float32) * 7
    return starts, ends


def degenerate_ends(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Equal, parallel, opposite, nearly both, zero, tiny, and far ends."""
    (a,), (b,) = some_ends(shape, 1)
    zero, nudge = np.zeros_like(a), np.float32(1) + np.float32(1e-6)
    pairs = [
        (a, a), (a, 2 * a), (a, nudge * a), (a, -a), (a, -3 * a), (a, -a * nudge),
        (a, -a + 1e-5 * b), (a, a + 1e-6 * b), (zero, a), (a, zero), (zero, zero),
        (1e-30 * a, b), (1e-38 * a, 1e-38 * b), (1e6 * a, 1e6 * b),
    ]  # fmt: skip
    return tuple(np.stack(part).astype(np.float32) for part in zip(*pairs, strict=True))


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", INTERPOLATORS)
def test_ends_are_exact_whatever_the_latent_s_shape(name, shape):
    starts, ends = some_ends(shape)
    line = interpolator_named(name, surroundings(shape))(starts, ends, n_steps=7)
    assert line.shape == (4, 7, *shape)
    assert line.dtype == np.float32
    assert np.isfinite(line).all()
    np.testing.assert_array_equal(line[:, 0], starts)
    np.testing.assert_array_equal(line[:, -1], ends)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", [*CLOSED, "graph"])
def test_no_pair_is_too_degenerate(name, shape):
    starts, ends = degenerate_ends(shape)
    line = interpolator_named(name, surroundings(shape))(starts, ends, n_steps=5)
    assert np.isfinite(line).all()
    np.testing.assert_array_equal(line[:, [0, -1]], np.stack([starts, ends], 1))


@pytest.mark.parametrize("name", [name for name in CLOSED if name != "lol"])
def test_from_a_latent_to_itself_there_is_no_way(name):
    starts, _ = some_ends((6,))
    line = interpolator_named(name, surroundings((6,)))(starts, starts, n_steps=5)
    expected = np.repeat(starts[:, None], 5, 1)
    np.testing.assert_allclose(line, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", CLOSED)
def test_the_way_back_is_the_way_there(name):
    starts, ends = (part.astype(np.float64) for part in some_ends((3, 2, 2), 20))
    way = interpolator_named(name, surroundings((3, 2, 2)))
    back = way(ends, starts, n_steps=8)[:, ::-1]
    np.testing.assert_allclose(way(starts, ends, n_steps=8), back, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", INTERPOLATORS)
def test_a_pair_s_way_does_not_depend_on_its_company(name):
    if name.startswith("geodesic"):
        pytest.skip("an optimiser stops a batch together")
    starts, ends = some_ends((5,), 30)
    around = surroundings((5,))
    together = interpolator_named(name, around)(starts, ends, n_steps=6)
    alone = interpolator_named(name, around)(starts[17:18], ends[17:18], n_steps=6)
    np.testing.assert_allclose(alone[0], together[17], rtol=0, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", [*CLOSED, "graph", "graph-decoded", "graph-features"])
def test_a_broken_end_spoils_its_own_pair_only(name, bad):
    starts, ends = some_ends((5,))
    around = surroundings((5,))
    whole = interpolator_named(name, around)(starts, ends, n_steps=6)
    starts[1, 2] = bad
    line = interpolator_named(name, around)(starts, ends, n_steps=6)
    assert np.isnan(line[1, 1:-1]).any(-1).all()
    np.testing.assert_allclose(line[[0, 2, 3]], whole[[0, 2, 3]], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [*CLOSED, "graph"])
def test_whole_numbers_and_half_precision_come_out_floating(name):
    way = interpolator_named(name, surroundings((5,)))
    for kind, expected in ((np.int64, np.float64), (np.float16, np.float16)):
        starts, ends = (np.round(part).astype(kind) for part in some_ends((5,)))
        line = way(starts, ends, n_steps=4)
        assert line.dtype == expected
        assert np.isfinite(line).all()


@pytest.mark.parametrize("name", INTERPOLATORS)
def test_no_pairs_no_ways_and_odd_words_are_refused(name):
    way = interpolator_named(name, surroundings((5,)))
    assert way(np.zeros((0, 5)), np.zeros((0, 5)), n_steps=3).shape == (0, 3, 5)
    with pytest.raises(UsageError, match="no line"):
        way(np.zeros((1, 5)), np.ones((1, 5)), n_steps=1)
    with pytest.raises(ShapeError):
        way(np.zeros((1, 5)), np.zeros((2, 5)), n_steps=3)
    with pytest.raises(ShapeError):
        way(np.zeros(5), np.zeros(5), n_steps=3)


@pytest.mark.parametrize("name", [name for name, needs in NEEDS.items() if "latents" in needs])
def test_latents_of_another_shape_are_refused(name):
    starts, ends = some_ends((5,))
    with pytest.raises(ShapeError):
        interpolator_named(name, surroundings((6,)))(starts, ends, n_steps=3)


@pytest.mark.parametrize("name", [name for name, needs in NEEDS.items() if needs])
def test_what_is_missing_is_named(name):
    around = surroundings((5,))
    for missing in NEEDS[name]:
        held = {
            other: None if other == missing else getattr(around, other)
            for other in ("latents", "decode", "features")
        }
        with pytest.raises(UsageError, match=f"{name} needs {missing}") as caught:
            interpolator_named(name, Surroundings(**held))
        assert caught.value.hint


def test_a_misspelt_method_is_met_with_the_nearest():
    with pytest.raises(UsageError, match="no interpolator 'slerp-whitened'") as caught:
        interpolator_named("slerp-whitened")
    assert "spherical-whitened" in caught.value.hint
    with pytest.raises(UsageError) as caught:
        interpolator_named("lineer")
    assert caught.value.hint == "did you mean linear?"
