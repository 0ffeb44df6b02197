import numpy as np
import pytest
from scipy import stats

from latentscape.trajectories.shared_ends import SharedEnds
from latentscape.trajectories.summary import dissolve_amount, rank_correlations, summary_row

PATTERNS = np.array(["horseshoe"] * 30 + ["wave"] * 10 + ["undefined"] * 10)
NULLS = np.array(["horseshoe"] * 50)
ALONE = SharedEnds.of([(f"a{i}", f"b{i}") for i in range(50)])
VERDICTS = np.array(["dissolve"] * 20 + ["blurred dissolve"] * 20 + ["morph"] * 10)


def row(columns, *, patterns=PATTERNS, verdicts=VERDICTS):
    return summary_row(
        "random",
        columns,
        patterns=patterns,
        null_patterns=NULLS,
        verdicts=verdicts,
        ends=ALONE,
    )


@pytest.fixture
def columns():
    rng = np.random.default_rng(0)
    amount = rng.uniform(size=50)
    return {
        "dissolve_amount": amount,
        "style_bow": amount + 0.5 * rng.normal(size=50),
        "style_wave_share": rng.uniform(size=50),
    }


def test_shares_are_of_those_that_have_a_name_and_stand_beside_the_dissolves(columns):
    found = row(columns)
    assert found["share_horseshoe"].value == 0.75
    assert found["share_horseshoe"].reference.value == 1
    assert found["share_wave"].value == 0.25
    assert found["share_blurred_dissolve"].value == 0.4
    assert found["share_wave"].low < 0.25 < found["share_wave"].high


def test_correlations_are_scipys_and_their_intervals_are_about_them(columns):
    found = row(columns)
    expected = stats.spearmanr(columns["dissolve_amount"], columns["style_bow"]).statistic
    assert found["amount_with_bow"].value == pytest.approx(expected)
    assert found["amount_with_bow"].low > 0
    assert found["amount_with_waves"].low < 0 < found["amount_with_waves"].high
    ties = np.random.default_rng(1).integers(0, 4, (6, 40)).astype(float)
    ours = rank_correlations(ties[:3], ties[3:])
    theirs = [stats.spearmanr(a, b).statistic for a, b in zip(ties[:3], ties[3:], strict=True)]
    np.testing.assert_allclose(ours, theirs)


def test_what_no_pair_defines_is_said_and_the_rest_goes_on(columns):
    columns["style_bow"] = np.full(50, np.nan)
    columns["style_wave_share"] = np.full(50, 0.5)
    found = row(columns, patterns=np.full(50, "undefined"))
    why = {missing.name: missing.why for missing in found.undefined}
    assert set(why) == {"patterns", "style_bow", "amount_with_bow", "amount_with_waves"}
    assert "too few" in why["amount_with_bow"]
    assert "same for all" in why["amount_with_waves"]
    assert found["share_morph"].value == 0.2


def test_a_dissolve_is_all_dissolve():
    np.testing.assert_array_equal(dissolve_amount(np.array([0.0, 0.75, 3.0])), [1, 0.25, 0])


def test_reasons_are_told_once_each_with_how_many_have_them(columns):
    verdicts = np.array(["undefined"] * 3 + ["mixed"] * 47)
    why = np.array(["both ends are one picture"] * 2 + ["NaN"] + [""] * 47)
    found = summary_row(
        "random", columns, patterns=PATTERNS, null_patterns=NULLS, verdicts=verdicts,
        ends=ALONE, reasons=(why, np.full(50, "")),
    )  # fmt: skip
    assert found.note.endswith("; 3 without a verdict; 2: both ends are one picture; 1: NaN")


def test_intervals_are_wider_where_pairs_meet_the_same_samples(columns):
    of_few = [(f"a{i % 5}", f"b{i // 10}") for i in range(50)]
    columns["style_bow"] = columns["dissolve_amount"] + np.repeat(np.arange(5), 10)
    few = summary_row(
        "random", columns, patterns=PATTERNS, null_patterns=NULLS, verdicts=VERDICTS,
        ends=SharedEnds.of(of_few),
    )  # fmt: skip
    alone = row(columns)
    for name in ("share_morph", "style_bow"):
        assert few[name].value == alone[name].value
        assert few[name].high - few[name].low > 1.2 * (alone[name].high - alone[name].low)
        assert "share ends" in few[name].interval
        assert "share ends" not in alone[name].interval
