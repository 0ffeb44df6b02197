"""Every verb's happy path: what is printed where, and what lies on disk afterwards."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image
from safetensors.numpy import load_file

import latentscape
from latentscape import Store, load_record
from latentscape.cli.train import default_folder
from latentscape.training import TrainConfig
from latentscape.training.history import read_history

TINY = (
    "--network", "mlp", "--hidden", "16", "--latent-dim", "2", "--epochs", "2",
    "--limit", "300", "--no-report",
)  # fmt: skip
PROGRAM = Path(sys.executable).with_name("latentscape")
STORE = "x/stores/digits-test"

VERBS = {
    "train": (["train", "digits", *TINY, "--out", "y"], "run"),
    "encode": (["encode", "x"], "store"),
    "measure": (["measure", "reconstruction", "x"], "reconstruction"),
    "structure": (["measure", "structure", "x", "--limit", "60"], "structure"),
    "collapse": (["measure", "collapse", "x"], "collapse"),
    "generation": (["measure", "generation", "x", "--features", "pixels"], "generation"),
    "project": (["project", STORE, "--method", "pca"], "map"),
    "disentanglement": (["measure", "disentanglement", "x", "--repeats", "2"], "disentanglement"),
    "interpolate": (["interpolate", "x", "--n-pairs", "2"], "trajectory"),
    "traverse": (["traverse", "x", "--n-steps", "3"], "traversal"),
    "report": (["report", "x"], "report"),
    "info": (["info", "x"], "info"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_json_is_the_record_and_nothing_else(verb, x, say):
    words, kind = VERBS[verb]
    said = say(*words, "--json")
    assert said.code == 0
    assert json.loads(said.out)["kind"] == kind
    assert "Warning" not in said.err


@pytest.mark.parametrize("verb", VERBS)
def test_without_json_people_read_it(verb, x, say):
    said = say(*VERBS[verb][0])
    assert said.code == 0
    assert said.out.strip()
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(said.out)


def test_train_leaves_a_whole_run_and_talks_on_stderr(x, say):
    said = say("train", "digits", *TINY, "--out", "y")
    before, last = said.err.split("epoch   1/2")
    assert before.startswith("β = 1 in ELBO units")
    assert "break-even" in before
    assert [line.split()[0] for line in last.splitlines()[1:]] == ["epoch"]
    assert said.out.splitlines()[-1].split() == ["run", "y"]
    wanted = ("run.json", "model.safetensors", "history.parquet", "record.json",
              "checkpoints/last.pt", "snapshots/training.gif")  # fmt: skip
    assert all(Path("y", name).is_file() for name in wanted)
    assert not list(Path("y").rglob(".*"))


def test_train_and_report_in_one_go(x, say):
    said = say("train", "digits", *TINY[:-1], "--out", "y")
    assert said.code == 0
    assert "report" in said.out
    assert Path("y/report.html").stat().st_size > 50_000
    for room in ("stores", "measures", "maps", "samples", "trajectories", "figures"):
        assert list(Path("y", room).iterdir()), room


def test_train_without_a_folder_names_its_own(x, say):
    said = say("train", "digits", *TINY, "--recipe", "beta-vae", "--seed", "7")
    assert said.code == 0
    assert Path("runs/digits-beta_vae-2-s7/model.safetensors").is_file()


@pytest.mark.parametrize(
    ("data", "stem"),
    [
        ("digits", "digits"), ("folder:.", "place"), ("folder:a/..", "place"), ("folder:a/", "a"),
        ("npz:a/b.npz", "b.npz"), ("hf:owner/name", "name"), ("folder:/", "folder"),
    ],
)  # fmt: skip
def test_a_runs_own_folder_is_named_after_what_the_path_means(tmp_path, monkeypatch, data, stem):
    (tmp_path / "place" / "a").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "place")
    assert default_folder(data, TrainConfig()) == Path(f"runs/{stem}-vae-16-s0")


def test_settings_reach_recipe_network_data_and_training(x, say):
    settings = {
        "recipe.free_bits": "0.25", "network.activation": "relu", "augment": "shift",
        "loggers": "tensorboard", "ema": "0.9", "val_fraction": "0.2", "clip_gradient": "1",
    }  # fmt: skip
    words = [word for pair in settings.items() for word in ("--set", "=".join(pair))]
    assert say("train", "digits", *TINY, "--beta", "2", *words, "--out", "y").code == 0
    about = json.loads(Path("y/run.json").read_text())
    assert about["training"]["recipe_options"] == {"beta": 2.0, "free_bits": 0.25}
    assert about["training"]["network_options"]["activation"] == "relu"
    assert about["training"]["ema"] == 0.9
    assert about["training"]["loggers"] == ["tensorboard"]
    assert about["data"]["augment"] == ["shift"]
    assert about["data"]["val_fraction"] == 0.2


def test_encode_a_split_of_the_runs_own_images_and_another_set(x, say, pictures):
    assert say("encode", "x", "--split", "val").code == 0
    store = Store.open("x/stores/digits-val")
    assert set(store.samples.splits) == {"val"}
    Image.new("RGB", (30, 20)).save(pictures / "dark" / "large.png")
    said = say("encode", "x", f"folder:{pictures}", "--split", "all")
    assert said.code == 0
    assert "pictures is brought to 8×8×1 for the model x, by the rule crop" in said.err
    (folder,) = Path("x/stores").glob("pictures-*-all")
    manifest = Store.open(folder).manifest
    assert (manifest.n, manifest.resize, manifest.provenance.resize) == (41, "crop", "crop")


def test_encode_says_what_it_kept(x, say):
    said = say("encode", "x", "--json")
    record = json.loads(said.out)
    assert record["n"] == len(Store.open(record["folder"]))
    assert record["resumed_shards"] == record["n_shards"]


@pytest.mark.parametrize("method", ["pca", "latent", "pacmap"])
def test_project_by_each_quick_method(x, say, method):
    assert say("project", STORE, "--method", method).code == 0
    record = load_record(f"x/maps/digits-test-{method}")
    assert record.positions.shape == (len(Store.open(STORE)), 2)


def test_a_map_of_a_store_outside_a_run_is_kept_where_one_says_or_its_loss_is_told(x, say):
    shutil.copytree(STORE, "apart")
    for method in ("pca", "pca,latent"):
        said = say("project", "apart", "--method", method)
        assert said.code == 0
        assert "warning: the store lies in no run and there is no --out: no map is kept" in said.err
        assert "written" not in said.out
    said = say("project", "apart", "--method", "pca", "--out", "here")
    assert "warning" not in said.err
    assert said.out.splitlines()[-1].split() == ["written", "here.json"]
    said = say("project", "apart", "--method", "pca,latent", "--out", "here")
    assert "warning" not in said.err
    assert re.findall(r"written +(\S+)", said.out) == ["here-pca.json", "here-latent.json"]
    assert Path("here-pca.npz").is_file()


@pytest.mark.parametrize("verb", ["measure", "structure", "collapse", "project", "traverse"])
def test_what_was_written_is_said_where(x, say, verb):
    written = say(*VERBS[verb][0]).out.splitlines()[-1].split()
    assert written[0] == "written"
    assert load_record(written[1]).kind == VERBS[verb][1]


def test_a_slow_map_is_announced_on_stderr(x, say):
    said = say("project", STORE, "--method", "tsne", "--limit", "20")
    assert said.code == 0
    assert said.err.startswith("note: t-SNE")


@pytest.mark.parametrize("pairs", ["random", "same-class", "different-class"])
def test_interpolate_by_each_criterion(x, say, pairs):
    said = say("interpolate", "x", "--pairs", pairs, "--n-pairs", "3", "--n-steps", "4", "--json")
    assert said.code == 0
    assert json.loads(said.out)["frames"]["shape"] == [3, 4, 1, 8, 8]


def test_interpolate_between_named_images(x, say):
    ids = Store.open(STORE).samples.sample_ids[:3]
    said = say("interpolate", "x", "--pairs", f"{ids[0]}:{ids[1]},{ids[1]}:{ids[2]}")
    assert said.out.splitlines()[:2] == [f"{ids[0]} → {ids[1]}", f"{ids[1]} → {ids[2]}"]


def test_interpolate_through_named_images(x, say):
    ids = Store.open(STORE).samples.sample_ids[:3]
    words = ("interpolate", "x", "--through", ", ".join(ids), "--method", "rbf")
    lines = say(*words).out.splitlines()
    assert lines[0] == " → ".join(ids)
    assert lines[1].startswith("1 rbf trajector")
    assert json.loads(say(*words, "--json").out)["through"] == list(ids)


@pytest.mark.parametrize(
    ("thing", "what"),
    [
        ("x", "run"),
        ("x/run.json", "run"),
        (STORE, "store"),
        ("x/measures/reconstruction-digits-test.json", "record"),
        ("x/maps/digits-test-pca.npz", "record"),
        ("x/record.json", "record"),
        ("digits", "data"),
    ],
)
def test_info_tells_what_anything_is(x, say, thing, what):
    said = say("info", thing, "--json")
    assert said.code == 0
    assert json.loads(said.out)["what"] == what
    assert json.loads(said.out)["facts"]


def test_info_of_a_report_and_of_a_folder_of_pictures(x, say, pictures):
    assert say("report", "x").code == 0
    assert json.loads(say("info", "x/report.html", "--json").out)["what"] == "report"
    facts = json.loads(say("info", f"folder:{pictures}", "--json").out)["facts"]
    assert facts["images"] == 40


def test_report_of_several_runs(x, say):
    assert say("train", "digits", *TINY, "--recipe", "ae", "--out", "y").code == 0
    said = say("report", ".", "--json")
    assert json.loads(said.out)["runs"] == ["x", "y"]
    assert Path("report.html").is_file()


@pytest.mark.parametrize(
    ("recipe", "parts"), [("vae", (2, 4)), ("aae", (1, 2, 3)), ("tvae", (3, 4)), ("rae", (1, 3))]
)
def test_resume_through_the_command_line_equals_the_unbroken_run(x, say, recipe, parts):
    """A few epochs, then more by the same words: as if there had been all at once."""
    words = ["train", "digits", *TINY, "--recipe", recipe, "--seed", "5"]
    words += ["--set", "ema=0.9", "--set", "augment=shift", "--set", "accumulate=2"]
    assert say(*words, "--epochs", parts[-1], "--out", "whole").code == 0
    for epochs in parts:
        assert say(*words, "--epochs", epochs, "--out", "parted", "--resume").code == 0
    timing = ("seconds", "images_per_second")
    ours, theirs = (read_history(Path(name)).columns for name in ("parted", "whole"))
    assert ours.keys() == theirs.keys()
    assert all(ours[name] == theirs[name] for name in ours if name not in timing)
    ours, theirs = (load_file(f"{name}/model.safetensors") for name in ("parted", "whole"))
    assert all((ours[name] == theirs[name]).all() for name in theirs)
    ours, theirs = (load_record(name).test for name in ("parted/record", "whole/record"))
    assert ours == theirs
    names = [sorted(p.name for p in Path(n, "snapshots").iterdir()) for n in ("parted", "whole")]
    assert names[0] == names[1]


def test_resume_of_a_finished_run_changes_nothing_that_counts(x, say, contents):
    before = contents(x)
    assert say("train", "digits", *TINY, "--out", "x", "--resume").code == 0
    after = contents(x)
    for name in ("model.safetensors", "history.parquet", "snapshots/positions.npz"):
        assert after[name] == before[name], name
    assert say("encode", "x", "--json").code == 0  # the store still belongs to the weights


def test_python_has_every_verb_with_the_same_words():
    verbs = {words[0] for words, _ in VERBS.values()}
    assert {*verbs, "demo"} <= set(latentscape.__all__)


@pytest.mark.slow
def test_a_process_keeps_its_streams_apart_and_gives_its_exit_code(trained, tmp_path):
    def shell(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "COLUMNS": "80"}
        return subprocess.run(
            [PROGRAM, *words], capture_output=True, text=True, env=environment, check=False
        )

    told = shell("info", str(trained), "--json")
    assert (told.returncode, told.stderr) == (0, "")
    assert json.loads(told.stdout)["what"] == "run"
    unknown = shell("frobnicate")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert unknown.stderr.splitlines()[0] == "error: No such command 'frobnicate'"
    wrong = shell("encode", str(trained / "snapshots"))
    assert (wrong.returncode, wrong.stdout) == (2, "")
    (tmp_path / "run.json").write_text("{")
    failed = shell("encode", str(tmp_path))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert shell("--version").stdout.strip() == latentscape.__version__
    assert shell("train", "--help").stderr == ""
    assert shell().returncode == 0


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(trained):
    done = subprocess.run(
        f"{PROGRAM} info {trained} | head -1", shell=True, capture_output=True, text=True
    )
    assert done.stderr == ""


@pytest.mark.parametrize(
    ("words", "room", "again"),
    [
        (["train", "digits", *TINY, "--out", "y"], "train.train", "--resume goes on"),
        (["encode", "x"], "encode.encode", "give the same words again"),
        (["demo"], "demo.demo", "give the same words again"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_ctrl_c_says_how_to_go_on(refused, x, monkeypatch, words, room, again):
    def pressed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"latentscape.workflows.{room}", pressed)
    said = refused(*words, code=1, match="stopped by Ctrl-C")
    assert again in said.err
    assert ("--resume" in said.err) == (words[0] == "train")


def test_a_collapse_is_refused_with_its_cure(refused, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ("--network", "mlp", "--hidden", "16", "--latent-dim", "2", "--no-report")
    said = refused(
        "train", "digits", *words, "--batch-size", "25", "--epochs", "4", "--beta", "1",
        "--beta-convention", "mean-sum", "--out", "y", code=1, match="collapsed by step",
    )  # fmt: skip
    assert "warning: β is 32 in ELBO units" in said.err
    assert "--recipe sigma_vae" in said.err
    said = refused("train", "digits", "--beta-convention", "mean", code=2, match="no convention")
    assert "mean-sum" in said.err
    refused("train", "digits", "--doctor", "stpo", code=2, match="no doctor")
