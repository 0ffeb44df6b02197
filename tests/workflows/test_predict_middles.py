"""The verb `motion --predict`, on little runs and triplets made here."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image

import latentscape
from latentscape.cli.app import run
from latentscape.data import DataConfig
from latentscape.errors import DataError, UsageError
from latentscape.motion.predictors import FitConfig
from latentscape.records import PredictionRecord, load_record
from latentscape.workflows.motion.middles import channel_variance
from latentscape.workflows.motion.predict import PredictConfig, predict_middles
from latentscape.workflows.motion.subject import open_motion

FEW = PredictConfig(
    predictors=("best-t", "ridge-3x3", "conv"), fit=FitConfig(epochs=1, batch_size=4)
)


def write_triplets(root, *, n=24, side=16, still=False):
    """A square moving over noise, two triplets a shot, each folder of shots a film."""
    rng = np.random.default_rng(0)
    for k in range(n):
        folder = root / f"film_{k // 2}" / f"t{k}"
        folder.mkdir(parents=True)
        ground = rng.integers(0, 120, (side, side, 3)).astype(np.uint8)
        for frame in range(3):
            picture = ground.copy()
            left = 1 if still else 1 + frame * (1 + k % 3)
            picture[4:10, left : left + 6] = 230
            Image.fromarray(picture).save(folder / f"frame{frame + 1}.png")
    return DataConfig(f"triplets:{root}", size=side, test_fraction=0.4, val_fraction=0.2)


@pytest.fixture(autouse=True)
def _small_nets(monkeypatch):
    monkeypatch.setattr("latentscape.motion.predictors.trained.FEWEST_STEPS", 3)
    monkeypatch.setattr("latentscape.motion.predictors.conv.WIDTHS", (8,))


@pytest.fixture
def moving(tmp_path, make_run):
    data = write_triplets(tmp_path / "triplets")
    return make_run("m", latent=(2, 4, 4), posterior="gaussian", data=data, network="resnet")


def test_every_way_is_scored_on_test_triplets_alone(moving):
    record = predict_middles(moving, config=FEW)
    assert isinstance(record, PredictionRecord)
    held = [row.name for row in record.baselines]
    assert held == ["pixel blend", "blend, encoded and decoded", "flow warp", "linear", "ceiling"]
    names = [row.name for row in record.rows]
    assert names == ["best-t", "blurred-linear", "ridge-3x3", "conv"]
    subject = open_motion(moving)
    test = subject.which("test")
    assert record.names == tuple(subject.triplets.names[test])
    others = set(subject.triplets.shots[subject.which("train")]) | set(
        subject.triplets.shots[subject.which("val")]
    )
    assert not others & set(record.shots)
    assert record.provenance.split == "test"
    assert record.provenance.n == len(test) == sum(1 for _ in record.names)
    assert sum(record.n_triplets.values()) == 24


def test_numbers_are_those_of_a_few_lines_of_numpy(moving):
    record = predict_middles(moving, config=FEW)
    subject = open_motion(moving)
    test = subject.which("test")
    first, middle, last = np.moveaxis(subject.latents_of(test), 1, 0).astype(np.float64)
    line = np.square((first + last) / 2 - middle).reshape(len(test), -1).mean(1)
    np.testing.assert_allclose(record.columns["linear latent_error"], line, rtol=1e-5)
    t = next(fit.words for fit in record.fits if fit.name == "best-t").split()[-1]
    best = np.square(first + float(t) * (last - first) - middle).mean()
    skill = next(row for row in record.rows if row.name == "best-t")["latent_skill"]
    assert skill.value == pytest.approx(1 - best / line.mean(), abs=2e-3)
    by_channel = np.moveaxis(middle, 1, 0).reshape(2, -1)
    np.testing.assert_allclose(channel_variance(subject, test), by_channel.var(1), rtol=1e-5)
    linear = next(row for row in record.baselines if row.name == "linear")
    missed = np.moveaxis((first + last) / 2 - middle, 1, 0).reshape(2, -1)
    r2 = (1 - np.square(missed).mean(1) / by_channel.var(1)).mean()
    assert linear["latent_r2"].value == pytest.approx(r2, abs=1e-5)
    frames = subject.frames_of(test).astype(np.float64) / 255
    blend = np.square(frames[:, ::2].mean(1) - frames[:, 1]).reshape(len(test), -1).mean(1)
    np.testing.assert_allclose(record.columns["pixel blend mse"], blend, rtol=5e-3)


def test_the_record_comes_back_and_lies_where_it_should(moving):
    record = predict_middles(moving, config=replace(FEW, film=("gif",)))
    path = moving / "motion" / "triplets-prediction.json"
    again = load_record(path)
    assert isinstance(again, PredictionRecord)
    assert again.rows == record.rows
    np.testing.assert_array_equal(again.pictures, record.pictures)
    assert again.pictures.shape[1] == len(again.ways)
    assert again.pictures.shape[0] == len(again.shown)
    with Image.open(path.with_suffix(".gif")) as film:
        assert film.n_frames > 1
    predict_middles(moving, config=FEW)
    assert not path.with_suffix(".gif").exists()


def test_the_same_seed_gives_the_same_record(moving):
    first, again = (predict_middles(moving, config=FEW, seed=3) for _ in range(2))
    for name, values in first.columns.items():
        np.testing.assert_array_equal(values, again.columns[name])
    assert first.rows == again.rows


def test_thirds_go_from_little_to_much_motion(moving):
    record = predict_middles(moving, config=FEW)
    assert [third.name.split()[0] for third in record.by_motion] == ["little", "middling", "much"]
    ranges = [(third.least, third.most) for third in record.by_motion]
    assert all(a[1] <= b[0] for a, b in pairwise(ranges))
    assert sum(third.rows[0]["latent_error"].n for third in record.by_motion) == len(record.names)


def test_vectors_leave_out_what_needs_places(tmp_path, make_run):
    data = write_triplets(tmp_path / "triplets")
    model = make_run("v", latent=6, posterior="gaussian", data=data)
    config = PredictConfig(fit=FitConfig(epochs=1, batch_size=4))
    record = predict_middles(model, config=config)
    assert [row.name for row in record.rows] == ["best-t", "ridge-1x1", "conv"]
    assert {left.name for left in record.left_out} == {
        "blurred-linear", "ridge-3x3", "ridge-5x5", "unet", "transformer",
    }  # fmt: skip
    assert "blurred_skill" not in {m.name for row in record.rows for m in row.measures}


def test_pictures_that_stand_still_are_scored_and_said(tmp_path, make_run):
    data = write_triplets(tmp_path / "still", still=True)
    model = make_run("s", latent=(2, 4, 4), posterior="gaussian", data=data, network="resnet")
    record = predict_middles(model, config=FEW)
    linear = next(row for row in record.baselines if row.name == "linear")
    assert linear["latent_error"].value == 0
    assert any("motion skill is not defined" in line for line in record.warnings)


def test_splits_without_triplets_are_refused(moving, tmp_path):
    data = DataConfig(f"triplets:{tmp_path / 'triplets'}", size=16, val_fraction=0)
    with pytest.raises(DataError, match="no val triplets"):
        predict_middles(moving, data, config=FEW)


def test_unknown_words_are_refused(moving):
    with pytest.raises(UsageError, match="no predictor"):
        predict_middles(moving, config=PredictConfig(predictors=("convnet",)))
    with pytest.raises(UsageError, match="no film"):
        predict_middles(moving, config=PredictConfig(film=("avi",)))


def test_the_command_line_prints_the_table(moving, capsys):
    words = ["motion", str(moving), "--predict", "--predictors", "ridge-1x1", "--epochs", "1"]
    assert run(words) == 0
    told = capsys.readouterr().out
    for word in ("pixel blend", "flow warp", "ceiling", "ridge-1x1", "latent_skill", "triplets"):
        assert word in told
    assert run([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "prediction"
    assert run(["motion", str(moving), "--predictors", "conv"]) == 2
    assert "--predict" in capsys.readouterr().err


def test_the_verb_is_in_the_hall():
    assert latentscape.predict_middles is predict_middles
