import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from latentscape.training.history import read_history

N_KILLS = int(os.environ.get("LATENTSCAPE_KILLS", "2"))
RUN = """
import sys
from latentscape.data import DataConfig
from latentscape.training import TrainConfig
from latentscape.workflows.train import train
config = TrainConfig(network="conv", latent=4, epochs=5, batch_size=16, checkpoint_seconds=0.05,
                     network_options={"widths": [16, 32, 32]})
train(DataConfig("digits"), config, out=sys.argv[1], resume=True)
"""


def start(script: str, *words: str) -> subprocess.Popen:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen([sys.executable, "-c", script, *words], env=environment)


def losses(folder: Path) -> dict:
    columns = read_history(folder).columns
    return {k: v for k, v in columns.items() if k not in ("seconds", "images_per_second")}


@pytest.mark.slow
@pytest.mark.engine
def test_training_killed_at_any_moment_resumes_equal(tmp_path):
    whole = tmp_path / "whole"
    began = time.monotonic()
    assert start(RUN, str(whole)).wait() == 0
    duration = time.monotonic() - began
    moments = random.Random(os.environ.get("LATENTSCAPE_KILL_SEED", "0"))
    for kill in range(N_KILLS):
        broken = tmp_path / f"broken-{kill}"
        process = start(RUN, str(broken))
        time.sleep(moments.uniform(0.3, 1.0) * duration)
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert start(RUN, str(broken)).wait() == 0
        assert losses(broken) == losses(whole)
        ours, theirs = ((f / "model.safetensors").read_bytes() for f in (broken, whole))
        assert ours == theirs
        assert sorted(p.name for p in (broken / "snapshots").iterdir()) == sorted(
            p.name for p in (whole / "snapshots").iterdir()
        )
