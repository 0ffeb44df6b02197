import numpy as np
import pytest

from latentscape.errors import UndefinedError, UsageError
from latentscape.trajectories import Surroundings


def test_moments_are_taken_once_and_only_when_asked_for():
    around = Surroundings(np.random.default_rng(0).normal(size=(30, 4)))
    assert not {"moments", "laws"} & set(vars(around))
    assert around.moments is around.moments
    assert around.laws is around.laws


def test_what_is_missing_is_named_with_a_way_out():
    with pytest.raises(UsageError, match="spherical-centred needs latents") as caught:
        Surroundings().require("latents", method="spherical-centred")
    assert "encode" in caught.value.hint
    with pytest.raises(UsageError, match="needs latents"):
        _ = Surroundings().moments
    with pytest.raises(UndefinedError):
        _ = Surroundings(np.zeros((1, 4))).moments
    with pytest.raises(UndefinedError):
        _ = Surroundings(np.zeros((1, 4))).laws
    Surroundings(np.zeros((1, 4))).require("latents", method="graph")
