"""Scores against known factors: known answers, small twins, and latents that define nothing."""

import numpy as np
import pytest
from scipy.stats import entropy
from sklearn.feature_selection import r_regression
from sklearn.metrics import mutual_info_score

from latentscape.errors import ShapeError, UndefinedError, UsageError
from latentscape.metrics import CATALOGUE
from latentscape.metrics.disentanglement import (
    Known,
    beta_vae_score,
    dci,
    disentanglement,
    factor_vae_score,
    factors_of,
    information,
    information_gaps,
    label_gap,
    modularity,
    sap_scores,
)
from latentscape.metrics.disentanglement.trials import Trials

NAMES = ("shape", "size", "turn")
KINDS = ("category", "number", "angle")
QUICK = ("number", "number", "angle")  # a tree for each class takes longest


def drawn(n: int = 600, seed: int = 0) -> np.ndarray:
    """Three independent factors: four shapes, six sizes, eight angles."""
    rng = np.random.default_rng(seed)
    columns = [rng.integers(0, 4, n), rng.integers(0, 6, n), rng.integers(0, 8, n) * np.pi / 4]
    return np.stack(columns, axis=1).astype(float)


def known_of(latents: np.ndarray, values: np.ndarray, kinds=("category",) * 3, **more) -> Known:
    factors, left_out = factors_of(values, NAMES, kinds)
    assert not left_out
    return Known(latents, factors, **more)


def matrix(known: Known) -> tuple[np.ndarray, np.ndarray]:
    return information(known.latents, [factor.codes for factor in known.factors])


def turned(values: np.ndarray) -> np.ndarray:
    """Standardised values, turned so that each latent hears of every factor."""
    scaled = (values - values.mean(0)) / values.std(0)
    return scaled @ (np.array([[2, -1, 2], [2, 2, -1], [-1, 2, 2]]) / 3)


def found(known: Known, repeats: int = 2) -> dict:
    row = disentanglement(known, name="model", trials=Trials(repeats)).row
    return {measure.name: measure for measure in row.measures}


def test_latents_that_are_the_factors_are_disentangled():
    values = drawn()
    known = known_of(values, values)
    cells, entropies = matrix(known)
    assert information_gaps(cells, entropies) == pytest.approx([1, 1, 1], abs=0.02)
    assert modularity(cells) == pytest.approx(1, abs=1e-3)
    scores = dci(known)
    assert scores.disentanglement == pytest.approx(1, abs=0.02)
    assert scores.completeness == pytest.approx(np.ones(3), abs=0.02)
    assert scores.informativeness == pytest.approx(np.ones(3), abs=0.01)
    assert factor_vae_score(known) == 1
    assert beta_vae_score(known) == pytest.approx(1, abs=0.01)


def test_numbers_and_angles_are_predicted_as_what_they_are():
    values = drawn()
    around = np.stack([np.cos(values[:, 2]), np.sin(values[:, 2])], axis=1)
    known = known_of(np.hstack([values[:, :2], around]), values, KINDS)
    scores = dci(known)
    assert scores.informativeness == pytest.approx(np.ones(3), abs=0.02)
    assert scores.importance[:, 2] == pytest.approx([0, 0, 0.5, 0.5], abs=0.1)
    lines = sap_scores(known)
    assert lines[1, 1] == pytest.approx(1)
    assert lines[2:, 2] == pytest.approx([0.5, 0.5], abs=0.03), "one line explains half a circle"


def test_a_rotation_costs_what_depends_on_axes_and_no_information():
    values = drawn()
    known = known_of(turned(values), values)
    cells, entropies = matrix(known)
    straight = information_gaps(*matrix(known_of(values, values))).mean()
    assert information_gaps(cells, entropies).mean() < 0.1
    assert straight > 0.98
    plain, spun = dci(known_of(values, values)), dci(known)
    assert spun.disentanglement < 0.75 * plain.disentanglement
    assert spun.informativeness.min() > 0.6
    assert modularity(cells) < 0.9


def test_latents_that_know_nothing_score_as_chance_does():
    values = drawn()
    blind = known_of(np.random.default_rng(1).normal(size=(len(values), 5)), values, QUICK)
    for name, measure in found(blind, repeats=3).items():
        assert measure.reference is not None, name
        span = measure.reference.high - measure.reference.low
        assert measure.value == pytest.approx(measure.reference.value, abs=3 * span + 0.02), name
    assert factor_vae_score(blind) == pytest.approx(1 / 3, abs=0.1)


