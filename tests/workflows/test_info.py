import pytest

from latentscape.errors import UsageError
from latentscape.workflows.encode import encode
from latentscape.workflows.info import info


def test_a_run_and_its_store_are_told_apart(vae):
    assert info(str(vae)).what == "run"
    assert info(str(vae)).facts["latent"] == "2"
    store = info(encode(vae).folder)
    assert (store.what, store.facts["split"]) == ("store", "test")


def test_a_folder_of_runs_lists_them(make_run, tmp_path):
    make_run("one")
    make_run("two", latent=5, posterior="point")
    record = info(str(tmp_path))
    assert record.what == "folder of runs"
    assert record.facts == {
        "runs": 2,
        "one": "vae, digits, latent 2, finished",
        "two": "ae, digits, latent 5, finished",
    }


def test_a_damaged_run_is_named_beside_the_others(make_run, tmp_path):
    make_run("good")
    (tmp_path / "runs").mkdir()
    (make_run("bad") / "run.json").write_text("{")
    facts = info(str(tmp_path)).facts
    assert facts["runs"] == 2
    assert "damaged" in facts["bad"]
    assert facts["good"].startswith("vae")


def test_the_runs_of_a_workplace_are_found(make_run, tmp_path):
    make_run("place/runs/one")
    assert info(str(tmp_path / "place")).facts["runs"] == 1


def test_data_tells_how_it_would_be_split():
    assert info("digits").facts["split"] == "train 1366, val 72, test 359"


def test_a_folder_of_other_things_is_none(tmp_path):
    with pytest.raises(UsageError, match="neither a run nor a store"):
        info(str(tmp_path))
