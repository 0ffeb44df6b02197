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
from latentscape.errors import DataError, LatentscapeError, UsageError
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
        ground = rng.integers(0, 40, (side, side, 3)).astype(np.uint8)
        ground[..., k // 2 % 3] += np.uint8(150)  # so that shots look apart
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
    assert record.provenance.n == len(test) == len(set(record.names))
    assert record.n_triplets["test"] == len(test)
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
    record = predict_middles(moving, config=FEW)
    path = moving / "motion" / "triplets-prediction.json"
    again = load_record(path)
    assert isinstance(again, PredictionRecord)
    assert again.rows == record.rows
    np.testing.assert_array_equal(again.pictures, record.pictures)
    assert again.pictures.shape[1] == len(again.ways)
    assert again.pictures.shape[0] == len(again.shown)


def test_the_same_seed_gives_the_same_record(moving):
    first, again = (predict_middles(moving, config=FEW, seed=3) for _ in range(2))
    for name, values in first.columns.items():
        np.testing.assert_array_equal(values, again.columns[name])
    assert first.rows == again.rows


def test_thirds_go_from_little_to_much_motion(moving):
    record = predict_middles(moving, config=FEW)
    assert [third.name.split()[0] for third in record.by_motion] == ["least", "middle", "most"]
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


def with_scenes(monkeypatch, scene_of):
    """Triplets that say which scene they show, as those found by their pictures do."""
    from latentscape.workflows.motion import predict

    def opened(*args, **words):
        subject = open_motion(*args, **words)
        scenes = np.array([scene_of(subject, i) for i in range(len(subject))])
        return replace(subject, triplets=replace(subject.triplets, notes={"scene": scenes}))

    monkeypatch.setattr(predict, "open_motion", opened)


def test_what_shows_a_test_scene_is_neither_learnt_nor_chosen_by(moving, monkeypatch):
    whole = open_motion(moving)
    train, val, test = (whole.which(split) for split in ("train", "val", "test"))
    shared = {int(train[0]), int(val[0]), *map(int, test)}
    with_scenes(monkeypatch, lambda _, i: "one" if i in shared else f"own-{i}")
    record = predict_middles(moving, config=FEW)
    counts = {"train": len(train) - 1, "val": len(val) - 1, "test": len(test)}
    assert record.n_triplets == counts
    assert any("validation triplets were left out" in line for line in record.warnings)
    assert any("training triplets were left out" in line for line in record.warnings)
    assert (record.n_shots, record.grouped_by) == (1, "scene")
    assert all(m.low is None for row in (*record.rows, *record.baselines) for m in row.measures)
    assert any("1 scene of" in line for line in record.warnings)


def test_a_training_scene_validates_where_all_validation_shows_the_test(moving, monkeypatch):
    whole = open_motion(moving)
    train = whole.which("train").tolist()
    with_scenes(monkeypatch, lambda _, i: f"own-{train.index(i) // 2}" if i in train else "test")
    record = predict_middles(moving, config=FEW)
    assert record.n_triplets["val"] in (1, 2)
    assert record.n_triplets["train"] + record.n_triplets["val"] == len(train)
    assert any("serve for validation instead" in line for line in record.warnings)


def test_scenes_that_are_all_the_tests_leave_nothing_to_learn_from(moving, monkeypatch):
    with_scenes(monkeypatch, lambda _, i: "one")
    with pytest.raises(DataError, match="no scenes to learn from"):
        predict_middles(moving, config=FEW)


def test_fits_are_kept_and_taken_again(moving, monkeypatch):
    from latentscape.motion.predictors.trained import Trained

    first = predict_middles(moving, config=FEW)
    kept = sorted((moving / "fits").glob("*.npz"))
    assert len(kept) == len(first.fits)

    def refuse(*_, **__):
        raise AssertionError("fitted again")

    with monkeypatch.context() as patch:
        patch.setattr(Trained, "fit", refuse)
        again = predict_middles(moving, config=replace(FEW, film=("gif",)))
        assert again.rows == first.rows
        assert again.fits == first.fits
        with pytest.raises(AssertionError, match="fitted again"):
            predict_middles(moving, config=replace(FEW, fit=replace(FEW.fit, epochs=2)))
    kept[0].write_bytes(b"broken")
    assert predict_middles(moving, config=FEW).rows == first.rows


class Killed(Exception):
    """What a test raises in the midst of the work."""


def test_scores_are_kept_and_what_was_stopped_goes_on(moving, monkeypatch):
    from latentscape.workflows.motion import scores

    monkeypatch.setattr(scores, "AT_ONCE", 3)
    whole = predict_middles(moving, config=FEW, out=moving / "whole")
    seen: list[int] = []
    measure = scores.errors_of

    def counted(some, *words):
        if seen and sum(seen) >= stop:
            raise Killed
        seen.append(len(some.which))
        return measure(some, *words)

    monkeypatch.setattr(scores, "errors_of", counted)
    n, stop = len(whole.names), 6
    with pytest.raises(Killed):
        predict_middles(moving, config=FEW)
    assert sum(seen) == 6
    seen.clear()
    stop = n
    record = predict_middles(moving, config=FEW)
    assert sum(seen) == n - 6
    assert record.rows == whole.rows
    assert list(record.columns) == list(whole.columns)
    for name, values in whole.columns.items():
        np.testing.assert_array_equal(values, record.columns[name])
    seen.clear()
    assert predict_middles(moving, config=FEW).rows == whole.rows
    assert not seen
    stop = 2 * n
    predict_middles(moving, config=replace(FEW, flow="farneback"))
    assert sum(seen) == n
    predict_middles(moving, config=replace(FEW, fit=replace(FEW.fit, rate=1e-2)))
    assert sum(seen) == 2 * n
    assert len(list((moving / "motion" / "scores").iterdir())) == 2  # one a flow


def test_every_fit_has_its_validation_error_and_the_best_is_chosen_by_it(moving):
    record = predict_middles(moving, config=FEW)
    subject = open_motion(moving)
    first, middle, last = np.moveaxis(subject.latents_of(subject.which("val")), 1, 0)
    errors = {fit.name: fit.validation_error for fit in record.fits}
    assert errors["linear"] == pytest.approx(
        np.square((first + last) / 2 - middle).mean(), rel=1e-4
    )
    least = min(errors, key=lambda name: errors[name])
    assert record.best == (least if least != "linear" else None)


def test_flows_are_asked_for_the_test_triplets_alone_and_named_where_they_fail(moving):
    from latentscape.motion.flow import dis

    asked = []

    def counted(first, second):
        asked.append(1)
        return dis(first, second)

    record = predict_middles(moving, config=replace(FEW, flow=counted))
    assert len(asked) == 2 * (len(record.names) + len(record.shown))

    def faulty(first, second):
        return np.zeros((1, 1, 2))

    with pytest.raises(DataError, match="faulty"):
        predict_middles(moving, config=replace(FEW, flow=faulty))

    def breaking(first, second):
        raise ZeroDivisionError

    with pytest.raises(LatentscapeError, match="breaking"):
        predict_middles(moving, config=replace(FEW, flow=breaking))


def test_little_motion_is_said(moving):
    def still(first, _):
        return np.full((*first.shape[1:], 2), 0.1, np.float32)

    record = predict_middles(moving, config=replace(FEW, flow=still))
    np.testing.assert_allclose(record.motion, 0.1 * np.sqrt(2), rtol=1e-5)
    assert any("move by less than 0.14 pixels" in line for line in record.warnings)


def test_a_film_is_of_one_scene_and_of_none_too_short(moving, monkeypatch):
    path = moving / "motion" / "triplets-prediction.gif"
    predict_middles(moving, config=replace(FEW, film=("gif",)))
    assert not path.exists()
    own = open_motion(moving).which("test").tolist()
    with_scenes(monkeypatch, lambda _, i: "one" if i in own else f"own-{i}")
    predict_middles(moving, config=replace(FEW, film=("gif",)))
    with Image.open(path) as film:
        steps = 2 * len(own)
        assert film.n_frames == 2 * steps - 2
        assert film.size[0] >= 5 * 64
    predict_middles(moving, config=FEW)
    assert not path.exists()
