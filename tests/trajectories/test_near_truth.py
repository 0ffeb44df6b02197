"""Models between truth and dissolve: the order they are put in is the one they were made in."""

import numpy as np
import pytest

from latentscape.data.sprites import between, sample_factors
from latentscape.records import Journeys, Provenance, TrueWays
from latentscape.trajectories.near_truth import CEILING, FADED, TRUE, truth_order, truth_rows
from latentscape.trajectories.truth import truth_errors, truth_scores

N, STEPS = 24, 7
ABOUT = Provenance(model="5 models", recipe="vae", data="sprites", split="test", n=0, seed=0)
PLACES = np.linspace(0, 1, 4 * (STEPS - 1) + 1)


@pytest.fixture(scope="module")
def line() -> np.ndarray:
    """True ways of some pairs, ``pairs moments 3 24 24``."""
    first, last = np.repeat(sample_factors(2 * N, seed=3).reshape(2, N, -1), len(PLACES), axis=1)
    images = between(first, last, np.tile(PLACES, N), size=24)
    return images.reshape(N, len(PLACES), 3, 24, 24) / 255


def faded(frames: np.ndarray) -> np.ndarray:
    t = np.linspace(0, 1, STEPS).reshape(1, -1, 1, 1, 1)
    return (1 - t) * frames[:, :1] + t * frames[:, -1:]


def near(frames: np.ndarray, line: np.ndarray) -> dict[str, np.ndarray]:
    return {
        "truth_error": truth_errors(frames, line[:, ::4]),
        **truth_scores(frames, line, PLACES).columns,
    }


def model(line: np.ndarray, share: float, *, pairs: str = "p") -> Journeys:
    """Trajectories that are truth, but for a share of dissolve."""
    true = line[:, ::4]
    return journeys((1 - share) * true + share * faded(true), line, pairs=pairs)


def journeys(frames: np.ndarray, line: np.ndarray, *, pairs: str = "p") -> Journeys:
    true = line[:, ::4]
    nothing, curves = np.zeros((0,)), np.ones((N, STEPS - 1))
    truth = TrueWays(
        curves=curves, patterns=("flat",) * N, verdicts=("morph",) * N,
        numbers={"path_ratio": np.full(N, 3.0)}, dissolves=near(faded(true), line),
        ceilings=near(true, line), ceiling_verdicts=("morph",) * N, frames=nothing,
    )  # fmt: skip
    return Journeys(
        criterion="random", pairs=tuple((f"{pairs}{i}", "b") for i in range(N)), curves=curves,
        nulls=curves, patterns=("flat",) * N, null_patterns=("flat",) * N,
        verdicts=("mixed",) * N, numbers={**near(frames, line), "morph_by_frames": np.eye(N)[0]},
        undefined={}, shown=(), frames=nothing, dissolves=nothing, truth=truth,
    )  # fmt: skip


SET = ("truth_error", "truth_distance", "pooled_motion_skill")
SHARES = {"half": 0.5, "truth": 0.0, "dissolve": 1.0, "most": 0.75, "quarter": 0.25}


def test_mixtures_of_truth_and_dissolve_come_in_their_order(line):
    models = {name: model(line, share) for name, share in SHARES.items()}
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert order is not None
    assert [row.name for row in order.rows] == ["truth", "quarter", "half", "most", "dissolve"]
    for row in order.rows:
        share = SHARES[row.name]
        errors = models[row.name].numbers["truth_error"]
        assert row["truth_error"].value == pytest.approx(errors.mean())
        assert row["pooled_motion_skill"].value == pytest.approx(1 - share**2), "error is squared"
        assert row["pooled_motion_skill"].low <= row["pooled_motion_skill"].value
        assert row["share_mixed"].value == 1
        assert row["morph_by_frames"].value == pytest.approx(1 / N)
    assert order.rows[0]["truth_distance"].value == pytest.approx(0, abs=1e-9)
    assert order.rows[0]["truth_unevenness"].value == pytest.approx(0, abs=1e-9)
    assert {row["truth_error"].value for row in order.ceilings} == {0}
    at_the_end = order.rows[-1]["truth_error"].value
    assert all(row["truth_error"].value == pytest.approx(at_the_end) for row in order.dissolves)
    assert order.provenance.n == N


def test_neighbours_are_told_apart_pair_by_pair(line):
    models = {name: model(line, share) for name, share in SHARES.items()}
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert order is not None
    found = {(d.run, d.name): d for d in order.differences}
    assert {(d.run, d.against) for d in order.differences} == {
        ("quarter", "truth"), ("half", "quarter"), ("most", "half"), ("dissolve", "most")
    }  # fmt: skip
    step = found["half", "truth_error"]
    gaps = models["half"].numbers["truth_error"] - models["quarter"].numbers["truth_error"]
    assert step.value == pytest.approx(gaps.mean())
    drawn = np.random.default_rng(1).integers(0, N, (4000, N))
    low, high = np.quantile(gaps[drawn].mean(1), [0.025, 0.975])
    assert (step.low, step.high) == pytest.approx((low, high), rel=0.1)
    assert step.verdict == "worse"


