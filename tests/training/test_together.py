"""Two processes train one model, started by torchrun as on a machine with two GPUs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from latentscape.data import DataConfig
from latentscape.training.history import read_history

pytestmark = [pytest.mark.slow, pytest.mark.engine]

SCRIPT = """
import hashlib, json, os, signal, sys
from pathlib import Path
import latentscape.workflows.fit as fitting
import latentscape.workflows.train as workflow
from latentscape import DataConfig, TrainConfig

folder, jobs = Path(sys.argv[1]), json.loads(sys.argv[2])
rank = int(os.environ["RANK"])
loops = []

class Kept(fitting.Loop):
    def __init__(self, *words, **more):
        super().__init__(*words, **more)
        loops.append(self)

class StopAt:
    def __init__(self, left):
        self.left = left
    def on_step(self, *_):
        self.left -= 1
        if self.left == 0:  # in the first process only: the other must hear of it
            signal.raise_signal(signal.SIGINT)
    def on_epoch(self, row):
        pass

def train(name, options, stop_at=0, resume=False):
    data = DataConfig("digits", limit=640, val_fraction=0.1, test_fraction=0.1)
    record = workflow.train(
        data, TrainConfig(**options), out=folder / name, resume=resume, listeners=(StopAt(stop_at),)
    )
    learner = loops[-1].learner
    weights = [*learner.parameters(), *learner.objective.parameters()]
    digest = hashlib.sha256(b"".join(w.detach().numpy().tobytes() for w in weights))
    world = loops[-1].fabric.world_size
    return {"weights": digest.hexdigest(), "stopped": record.stopped, "world": world}

fitting.Loop = Kept
told = {job["name"]: train(**job) for job in jobs}
(folder / f"told-{rank}.json").write_text(json.dumps(told))
"""
OPTIONS = {
    "network": "mlp", "network_options": {"hidden": [32]}, "latent": 4, "epochs": 3,
    "batch_size": 20, "likelihood": "gaussian-fixed", "precision": "fp32",
}  # fmt: skip
NOISY = {**OPTIONS, "ema": 0.9, "accumulate": 2, "checkpoint_seconds": 0.0}
RECIPES = ("vae", "aae", "tvae")


def torchrun(*words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2", *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=300, check=False
    )


@pytest.fixture(scope="module")
def trained(tmp_path_factory) -> dict:
    """Runs of two processes, unbroken, broken and resumed, and what each process says of them."""
    folder = tmp_path_factory.mktemp("together")
    (folder / "two.py").write_text(SCRIPT)

    def both(*jobs: dict) -> list[dict]:
        done = torchrun(str(folder / "two.py"), str(folder), json.dumps(jobs))
        assert done.returncode == 0, done.stderr
        return [json.loads((folder / f"told-{rank}.json").read_text()) for rank in (0, 1)]

    named = [(recipe, {**NOISY, "recipe": recipe}) for recipe in RECIPES]
    whole = [{"name": f"{name}-whole", "options": options} for name, options in named]
    broken = [{"name": f"{name}-broken", "options": options} for name, options in named]
    return {
        "folder": folder,
        "whole": both({"name": "ae", "options": {**OPTIONS, "recipe": "ae"}}, *whole),
        "broken": both(*({**job, "stop_at": 15} for job in broken)),
        "resumed": both(*({**job, "resume": True} for job in broken)),
    }


def test_two_processes_are_one_with_twice_the_batch(trained, quick, tmp_path):
    """Without noise the mean of two gradients is the gradient of both batches together."""
    first, second = (told["ae"] for told in trained["whole"])
    assert first == second == {**first, "world": 2, "stopped": "finished"}
    data = DataConfig("digits", limit=640, val_fraction=0.1, test_fraction=0.1)
    quick("one", data=data, **{**OPTIONS, "recipe": "ae", "batch_size": 40})
    two, one = trained["folder"] / "ae", tmp_path / "one"
    ours, theirs = (load_file(folder / "model.safetensors") for folder in (two, one))
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-4)
    ours, theirs = (read_history(folder).columns for folder in (two, one))
    for name in ("train_loss", "val_loss"):
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-4)


@pytest.mark.parametrize("recipe", RECIPES)
def test_both_end_with_the_same_weights_and_go_on_where_they_stopped(trained, recipe):
    """The adversary too: its own step averages its own gradients."""
    first, second = (told[f"{recipe}-whole"] for told in trained["whole"])
    assert first == second
    assert {told[f"{recipe}-broken"]["stopped"] for told in trained["broken"]} == {"interrupted"}
    assert [told[f"{recipe}-broken"] for told in trained["resumed"]] == [first, second]
    broken, whole = (trained["folder"] / f"{recipe}-{end}" for end in ("broken", "whole"))
    ours, theirs = (read_history(folder).columns for folder in (broken, whole))
    for name in set(ours) - {"seconds", "images_per_second"}:
        np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-6, err_msg=name)
    assert len(list((broken / "snapshots").glob("epoch-*.png"))) == 4
    assert not [path for path in broken.rglob(".*") if path.name.endswith(".tmp")]


def test_the_command_line_needs_no_further_words(tmp_path):
    program = str(Path(sys.executable).with_name("latentscape"))
    words = [
        "--no-python", program, "train", "digits", "--network", "mlp", "--hidden", "16",
        "--epochs", "1", "--limit", "200", "--no-report", "--json", "--out", str(tmp_path / "x"),
    ]  # fmt: skip
    done = torchrun(*words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["kind"] == "run"  # once, from the first process
    assert done.stderr.count("epoch   1/1") == 1
    about = json.loads((tmp_path / "x" / "run.json").read_text())
    assert (about["training"]["devices"], about["training"]["n_nodes"]) == (2, 1)