def test_a_factor_held_twice_has_no_gap_and_no_completeness():
    values = drawn()
    twice = known_of(np.hstack([values, values]), values, ("category", "number", "number"))
    assert information_gaps(*matrix(twice)) == pytest.approx([0, 0, 0], abs=1e-9)
    ordered = np.sort(sap_scores(twice), axis=0)
    assert ordered[-1] - ordered[-2] == pytest.approx([0, 0, 0], abs=1e-9)
    assert modularity(matrix(twice)[0]) == pytest.approx(1, abs=1e-3), "each still has one factor"


@pytest.mark.parametrize("case", ["random", "constant", "outlier", "rounded"])
def test_information_equals_scikit_learns(case):
    rng, values = np.random.default_rng(2), drawn(300)
    latents = rng.normal(size=(300, 3)) + 0.5 * values
    if case == "constant":
        latents[:, 1] = 7
    elif case == "outlier":
        latents[0, 1] = 1e6
    elif case == "rounded":
        latents = latents.round()
    known = known_of(latents, values)
    cells, entropies = matrix(known)
    for j in range(3):
        edges = np.histogram(latents[:, j], 20)[1]
        bins = np.digitize(latents[:, j], edges[:-1])
        for k in range(3):
            assert cells[j, k] == pytest.approx(
                mutual_info_score(bins, known.factors[k].codes), abs=1e-9
            )
    counts = np.unique(values[:, 1], return_counts=True)[1]
    assert entropies[1] == pytest.approx(entropy(counts / 300))


def test_modularity_and_dci_equal_their_formulas():
    rng = np.random.default_rng(3)
    cells = rng.random((6, 3))
    by_hand = []
    for row in cells:
        best = row.argmax()
        ideal = np.where(np.arange(3) == best, row[best], 0)
        by_hand.append(1 - np.square(row - ideal).sum() / (row[best] ** 2 * 2))
    assert modularity(cells) == pytest.approx(np.mean(by_hand))
    known = known_of(turned(drawn(400)), drawn(400))
    scores = dci(known)
    shares = scores.importance / scores.importance.sum(1, keepdims=True)
    each = [1 - entropy(share) / np.log(3) for share in shares]
    weight = scores.importance.sum(1) / scores.importance.sum()
    assert scores.disentanglement == pytest.approx(weight @ each)
    own = [1 - entropy(column) / np.log(3) for column in scores.importance.T]
    assert scores.completeness == pytest.approx(own)
    assert scores.importance.sum(0) == pytest.approx([1, 1, 1])


def test_sap_of_numbers_is_the_squared_correlation_and_of_categories_a_recall():
    values = drawn(600)
    latents = np.random.default_rng(4).normal(size=(600, 3)) + values
    latents[:, 2] = 5
    scores = sap_scores(known_of(latents, values, ("category", "number", "number")))
    for k in (1, 2):
        expected = r_regression(latents[:, :2], values[:, k]) ** 2
        assert scores[:2, k] == pytest.approx(expected)
    assert (scores[2] == 0).all(), "a constant latent predicts nothing"
    two = (values[:, :1] > 1).astype(float)
    one, _ = factors_of(two, ("half",))
    apart = np.hstack([10 * two, latents[:, 1:2]])
    assert sap_scores(Known(apart, one))[0, 0] == 1


def test_factor_vae_score_equals_a_vote_counted_by_hand():
    """A tenth as many sets, drawn one by one; both estimate the same share of right answers."""
    values = drawn(800)
    latents = turned(values) + 0.3 * np.random.default_rng(5).normal(size=values.shape)
    rng, counts = np.random.default_rng(6), np.zeros((2, 3, 3))
    for turn in range(2):
        for _ in range(900):
            k = rng.integers(3)
            value = values[rng.integers(len(values)), k]
            rows = rng.choice(np.flatnonzero(values[:, k] == value), 64)
            counts[turn, (latents[rows].var(0) / latents.var(0)).argmin(), k] += 1
    by_hand = counts[1][np.arange(3), counts[0].argmax(1)].sum() / counts[1].sum()
    several = [factor_vae_score(known_of(latents, values), seed=seed) for seed in range(3)]
    assert np.mean(several) == pytest.approx(by_hand, abs=0.06)


