from pathlib import Path

import pytest

from latentscape.records import run_of, runs_in, stem_of


@pytest.fixture
def place(tmp_path) -> Path:
    """A folder of two runs, one with a store."""
    for name in ("a", "b"):
        (tmp_path / name / "stores" / "digits-test").mkdir(parents=True)
        (tmp_path / name / "run.json").touch()
    return tmp_path


def test_runs_are_found_in_a_folder_and_in_its_runs(place):
    assert runs_in(place) == [place / "a", place / "b"]
    assert runs_in(place / "a") == []
    (place / "deep").mkdir()
    (place / "a").rename(place / "deep" / "runs")
    (place / "deep" / "runs" / "c").mkdir()
    (place / "deep" / "runs" / "c" / "run.json").touch()
    assert [run.name for run in runs_in(place / "deep")] == ["runs"]
    (place / "deep" / "runs" / "run.json").unlink()
    assert runs_in(place / "deep") == [place / "deep" / "runs" / "c"]


def test_a_store_is_in_a_run_however_it_is_named(place, monkeypatch):
    assert run_of(place / "a" / "stores" / "digits-test") == place / "a"
    monkeypatch.chdir(place)
    assert run_of(Path("a/stores/digits-test")) == Path("a")
    monkeypatch.chdir(place / "a" / "stores" / "digits-test")
    assert run_of(Path()) == place / "a"
    (place / "link").symlink_to(place / "a" / "stores" / "digits-test")
    assert run_of(place / "link") == place / "a"
    (place / "stores" / "digits-test").mkdir(parents=True)
    assert run_of(place / "stores" / "digits-test") is None
    assert run_of(place / "b") is None


def test_a_stem_is_fit_for_a_files_name():
    assert stem_of("a/b: c", "val", "12ab") == "a-b-c-12ab-val"
    assert stem_of("digits", "test") == "digits-test"
