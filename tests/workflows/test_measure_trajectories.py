from dataclasses import replace

import numpy as np
import pytest
import torch

import latentscape
from latentscape.errors import ModelError, UsageError
from latentscape.models import Autoencoder
from latentscape.nn.style_nets import style_net
from latentscape.records import TrajectoriesRecord, load_record
from latentscape.workflows.interpolate import crowd_of
from latentscape.workflows.measure import measure, travels
from latentscape.workflows.measure.trajectories import TravelConfig, measure_trajectories
from latentscape.workflows.opening import open_subject

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


@pytest.mark.parametrize(
    ("words", "match", "hint"),
    [
        ({"pairs": ()}, "no criterion", "same-class"),
        ({"pairs": ("random", "nearst")}, "way to choose pairs called 'nearst'", "mean nearest?"),
        ({"n_pairs": 0}, "0 pairs", "at least 1"),
        ({"n_steps": 1}, "1 steps", "at least 2"),
        ({"n_steps": 0}, "0 steps", "at least 2"),
        ({"n_steps": -4}, "-4 steps", "at least 2"),
        ({"method": "lool"}, "interpolator 'lool'", "mean lol?"),
        ({"preset": "gatis"}, "preset 'gatis'", "mean gatys?"),
        ({"net": "vgg18"}, "style net 'vgg18'", "mean vgg19?"),
        ({"precision": "fas"}, "precision 'fas'", "mean fast?"),
    ],
    ids=str,
)
def test_wrong_words_are_refused_before_anything_is_read(words, match, hint):
    with pytest.raises(UsageError, match=match) as caught:
        TravelConfig(**words)
    assert hint in caught.value.hint


def ids_of(run, n: int) -> list[str]:
    subject = open_subject(run, None, "test")
    return [str(name) for name in subject.images.sample_ids[subject.rows[:n]]]


def test_listed_pairs_are_one_criterion_among_others(vae):
    a, b, c = ids_of(vae, 3)
    config = replace(QUICK, pairs=(f"{a}:{b}", "random", f"{b}:{c}", "random"))
    record = measure_trajectories(vae, config=config)
    assert [journeys.criterion for journeys in record.journeys] == ["listed", "random"]
    assert record.journeys[0].pairs == ((a, b), (b, c))
    with pytest.raises(UsageError, match="no sample 'nobody'"):
        measure_trajectories(vae, config=replace(QUICK, pairs=("random", f"{a}:nobody")))


def test_identical_ends_have_no_name_and_say_why(vae):
    a, b = ids_of(vae, 2)
    record = measure_trajectories(vae, config=replace(QUICK, pairs=(f"{a}:{a}", f"{a}:{b}")))
    journeys, (row,) = record.journeys[0], record.rows
    for names in (journeys.verdicts, journeys.patterns, journeys.null_patterns):
        assert [name == "undefined" for name in names] == [True, False]
    assert "1: both ends decode to the same picture" in row.note
    assert journeys.undefined == {"0": "both ends decode to the same picture"}
    measure_trajectories(vae, config=replace(QUICK, pairs=(f"{a}:{a}",)))
    latentscape.report(vae)


@pytest.mark.parametrize("n_steps", [2, 3, 4, 5])
def test_few_frames_leave_undefined_what_they_do_not_define(vae, n_steps):
    record = measure_trajectories(vae, config=replace(QUICK, pairs=("random",), n_steps=n_steps))
    (journeys,), (row,) = record.journeys, record.rows
    assert ("undefined" in journeys.verdicts) == (n_steps < 3)
    assert ("undefined" in journeys.patterns) == (n_steps < 5)
    assert ("6: " in row.note) == (n_steps < 5)
    assert row["latent_ratio"].value == pytest.approx(1)
    latentscape.report(vae)


def test_runs_without_a_verdict_are_compared_all_the_same(vae, ae, tmp_path):
    for run in (vae, ae):
        measure_trajectories(run, config=replace(QUICK, pairs=("random",), n_steps=2))
    latentscape.compare([vae, ae], out=tmp_path / "both")
    latentscape.report(tmp_path / "both")


def nan_beyond(monkeypatch, run, share: float) -> None:
    """The decoder gives NaN where the first value of a latent is among the largest."""
    first = crowd_of(open_subject(run, None, "test")).latents[:, 0]
    edge = float(np.quantile(first, 1 - share))
    plain = Autoencoder.decode

    def decode(self, latents):
        images = plain(self, latents)
        return images.masked_fill((latents[:, 0] > edge).view(-1, 1, 1, 1), torch.nan)

    monkeypatch.setattr(Autoencoder, "decode", decode)


def test_pairs_that_decode_to_nan_are_told_and_the_others_go_on(vae, monkeypatch):
    config = replace(QUICK, pairs=("random",), n_pairs=30)
    nan_beyond(monkeypatch, vae, 0.3)
    record = measure_trajectories(vae, config=config)
    (journeys,), (row,) = record.journeys, record.rows
    lost = np.array(journeys.verdicts) == "undefined"
    assert 0 < lost.sum() < 30
    np.testing.assert_array_equal(np.isnan(journeys.curves).any(1), lost)
    assert set(journeys.undefined.values()) == {"the decoder gave NaN or infinite pixels"}
    assert f"{lost.sum()}: the decoder gave NaN" in row.note
    assert row["cycle_residual_ratio"].value > 0
    assert row["share_mixed"].n == 30 - lost.sum()


def test_a_decoder_that_gives_nothing_but_nan_is_an_error(vae, spoil):
    spoil(vae, lambda model: next(model.decoder.parameters()).fill_(np.nan))
    for method in ("linear", "geodesic"):
        with pytest.raises(ModelError, match="decodes to values that are not finite") as caught:
            measure_trajectories(vae, config=replace(QUICK, method=method))
        assert caught.value.hint
    assert not (vae / "measures").exists()


@pytest.mark.parametrize(
    ("preset", "layer", "pool"),
    [
        ("gatys", "relu5_1", "average"),
        ("johnson", "relu4_3", "max"),
        ("tutorial", "conv3_1", "max"),
    ],
)
def test_a_preset_brings_its_own_layers(vae, monkeypatch, preset, layer, pool):
    asked, small = {}, travels.style_net()

    def watched(*_, **words):
        asked.update(words)
        return small

    monkeypatch.setattr(travels, "style_net", watched)
    measure_trajectories(vae, config=replace(QUICK, preset=preset, pairs=("random",), n_pairs=1))
    assert asked["layers"]["vgg19"][-1] == layer
    assert asked["pool"] == pool