def test_each_pair_of_the_beta_vae_score_has_a_value_of_its_own():
    """Latents that speak only where a switch is on.

    Pairs that share the switch differ in a quarter of cases, others in 3 of 8. With one value for
    a whole set they would never differ or half the time, and no line would part them from others.
    """
    rng = np.random.default_rng(10)
    values = rng.integers(0, 2, (4000, 2))
    latents = values[:, :1] * rng.integers(0, 2, (4000, 8)).astype(float)
    factors, _ = factors_of(values, ("switch", "unheard"))
    assert beta_vae_score(Known(latents, factors)) > 0.9


def test_collapsed_latents_have_no_vote():
    values = drawn(200)
    faint = 1e-3 * np.random.default_rng(7).normal(size=(len(values), 4))
    faint[:, 0] = 0
    known = known_of(np.hstack([values, faint]), values, QUICK)
    assert known.voting.tolist() == [True] * 3 + [False] * 4
    assert factor_vae_score(known) == 1
    assert "4 of 7 latents are collapsed" in found(known)["modularity"].note


def test_scale_of_the_latents_does_not_matter():
    values = drawn(500)
    latents = turned(values)
    stretched = latents * [1, 100, 0.01] + [0, 5, -3]
    plain, scaled = (known_of(x, values, KINDS, floor=0) for x in (latents, stretched))
    assert matrix(plain)[0] == pytest.approx(matrix(scaled)[0])
    assert sap_scores(plain) == pytest.approx(sap_scores(scaled), abs=0.01)
    assert factor_vae_score(plain) == pytest.approx(factor_vae_score(scaled))
    assert dci(plain).importance == pytest.approx(dci(scaled).importance, abs=0.02)


def test_many_latents_are_judged_by_linear_predictors_and_the_result_says_so():
    values = drawn(400)
    wide = np.hstack([values, np.random.default_rng(8).normal(size=(400, 37))])
    known = known_of(wide, values)
    assert dci(known).by == "linear"
    assert dci(known).disentanglement > 0.5
    assert dci(known_of(values, values)).by == "boosting"


def test_every_measure_keeps_to_the_catalogue_and_has_interval_chance_and_rotation():
    values = drawn(200)
    result = disentanglement(
        known_of(turned(values), values, KINDS), name="model", trials=Trials(repeats=2)
    )
    assert {m.name for m in result.row.measures} == set(CATALOGUE) & {
        "mig", "dci_disentanglement", "dci_completeness", "dci_informativeness", "sap",
        "modularity", "factor_vae_score", "beta_vae_score",
    }  # fmt: skip
    for measure in (*result.row.measures, *result.rotated.measures):
        entry = CATALOGUE[measure.name]
        assert (measure.unit, measure.better, measure.bounds) == entry[:3]
        assert 0 <= measure.low <= measure.value <= measure.high <= 1
    assert all("factors dealt out anew" in m.reference.words for m in result.row.measures)
    assert [row.name for row in result.by_factor] == list(NAMES)
    gaps = [row["mig"].value for row in result.by_factor]
    assert result.row["mig"].value == pytest.approx(np.mean(gaps))
    held = [row["dci_informativeness"].value for row in result.by_factor]
    assert result.row["dci_informativeness"].value == pytest.approx(np.mean(held))


def test_the_interval_holds_the_score_of_other_images_of_the_kind():
    """Of 20 fresh draws at least 16 are covered; 95 % are promised."""
    whole = drawn(20 * 400, seed=9)
    latents = turned(whole) + 0.2 * np.random.default_rng(9).normal(size=whole.shape)
    everything = information_gaps(*matrix(known_of(latents, whole))).mean()
    covered = 0
    for i in range(20):
        rows = slice(400 * i, 400 * (i + 1))
        gap = label_gap(known_of(latents[rows], whole[rows]), name="", trials=Trials(5, i))
        measure = gap.row["label_mi_gap"]
        covered += measure.low <= everything + 0.02 and measure.high >= everything - 0.02
    assert covered >= 16


def test_the_seed_decides_and_progress_is_told():
    values, ticks = drawn(150), []
    known = known_of(turned(values), values, QUICK)
    trials = Trials(2, 3, None, lambda: ticks.append(1))
    first = label_gap(known, name="a", trials=trials)
    assert first.row == label_gap(known, name="a", trials=trials).row
    assert len(ticks) == 2 * trials.n_takes


