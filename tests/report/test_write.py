"""The page: whole, self-contained, honest about what is missing, and never half-written."""

import json
import re
import subprocess
import sys

import pytest

import latentscape.report
from latentscape.errors import RunError, UsageError
from latentscape.records import Measure, Row
from latentscape.report.verdict import against_baseline
from latentscape.report.words import number


def page_of(folder) -> str:
    return (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_gives_one_whole_page(reported, outline):
    text = page_of(reported.folder)
    found = outline(text)
    assert len(found.ids) == len(set(found.ids)), "ids are unique though drawings are many"
    assert found.targets <= set(found.ids)
    assert not found.unnamed, "every picture is described"
    assert all(a.startswith("data:") for a in found.addresses), "nothing is fetched"
    assert not re.search(r"@import|url\(['\"]?(?!#|data:)", text)
    assert len(text.encode()) < 6_000_000
    drawn = sorted(path.stem for path in (reported.folder / "figures").glob("*.svg"))
    assert len(drawn) == len(list(reported.folder.glob("figures/*.png"))) == text.count("<svg")
    assert {"loss", "map-umap", "manifold-prior", "reconstructions", "worst-cases"} <= set(drawn)
    assert "Not here yet" not in text


def test_runs_are_set_beside_each_other(two_runs, outline):
    text = page_of(two_runs)
    found = outline(text)
    assert len(found.ids) == len(set(found.ids))
    assert found.targets <= set(found.ids)
    assert {"run-digits-ae-16", "run-digits-vae-2", "run-unfinished"} <= found.targets
    assert text.count("★") >= 2
    assert text.count("51 % better") == 2
    assert "PCA-16" in text
    assert "PCA-2" in text
    assert not list(two_runs.rglob("*.tmp"))


def test_what_is_missing_is_said_with_the_command_that_makes_it(make_run, tmp_path):
    make_run(tmp_path / "bare")
    latentscape.report(tmp_path / "bare")
    text = page_of(tmp_path / "bare")
    assert f"latentscape measure reconstruction {tmp_path / 'bare'}" in text
    assert f"latentscape interpolate {tmp_path / 'bare'} --pairs random" in text
    resume = f"<code>latentscape train digits --out {tmp_path / 'bare'} --resume</code>"
    assert text.count(f"{resume}<span> and the words it was begun with") == 2
    assert f"latentscape encode {tmp_path / 'bare'} &amp;&amp; latentscape project" in text
    assert f"project {tmp_path / 'bare'}/stores/digits-test" in text
    assert "<svg" not in text


def test_a_damaged_record_is_named_and_the_rest_is_shown(make_run, tmp_path):
    run = make_run(tmp_path / "damaged")
    run.training()
    (run.folder / "maps").mkdir()
    (run.folder / "maps" / "umap.json").write_text('{"kind": "map"')
    record = latentscape.report(run.folder)
    text = page_of(run.folder)
    assert "umap.json cannot be read" in text
    assert record.n_figures == text.count("<svg") == 4
    assert record.bytes == len(text.encode())
    assert record.runs == ("damaged",)


def test_warnings_are_shown_and_markup_in_them_is_harmless(make_run, tmp_path):
    run = make_run(tmp_path / "odd")
    run.training(warnings=("3 files skipped: <script>alert(1)</script>",))
    latentscape.report(run.folder)
    text = page_of(run.folder)
    assert "<b>Warning: </b>" in text
    assert "<script>" not in text


def test_a_film_too_large_for_the_page_is_pointed_to(make_run, tmp_path, monkeypatch):
    run = make_run(tmp_path / "long")
    run.snapshots()
    monkeypatch.setattr("latentscape.report.section.LARGEST_ANIMATION", 10)
    latentscape.report(run.folder)
    text = page_of(run.folder)
    assert "too large for this page" in text
    assert str(tmp_path / "long" / "snapshots" / "training.gif") in text
    assert "data:image/gif" not in text


def test_signs_of_collapse_are_the_measures_own(make_run, tmp_path):
    run = make_run(tmp_path / "flat")
    record = run.measures()
    for told in ((), ("no latent is active: every image has nearly the same posterior mean",)):
        record.model_copy(update={"warnings": told}).save(run.folder / "measures" / "r")
        latentscape.report(run.folder)
        text = page_of(run.folder)
        assert all(f"A sign of collapse: {sign}." in text for sign in told)
        assert ("A sign of collapse" in text) == bool(told)


def test_means_and_samples_are_told_apart(make_run, tmp_path):
    for name in ("one", "two"):
        run = make_run(tmp_path / name)
        record = run.measures()
        drawn = record.provenance.model_copy(update={"posterior": "sample"})
        record.model_copy(update={"provenance": drawn}).save(
            run.folder / "measures" / "reconstruction-test-sample"
        )
    latentscape.report(tmp_path)
    text = page_of(tmp_path)
    assert "Runs on digits, test, posterior sample<" in text
    assert text.count("Measures on digits, test, posterior sample") == 2 * 2
    assert "<h3>digits, test, 400 images</h3>" in text
    assert (tmp_path / "one" / "figures" / "worst-cases-test-sample.svg").exists()


def test_words_for_what_is_no_run(tmp_path):
    with pytest.raises(UsageError, match="there is no folder"):
        latentscape.report(tmp_path / "nowhere")
    with pytest.raises(RunError, match="holds none"):
        latentscape.report(tmp_path)
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        latentscape.report(tmp_path)


def test_a_page_that_cannot_be_written_leaves_the_old_one(make_run, tmp_path, monkeypatch):
    run = make_run(tmp_path / "full-disk")
    latentscape.report(run.folder)
    before = page_of(run.folder)
    monkeypatch.setattr("pathlib.Path.write_text", _no_space)
    with pytest.raises(RunError, match="could not be written"):
        latentscape.report(run.folder)
    assert page_of(run.folder) == before
    assert not list(run.folder.glob(".*tmp"))


def _no_space(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_the_same_run_gives_the_same_page(make_run, tmp_path):
    run = make_run(tmp_path / "twice")
    run.training()
    latentscape.report(run.folder)
    first = page_of(run.folder)
    latentscape.report(run.folder)
    assert page_of(run.folder) == first


def test_both_doors_open_and_neither_loads_matplotlib():
    code = (
        "import sys, latentscape, latentscape.report\n"
        "assert callable(latentscape.report)\n"
        "from latentscape.report.write import report\n"
        "from latentscape.report import palette\n"
        "assert callable(latentscape.report)\n"
        "print(json.dumps(sorted({'matplotlib', 'torch'} & set(sys.modules))))"
    )
    done = subprocess.run(
        [sys.executable, "-c", "import json\n" + code], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == []


def test_better_and_worse_follow_the_direction():
    def row(mse, psnr):
        return Row(
            name="x",
            measures=(
                Measure(name="mse", value=mse, better="lower"),
                Measure(name="psnr", value=psnr, better="higher"),
            ),
        )

    assert against_baseline(row(0.5, 30), row(1.0, 20)) == "50 % better"
    assert against_baseline(row(1.5, 30), row(1.0, 20)) == "50 % worse"
    assert against_baseline(row(4.0, 30), row(1.0, 20)) == "4.0 times, worse"
    assert against_baseline(row(0.5, 30), row(1.0, 20), "psnr") == "50 % better"
    assert against_baseline(row(1.0, 30), row(1.001, 20)) == "same"
    assert against_baseline(row(1.0, 30), row(1.0, 20), "ssim") == ""


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12_345.6, "12,346"),
        (-31.25, "−31.25"),
        (0.02571, "0.0257"),
        (0.000633, "0.000633"),
        (0.9871, "0.987"),
        (4.2e-9, "4.2e−09"),
        (float("nan"), "not a number"),
        (float("inf"), "infinite"),
    ],
)
def test_numbers_are_printed_for_people(value, text):
    assert number(value) == text
