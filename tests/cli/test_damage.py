"""Runs and stores that were killed, cut short, edited, or written by another version.

Every verb that opens one says so; nothing else is touched; what can be mended is mended by the
words in the hint.
"""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.numpy import save_file

from latentscape import Store

TINY = (
    "--network", "mlp", "--hidden", "16", "--latent-dim", "2", "--epochs", "2",
    "--limit", "300", "--no-report",
)  # fmt: skip
STORE = "x/stores/digits-test"
OPENERS = (
    ["encode", "x"],
    ["measure", "reconstruction", "x"],
    ["interpolate", "x"],
)
READERS = (*OPENERS, ["report", "x"], ["info", "x"])
AGAIN = ("train", "digits", *TINY, "--out", "x", "--resume")


@pytest.fixture
def all_refuse(refused, x, contents) -> Callable[..., None]:
    """Each of several commands is refused with the same sentence and changes nothing."""

    def check(commands, *, code: int = 1, match: str) -> None:
        before = contents(x)
        for words in commands:
            refused(*words, code=code, match=match)
        assert contents(x) == before

    return check


def edit(path: Path, **changes: object) -> None:
    """Change some fields of a JSON file; None takes one away."""
    content = json.loads(path.read_text())
    content.update(changes)
    path.write_text(json.dumps({k: v for k, v in content.items() if v is not None}))


# run.json -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_text(path.read_text()[:200]),
        lambda path: path.write_text(""),
        lambda path: path.write_bytes(bytes(range(256))),
        lambda path: path.write_text("[1]"),
        lambda path: (path.unlink(), path.mkdir()),
        *(lambda path, key=key: edit(path, **{key: None}) for key in ("model", "data", "seed")),
        *(lambda path, key=key: edit(path, **{key: 3}) for key in ("model", "data", "recipe")),
        lambda path: edit(path, model={}),
        lambda path: edit(path, format=None),
    ],
)
def test_a_damaged_description(all_refuse, x, damage):
    damage(x / "run.json")
    all_refuse((*READERS, AGAIN), match="x/run.json is damaged")


def test_a_run_from_another_version(all_refuse, x):
    edit(x / "run.json", format=99, version="9.0")
    all_refuse((*READERS, AGAIN), match="x has format 99; this version reads format 1")


def test_a_network_that_this_version_does_not_have(refused, x):
    about = json.loads((x / "run.json").read_text())
    edit(x / "run.json", model={**about["model"], "network": "transformer"})
    for words in OPENERS:
        refused(*words, code=2, match="transformer")


# Weights ------------------------------------------------------------------------------------


def test_a_run_that_was_killed_before_it_had_weights(all_refuse, say, x):
    (x / "model.safetensors").unlink()
    all_refuse(OPENERS, match="the run x has no weights yet")
    assert say("info", "x").code == 0
    assert say("report", "x").code == 0
    assert say(*AGAIN).code == 0  # as the hint says
    assert say("encode", "x").code == 0


def test_weights_that_are_not_the_runs_own(all_refuse, x):
    weights = x / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-7])
    all_refuse(OPENERS, match="is not the file that the run wrote")


class Bomb:
    """What a pickle can do to who opens it."""

    def __reduce__(self):
        return (Path("exploded").touch, ())


def test_weights_that_are_a_pickle_are_never_opened(all_refuse, refused, x):
    torch.save(Bomb(), x / "model.safetensors")
    all_refuse(OPENERS, match="is not the file that the run wrote")
    edit(x / "run.json", weights_sha256=None)
    all_refuse(OPENERS, match="is damaged or no safetensors file")
    for name in ("model.pt", "model.pth", "model.ckpt", "model.bin", "model.pkl"):
        Path(name).write_bytes(pickle.dumps(Bomb()))
        said = refused("encode", name, "digits", code=1, match=f"{name} is a pickle")
        assert "safetensors" in said.err
    (x / "checkpoints" / "last.pt").write_bytes(pickle.dumps(Bomb(), protocol=2))
    refused(*AGAIN, code=1, match="last.pt is damaged")
    np.savez("images.npz", images=np.array([Bomb()] * 40, dtype=object))
    refused("train", "npz:images.npz", *TINY, "--out", "y", code=1, match="images.npz")
    assert not Path("exploded").exists()


def test_weights_of_another_model(all_refuse, x):
    save_file({"a": np.zeros(2, np.float32)}, x / "model.safetensors")
    edit(x / "run.json", weights_sha256=None)
    all_refuse(OPENERS, match="do not fit the model described beside it")


# What else a run holds ----------------------------------------------------------------------


@pytest.mark.parametrize("content", [b"", b"no checkpoint", "half"])
def test_a_damaged_checkpoint(refused, x, contents, content):
    path = x / "checkpoints" / "last.pt"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    before = contents(x)
    said = refused(*AGAIN, code=1, match="last.pt is damaged")
    assert "checkpoints" in said.err.split("hint: ")[1]
    assert contents(x) == before


