"""Compare: real records of real runs, differences held to SciPy, and every way to be wrong."""

import csv
import json
import shutil

import numpy as np
import pytest
from scipy import stats

import latentscape
from latentscape.data import DataConfig
from latentscape.errors import DataError, RunError, UsageError
from latentscape.metrics import bootstrap_intervals
from latentscape.metrics.interval import Grouping
from latentscape.records import ComparisonRecord, ReconstructionRecord
from latentscape.workflows.compare import compare
from latentscape.workflows.measure.reconstruction import measure_reconstruction


@pytest.fixture
def pair(vae, ae):
    """A VAE and an autoencoder, both measured."""
    for run in (vae, ae):
        measure_reconstruction(run)
    return vae, ae


def test_two_runs_share_a_table_with_intervals_and_baselines(pair, tmp_path):
    record = compare(pair)
    assert record == ComparisonRecord.load(tmp_path / "comparison" / "comparison")
    (table,) = record.tables
    assert table.runs == ("vae", "ae")
    mse = next(line for line in table.lines if line.name == "mse")
    assert all(m.low < m.value < m.high for m in mse.measures.values())
    assert {"mean image", "PCA, 2 numbers", "PCA, 5 numbers"} <= {b.words for b in mse.baselines}
    differs = {setting.name: setting.values for setting in record.settings}
    assert differs["recipe"] == {"vae": "vae", "ae": "ae"}
    assert "network" not in differs
    assert latentscape.compare is compare


def test_differences_are_those_of_scipys_paired_bootstrap(pair):
    record = compare(pair)
    mine, theirs = (
        ReconstructionRecord.load(next((run / "measures").glob("*.json"))) for run in pair
    )
    found = {d.name: d for d in record.tables[0].differences}
    assert {"mse", "psnr_mean", "ssim_seed"} <= set(found)
    for name, column in (("mse", "mse"), ("psnr_mean", "psnr")):
        gaps = theirs.per_image[column] - mine.per_image[column]
        drawn = stats.bootstrap(
            (gaps,), np.mean, n_resamples=2000, method="percentile", rng=np.random.default_rng(1)
        ).confidence_interval
        assert found[name].value == pytest.approx(gaps.mean())
        width = drawn.high - drawn.low
        assert found[name].low == pytest.approx(drawn.low, abs=0.15 * width)
        assert found[name].high == pytest.approx(drawn.high, abs=0.15 * width)
        assert (found[name].run, found[name].against) == ("ae", "vae")


def test_a_copy_of_a_run_is_told_apart_by_nothing(vae, tmp_path):
    measure_reconstruction(vae)
    shutil.copytree(vae, tmp_path / "again")
    record = compare([vae, tmp_path / "again"])
    (table,) = record.tables
    assert record.settings == ()
    assert not any(line.is_told_apart for line in table.lines)
    assert {(d.value, d.verdict) for d in table.differences} == {(0.0, "not told apart")}


def test_images_are_paired_by_their_names_not_their_places(vae, tmp_path):
    record = measure_reconstruction(vae)
    shutil.copytree(vae, tmp_path / "turned")
    order = np.random.default_rng(0).permutation(len(record.sample_ids))
    turned = record.model_copy(
        update={
            "sample_ids": tuple(record.sample_ids[i] for i in order),
            "per_image": {name: values[order] for name, values in record.per_image.items()},
        }
    )
    turned.save(next((tmp_path / "turned" / "measures").glob("*.json")))
    (table,) = compare([vae, tmp_path / "turned"]).tables
    assert table.differences
    assert all(d.low == d.high == 0 for d in table.differences)


def test_groups_are_drawn_whole_and_where_they_are_unknown_no_interval_is_made(pair):
    narrow = {d.name: d.high - d.low for d in compare(pair).tables[0].differences}
    for known in (True, False):
        for run in pair:
            path = next((run / "measures").glob("*.json"))
            record = ReconstructionRecord.load(path)
            clips = tuple(f"clip-{i // 60}" for i in range(len(record.sample_ids)))
            first = record.model_row.measures[0].model_copy(
                update={"interval": "95 % bootstrap over 6 groups of 359 samples"}
            )
            row = record.model_row.model_copy(
                update={"measures": (first, *record.model_row.measures[1:])}
            )
            told = {"groups": clips if known else (), "model_row": row}
            record.model_copy(update=told).save(path)
        wide = {d.name: d for d in compare(pair).tables[0].differences}
        assert bool(wide) == known
        if known:
            assert "6 groups" in wide["mse"].interval
            assert set(wide) == set(narrow)