def test_what_single_intervals_do_not_tell_apart_pairs_do(line):
    models = {"half": model(line, 0.5), "more": model(line, 0.52)}
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert order is not None
    half, more = (row["truth_error"] for row in order.rows)
    assert half.high > more.low
    steps = {d.name: d.verdict for d in order.differences}
    assert steps == dict.fromkeys(SET, "worse")


def test_a_copy_is_not_told_apart_and_other_pairs_are_not_paired(line):
    one, other = model(line, 0.5), model(line, 0.5)
    order = truth_order("random", {"a": one, "b": other}, method="linear", about=ABOUT, seed=0)
    assert order is not None
    assert {(d.value, d.low, d.high) for d in order.differences} == {(0, 0, 0)}
    apart = {"a": one, "b": model(line, 0.75, pairs="q")}
    order = truth_order("random", apart, method="linear", about=ABOUT, seed=0)
    assert order is not None
    assert order.differences == ()
    assert "differ from model to model" in order.note


def test_a_cut_is_near_true_images_all_the_way_and_still_last(line):
    cut = line[:, [0] * 4 + [-1] * 3]
    models = {"cut": journeys(cut, line), "half": model(line, 0.5)}
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert order is not None
    half, last = order.rows
    assert last.name == "cut"
    assert last["truth_distance"].value == pytest.approx(0, abs=1e-9)
    assert half["truth_distance"].value > 0.01
    assert last["truth_unevenness"].value == pytest.approx(1 - 1 / (STEPS - 1))
    assert last["pooled_motion_skill"].value < 0


def test_pairs_without_a_number_are_left_out_for_all(line):
    one, other = model(line, 0.25), model(line, 0.5)
    one.numbers["truth_error"][3] = np.nan
    other.numbers["truth_distance"][5] = np.nan
    order = truth_order("random", {"a": one, "b": other}, method="linear", about=ABOUT, seed=0)
    assert order is not None
    assert {m.n for row in order.rows for m in row.measures if m.name in SET} == {N - 2}


def broken(whole: Journeys, n: int) -> Journeys:
    """The same with `n` pairs that do not decode to images."""
    lost = np.arange(N) < n
    numbers = {**whole.numbers, "truth_error": np.where(lost, np.nan, whole.numbers["truth_error"])}
    return whole.model_copy(update={"numbers": numbers})


def test_a_model_that_breaks_does_not_take_the_others_with_it(line):
    models = {"a": model(line, 0.2), "b": model(line, 0.7), "broken": broken(model(line, 0), N)}
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert [row.name for row in order.rows] == ["a", "b"]
    assert order.provenance.n == N
    assert order.note.endswith("too few of their pairs decode to images: broken")
    models["broken"] = broken(model(line, 0), 4)
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert [row.name for row in order.rows] == ["broken", "a", "b"]
    assert f"{N - 4} of {N} pairs" in order.note
    alone = {"a": models["a"], "broken": broken(model(line, 0), N)}
    order = truth_order("random", alone, method="linear", about=ABOUT, seed=0)
    assert order.rows == ()
    assert order.note.startswith("fewer than two models")
    assert order.note.endswith(": broken"), "the whole one is not called broken"


def test_without_truth_there_is_no_order(line):
    bare = model(line, 0.5).model_copy(update={"truth": None})
    models = {"a": bare, "b": model(line, 0.2), "c": bare}
    assert truth_order("random", models, method="linear", about=ABOUT, seed=0) is None
    assert truth_rows(bare) == ()


def test_skill_where_nothing_is_to_be_gained_is_undefined(line):
    still = np.repeat(line[:, :1], line.shape[1], axis=1)
    models = {name: model(still, 0.5) for name in "ab"}
    order = truth_order("random", models, method="linear", about=ABOUT, seed=0)
    assert order is not None
    assert [u.name for u in order.rows[0].undefined] == ["pooled_motion_skill"]


def test_what_stands_beside_a_row(line):
    true, ceiling, dissolves = truth_rows(model(line, 0.5))
    assert [row.name for row in (true, ceiling, dissolves)] == [TRUE, CEILING, FADED]
    assert {row.beside for row in (true, ceiling, dissolves)} == {"random"}
    assert true["share_morph"].value == 1
    assert true["path_ratio"].value == 3
    assert ceiling["truth_error"].value == 0
    assert dissolves["truth_error"].value > 0
