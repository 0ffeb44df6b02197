import numpy as np
import pytest
from scipy import stats

from latentscape.records import Journeys
from latentscape.trajectories.across import across_models

SHAPES = np.array(["horseshoe", "wave", "arch", "tilt"])


def journeys(amount: float, bowed: float, *, n: int = 80, seed: int = 0) -> Journeys:
    rng = np.random.default_rng(seed)
    amounts = np.clip(amount + 0.05 * rng.normal(size=n), 0, 1)
    patterns = np.where(rng.uniform(size=n) < bowed, "horseshoe", rng.choice(SHAPES[1:], n))
    numbers = {
        "dissolve_amount": amounts,
        "style_bow": amounts + 0.1 * rng.normal(size=n),
        "style_wave_share": rng.uniform(size=n),
    }
    nothing = np.zeros((0,))
    return Journeys(
        criterion="random", pairs=(("a", "b"),) * n, curves=np.ones((n, 4)), nulls=np.ones((n, 4)),
        patterns=tuple(patterns.tolist()), null_patterns=("horseshoe",) * n,
        verdicts=("mixed",) * n, numbers=numbers, undefined={}, shown=(), frames=nothing,
        dissolves=nothing,
    )  # fmt: skip


def test_models_that_dissolve_more_and_bow_more_are_found_to():
    models = {f"m{i}": journeys(0.2 * i + 0.1, 0.15 * i + 0.1, seed=i) for i in range(5)}
    row = across_models("random", models, seed=0)
    assert row["models_amount_with_horseshoe"].value == 1
    assert row["models_amount_with_horseshoe"].low > 0.5
    assert row["models_amount_with_horseshoe"].n == 5
    x, y = (
        np.concatenate([m.numbers[name] for m in models.values()])
        for name in ("dissolve_amount", "style_bow")
    )
    found = row["pairs_amount_with_bow"]
    assert found.value == pytest.approx(stats.spearmanr(x, y).statistic)
    assert found.low < found.value < found.high
    assert row["pairs_amount_with_waves"].low < 0 < row["pairs_amount_with_waves"].high


def test_three_models_are_too_few_and_their_pairs_still_tell():
    models = {f"m{i}": journeys(0.3 * i, 0.5, seed=i) for i in range(3)}
    row = across_models("random", models, seed=0)
    assert [u.name for u in row.undefined] == ["over models"]
    assert "too few" in row.undefined[0].why
    assert row["pairs_amount_with_bow"].n == 240
