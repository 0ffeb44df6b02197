"""The comparison's page: honest stars, the same images in one grid, nothing invented."""

import re
import shutil
from importlib import import_module

import numpy as np
import pytest

import latentscape
from latentscape.errors import RunError, UsageError
from latentscape.records import (
    ComparisonLine,
    ComparisonTable,
    Measure,
    Provenance,
    Reference,
    Row,
    StructureRecord,
    Undefined,
)
from latentscape.report.canvas import style
from latentscape.report.comparison_table import first_table
from latentscape.report.figures import beside
from latentscape.workflows.compare import compare

PROVENANCE = Provenance(model="2 runs", recipe="vae", data="digits", split="test", n=400, seed=0)


@pytest.fixture(scope="module")
def compared(tmp_path_factory, make_run):
    """Two runs with everything, compared; not to be changed."""
    folder = tmp_path_factory.mktemp("compared")
    make_run(folder / "one", latent=2).everything()
    make_run(folder / "two", recipe="ae", latent=8).everything()
    (folder / "two" / "maps" / "latent.json").unlink(missing_ok=True)
    compare([folder / "one", folder / "two"], out=folder / "comparison")
    latentscape.report(folder / "comparison")
    return folder / "comparison"


def page_of(folder) -> str:
    return (folder / "comparison.html").read_text(encoding="utf-8")


def line_of(text: str, measure: str) -> str:
    lines = [line for line in text.split("<tr") if f"<span>{measure}" in line]
    assert lines, f"no line of {measure}"
    return lines[0]


def test_the_page_is_whole_and_its_figures_lie_beside_it(compared, outline):
    text = page_of(compared)
    found = outline(text)
    assert len(found.ids) == len(set(found.ids))
    assert found.targets <= set(found.ids)
    assert not found.unnamed
    assert all(a.startswith("data:") for a in found.addresses)
    drawn = sorted(path.stem for path in (compared / "figures").glob("*.svg"))
    assert {"reconstructions", "maps-pacmap", "prior", "comparison-reconstruction"} <= set(drawn)
    assert text.count("<svg") == len(drawn) == len(list(compared.glob("figures/*.png")))


def test_the_better_run_is_starred_and_the_other_is_held_against_it(compared):
    mse = line_of(page_of(compared), "MSE ↓")
    assert mse.count("★") == 1
    assert mse.index("★") > mse.index("</th>"), "in a cell"
    assert "PCA-2" in mse
    assert "mean image" in mse
    cells = mse.split("<td")[1:]
    assert ["★" in cell for cell in cells] == [False, True, False], "eight numbers tell more"


def test_overlapping_intervals_earn_no_star(make_run, tmp_path):
    first = make_run(tmp_path / "one")
    record = first.measures()
    shutil.copytree(first.folder, tmp_path / "two")
    row = record.model_row
    nearly = row.measures[0].model_copy(update={"value": row.measures[0].value * 1.001})
    record.model_copy(
        update={"model_row": row.model_copy(update={"measures": (nearly, *row.measures[1:])})}
    ).save(tmp_path / "two" / "measures" / "reconstruction-test")
    compare(tmp_path)
    latentscape.report(tmp_path / "comparison")
    text = page_of(tmp_path / "comparison")
    assert "★" not in line_of(text, "MSE ↓")
    assert "★" not in line_of(text, "SSIM std"), "without intervals none is told apart"


