"""Two processes fine-tune as one with twice the batch, started as on a machine with two GPUs."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from latentscape import FinetuneConfig, TrainConfig, finetune, train
from latentscape.data import DataConfig
from latentscape.training.history import read_history

pytestmark = [pytest.mark.slow, pytest.mark.engine]

SCRIPT = """
import json, os, sys
import latentscape.workflows.finetune as workflow
from latentscape import FinetuneConfig, finetune
from latentscape.errors import TrainingError

base, out, words = sys.argv[1], sys.argv[2], json.loads(sys.argv[3])
measured = workflow._as_it_is

def noted(subject):
    with open(out + "-looked", "a") as file:
        file.write(os.environ["RANK"])
    return measured(subject)

workflow._as_it_is = noted
try:
    finetune(base, None, FinetuneConfig(**words), out=out)
except TrainingError:
    sys.exit(3)
"""
DATA = DataConfig("digits", limit=640, val_fraction=0.1, test_fraction=0.1)


def both(folder, *words: str) -> int:
    (folder / "two.py").write_text(SCRIPT)
    command = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node=2"]
    command += [str(folder / "two.py"), *words]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, env=environment, capture_output=True, timeout=300, check=False
    ).returncode


@pytest.mark.parametrize("part", ["decoder", "all"])
def test_two_processes_are_one_with_twice_the_batch(part, tmp_path):
    options = {"network": "mlp", "network_options": {"hidden": [32]}, "latent": 4, "epochs": 2}
    told = TrainConfig(**options, recipe="ae", likelihood="gaussian-fixed", precision="fp32")
    train(DATA, told, out=tmp_path / "base")
    words = {
        "train": part, "epochs": 2, "learning_rate": 1e-3, "perceptual": 0.0, "ema": 0.9,
        "more": {"precision": "fp32"},
    }  # fmt: skip
    finetune(tmp_path / "base", None, FinetuneConfig(**words, batch_size=40), out=tmp_path / "one")
    twice = json.dumps({**words, "batch_size": 20})
    assert both(tmp_path, str(tmp_path / "base"), str(tmp_path / "two"), twice) == 0
    ours, theirs = (load_file(tmp_path / n / "model.safetensors") for n in ("two", "one"))
    for name in theirs:
        torch.testing.assert_close(ours[name], theirs[name], rtol=1e-3, atol=1e-4)
    ours, theirs = (read_history(tmp_path / n).columns for n in ("two", "one"))
    np.testing.assert_allclose(ours["val_loss"], theirs["val_loss"], rtol=1e-4)
    assert (tmp_path / "two" / "measures" / "finetuning.json").exists()
    assert (tmp_path / "two-looked").read_text() == "0"  # the first process, for both


def test_of_a_collapse_the_page_is_whole_before_the_processes_end(tmp_path):
    options = {"network": "mlp", "network_options": {"hidden": [32]}, "latent": 4, "epochs": 4}
    train(DATA, TrainConfig(**options, recipe="sigma_vae", batch_size=16), out=tmp_path / "base")
    words = json.dumps(
        {
            "train": "all",
            "epochs": 30,
            "learning_rate": 1e-2,
            "beta": 1e4,
            "batch_size": 8,
            "beta_convention": "half-sum",
        }
    )
    assert both(tmp_path, str(tmp_path / "base"), str(tmp_path / "two"), words) != 0
    assert (tmp_path / "two" / "measures" / "finetuning.json").exists()
