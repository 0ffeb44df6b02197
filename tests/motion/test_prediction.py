import numpy as np
import pytest

from latentscape.motion.prediction import AGAIN, BLEND, CEILING, prediction_rows
from latentscape.motion.resampled import draws_of

SHOTS = np.arange(40).repeat(3)
DRAWS = draws_of(np.zeros(120), SHOTS, seed=0)


def errors(size: float, seed: int, **more) -> dict:
    drawn = size * np.random.default_rng(seed).gamma(4, 0.25, 120)
    return {"latent_error": drawn, "latent_parts": drawn / 2, "mse": drawn / 10,
            "psnr_mean": -10 * np.log10(drawn / 10), **more}  # fmt: skip


def rows(**ways) -> dict:
    return {row.name: row for row in prediction_rows(ways, DRAWS)}


def test_skill_is_one_less_the_ratio_of_summed_errors():
    ways = {"linear": errors(1, 0), "blurred-linear": errors(0.9, 1), "conv": errors(0.5, 2)}
    found = rows(**ways)["conv"]
    own, line = ways["conv"]["latent_error"], ways["linear"]["latent_error"]
    assert found["latent_skill"].value == pytest.approx(1 - own.sum() / line.sum())
    blurred = ways["blurred-linear"]["latent_error"]
    assert found["blurred_skill"].value == pytest.approx(1 - own.sum() / blurred.sum())
    assert found["latent_r2"].value == pytest.approx(1 - own.mean() / 2)
    assert found["latent_error"].value == pytest.approx(own.mean())
    assert 0 < found["latent_skill"].low < found["latent_skill"].value < found["latent_skill"].high
    assert "40 shots of 120 triplets" in found["latent_skill"].interval
    assert found["latent_skill"].n == 120


def test_whole_shots_are_resampled():
    """Triplets of one shot that err alike make the interval wider than as many that differ."""
    alike = np.random.default_rng(0).gamma(1, 1, 40).repeat(3)
    line = np.ones(120)
    ways = {"linear": {"latent_error": line, "latent_parts": line},
            "conv": {"latent_error": alike, "latent_parts": alike}}  # fmt: skip
    single = draws_of(np.zeros(120), np.arange(120), seed=0)
    by_shot, by_triplet = (
        next(row for row in prediction_rows(ways, draws) if row.name == "conv")["latent_skill"]
        for draws in (DRAWS, single)
    )
    assert by_shot.value == by_triplet.value
    assert by_shot.high - by_shot.low > 1.4 * (by_triplet.high - by_triplet.low)


def test_chance_is_not_taken_for_skill():
    """Of 200 predictors as good as the line, few have an interval that excludes 0."""
    line = errors(1, 0)
    told = 0
    for seed in range(1, 201):
        noise = np.random.default_rng(seed).normal(0, 0.1, 40).repeat(3)
        same = {name: line[name] + noise for name in ("latent_error", "latent_parts")}
        ways = {"linear": line, "conv": same}
        found = next(r for r in prediction_rows(ways, DRAWS) if r.name == "conv")["latent_skill"]
        told += found.low > 0 or found.high < 0
    assert told <= 24


def test_motion_skill_is_zero_for_the_crossfade_and_one_for_the_ceiling():
    ways = {BLEND: errors(4, 0), AGAIN: errors(5, 3), "conv": errors(2, 1), CEILING: errors(1, 2)}
    ways["linear"] = errors(3, 4)
    found = rows(**ways)
    blend, ceiling, own = (ways[n]["mse"].sum() for n in (BLEND, CEILING, "conv"))
    assert found[BLEND]["motion_skill"].value == 0
    assert found[CEILING]["motion_skill"].value == 1
    expected = (blend - own) / (blend - ceiling)
    assert found["conv"]["motion_skill"].value == pytest.approx(expected)
    again = ways[AGAIN]["mse"].sum()
    assert found["conv"]["motion_skill_decoded"].value == pytest.approx(
        (again - own) / (again - ceiling)
    )


def test_motion_skill_is_undefined_where_nothing_can_be_gained():
    found = rows(**{BLEND: errors(1, 0), AGAIN: errors(3, 3), CEILING: errors(2, 2),
                    "linear": errors(2, 4)})["linear"]  # fmt: skip
    assert {u.name for u in found.undefined} == {"motion_skill"}
    assert "nothing that a prediction could gain" in found.undefined[0].why
    assert found["motion_skill_decoded"].value > 0


def test_what_has_no_error_at_all_has_no_skill_and_no_psnr():
    nothing = {name: np.zeros(120) for name in ("latent_error", "latent_parts", "mse")}
    nothing["psnr_mean"] = np.full(120, np.inf)
    found = rows(linear=nothing, conv=dict(nothing))["conv"]
    assert {u.name for u in found.undefined} == {"latent_skill", "psnr_mean"}


def test_one_shot_has_numbers_and_no_intervals():
    one = draws_of(np.zeros(120), np.zeros(120), seed=0)
    ways = {"linear": errors(1, 0), "conv": errors(0.5, 1)}
    for row in prediction_rows(ways, one):
        assert all(m.low is None for m in row.measures)


def test_a_ratio_that_has_no_room_on_many_resamples_has_no_number():
    """Without them the interval would say the skill is large just where it is least known."""
    room = np.random.default_rng(0).normal(0.05, 1, 40).repeat(3)
    room += 0.05 - room.mean()
    ceiling = {"mse": np.full(120, 10.0)}
    ways = {BLEND: {"mse": 10 + room}, "conv": {"mse": np.full(120, 9.9)}, CEILING: ceiling}
    below = (DRAWS.counts @ room <= 0).mean()
    assert 0.025 < below < 0.6
    found = rows(**ways)["conv"]
    assert [u.name for u in found.undefined] == ["motion_skill"]
    assert "of the resamples" in found.undefined[0].why
    ways[BLEND] = {"mse": 11 + 0.1 * room}
    assert rows(**ways)["conv"]["motion_skill"].low is not None
