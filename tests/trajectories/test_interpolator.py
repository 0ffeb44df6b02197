"""Every way by name, curves through two keys and ways at an even pace: what all of them promise.

Geodesics are swept through the contract in a brief search here; by name, in the slow tests.
"""

from collections.abc import Callable
from functools import partial
from typing import get_args

import numpy as np
import pytest
import torch

from latentscape.errors import ShapeError, UsageError
from latentscape.testing import InterpolatorContract, toy_ends, toy_surroundings
from latentscape.trajectories import (
    INTERPOLATORS,
    NEEDS,
    Interpolator,
    Surroundings,
    interpolator_named,
    through,
)
from latentscape.trajectories.ends import require_ends
from latentscape.trajectories.geodesic import Geodesic, GeodesicSettings, Metric
from latentscape.trajectories.paced import paced
from latentscape.trajectories.through import Kind

Maker = Callable[[Surroundings], Interpolator]

CLOSED = [name for name, needs in NEEDS.items() if "decode" not in needs and name != "graph"]
SEARCHED = [name for name in INTERPOLATORS if name.startswith("geodesic")]
BRIEF = GeodesicSettings(n_nodes=5, most=6)


class TestEveryWay(InterpolatorContract):
    @pytest.fixture(params=[name for name in INTERPOLATORS if name not in SEARCHED])
    def maker(self, request) -> Maker:
        return partial(interpolator_named, request.param)


class TestEveryGeodesicBriefly(InterpolatorContract):
    @pytest.fixture(params=get_args(Metric))
    def maker(self, request) -> Maker:
        return partial(Geodesic, metric=request.param, settings=BRIEF)


@pytest.mark.slow
class TestEveryGeodesic(InterpolatorContract):
    @pytest.fixture(params=[(2,), (2, 2, 2)], ids=str)
    def shape(self, request) -> tuple[int, ...]:
        return request.param

    @pytest.fixture(params=SEARCHED)
    def maker(self, request) -> Maker:
        return partial(interpolator_named, request.param)


def through_two_keys(kind: Kind) -> Interpolator:
    def way(starts: np.ndarray, ends: np.ndarray, *, n_steps: int) -> np.ndarray:
        require_ends(starts, ends, n_steps)
        return through(np.stack([starts, ends], 1), n_steps, kind=kind)

    return way


class TestEveryCurveThroughTwoKeys(InterpolatorContract):
    @pytest.fixture(params=get_args(Kind))
    def maker(self, request) -> Maker:
        return lambda _: through_two_keys(request.param)


def at_an_even_pace(name: str, around: Surroundings) -> Interpolator:
    decode = around.decode
    assert decode is not None

    @torch.no_grad()
    def look(latents: np.ndarray) -> np.ndarray:
        return decode(torch.from_numpy(latents.astype(np.float32))).flatten(1).numpy()

    return paced(interpolator_named(name, around), look)


class TestWaysAtAnEvenPace(InterpolatorContract):
    @pytest.fixture(params=["linear", "spherical-whitened", "lol", "graph"])
    def maker(self, request) -> Maker:
        return partial(at_an_even_pace, request.param)


def float_ends(shape: tuple[int, ...], n: int = 4) -> list[np.ndarray]:
    return [part.astype(np.float32) for part in toy_ends(shape, n)]


@pytest.mark.parametrize("name", [name for name in CLOSED if not name.startswith("lol")])
def test_from_a_latent_to_itself_there_is_no_way(name):
    starts, _ = float_ends((6,))
    line = interpolator_named(name, toy_surroundings((6,)))(starts, starts, n_steps=5)
    expected = np.repeat(starts[:, None], 5, 1)
    np.testing.assert_allclose(line, expected, rtol=1e-6, atol=1e-5)


@pytest.mark.parametrize("name", CLOSED)
def test_the_way_back_is_the_way_there(name):
    starts, ends = (part.astype(np.float64) for part in float_ends((3, 2, 2), 20))
    way = interpolator_named(name, toy_surroundings((3, 2, 2)))
    back = way(ends, starts, n_steps=8)[:, ::-1]
    np.testing.assert_allclose(way(starts, ends, n_steps=8), back, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", INTERPOLATORS)
def test_a_pair_s_way_does_not_depend_on_its_company(name):
    if name.startswith("geodesic"):
        pytest.skip("an optimiser stops a batch together")
    starts, ends = float_ends((5,), 30)
    around = toy_surroundings((5,))
    together = interpolator_named(name, around)(starts, ends, n_steps=6)
    alone = interpolator_named(name, around)(starts[17:18], ends[17:18], n_steps=6)
    np.testing.assert_allclose(alone[0], together[17], rtol=0, atol=1e-6)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
@pytest.mark.parametrize("name", [*CLOSED, "graph", "graph-decoded", "graph-features"])
def test_a_broken_end_spoils_its_own_pair_only(name, bad):
    starts, ends = float_ends((5,))
    around = toy_surroundings((5,))
    whole = interpolator_named(name, around)(starts, ends, n_steps=6)
    starts[1, 2] = bad
    line = interpolator_named(name, around)(starts, ends, n_steps=6)
    assert np.isnan(line[1, 1:-1]).any(-1).all()
    np.testing.assert_allclose(line[[0, 2, 3]], whole[[0, 2, 3]], rtol=0, atol=1e-6)


@pytest.mark.parametrize("name", [name for name, needs in NEEDS.items() if "latents" in needs])
def test_latents_of_another_shape_are_refused(name):
    starts, ends = float_ends((5,))
    with pytest.raises(ShapeError):
        interpolator_named(name, toy_surroundings((6,)))(starts, ends, n_steps=3)


@pytest.mark.parametrize("name", [name for name, needs in NEEDS.items() if needs])
def test_what_is_missing_is_named(name):
    around = toy_surroundings((5,))
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
    for usual, ours in (("slerp", "spherical"), ("LERP", "linear")):
        with pytest.raises(UsageError) as caught:
            interpolator_named(usual)
        assert caught.value.hint == f"did you mean {ours}?"