def test_of_several_runs_those_that_may_be_best_share_an_open_star():
    values = {"one": (1.0, 0.9, 1.1), "two": (1.1, 1.0, 1.2), "three": (3.0, 2.9, 3.1)}
    chance = {
        run: Reference(value=value, words="chance, 20 draws")
        for run, value in zip(values, (5.0, 5.00000001, 6.0), strict=True)
    }
    line = ComparisonLine(
        topic="reconstruction", row="", name="mse", unit="", better="lower", best=("one", "two"),
        measures={
            run: Measure(name="mse", value=value, low=low, high=high, reference=chance[run])
            for run, (value, low, high) in values.items()
        },
        baselines=(Reference(value=9.0, words="PCA of one"), Reference(value=8.0, words="JPEG")),
    )  # fmt: skip
    table = ComparisonTable(data="digits", split="test", posterior="mean", n=9, fingerprint="",
                            runs=tuple(values), lines=(line,))  # fmt: skip
    cells = line_of(first_table(table), "MSE ↓").partition("</tr>")[0].split("<td")[1:]
    assert ["☆" in cell for cell in cells] == [True, True, False, False]
    held = re.sub("<[^>]+>", "", cells[3].partition(">")[2]).split("\n")[:3]
    assert held == ["9 PCA", "8 JPEG", "5 to 6 chance"]


def test_undefined_measures_and_strange_names_are_said_and_harmless(make_run, tmp_path):
    for name in ("<b>one", "two"):
        run = make_run(tmp_path / name)
        why = Undefined(name="silhouette", why="there is one class")
        row = Row(name="classes", measures=(Measure(name="purity", value=1.0),), undefined=(why,))
        StructureRecord(
            provenance=run.provenance, rows=(row,), verdicts=(),
            eigenvalues=np.array([2.0, 1.0]), null_eigenvalues=np.ones((3, 2)),
        ).save(run.folder / "measures" / "structure")  # fmt: skip
    compare(tmp_path)
    latentscape.report(tmp_path / "comparison" / "comparison.json")
    text = page_of(tmp_path / "comparison")
    assert "is not defined for &lt;b&gt;one, two: there is one class." in text
    assert "Structure: classes" in text
    assert (tmp_path / "comparison" / "figures" / "scree.svg").exists()
    assert "<b>one" not in text


def test_a_grid_shows_the_same_images_of_each_run_in_one_column(make_run, tmp_path, monkeypatch):
    records = [make_run(tmp_path / name).measures() for name in ("one", "two")]
    order = np.random.default_rng(0).permutation(len(records[1].shown_ids))
    turned = records[1].model_copy(
        update={
            "originals": records[1].originals[order],
            "reconstructions": 255 - records[1].reconstructions[order],
            "shown_ids": tuple(records[1].shown_ids[i] for i in order),
        }
    )
    seen = []
    real = beside.mosaic
    monkeypatch.setattr(beside, "mosaic", lambda im, **kw: seen.append((im, kw)) or real(im, **kw))
    with style():
        beside.reconstructions([("one", records[0]), ("two", turned)], PROVENANCE)
    images, layout = seen[0]
    grid = images.reshape(layout["rows"], layout["columns"], *images.shape[1:])
    assert (grid[0] == records[0].originals[:8]).all()
    assert (grid[1] == records[0].reconstructions[:8]).all()
    assert (grid[2] == 255 - records[0].reconstructions[:8]).all()


def test_runs_that_were_shown_other_images_share_no_grid(make_run, tmp_path):
    record = make_run(tmp_path / "one").measures()
    other = record.model_copy(update={"shown_ids": tuple(f"x-{i}" for i in range(24))})
    assert beside.reconstructions([("one", record), ("two", other)], PROVENANCE) is None


def test_a_run_that_is_gone_is_named(make_run, tmp_path):
    for name in ("one", "two"):
        make_run(tmp_path / name).measures()
    compare(tmp_path)
    shutil.rmtree(tmp_path / "two")
    with pytest.raises(UsageError, match="no run at"):
        latentscape.report(tmp_path / "comparison")
    assert not (tmp_path / "comparison" / "comparison.html").exists()
    (tmp_path / "comparison" / "comparison.json").write_text("{")
    with pytest.raises(RunError, match="cannot be read"):
        latentscape.report(tmp_path / "comparison")


def test_importing_the_page_loads_no_matplotlib():
    assert import_module("latentscape.report.comparison").body.__doc__
