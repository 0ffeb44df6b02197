import pytest

from latentscape.errors import UsageError
from latentscape.records import HistoryRecord, Provenance, RunRecord, read_run
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


def test_the_epochs_of_a_fine_tuning_are_those_it_trained(vae):
    """The history's row before the first step is the base's."""
    columns = {"epoch": (0.0, 1.0), "val_loss": (2.0, 1.0)}
    told = Provenance(model="x", recipe="vae", data="digits", split="test", n=0, seed=0)
    RunRecord(
        folder=str(vae), provenance=told, config={}, n_parameters=9,
        history=HistoryRecord(columns=columns), test=(), n_images={}, images_per_second=1.0,
        stopped="finished", device="cpu", precision="fp32",
    ).save(vae / "record")  # fmt: skip
    assert info(str(vae)).facts["epochs"] == 1


def test_records_are_told_of_a_run_and_of_a_folder_without_one(vae, tmp_path):
    for folder in (vae, tmp_path / "page"):
        (folder / "motion").mkdir(parents=True)
        (folder / "motion" / "sprites-motion.json").write_text("{}")
        (folder / "motion" / "sprites-motion.npz").write_bytes(b"")
        assert info(str(folder)).facts["motion"] == "sprites-motion"
    record = info(str(tmp_path / "page"))
    assert (record.what, record.facts["report"]) == ("folder of records", None)


def test_a_model_of_diffusers_is_named_by_its_scheme(tmp_path):
    (tmp_path / "tiny" / "vae").mkdir(parents=True)
    (tmp_path / "tiny" / "vae" / "config.json").write_text('{"_class_name": "AutoencoderKL"}')
    for verb in (info, read_run, encode):
        with pytest.raises(UsageError) as error:
            verb(tmp_path / "tiny" if verb is not info else str(tmp_path / "tiny"))
        assert f"diffusers:{tmp_path / 'tiny'}" in (error.value.hint or "")
