"""Splits, films and groups of a reconstruction, and what others have published, on the page."""

import numpy as np
import pytest

import latentscape.report
from latentscape.metrics.catalogue import measured
from latentscape.metrics.interval import Interval
from latentscape.records import Provenance, ReconstructionRecord, Row, Undefined
from latentscape.report.figures.error_maps import error_maps
from latentscape.report.published import PUBLISHED


def row(name: str, mse: float, *, beside: str = "", undefined: tuple = ()) -> Row:
    interval = Interval(mse * 0.9, mse * 1.1, "by hand")
    measures = (measured("mse", mse, n=20, interval=interval), measured("chamfer", 2e-4, n=20))
    return Row(name=name, measures=measures, beside=beside, undefined=undefined)


@pytest.fixture
def record() -> ReconstructionRecord:
    rng = np.random.default_rng(0)
    splits = ("train",) * 20 + ("test",) * 20
    films = ("Japan", "Disney") * 20
    ids = tuple(f"image-{i}" for i in range(40))
    shown = (0, 1, 2, 3, 20, 21, 22, 23, 24)
    originals = rng.integers(0, 255, (len(shown), 3, 16, 24)).astype(np.uint8)
    return ReconstructionRecord(
        provenance=Provenance(model="<taef2>", recipe="onnx", data="films", split="all", n=40,
                              seed=0),
        model_row=row("<taef2>", 0.01, undefined=(Undefined(name="lpips", why="no <weights>"),)),
        baselines=(row("PCA", 0.02),),
        per_image={"mse": rng.random(40), "mae": rng.random(40)},
        sample_ids=ids, originals=originals, reconstructions=originals // 2, shown_ids=ids[:9],
        worst_originals=originals, worst_reconstructions=originals // 2, worst_ids=ids[:9],
        splits=splits, films=films, by_split=(row("train", 0.01), row("test", 0.03)),
        split_baselines=(row("PCA", 0.001, beside="train"), row("PCA", 0.07, beside="test")),
        grouped_by="film", by_group=(row("Japan", 0.02), row("Disney", 0.01)),
        part_originals=originals, part_reconstructions=originals // 2,
        part_ids=tuple(ids[i] for i in shown), stated={"posterior": "mean", "resize": "squash"},
    )  # fmt: skip


@pytest.fixture
def page(record, tmp_path) -> str:
    record.save(tmp_path / "taef2" / "measures" / "reconstruction-films-all")
    latentscape.report(tmp_path / "taef2")
    return (tmp_path / "taef2" / "report.html").read_text()


def test_each_split_stands_over_its_own_baselines(page, outline):
    outline(page)
    places = [page.index(words) for words in ("train: &lt;taef2&gt;", "test: &lt;taef2&gt;")]
    assert places == sorted(places)
    assert page.rindex("0.0700") > places[1]
    assert "Better than PCA: MSE 0.0300 against 0.0700" in page
    assert "train, test: by hand" in page
    assert "Film by film" in page
    assert "posterior: mean; resize: squash" in page
    assert "is not defined: no &lt;weights&gt;" in page


def test_published_figures_are_folded_with_convention_and_source(page):
    at = page.index("Published figures")
    assert "<details" in page[at - 200 : at]
    for known in PUBLISHED:
        assert known.work in page
        assert known.source.split(",")[0] in page
    for words in ("32.02", "squashed", "posterior sampled", "R = 1"):
        assert words in page[at:]


def test_published_figures_say_where_they_stand():
    for known in PUBLISHED:
        assert known.data
        assert known.convention
        assert known.source
        assert known.psnr


def test_error_maps_are_of_the_splits_and_of_the_films(record):
    splits, films = error_maps(record)
    assert splits.words.name == "error-maps-splits"
    assert "train images 0." in splits.words.alt
    assert "Japan 0." in films.words.alt
    assert "n = 9" in splits.small_print


def test_a_record_without_parts_has_no_error_maps(record):
    bare = {"part_originals": None, "part_reconstructions": None, "part_ids": ()}
    assert error_maps(record.model_copy(update=bare)) == []
    perfect = record.model_copy(update={"part_reconstructions": record.part_originals})
    assert len(error_maps(perfect)) == 2


def test_gray_images_are_not_held_against_published_figures(record, tmp_path):
    gray = {"originals": record.originals[:, :1], "reconstructions": record.originals[:, :1]}
    folder = tmp_path / "gray"
    record.model_copy(update=gray).save(folder / "measures" / "reconstruction-films-all")
    latentscape.report(folder)
    assert "Published figures" not in (folder / "report.html").read_text()