@pytest.mark.parametrize("n_scenes", [9, 3])
def test_groups_go_by_their_own_name_in_older_records_too(pair, n_scenes):
    scenes = np.array([f"scene-{i % n_scenes}" for i in range(359)])
    told = bootstrap_intervals(
        {"mse": np.arange(359.0)}, seed=0, groups=Grouping(scenes, "scene", "images")
    )["mse"].words

    def write(**change):
        for run in pair:
            path = next((run / "measures").glob("*.json"))
            record = ReconstructionRecord.load(path)
            measures = [m.model_copy(update={"interval": told}) for m in record.model_row.measures]
            row = record.model_row.model_copy(update={"measures": tuple(measures)})
            record.model_copy(update={"model_row": row, **change}).save(path)

    for grouping in ("scene", ""):
        write(groups=tuple(scenes.tolist()), grouping=grouping)
        found = {d.interval for d in compare(pair).tables[0].differences}
        assert found
        assert all("scene" in words and "group" not in words for words in found)
    write(groups=(), grouping="")
    assert not compare(pair).tables[0].differences


def test_another_run_may_be_the_one_held_against(pair):
    record = compare(pair, against="ae")
    assert {(d.run, d.against) for d in record.tables[0].differences} == {("vae", "ae")}
    with pytest.raises(UsageError, match="no run called 'nobody'"):
        compare(pair, against="nobody")


def test_seeds_that_drew_other_test_images_are_kept_apart_and_it_is_said(make_run):
    runs = [make_run(f"seed-{seed}", data=DataConfig("digits", seed=seed)) for seed in (0, 1)]
    for run in runs:
        measure_reconstruction(run)
    with pytest.warns(UserWarning, match="another seed or fraction"):
        record = compare(runs)
    assert [table.runs for table in record.tables] == [("seed-0",), ("seed-1",)]
    assert not any(table.differences for table in record.tables)
    assert any("seed-0 and seed-1 are not in one table" in note for note in record.notes)


def test_a_folder_of_runs_and_runs_of_one_name_elsewhere(make_run, tmp_path, monkeypatch):
    runs = [make_run(f"{room}/x") for room in ("first", "second")]
    for run in runs:
        measure_reconstruction(run)
    monkeypatch.chdir(tmp_path)
    record = compare(runs)
    assert record.tables[0].runs == ("first/x", "second/x")
    assert (tmp_path / "comparison" / "comparison.csv").exists(), "the runs share no folder"
    shutil.move(runs[1], tmp_path / "first" / "y")
    record = compare(tmp_path / "first", out=tmp_path / "beside")
    assert record.tables[0].runs == ("x", "y")
    with (tmp_path / "beside" / "comparison.csv").open(newline="") as file:
        assert {"x", "y", ""} == {line["run"] for line in csv.DictReader(file)}


def test_a_run_without_measures_is_left_out_by_name_while_two_remain(pair, make_run):
    bare = make_run("bare")
    with pytest.warns(UserWarning, match="bare has no measures") as said:
        record = compare([*pair, bare])
    assert record.tables[0].runs == ("vae", "ae")
    assert f"latentscape measure reconstruction {bare}" in str(said[0].message)
    with pytest.raises(RunError, match="bare has no measures to compare") as refused:
        compare([pair[0], bare])
    assert f"latentscape measure reconstruction {bare}" in refused.value.hint


def test_a_damaged_record_is_named_and_the_rest_is_compared(pair):
    (pair[0] / "measures" / "structure.json").write_text('{"kind": "structure"')
    with pytest.warns(UserWarning, match="structure.json cannot be read"):
        assert compare(pair).tables[0].runs == ("vae", "ae")


def test_wrong_words(pair, make_run, tmp_path):
    for runs, match in (
        ([], "no run is named"),
        ([pair[0]], "1 run has nothing to stand beside"),
        (pair[0], "1 run has nothing to stand beside"),
        ([*pair, pair[0]], "named twice"),
        ([pair[0], pair[0] / ".." / "vae"], "named twice"),
        ([pair[0], tmp_path / "nowhere"], "no run at"),
    ):
        with pytest.raises(UsageError, match=match):
            compare(runs)
    (tmp_path / "empty").mkdir()
    with pytest.raises(UsageError, match="is not a run"):
        compare([pair[0], tmp_path / "empty"])
    sprites = make_run("sprites", data=DataConfig("sprites", size=16, limit=60))
    measure_reconstruction(sprites)
    with pytest.raises(DataError, match=r"vae on digits; sprites on sprites"):
        compare([pair[0], sprites])
    assert not (tmp_path / "comparison").exists(), "nothing is half-written"


def test_a_record_is_json_that_can_be_read_alone(pair, tmp_path):
    compare(pair, out=tmp_path / "c")
    content = json.loads((tmp_path / "c" / "comparison.json").read_text())
    assert content["kind"] == "comparison"
    assert content["runs"][0]["folder"] == "../vae"
    assert (tmp_path / "c" / content["runs"][0]["folder"] / "run.json").exists()
