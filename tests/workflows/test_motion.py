"""The verb `motion`, on little runs and triplets made here."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

import latentscape
from latentscape.cli.app import run
from latentscape.data import DataConfig
from latentscape.errors import DataError, StoreError, UsageError
from latentscape.motion.triplet import midpoint_deviation
from latentscape.records import MotionRecord, load_record
from latentscape.workflows.motion.analysis import MotionConfig, analyse_motion
from latentscape.workflows.motion.flows import flow_named, flow_table
from latentscape.workflows.motion.shards import Shards
from latentscape.workflows.motion.subject import open_motion
from latentscape.workflows.opening import open_subject


def write_triplets(root, *, n=6, side=16, seed=0):
    """A square moving over noise, two triplets a shot."""
    rng = np.random.default_rng(seed)
    for k in range(n):
        folder = root / f"film_{k // 2}" / f"t{k}"
        folder.mkdir(parents=True)
        tint = [k // 2 & 1, k // 4 & 1, k // 8 & 1]  # each shot of a colour of its own
        ground = (rng.integers(0, 60, (side, side, 3)) + 100 * np.array(tint)).astype(np.uint8)
        for frame in range(3):
            picture = ground.copy()
            left = 1 + frame * (1 + k % 3)
            picture[4:10, left : left + 6] = 230
            Image.fromarray(picture).save(folder / f"frame{frame + 1}.png")
    return DataConfig(f"triplets:{root}", size=side, test_fraction=0.34, val_fraction=0.34)


ASKED = []


def steady(first, second):
    ASKED.append(1)
    return np.full((*first.shape[1:], 2), 3, np.float32)


@pytest.fixture
def moving(tmp_path, make_run):
    data = write_triplets(tmp_path / "triplets")
    return make_run("m", latent=8, posterior="gaussian", data=data)


def test_latents_of_triplets_are_those_of_their_frames(moving):
    subject = open_motion(moving)
    assert len(subject) == 6
    which = np.array([4, 1])
    latents, frames = subject.latents_of(which), subject.frames_of(which)
    assert latents.shape == (2, 3, 8)
    assert frames.shape == (2, 3, 3, 16, 16)
    assert frames.dtype == np.uint8
    pixels = subject.subject.pixels(subject.triplets.rows[which].reshape(-1))
    posterior = subject.subject.model.autoencoder.encode(pixels)
    expected = posterior.mean.detach().numpy().reshape(2, 3, 8)
    np.testing.assert_allclose(latents, expected, atol=1e-5)
    assert set(subject.split_of_triplets) == {"train", "val", "test"}
    assert (np.concatenate(list(subject.chunks(size=4))) == np.arange(6)).all()


def test_images_that_do_not_move_are_refused(make_run):
    with pytest.raises(DataError, match="no moving picture"):
        open_motion(make_run("still", latent=2))


def test_two_triplets_are_too_few(tmp_path, moving):
    data = write_triplets(tmp_path / "few", n=4)
    few = DataConfig(data.source, size=16, limit=6)
    with pytest.warns(UserWarning, match="taken whole"), pytest.raises(DataError, match="too few"):
        open_motion(moving, few)


def test_a_model_that_is_no_run_needs_a_folder(moving, monkeypatch):
    subject = open_subject(moving, None, "all")
    nowhere = replace(subject, model=replace(subject.model, folder=None))
    room = "latentscape.workflows.motion.subject.open_subject"
    monkeypatch.setattr(room, lambda *words: nowhere)
    with pytest.raises(UsageError, match="is no run"):
        open_motion(moving)


def test_latents_that_are_no_numbers_are_refused(moving):
    subject = open_motion(moving)
    broken = replace(subject, read=lambda which, _: np.full((len(which), 3, 8), np.nan))
    with pytest.raises(StoreError, match="t2"):
        broken.latents_of(np.array([2]))


def test_shards_are_filled_once_and_mended(tmp_path):
    asked = []

    def compute(rows):
        asked.append(len(rows))
        return {"x": rows * 2.0, "y": np.ones((len(rows), 2))}

    shards = Shards(tmp_path, {"a": 1}, 300).fill(compute)
    assert asked == [128, 128, 44]
    assert (shards.column("x") == np.arange(300) * 2).all()
    assert shards.rows("x", np.array([299, 3, 130])).tolist() == [598, 6, 260]
    (shards.folder / "00001.npz").write_bytes(b"half of it")
    Shards(tmp_path, {"a": 1}, 300).fill(compute)
    assert asked == [128, 128, 44, 128]
    Shards(tmp_path, {"a": 2}, 300).fill(compute)
    assert len(asked) == 7
    with pytest.raises(StoreError):
        Shards(tmp_path, {"a": 3}, 300).column("x")


def test_the_flow_follows_the_square(moving):
    subject = open_motion(moving)
    sizes = subject.flow_sizes()
    steps = 1 + np.array([int(name[-1]) for name in subject.triplets.names]) % 3
    assert sizes[steps == 3].min() > sizes[steps == 1].max()
    ASKED.clear()
    table = flow_table(subject, steady)
    np.testing.assert_allclose(table.column("flow"), 3 * np.sqrt(2))
    assert len(ASKED) == 5 * 6
    flow_table(subject, steady)
    assert len(ASKED) == 5 * 6


class Steady:
    """A flow with something of its own, which its source does not tell."""

    def __init__(self, by):
        self.by = by

    def __call__(self, first, second):
        return np.full((*first.shape[1:], 2), self.by, np.float32)


def test_a_flow_that_holds_something_is_never_taken_for_another(moving):
    subject = open_motion(moving)
    for by in (1, 2):
        closure = lambda a, b, by=by: np.full((*a.shape[1:], 2), by)  # noqa: E731
        for flow in (Steady(by), closure):
            found = flow_table(subject, flow)
            np.testing.assert_allclose(found.column("flow"), by * np.sqrt(2), rtol=1e-5)
    assert len(list((moving / "flows").iterdir())) == 2  # one of each name


OWN = "import numpy as np\ndef raft(a, b):\n    return np.full((*a.shape[1:], 2), {by})\n"


def test_a_flow_comes_in_by_a_file_or_by_a_module_of_the_folder_one_is_in(tmp_path, monkeypatch):
    (tmp_path / "a_flow_of_ones_own.py").write_text(OWN.format(by=1))
    monkeypatch.chdir(tmp_path)
    frame = np.zeros((3, 4, 5), np.uint8)
    for place in (
        "a_flow_of_ones_own",
        "a_flow_of_ones_own.py",
        tmp_path / "a_flow_of_ones_own.py",
    ):
        told = flow_named(f"python:{place}:raft")
        assert told.name == f"python:{place}:raft"
        assert (told.flow(frame, frame) == 1).all()
        assert flow_named(told) is told
    for wrong in ("nowhere:flow", "nowhere.py:flow", "math:pi", "math", "a_flow_of_ones_own:raf"):
        with pytest.raises(UsageError):
            flow_named(f"python:{wrong}")
    (tmp_path / "breaking.py").write_text("1 / 0")
    with pytest.raises(DataError, match=r"the optical flow python:breaking\.py:raft"):
        flow_named("python:breaking.py:raft")


def test_a_flow_of_a_file_that_was_changed_is_computed_anew(moving, tmp_path):
    subject = open_motion(moving)
    file = tmp_path / "changing.py"
    for by in (1, 2):
        file.write_text(OWN.format(by=by))
        found = flow_table(subject, f"python:{file}:raft")
        np.testing.assert_allclose(found.column("flow"), by * np.sqrt(2), rtol=1e-6)


def test_a_flow_that_fails_is_named_with_what_it_was_given(moving):
    def broken(first, second):
        raise ZeroDivisionError("my own")

    with pytest.raises(DataError, match=r"broken.*\(3, 16, 16\).*ZeroDivisionError: my own"):
        flow_table(open_motion(moving), broken)


def test_numbers_of_latents_that_changed_are_computed_anew(moving):
    first = analyse_motion(moving, config=MotionConfig(n_shifted=0))
    (file,) = (moving / "stores").rglob("mean-00000.npy")
    values = np.load(file)
    values[7] += 1  # the middle of the third triplet, no end of all
    np.save(file, values)
    again = analyse_motion(moving, config=MotionConfig(n_shifted=0))
    name = "latents midpoint_deviation"
    differ = np.flatnonzero(first.columns[name] != again.columns[name])
    assert len(differ) == 1
    assert len(list((moving / "motion" / "numbers").iterdir())) == 1


def test_a_run_that_was_moved_reads_its_numbers_and_names_no_place(moving, tmp_path, monkeypatch):
    first = analyse_motion(moving, config=MotionConfig(n_shifted=0))
    assert str(tmp_path) not in first.latents_from
    moved = moving.rename(tmp_path / "elsewhere")
    monkeypatch.setattr("latentscape.workflows.motion.spaces.Spaces._chunk", None)
    again = analyse_motion(moved, config=MotionConfig(n_shifted=0))
    assert again.rows == first.rows


@pytest.fixture
def grid(tmp_path, make_run):
    data = write_triplets(tmp_path / "triplets", n=17, side=32)
    return make_run("g", latent=(4, 8, 8), data=data, network="resnet")


def test_one_record_says_it_all(grid):
    record = analyse_motion(grid, config=MotionConfig(n_shifted=4, n_examples=2))
    assert [row.name for row in record.rows] == [
        "all triplets", "train", "val", "test",
        "least motion", "middle motion", "most motion",
    ]  # fmt: skip
    subject = open_motion(grid)
    points = subject.latents_of(np.arange(17)).swapaxes(0, 1)
    own = record.columns["latents midpoint_deviation"]
    np.testing.assert_allclose(own, midpoint_deviation(*points))
    first = record.rows[0]
    assert first["midpoint_deviation"].value == pytest.approx(np.median(own))
    assert "9 scenes of 17 triplets" in record.resampled
    assert first["midpoint_deviation"].low is not None
    by_name = {row.name: row for row in record.rows}
    assert by_name["test"]["midpoint_deviation"].low is None
    assert "fewer than 8" in by_name["test"].note
    assert first["flow_correlation"].reference is not None
    beside = [row.name for row in record.baselines if row.beside == "all triplets"]
    assert beside == [
        "pixels, all triplets",
        "latents, middles of the same shot, all triplets",
        "latents, middles of other shots, all triplets",
        "pixels, middles of the same shot, all triplets",
        "pixels, middles of other shots, all triplets",
        "optical flow, all triplets",
    ]
    assert record.maps is not None
    assert record.maps.motion.shape == (2, 8, 8)
    assert record.shifts is not None
    assert record.shifts.pixels == (1, 2, 3, 4, 8)
    whole = record.shifts.baselines[3]["equivariance_error"]
    assert whole.value == pytest.approx(0, abs=1e-9)
    assert record.plane is not None
    assert not record.plane.of_shots
    assert [missing.name for missing in record.undefined] == ["longer shots"]
    assert record.saved_at == grid / "motion" / "triplets.json"
    again = load_record(record.saved_at)
    assert isinstance(again, MotionRecord)
    assert again.rows == record.rows


def test_a_second_analysis_reads_what_the_first_computed(grid, monkeypatch):
    small = MotionConfig(n_shifted=2, n_examples=1)
    first = analyse_motion(grid, config=small)
    for room in ("flows._of_triplet", "spaces.Spaces._chunk"):
        monkeypatch.setattr(f"latentscape.workflows.motion.{room}", None)
    again = analyse_motion(grid, config=small)
    assert again.rows == first.rows
    assert again.baselines == first.baselines


def test_a_vector_has_no_places_and_says_so(moving):
    record = latentscape.motion(moving, config=MotionConfig(n_shifted=2))
    assert record.maps is None
    assert record.shifts is None
    assert {missing.name for missing in record.undefined} == {
        "place_correlation", "place_correlation_partial", "moving_auc",
        "translation equivariance", "longer shots",
    }  # fmt: skip


def test_shots_of_many_frames_have_a_course(tmp_path, make_run):
    run = make_run("v", latent=6, data=DataConfig("sprites-motion", limit=80))
    record = analyse_motion(run, config=MotionConfig(n_shifted=2))
    assert record.shot_table is not None
    numbers = record.shot_table.numbers
    assert len(numbers["latents curvature"]) == len(record.shot_table.names)
    assert (numbers["pixels straightness"] <= 1).all()
    own = record.shot_table.rows[0]["shot_roughness"]
    shuffled = next(row for row in record.shot_table.baselines if row.name == "latents shuffled")
    assert own.value < shuffled["shot_roughness"].value
    assert record.plane is not None
    assert record.plane.of_shots


def test_the_command_prints_numbers_with_their_nulls(grid, capsys):
    words = ["motion", str(grid), "--n-shifted", "2", "--flow", "farneback"]
    assert run(words) == 0
    said = capsys.readouterr().out
    for word in ("midpoint_deviation", "pixels, all triplets", "middles of other shots", "1 cell"):
        assert word in said
    assert run([*words, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kind"] == "motion"
    assert run(["motion", str(grid), "--flow", "raft"]) == 2
    assert "python:MODULE:CALLABLE" in capsys.readouterr().err


def test_latents_in_the_triplets_folders_are_read(grid, tmp_path):
    store = open_motion(grid)
    assert run(["encode", str(grid), "--npy", str(tmp_path / "npy")]) == 0
    subject = open_motion(grid, latents=tmp_path / "npy")
    which = np.array([3, 0])
    assert (subject.latents_of(which) == store.latents_of(which)).all()
    (tmp_path / "npy" / str(store.triplets.names[0]) / "latent2.npy").unlink()
    with pytest.raises(StoreError):
        subject.latents_of(np.array([0]))


@pytest.fixture
def as_npy(moving, tmp_path):
    assert run(["encode", str(moving), "--npy", str(tmp_path / "npy")]) == 0
    return tmp_path / "npy"


QUICK = MotionConfig(flow=steady, n_shifted=0)


def test_latents_of_the_same_frames_seen_otherwise_are_refused(moving, as_npy, tmp_path):
    same = analyse_motion(moving, latents=as_npy, config=QUICK)
    assert same.warnings == ()
    data = DataConfig(f"triplets:{tmp_path / 'triplets'}", size=16, limit=15)
    for verb in (analyse_motion, latentscape.predict_middles):
        with pytest.raises(StoreError, match="of other images") as error:
            verb(moving, data, latents=as_npy)
        assert "--npy" in error.value.hint


def test_latents_that_nothing_vouches_for_are_said_so_in_record_and_page(moving, as_npy):
    (as_npy / "latents.json").unlink()
    with pytest.warns(UserWarning, match="no latents"):
        record = analyse_motion(moving, latents=as_npy, config=QUICK)
    (said,) = record.warnings
    assert "npy has no latents.json" in said
    assert "of these images, which nothing says" in said
    assert str(as_npy.parent) not in said
    latentscape.report(moving)
    assert "npy has no latents.json" in (moving / "report.html").read_text()


@pytest.mark.parametrize("fault", ["missing", "not finite", "damaged"])
@pytest.mark.parametrize("verb", ["motion", "predict_middles"])
def test_broken_latents_are_refused_before_any_flow_is_computed(moving, as_npy, fault, verb):
    file = sorted(as_npy.rglob("latent3.npy"))[-1]
    if fault == "missing":
        file.unlink()
    elif fault == "damaged":
        file.write_bytes(b"half of it")
    else:
        np.save(file, np.full_like(np.load(file), np.nan))
    asked = {"motion": MotionConfig, "predict_middles": latentscape.PredictConfig}[verb]
    ASKED.clear()
    with pytest.raises(StoreError, match=file.parent.name):
        getattr(latentscape, verb)(moving, latents=as_npy, config=asked(flow=steady))
    assert ASKED == []


def test_a_broken_store_is_refused_before_any_flow_is_computed(moving):
    open_motion(moving)
    (file,) = (moving / "stores").rglob("mean-00000.npy")
    values = np.load(file)
    values[7] = np.nan
    np.save(file, values)
    ASKED.clear()
    with pytest.raises(StoreError, match="not finite"):
        analyse_motion(moving, config=QUICK)
    assert ASKED == []


@pytest.mark.parametrize(
    "words",
    [["--epochs", "40"], ["--patience", "3"], ["--film", "gif"], ["--predict", "--n-shifted", "4"]],
)
def test_options_that_would_do_nothing_are_refused(words, capsys):
    assert run(["motion", "nowhere", *words]) == 2
    assert "--predict" in capsys.readouterr().err


def test_little_motion_is_warned_of(moving):
    def tiny(first, second):
        return np.full((*first.shape[1:], 2), 0.1, np.float32)

    config = MotionConfig(flow=tiny, n_shifted=0)
    (said,) = analyse_motion(moving, config=config).warnings
    assert "0.14 pixels" in said
    assert analyse_motion(moving, config=MotionConfig(flow=steady, n_shifted=0)).warnings == ()