def test_a_checkpoint_of_another_model(refused, x, contents):
    path = x / "checkpoints" / "last.pt"
    state = torch.load(path, weights_only=True)
    torch.save({**state, "learner": {"a": torch.zeros(1)}}, path)
    before = contents(x)
    refused(*AGAIN, code=1, match="does not fit")
    assert contents(x) == before


@pytest.mark.parametrize("content", ["", "{", '{"kind": "run"}', '{"kind": "poem"}', "[]"])
def test_a_damaged_record_is_named_in_report_and_info(say, refused, x, content):
    (x / "record.json").write_text(content)
    assert "record.json cannot be read" in say("info", "x").out
    assert say("report", "x").code == 0
    assert "record.json cannot be read" in (x / "report.html").read_text()
    refused("info", "x/record.json", code=1, match="record.json cannot be read")


def test_a_record_that_lost_its_arrays(say, x):
    (a_map,), (a_measure,) = x.glob("maps/*.npz"), x.glob("measures/*.npz")
    a_map.write_bytes(b"no arrays")
    a_measure.write_bytes(a_measure.read_bytes()[:5000])
    (x / "snapshots" / "positions.npz").write_bytes(b"PK no arrays")
    assert say("report", "x").code == 0
    assert (x / "report.html").read_text().count("cannot be read") >= 3


@pytest.mark.parametrize("content", [b"", b"no history", "half"])
def test_a_damaged_history_costs_the_diagnosis_its_beta_and_nothing_else(say, x, content):
    path = x / "history.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if content == "half" else content)
    said = say("measure", "collapse", "x")
    assert said.code == 0, said.err
    assert "history.parquet is missing or damaged; the run's β is not judged" in said.err
    assert "rate" in said.out


def test_damaged_snapshots_do_not_cost_the_training(say, x):
    for path in (x / "snapshots").glob("epoch-*.png"):
        path.write_bytes(b"no picture")
    (x / "snapshots" / "positions.npz").write_bytes(b"no arrays")
    words = ("train", "digits", *TINY, "--epochs", "3", "--out", "x", "--resume")
    assert say(*words).code == 0
    assert say("report", "x").code == 0


def test_what_a_killed_program_left_behind_is_no_obstacle(say, x):
    """Killed between making the folder and writing run.json, a run can be begun again."""
    Path("y").mkdir()
    Path("y/.run.json.123.tmp").write_text('{"format"')
    assert say("train", "digits", *TINY, "--out", "y").code == 0
    (x / ".model.safetensors.123.tmp").write_text("half")
    (x / "checkpoints" / ".last.pt.123.tmp").write_text("half")
    assert say(*AGAIN).code == 0
    assert not [*x.rglob(".*.tmp")]


# Stores -------------------------------------------------------------------------------------


def test_a_half_written_store_goes_on(all_refuse, say, x):
    store = Path(STORE)
    whole = {path.name: path.read_bytes() for path in store.iterdir()}
    (store / "manifest.json").rename(store / "plan.json")
    (store / "samples.parquet").unlink()
    (store / "mean-00000.npy").write_bytes(whole["mean-00000.npy"][:150])
    all_refuse([["project", STORE], ["info", STORE]], match="is half-written")
    assert say("encode", "x").code == 0
    assert {path.name: path.read_bytes() for path in store.iterdir()} == whole


@pytest.mark.parametrize("part", ["mean-00000.npy", "log_var-00000.npy", "samples.parquet"])
@pytest.mark.parametrize("damage", ["gone", "cut", "nonsense"])
def test_a_store_that_lost_a_part_is_mended_by_encoding_again(say, x, part, damage):
    path = Path(STORE, part)
    whole = path.read_bytes()
    if damage == "gone":
        path.unlink()
    else:
        path.write_bytes(whole[:100] if damage == "cut" else b"nonsense" * 20)
    said = say("project", STORE, "--method", "pca")
    if part != "log_var-00000.npy":  # which a map does not need
        assert said.code == 1
        assert part in said.err
        assert "hint: encode again" in said.err
    assert say("encode", "x").code == 0
    assert path.read_bytes() == whole
    assert say("project", STORE, "--method", "pca").code == 0


def test_a_store_from_another_version_or_damaged(all_refuse, x):
    commands = (["project", STORE], ["info", STORE], ["encode", "x"])
    manifest = Path(STORE, "manifest.json")
    edit(manifest, format=99)
    all_refuse(commands, match="has format 99; this version reads format 1")
    manifest.write_text("{")
    all_refuse(commands, match="manifest.json cannot be read")
    manifest.write_text('{"format": 1}')
    all_refuse(commands, match="manifest.json cannot be read")


def test_a_run_that_was_moved_keeps_working(say, x):
    """Names and folders may change; what counts is what the files hold."""
    shutil.move("x", "moved")
    assert say("encode", "moved").code == 0
    assert say("project", "moved/stores/digits-test", "--method", "pca").code == 0
    assert len(Store.open("moved/stores/digits-test")) == 60
    assert say("train", "digits", *TINY, "--out", "moved", "--resume").code == 0