def test_groups_are_never_cut():
    values = drawn(300)
    groups = np.repeat(np.arange(30), 10)
    seen: list[np.ndarray] = []

    def look(known: Known, seed: int) -> dict[str, float]:
        seen.append(known.latents[:, 0])
        return {"mig": 0.5}

    latents = np.repeat(np.arange(30.0), 10)[:, None] * np.ones(3)
    Trials(2, 0, groups).of(look, known_of(latents, values), most=1000)
    half = np.unique(seen[1], return_counts=True)
    assert len(half[0]) == 15
    assert (half[1] == 10).all()


def test_what_is_not_defined_says_why_and_the_rest_goes_on():
    values = drawn(300)
    one = disentanglement(known_of(values[:, :1], values), name="", trials=Trials(2)).row
    why = {u.name: u.why for u in one.undefined}
    assert "no second" in why["mig"]
    assert "no second" in why["sap"]
    assert "one latent" in why["dci"]
    assert {m.name for m in one.measures} == {"modularity", "factor_vae_score", "beta_vae_score"}

    flat = disentanglement(known_of(np.ones((300, 3)), values), name="", trials=Trials(2)).row
    assert not flat.measures
    assert {u.why for u in flat.undefined} == {"every latent is constant"}

    few = disentanglement(known_of(values[:40], values[:40]), name="", trials=Trials(2)).row
    assert not few.measures
    assert all("40 images are too few" in u.why for u in few.undefined)

    asleep = known_of(1e-3 * values, values)
    row = disentanglement(asleep, name="", trials=Trials(2)).row
    assert {u.name for u in row.undefined} == {"modularity", "factor_vae_score", "beta_vae_score"}

    alone, _ = factors_of(values[:, :1], ("shape",))
    row = disentanglement(Known(values, alone), name="", trials=Trials(2)).row
    assert {m.name for m in row.measures} == {"mig", "sap"}

    nothing = disentanglement(Known(values, ()), name="", trials=Trials(2))
    assert not nothing.row.measures
    assert nothing.information.shape == (3, 0)


def test_duplicate_images_and_rare_values_are_no_trouble():
    values = np.repeat(drawn(3), 100, axis=0)
    values[:, 0], values[0, 0] = 0, 1
    factors, _ = factors_of(values, NAMES)
    row = disentanglement(Known(values, factors), name="", trials=Trials(2)).row
    assert all(np.isfinite(m.value) for m in row.measures)
    assert row.measures


def test_factors_are_coded_binned_or_left_out_with_a_reason():
    rng = np.random.default_rng(0)
    n = 900
    values = np.stack([
        rng.normal(size=n), rng.uniform(-7, 7, n), np.full(n, 3),
        np.where(rng.random(n) < 0.1, np.nan, 1),
        rng.integers(0, 40, n), np.tile([0, 2 * np.pi, np.pi], n // 3),
    ], axis=1)  # fmt: skip
    names = ("x", "turn", "still", "holes", "id", "seam")
    kinds = ("number", "angle", "number", "category", "category", "angle")
    factors, left_out = factors_of(values, names, kinds)
    by = {factor.name: factor for factor in factors}
    assert np.bincount(by["x"].codes).tolist() == [45] * 20
    assert by["turn"].n_values == 20
    assert by["turn"].targets == pytest.approx(
        np.stack([np.cos(values[:, 1]), np.sin(values[:, 1])], 1)
    )
    assert by["id"].n_values == 40
    assert by["seam"].n_values == 2, "0 and 2π are one angle"
    why = {u.name: u.why for u in left_out}
    assert "one value only" in why["still"]
    assert "no value for" in why["holes"]
    with pytest.raises(ShapeError, match="5 names"):
        factors_of(values, names[:5])
    with pytest.raises(UsageError, match="colour"):
        factors_of(values, names, ("colour",) * 6)


def test_scores_refuse_what_does_not_define_them():
    values = drawn(200)
    alone, _ = factors_of(values[:, :1], ("shape",))
    with pytest.raises(UndefinedError, match="one factor"):
        factor_vae_score(Known(values, alone))
    with pytest.raises(UndefinedError, match="one factor"):
        modularity(np.ones((3, 1)))
    with pytest.raises(UndefinedError, match="collapsed"):
        beta_vae_score(known_of(1e-6 * values, values))
    with pytest.raises(UndefinedError, match="no second"):
        information_gaps(np.ones((1, 2)), np.ones(2))
