"""latentscape explore: a process that serves until Ctrl-C, and what it refuses."""

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

PROGRAM = Path(sys.executable).with_name("latentscape")


def test_a_run_is_served_until_ctrl_c(x):
    with subprocess.Popen(
        [PROGRAM, "explore", x, "--no-browser", "--port", "0", "--device", "cpu"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        said = process.stderr.readline()
        link = re.search(r"http://127\.0\.0\.1:\d+/", said)
        assert link, said + process.stderr.read()
        with urlopen(f"{link[0]}api/exhibition") as answer:
            (card,) = json.loads(answer.read())["exhibits"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert out == ""
    assert "Traceback" not in err
    assert card["name"] == "x"
    assert [plane["method"] for plane in card["maps"]] == ["latent", "pca"]
    assert {column["name"] for column in card["columns"]} >= {"label", "rate", "mse", "z1"}


@pytest.mark.parametrize(
    ("words", "match"),
    [
        (["nowhere"], "nothing to explore"),
        (["onnx:a,b"], "is a model"),
        (["x", "--limit", "0"], "0 samples are none"),
    ],
)
def test_what_cannot_be_shown_is_refused(x, refused, words, match):
    refused("explore", *words, code=2, match=match)


def test_a_run_without_latents_says_what_to_type(x, refused):
    for room in ("stores", "maps"):
        shutil.rmtree(x / room)
    said = refused("explore", "x", code=1, match="has no latents to show yet")
    assert "latentscape encode x" in said.err
