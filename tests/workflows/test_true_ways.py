"""Truth on sprites: known answers, sizes and colours, pairs without samples, older records."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

import latentscape
from latentscape.data import DataConfig, between_rows, load_images
from latentscape.nn.style_nets import style_net
from latentscape.records import TrajectoriesRecord, load_record
from latentscape.trajectories.dissolve import dissolve
from latentscape.workflows.compare import compare
from latentscape.workflows.measure import travels
from latentscape.workflows.measure.trajectories import TravelConfig, measure_trajectories
from latentscape.workflows.measure.true_ways import Truth

SPRITES = DataConfig("sprites", size=16, limit=80)
CONFIG = TravelConfig(pairs=("random", "prior-prior"), n_pairs=6, n_steps=6, precision="exact")
NEAR = ("motion_skill", "motion_skill_decoded", "truth_error", "truth_distance", "truth_unevenness")


@pytest.fixture(autouse=True)
def small_net(monkeypatch):
    """Style is read in one draw of random weights and one layer, so that tests stay quick."""
    net = style_net("random-squeezenet", layers={"squeezenet": ["conv1"]}, n_draws=1)
    monkeypatch.setattr(travels, "style_net", lambda *_, **__: net)


def truth_on(config: DataConfig, **words) -> Truth:
    draw = between_rows(load_images(config), config)
    assert draw is not None
    known = {"n_steps": 9, "again": lambda images: images, "style": lambda f: np.ones((len(f), 8))}
    return Truth(draw, **(known | words))


@pytest.mark.parametrize(
    "config",
    [
        replace(SPRITES, size=None),
        SPRITES,
        replace(SPRITES, size=28, colour="L"),
        replace(SPRITES, size=32, binarize=True),
    ],
    ids=["plain", "resized", "gray", "thresholded"],
)
def test_a_model_whose_frames_are_the_truth_has_skill_1_and_a_dissolve_0(config):
    truth = truth_on(config)
    rows = np.arange(10).reshape(5, 2)
    drawn = truth.drawn(rows)
    images = torch.from_numpy(load_images(config).pixels(rows.reshape(-1)))
    torch.testing.assert_close(drawn.frames[:, [0, -1]].flatten(0, 1), images, rtol=0, atol=0)
    right = truth.measured(drawn.frames, drawn).columns
    assert right["truth_error"] == pytest.approx(0)
    assert right["truth_distance"] == pytest.approx(0, abs=1e-9)
    assert right["motion_skill_decoded"] == pytest.approx(1)
    if not config.binarize:  # black and white sprites hardly differ from one moment to the next
        assert right["truth_unevenness"] == pytest.approx(0, abs=0.02)
    faded = dissolve(drawn.frames[:, 0], drawn.frames[:, -1], 9)
    part = truth.measured(faded, drawn)
    assert part.columns["motion_skill_decoded"] == pytest.approx(0, abs=1e-6)
    for name in ("truth_error", "truth_distance"):
        np.testing.assert_allclose(part.columns[name], part.dissolves[name])
        assert (part.ceilings[name] < part.dissolves[name]).all()


def test_a_line_has_every_frame_and_64_moments_at_least():
    for n_steps in (3, 6, 9, 10, 100):
        drawn = truth_on(SPRITES, n_steps=n_steps).drawn(np.array([[0, 1]]))
        assert len(drawn.places) >= 64
        assert drawn.frames.shape[1] == n_steps
        t = drawn.places[:: (len(drawn.places) - 1) // (n_steps - 1)]
        np.testing.assert_allclose(t, np.linspace(0, 1, n_steps))


@pytest.fixture
def sprite_runs(make_run):
    """Two untrained VAEs that differ, on small sprites."""
    return [make_run(name, latent=latent, data=SPRITES) for name, latent in (("a", 2), ("b", 5))]


def test_pairs_of_samples_stand_beside_the_truth_and_others_say_why_not(sprite_runs):
    record = measure_trajectories(sprite_runs[0], config=CONFIG)
    random, prior = record.rows
    for name in ("truth_error", "truth_distance"):
        assert random[name].n == 6
    error, numbers = random["truth_error"], record.journeys[0].numbers
    assert error.value == pytest.approx(np.median(numbers["truth_error"]))
    assert "no samples" in prior.undefined[-1].why
    assert not {m.name for m in prior.measures} & set(NEAR)
    random_ways, prior_ways = record.journeys
    assert prior_ways.truth is None
    truth = random_ways.truth
    assert truth is not None
    assert truth.curves.shape == random_ways.curves.shape
    assert truth.frames.shape == random_ways.frames.shape
    assert truth.verdicts.count("morph") >= 5
    faded, best = (d["truth_error"] for d in (truth.dissolves, truth.ceilings))
    skill = (faded - numbers["truth_error"]) / (faded - best)
    skill[faded <= best] = np.nan  # an untrained model may decode the truth worse than a dissolve
    np.testing.assert_allclose(numbers["motion_skill"], skill, rtol=1e-4)
    assert [(row.name, row.beside) for row in record.baselines] == [
        ("true in-between images", "random"),
        ("true images, encoded and decoded", "random"),
        ("cross-dissolves of the decoded ends", "random"),
    ]


def test_images_that_nobody_drew_have_no_truth(vae):
    record = measure_trajectories(vae, config=replace(CONFIG, pairs=("random",)))
    assert record.journeys[0].truth is None
    assert record.baselines == ()
    assert "truth" not in "".join(u.name for u in record.rows[0].undefined)
    assert not {m.name for m in record.rows[0].measures} & set(NEAR)


def test_pages_draw_truth_and_put_models_in_order(sprite_runs, tmp_path):
    records = {run.name: measure_trajectories(run, config=CONFIG) for run in sprite_runs}
    latentscape.report(sprite_runs[0])
    page = (sprite_runs[0] / "report.html").read_text(encoding="utf-8")
    assert "random pairs beside the truth" in page
    assert "the third holds the true images" in page
    assert "(dotted)" in page
    compared = compare(sprite_runs, out=tmp_path / "both")
    (order,) = compared.nearness
    errors = {name: r.journeys[0].numbers["truth_error"].mean() for name, r in records.items()}
    assert [row.name for row in order.rows] == sorted(errors, key=errors.__getitem__)
    assert {"truth_error", "truth_distance"} <= {d.name for d in order.differences}
    (table,) = compared.tables
    morph = next(x for x in table.lines if (x.row, x.name) == ("random", "share_morph"))
    assert "true in-between images" in {baseline.words for baseline in morph.baselines}
    other = next(x for x in table.lines if (x.row, x.name) == ("prior-prior", "share_morph"))
    assert other.baselines == ()
    latentscape.report(tmp_path / "both")
    page = (tmp_path / "both" / "comparison.html").read_text(encoding="utf-8")
    assert "Beside the truth, model by model" in page
    assert (tmp_path / "both" / "figures" / "truth-random-linear.svg").exists()


def test_records_from_before_truth_was_kept_still_open(sprite_runs, tmp_path):
    measure_trajectories(sprite_runs[0], config=CONFIG, out=tmp_path / "ways")
    content = json.loads((tmp_path / "ways.json").read_text(encoding="utf-8"))
    del content["baselines"]
    for journeys in content["journeys"]:
        del journeys["truth"]
    for row in content["rows"]:
        del row["beside"]
    (tmp_path / "ways.json").write_text(json.dumps(content), encoding="utf-8")
    record = load_record(tmp_path / "ways")
    assert isinstance(record, TrajectoriesRecord)
    assert record.journeys[0].truth is None
