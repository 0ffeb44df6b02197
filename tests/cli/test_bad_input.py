"""Bad input is a normal day: one sentence, a hint, exit code 1 or 2, nothing half-written.

Damage to runs and stores is in test_damage.py.
"""

import json
import re
import resource
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

TINY = (
    "--network", "mlp", "--hidden", "16", "--latent-dim", "2", "--epochs", "2",
    "--limit", "300", "--no-report",
)  # fmt: skip
STORE = "x/stores/digits-test"
TRAVEL = ("measure", "trajectories", "x")


@pytest.fixture(autouse=True)
def _here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


# Data ---------------------------------------------------------------------------------------


def test_a_missing_path(refused):
    refused("train", "folder:nowhere", *TINY, "--out", "y", code=1, match="nowhere does not exist")
    refused("train", "npz:no.npz", *TINY, "--out", "y", code=1, match="no.npz")
    refused("encode", "nowhere", code=2, match="there is no run at nowhere")
    refused("project", "nowhere", code=1, match="there is no latent store at nowhere")
    refused("report", "nowhere", code=2, match="there is no folder nowhere")
    refused("info", "nowhere", code=2, match="called 'nowhere'")
    assert not list(Path().iterdir())


def test_an_empty_folder(refused):
    Path("empty").mkdir()
    refused("train", "folder:empty", *TINY, "--out", "y", code=1, match="empty holds no files")
    said = refused("train", "empty", *TINY, "--out", "y", code=2, match="no known data")
    assert "did you mean folder:empty?" in said.err
    refused("encode", "empty", code=2, match="empty is not a run")
    refused("report", "empty", code=1, match="empty is not a run and holds none")
    refused("info", "empty", code=2, match="neither a run nor a store")
    assert [path.name for path in Path().iterdir()] == ["empty"]


