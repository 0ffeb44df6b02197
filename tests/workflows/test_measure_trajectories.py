from dataclasses import replace

import numpy as np
import pytest

import latentscape
from latentscape.errors import UsageError
from latentscape.nn.style_nets import style_net
from latentscape.records import TrajectoriesRecord, load_record
from latentscape.workflows.measure import measure, travels
from latentscape.workflows.measure.trajectories import TravelConfig, measure_trajectories

QUICK = TravelConfig(pairs=("random", "same-class"), n_pairs=6, n_steps=6, precision="exact")


@pytest.fixture(autouse=True)
def small_net(monkeypatch):
    """Style is read in one draw of random weights and one layer, so that tests stay quick."""
    net = style_net("random-squeezenet", layers={"squeezenet": ["conv1"]}, n_draws=1)
    monkeypatch.setattr(travels, "style_net", lambda *_, **__: net)


def test_every_criterion_has_its_row_curves_and_examples(vae, tmp_path):
    seen = []
    record = measure(
        "trajectories", vae, config=QUICK, out=tmp_path / "ways",
        progress=lambda done, n, _: seen.append((done, n)),
    )  # fmt: skip
    assert seen[-1] == (12, 12)
    again = load_record(tmp_path / "ways")
    assert isinstance(again, TrajectoriesRecord)
    assert [row.name for row in again.rows] == ["random", "same-class"]
    for journeys, row in zip(again.journeys, again.rows, strict=True):
        assert journeys.curves.shape == journeys.nulls.shape == (6, 5)
        assert np.isfinite(journeys.curves).all()
        assert len(journeys.pairs) == len(journeys.verdicts) == len(journeys.patterns) == 6
        shares = [row[f"share_{name}"].value for name in
                  ("dissolve", "blurred_dissolve", "cut", "morph", "mixed")]  # fmt: skip
        assert sum(shares) == pytest.approx(1)
        assert row["latent_ratio"].value == pytest.approx(1), "straight lines"
        assert row["neighbour_ratio"].value > 0
        shown = list(journeys.shown)
        assert journeys.frames.shape == journeys.dissolves.shape == (len(shown), 6, 1, 8, 8)
        ends = journeys.frames[:, [0, -1]]
        np.testing.assert_array_equal(ends, journeys.dissolves[:, [0, -1]])
    assert record.features.weights.startswith("random weights")


def test_other_ways_are_held_against_the_straight_line(vae):
    record = measure_trajectories(vae, config=replace(QUICK, method="geodesic"))
    for row, journeys in zip(record.rows, record.journeys, strict=True):
        ratios = journeys.numbers["search_ratio"]
        assert (ratios <= 1 + 1e-6).all(), "no curve is longer than its line"
        assert row["search_ratio"].value == pytest.approx(np.median(ratios))
        assert row["line_decoded_ratio"].value < 1.01
        assert 0 <= row["search_converged"].value <= 1
        assert (journeys.numbers["search_evaluations"] >= 1).all()
        ends = journeys.frames[:, [0, -1]]
        np.testing.assert_array_equal(ends, journeys.dissolves[:, [0, -1]])
    assert record.lengths is not None
    assert "SqueezeNet" in record.lengths


def test_layers_have_rows_of_their_own(vae):
    record = measure_trajectories(vae, config=QUICK)
    names = [row.name for row in record.layer_rows]
    assert names == [
        "random, conv1", "random, balanced", "same-class, conv1", "same-class, balanced",
    ]  # fmt: skip
    (only,) = record.journeys[0].layer_curves.transpose(1, 0, 2)
    np.testing.assert_allclose(only, record.journeys[0].curves, rtol=1e-6)
    assert record.layer_rows[0]["layer_share"].value == 1
    assert "line_decoded_ratio" not in record.journeys[0].numbers
    assert record.lengths is None


def test_a_criterion_that_no_pair_meets_says_why_and_the_others_go_on(ae):
    record = measure_trajectories(ae, config=replace(QUICK, pairs=("prior-prior", "random")))
    refused, random = record.rows
    assert "prior" in refused.undefined[0].why
    assert random["share_mixed"].n == 6
    assert [journeys.criterion for journeys in record.journeys] == ["random"]
    with pytest.raises(UsageError, match="prior"):
        measure_trajectories(ae, config=replace(QUICK, pairs=("prior-prior",)))


def test_the_report_tells_them(vae):
    measure_trajectories(vae, config=QUICK)
    latentscape.report(vae)
    page = (vae / "report.html").read_text(encoding="utf-8")
    assert "What the trajectories are called" in page
    assert (vae / "figures" / "style-curves-linear.svg").exists()
    assert "share morph" in page


def test_wrong_words(vae):
    with pytest.raises(UsageError, match="no criterion"):
        TravelConfig(pairs=())
    with pytest.raises(UsageError, match="way to choose"):
        measure_trajectories(vae, config=TravelConfig(pairs=("closest",)))
