"""`motion` and `motion --predict`, killed at any moment, say what they would have said unbroken."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from latentscape.data import DataConfig

N_KILLS = int(os.environ.get("LATENTSCAPE_KILLS", "2"))
RUN = """
import sys
from latentscape.motion.predictors import FitConfig
from latentscape.workflows.motion import shards, scores
from latentscape.workflows.motion.analysis import analyse_motion
from latentscape.workflows.motion.predict import PredictConfig, predict_middles
shards.Shards.__init__.__kwdefaults__["size"] = 4
scores.AT_ONCE = 2
run, out, verb = sys.argv[1:]
print("begun", flush=True)
if verb == "motion":
    analyse_motion(run, out=out)
else:
    fit = FitConfig(epochs=3, batch_size=4)
    names = ("best-t", "ridge-3x3", "conv")
    predict_middles(run, config=PredictConfig(names, fit), out=out)
"""


def write_triplets(root: Path, *, n: int = 24, side: int = 16) -> DataConfig:
    """A square moving over noise, two triplets a shot."""
    rng = np.random.default_rng(0)
    for k in range(n):
        folder = root / f"film_{k // 2}" / f"t{k}"
        folder.mkdir(parents=True)
        ground = rng.integers(0, 40, (side, side, 3)).astype(np.uint8)
        ground[..., k // 2 % 3] += np.uint8(150)  # so that shots look apart
        for frame in range(3):
            picture = ground.copy()
            left = 1 + frame * (1 + k % 3)
            picture[4:10, left : left + 6] = 230
            Image.fromarray(picture).save(folder / f"frame{frame + 1}.png")
    return DataConfig(f"triplets:{root}", size=side, test_fraction=0.4, val_fraction=0.2)


def start(*words: str) -> subprocess.Popen:
    """The verb in a process of its own; it has said that its imports are done."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, *words], env=environment, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process.stdout as said:
        assert said.readline()
    return process


def told(out: Path) -> dict:
    """All that the record says, but for how long fits took."""
    (path,) = (out / "motion").glob("*.json")
    said = json.loads(path.read_text())
    for fit in said.get("fits", ()):
        fit.pop("seconds")
    with np.load(path.with_suffix(".npz")) as arrays:
        return {"said": said, **{name: arrays[name] for name in arrays.files}}


@pytest.mark.slow
@pytest.mark.engine
@pytest.mark.parametrize("verb", ["motion", "predict"])
def test_killed_at_any_moment_it_ends_with_the_same_record(verb, tmp_path, make_run):
    data = write_triplets(tmp_path / "triplets")
    run = make_run("m", latent=(2, 4, 4), posterior="gaussian", data=data, network="resnet")
    whole, broken = tmp_path / "whole", tmp_path / "broken"
    process = start(str(run), str(whole), verb)
    began = time.monotonic()
    assert process.wait() == 0
    duration = time.monotonic() - began
    moments = random.Random(os.environ.get("LATENTSCAPE_KILL_SEED", "0"))
    for _ in range(N_KILLS):
        process = start(str(run), str(broken), verb)
        time.sleep(moments.uniform(0.1, 0.9) * duration)
        process.send_signal(signal.SIGKILL)
        process.wait()
    assert start(str(run), str(broken), verb).wait() == 0
    expected, found = told(whole), told(broken)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        np.testing.assert_equal(found[name], value, err_msg=name)