@pytest.fixture
def spoilt(pictures) -> Path:
    """Good pictures with a truncated one and two that are none among them."""
    whole = (pictures / "dark" / "00.png").read_bytes()
    (pictures / "dark" / "cut.png").write_bytes(whole[: len(whole) // 2])
    (pictures / "dark" / "notes.txt").write_text("not a picture")
    (pictures / "light" / "empty.jpg").touch()
    return pictures


def test_bad_files_among_good_ones_are_named_counted_and_skipped(say, spoilt):
    said = say("train", f"folder:{spoilt}", *TINY, "--out", "y", "--json")
    assert said.code == 0
    warning = next(line for line in said.err.splitlines() if line.startswith("warning: "))
    assert "3 of 43" in warning
    for name in ("dark/cut.png", "dark/notes.txt", "light/empty.jpg"):
        assert name in warning
        assert any(name in kept for kept in json.loads(said.out)["warnings"])


def test_strict_fails_at_a_bad_file_and_writes_nothing(refused, spoilt):
    refused(
        "train", f"folder:{spoilt}", *TINY, "--out", "y", "--strict", code=1, match="dark/cut.png"
    )
    assert not Path("y").exists()


def test_nothing_but_bad_files(refused):
    Path("texts").mkdir()
    for name in ("a.txt", "b.png"):
        Path("texts", name).write_text("words")
    refused("train", "folder:texts", *TINY, "--out", "y", code=1, match="none of the 2 files")


def test_pictures_of_several_sizes_need_a_size(refused, say, pictures):
    Image.new("L", (30, 20)).save(pictures / "dark" / "large.png")
    said = refused("train", f"folder:{pictures}", *TINY, "--out", "y", code=1, match="30×20")
    size, rule = re.search(r"(--size 64); (--set resize=pad)", said.err).groups()
    words = ("train", f"folder:{pictures}", *TINY, "--out", "y", *size.split(), *rule.split())
    assert say(*words).code == 0
    told = say("info", f"folder:{pictures}")
    assert told.code == 0
    assert "30×20" in told.out
    assert "dark 21, light 20" in told.out


@pytest.mark.parametrize(
    ("table", "match"),
    [
        ("name,kind\na.png,cat\n", "labels.csv"),
        ("file,label\nnobody.png,cat\n", "nobody.png"),
        ("", "labels.csv"),
        ("file,label\ndark/00.png,cat\ndark/00.png,dog\n", "says both"),
    ],
)
def test_a_wrong_labels_file(refused, pictures, table, match):
    (pictures / "labels.csv").write_text(table)
    refused("train", f"folder:{pictures}", *TINY, "--out", "y", code=1, match=match)
    assert not Path("y").exists()


def test_tvae_on_one_class_or_none(refused, pictures):
    images = np.zeros((60, 1, 8, 8), np.uint8)
    np.savez("one.npz", images=images, labels=np.zeros(60, int))
    np.savez("none.npz", images=images)
    for name, count in (("one", 1), ("none", 0)):
        words = ("train", f"npz:{name}.npz", *TINY, "--recipe", "tvae", "--out", "y")
        refused(*words, code=1, match=f"the recipe tvae learns from classes; {name} has {count}")
    assert not Path("y").exists()


@pytest.mark.parametrize(
    ("arrays", "match"),
    [
        ({"pictures": np.zeros((3, 8, 8), np.uint8)}, "bad.npz"),
        ({"images": np.full((40, 1, 8, 8), 7.0)}, "run from 7 to 7"),
        ({"images": np.full((40, 1, 8, 8), np.nan)}, "nan"),
        ({"images": np.zeros((40, 1, 8, 8), np.uint8), "labels": np.arange(3)}, "3 labels"),
        ({"images": np.zeros((2, 1, 8, 8), np.uint8), "labels": np.array([0.5, 1])}, "labels"),
        ({"images": np.array(["a", "b"])}, "bad.npz"),
        ({"images": np.array([{"an": "object"}] * 40, dtype=object)}, "bad.npz"),
        ({"images": np.zeros((0, 1, 8, 8), np.uint8)}, "no images"),
    ],
)
def test_arrays_that_are_no_images(refused, arrays, match):
    np.savez("bad.npz", **arrays)
    refused("train", "npz:bad.npz", *TINY, "--out", "y", code=1, match=match)
    assert not Path("y").exists()


def test_too_few_images(refused, say):
    for n in ("1", "2"):
        words = ("train", "digits", *TINY, "--limit", n, "--out", "y")
        said = refused(*words, code=1, match="too few images")
        assert "fraction" not in said.err  # 0 of them would be refused too
    for part, words in (("val", "validate on"), ("test", "test on")):
        setting = f"{part}_fraction=0"
        refused(
            "train", "digits", *TINY, "--set", setting, "--out", "y", code=1,
            match=f"no images to {words}",
        )  # fmt: skip
    assert not Path("y").exists()


def test_images_that_do_not_fit_the_model(refused, x, contents):
    np.savez("film.npz", images=np.zeros((40, 9, 9, 12), np.uint8))
    before = contents(x)
    refused("encode", "x", "npz:film.npz", code=1, match="images of 12 channels cannot become L")
    assert contents(x) == before


# Words --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "match", "hint"),
    [
        (["frobnicate"], "'frobnicate'", "--help"),
        (["train"], "'DATA'", "--help"),
        (["train", "digits", "--speed", "9"], "--speed", "--help"),
        (["train", "digits", "--epochs", "many"], "'--epochs'", "--help"),
        (["train", "digitz"], "'digitz'", "did you mean digits?"),
        (["train", "foldr:here"], "'foldr:here'", "did you mean folder:here?"),
        (["train", "folder:"], "'folder:'", "folder:PATH"),
        (["train", "digits", "--recipe", "vea"], "recipe 'vea'", "did you mean vae?"),
        (["train", "digits", "--network", "cnn"], "network 'cnn'", "conv"),
        (["train", "digits", "--likelihood", "gausian"], "'gausian'", "did you mean gaussian?"),
        (["train", "digits", "--precision", "fp16"], "'fp16'", "bf16"),
        (["train", "digits", "--device", "tpu"], "'tpu'", "cuda"),
        (["train", "digits", "--latent-dim", "0"], "a latent of size 0", "at least 1"),
        (["train", "digits", "--latent-dim", "4x0x4"], "(4, 0, 4)", "at least 1"),
        (["train", "digits", "--latent-dim", "big"], "--latent-dim big", "such as 16"),
        (["train", "digits", "--hidden", "wide"], "--hidden wide", "400,200"),
        (["train", "digits", "--epochs", "0"], "epochs is 0", "--help"),
        (["train", "digits", "--batch-size", "0"], "batch_size is 0", "--help"),
        (["train", "digits", "--learning-rate", "nan"], "learning rate is nan", "--help"),
        (["train", "digits", "--learning-rate", "inf"], "learning rate is inf", "--help"),
        (["train", "digits", "--beta", "-1"], "`beta` cannot be negative", "--help"),
        (["train", "digits", "--limit", "0"], "limit of 0", "at least 1"),
        (["train", "digits", "--size", "0"], "size of 0", "at least 1"),
        (["train", "digits", "--seed", "-1"], "'--seed'", "--help"),
        (["encode", "x", "--split", "tset"], "split 'tset'", "test"),
        (["encode", "x", "--batch-size", "0"], "batch of 0", "at least 1"),
        (["encode", "x", "nope"], "'nope' is no known data", "digits"),
        (["train", "digits", "--set", "seed=3"], "--set seed would reach", "say --seed 3"),
        (["measure", "structure", STORE, "--split", "val"], "of the split test", "--split out"),
        (["measure", "beauty", "x"], "'beauty'", "--help"),
        (["measure", "reconstruction", "x", "--posterior", "mode"], "'mode'", "mean"),
        (["project", STORE, "--method", "umpa"], "method 'umpa'", "umap"),
        (["project", STORE, "--limit", "0"], "map of 0 points", "at least 1"),
        (["project", STORE, "--seed", "-1"], "'--seed'", "--help"),
        (["interpolate", "x", "--method", "liner"], "'liner'", "linear"),
        (["interpolate", "x", "--pairs", "opposite"], "'opposite'", "different-class"),
        (["interpolate", "x", "--pairs", "a:b"], "no sample 'a'", "digits-"),
        (["interpolate", "x", "--n-steps", "1"], "1 steps", "at least 2"),
        (["interpolate", "x", "--n-steps", "-3"], "-3 steps", "at least 2"),
        (["interpolate", "x", "--n-pairs", "0"], "0 pairs", "at least 1"),
        (["interpolate", "x", "--film", "avi"], "film 'avi'", "gif"),
        (["interpolate", "x", "--through", ","], "go through is empty", "two or more"),
        (["interpolate", "x", "--through", ""], "go through is empty", "two or more"),
        (["interpolate", "x", "--through", "a"], "goes nowhere", "two or more"),
        (["interpolate", "x", "--through", "a,b"], "no sample 'a'", "digits-"),
        (["interpolate", "x", "--through", "a,b", "--pairs", "random"], "has no pairs", "leave"),
        (["interpolate", "x", "--through", "a,b", "--n-pairs", "8"], "has no n_pairs", "leave"),
        (["interpolate", "x", "--method", "rbf"], "several samples", "--through"),
        ([*TRAVEL, "--method", "linear,lool"], "interpolator 'lool'", "did you mean lol?"),
        ([*TRAVEL, "--net", "vgg18"], "style net 'vgg18'", "did you mean vgg19?"),
        ([*TRAVEL, "--preset", "johnsn"], "preset 'johnsn'", "did you mean johnson?"),
        ([*TRAVEL, "--precision", "bf16"], "precision 'bf16'", "exact"),
        ([*TRAVEL, "--pairs", "random,nearst"], "pairs called 'nearst'", "did you mean nearest?"),
        ([*TRAVEL, "--pairs", "random,a:b"], "no sample 'a'", "digits-"),
        ([*TRAVEL, "--pairs", ","], "no criterion", "random"),
        ([*TRAVEL, "--n-steps", "1"], "1 steps", "at least 2"),
        ([*TRAVEL, "--n-steps", "0"], "0 steps", "at least 2"),
        ([*TRAVEL, "--n-pairs", "0"], "'--n-pairs'", "--help"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_wrong_words_end_with_2_and_name_the_right_ones(refused, x, contents, words, match, hint):
    before = contents(x)
    out = ("--out", "y") if words[0] == "train" and len(words) > 1 else ()
    said = refused(*words, *out, code=2, match=match)
    assert hint in said.err.split("hint: ")[1]
    assert contents(x) == before
    assert not Path("y").exists()


@pytest.mark.parametrize(
    "setting",
    [
        "nonsense", "speed=9", "ema=high", "ema=2", "epochs=2.5", "patience=0", "clip_gradient=-1",
        "weight_decay=-1", "accumulate=0", "compile=perhaps", "devices=two", "likelihood_scale=0",
        "network=cnn", "loggers=5,6", "recipe.free_bits=0,1", "augment=fold", "resize=melt",
        "colour=CMYK", "copies=-1", "copies=2", "val_fraction=2", "val_fraction=some", "latent=",
        "seed=-1",
        "recipe.beta=much", "recipe.bta=1", "recipe.free_bits=-1", "network.hidden=0",
        "network.hidden=wide", "network.depth=3", "network.activation=sofa",
    ],
)  # fmt: skip
def test_wrong_settings_are_refused_before_anything_is_written(refused, setting):
    name = setting.split("=")[0].split(".")[-1]
    refused("train", "digits", *TINY, "--out", "y", "--set", setting, code=2, match=name)
    assert not Path("y").exists()


def test_a_logger_that_is_unknown(refused):
    words = ("train", "digits", *TINY, "--out", "y", "--set", "loggers=diary")
    assert "tensorboard" in refused(*words, code=2, match="no logger 'diary'").err
    assert not Path("y").exists()


@pytest.mark.parametrize("logger", ["wandb", "mlflow"])
def test_a_logger_that_is_not_installed(refused, logger, monkeypatch):
    find = "latentscape.training.loggers.importlib.util.find_spec"
    monkeypatch.setattr(find, lambda name: None)
    words = ("train", "digits", *TINY, "--out", "y", "--set", f"loggers={logger}")
    said = refused(*words, code=2, match=f"{logger} is not installed")
    assert f"pip install {logger}" in said.err
    assert not Path("y").exists()


# Where to write -----------------------------------------------------------------------------


def test_a_folder_in_use(refused, x, contents, pictures):
    before = contents(Path())
    refused("train", "digits", *TINY, "--out", "x", code=2, match="x already holds a run")
    refused("train", "digits", *TINY, "--out", pictures, code=2, match="something that is no run")
    refused("train", "digits", *TINY, "--out", "x/run.json", code=2, match="is a file")
    refused("encode", "x", "--out", "x", code=1, match="not a latent store")
    words = ("train", "digits", *TINY, "--latent-dim", "3", "--out", "x", "--resume")
    refused(*words, code=2, match="latent: 2 → 3")
    assert contents(Path()) == before


@pytest.mark.parametrize(
    "words",
    [
        ["train", "digits", *TINY, "--out", "x/run.json/y"],
        ["encode", "x", "--out", "x/run.json/y"],
        ["measure", "reconstruction", "x", "--out", "x/run.json/y"],
        ["project", STORE, "--method", "pca", "--out", "x/run.json/y"],
        ["interpolate", "x", "--out", "x/run.json/y"],
        ["demo", "--out", "x/run.json"],
    ],
    ids=lambda words: words[0],
)
def test_a_place_where_nothing_can_be_written(refused, x, contents, words):
    before = contents(x)
    refused(*words, code=2 if words[0] == "demo" else 1, match="x/run.json")
    assert contents(x) == before


def test_a_store_of_another_model(refused, say, x, contents):
    assert say("train", "digits", *TINY, "--seed", "1", "--out", "other").code == 0
    before = contents(x)
    refused("encode", "other", "--out", STORE, code=1, match="begun with something else")
    assert contents(x) == before


@pytest.fixture
def room_for():
    """Leaves room for so many bytes a file: refuses the rest as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)

    @contextmanager
    def limited(n_bytes: int):
        resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
        try:
            yield
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return limited


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        *((n, ["train", "digits", *TINY, "--out", "y"]) for n in (400, 2000, 5000, 20_000, 40_000)),
        (500, ["encode", "x", "--split", "all"]),
        (3_000, ["measure", "reconstruction", "x"]),
        (1_000, ["project", STORE, "--method", "pca"]),
        (1_000, ["interpolate", "x"]),
        (20_000, ["report", "x"]),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else str(value),
)
def test_a_disk_with_no_room_left(x, refused, contents, room_for, n_bytes, words):
    """Whichever library is writing at that moment."""
    before = contents(x)
    with room_for(n_bytes):
        refused(*words, code=1, match="be written")
    after = contents(x)
    assert {name: after[name] for name in before} == before
    assert not [path for path in Path().rglob(".*") if path.name.endswith(".tmp")]


def test_once_there_is_room_again_training_goes_on(say, refused, contents, room_for):
    words = ("train", "digits", *TINY, "--out")
    assert say(*words, "whole").code == 0
    with room_for(20_000):
        refused(*words, "y", code=1, match="be written")
    assert say(*words, "y", "--resume").code == 0
    whole, mended = contents(Path("whole")), contents(Path("y"))
    assert mended["model.safetensors"] == whole["model.safetensors"]
    assert mended.keys() == whole.keys()


def test_several_ways_have_no_one_file_and_no_one_record(refused):
    words = ("measure", "trajectories", "nowhere", "--method", "linear,lol")
    refused(*words, "--out", "y", code=2, match="--out names the files of one way")
    refused(*words, "--json", code=2, match="--json prints the record of one way")
