"""Folders of records that are no run: a model from elsewhere that was only measured."""

import pytest

import latentscape.report
from latentscape.errors import RunError
from latentscape.report.folder import find_runs, read_contents


@pytest.fixture
def measured(make_run, tmp_path):
    """A folder with a run's rooms and no run.json."""
    run = make_run(tmp_path / "taef2")
    run.measures()
    run.maps(100)
    (run.folder / "run.json").unlink()
    return run.folder


def test_records_alone_have_a_page(measured, outline):
    record = latentscape.report(measured)
    text = (measured / "report.html").read_text()
    outline(text)
    assert record.n_figures > 3
    assert "Reconstruction beside its baselines" in text
    assert "One model" in text
    assert read_contents(measured).provenance.data in text
    for absent in ("Not here yet", "How it learnt", "latentscape train"):
        assert absent not in text


def test_records_without_rooms_are_found_and_other_json_is_let_be(measured):
    for path in (measured / "measures").iterdir():
        path.rename(measured / path.name)
    for path in sorted(measured.rglob("*"), reverse=True):
        if path.is_dir() or path.parent != measured:
            path.rmdir() if path.is_dir() else path.unlink()
    (measured / "notes.json").write_text("{}")
    contents = read_contents(measured)
    assert not contents.is_run
    assert len(contents.reconstructions) == 1
    assert contents.unreadable == []


def test_a_damaged_record_in_a_room_is_named(measured):
    (measured / "measures" / "broken.json").write_text("{")
    (said,) = read_contents(measured).unreadable
    assert "broken.json" in said


def test_a_folder_of_nothing_is_refused(tmp_path):
    (tmp_path / "notes.json").write_text("{}")
    with pytest.raises(RunError, match="holds none"):
        find_runs(tmp_path)
