"""latentscape compare: what it prints, what it writes, and what it refuses."""

import json
import shutil
from pathlib import Path

import pytest


@pytest.fixture
def y(x) -> Path:
    """A copy of the run beside it."""
    shutil.copytree(x, "y")
    return Path("y")


def test_a_table_for_people_and_a_page(x, y, say):
    said = say("compare", x, y)
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0].split() == ["digits,", "test,", "60", "images", "x", "y", "told", "apart"]
    mse = next(line for line in lines if line.startswith("  mse (squared pixel value"))
    assert mse.count("[") == 2
    assert mse.endswith("not told apart")
    for name in ("comparison.html", "comparison.csv", "comparison.json"):
        assert (Path("comparison") / name).is_file()
    assert "comparison/comparison.html" in lines[-2]


def test_json_is_the_record(x, y, say):
    said = say("compare", ".", "--out", "z", "--json")
    record = json.loads(said.out)
    assert record["kind"] == "comparison"
    assert [run["name"] for run in record["runs"]] == ["x", "y"]
    assert Path("z/comparison.html").is_file()


def test_what_is_no_comparison_is_refused(x, y, refused, contents):
    shutil.rmtree("y/measures")
    before = contents(Path())
    refused("compare", code=2, match="RUN")
    refused("compare", "x", code=2, match="nothing to stand beside")
    refused("compare", "x", "x/", code=2, match="named twice")
    refused("compare", "x", "nowhere", code=2, match="no run at nowhere")
    refused("compare", "x", "x/maps", code=2, match="is not a run")
    said = refused("compare", "x", "y", code=1, match="y has no measures")
    assert "hint: latentscape measure reconstruction y" in said.err
    assert contents(Path()) == before
