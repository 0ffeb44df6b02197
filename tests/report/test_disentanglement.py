"""What a report says of single latents: matrices, tables, traversals and their film."""

import re

import numpy as np
import pytest
from PIL import Image

import latentscape.report
from latentscape.records import (
    DisentanglementRecord,
    Measure,
    Reference,
    Row,
    TraversalRecord,
    Undefined,
)
from latentscape.report.canvas import style
from latentscape.report.figures.disentanglement import matrices
from latentscape.report.figures.traversals import traversal

FACTORS = ("shape", "a_very_long_factor_name", "x")


def scores_of(run, *, units: int = 5, labels_only: bool = False) -> DisentanglementRecord:
    rng = np.random.default_rng(0)
    names = ("label",) if labels_only else FACTORS
    chance = Reference(value=0.01, low=0.005, high=0.02, words="chance: factors dealt out anew")
    what = "label_mi_gap" if labels_only else "mig"
    measure = Measure(
        name=what, value=0.31, better="higher", bounds=(0, 1), low=0.27, high=0.35,
        interval="95 % by the spread over 5 random halves", n=400, note="n", reference=chance,
    )  # fmt: skip
    cells = rng.random((units, len(names)))
    importance = np.zeros((0, 0)) if labels_only else cells / cells.sum(0)
    missing = Undefined(name="sap", why="one latent has no second to be ahead of")
    return DisentanglementRecord(
        provenance=run.provenance,
        row=Row(name="model", measures=(measure,), undefined=(missing,)),
        rotated=Row(name="turned", measures=() if labels_only else (measure,)),
        by_factor=tuple(Row(name=n, measures=(measure,), note="category: 4 values") for n in names),
        labels_only=labels_only,
        axes="latents",
        unit_names=tuple(f"latent {i + 1}" for i in range(units)),
        factor_names=names,
        information=cells,
        entropies=np.ones(len(names)),
        importance=importance,
        importance_by="" if labels_only else "boosting",
        rate=rng.random(units) * 5,
        collapsed=np.arange(units) == 1,
        ranked_by="KL",
    )


def walk_of(run, *, steps: int = 7, axes="latents") -> TraversalRecord:
    latents = np.zeros((3, steps, 2))
    frames = np.stack([run.images[i : i + steps] for i in range(3)])
    return TraversalRecord(
        provenance=run.provenance, axes=axes, around="mean", n_units=9,
        unit_names=("latent 3", "latent 1", "latent 2"), rate=np.array([3.2, 1.1, 0.002]),
        ranked_by="KL" if axes == "latents" else "variance",
        quantiles=tuple(np.linspace(0.02, 0.98, steps)), values=np.zeros((3, steps)),
        latents=latents, frames=frames, held=run.images[0],
    )  # fmt: skip


@pytest.fixture
def run(make_run, tmp_path):
    return make_run(tmp_path / "run")


@pytest.fixture(autouse=True)
def in_style():
    with style():
        yield


def texts(svg: str) -> list[str]:
    return re.findall(r">([^<>]+)</text>", svg)


def test_the_matrices_print_each_cell_and_the_latents_by_rate(run):
    record = scores_of(run)
    information, importance = matrices(record)
    said = texts(information.svg)
    cell = f"{record.information[2, 0]:.2f}".removeprefix("0")
    assert cell in said
    rows = [text for text in said if text.startswith("latent ")]
    expected = [f"latent {i + 1}" for i in np.argsort(-record.rate)]
    assert [re.match(r"latent \d+", text).group() for text in rows] == expected
    assert any("latent 2†" in text for text in said), "collapsed latents are marked"
    assert "a very long …" in said
    assert "chance, MIG 0.0100 (here 0.310)" in information.small_print
    assert "1 nat" in said
    assert "gradient boosting" in importance.words.read
    for picture in (information, importance):
        assert "largest of each factor" in picture.words.alt


def test_many_latents_are_cut_to_those_with_the_most_rate(run):
    picture = matrices(scores_of(run, units=40))[0]
    said = texts(picture.svg)
    assert len([text for text in said if text.startswith("latent ")]) == 16
    assert "24 more not shown" in said


def test_labels_alone_have_one_matrix_and_no_mig(run):
    (picture,) = matrices(scores_of(run, labels_only=True))
    assert "gap 0.0100 (here 0.310)" in picture.small_print
    assert "MIG" not in picture.svg


def test_a_traversal_prints_the_rate_of_each_row(run):
    picture = traversal(walk_of(run, steps=13))
    said = texts(picture.svg)
    assert {"3.20 nat", "1.10 nat", "0.00200 nat", "latent 3"} <= set(said)
    assert "11 images each" in picture.words.alt, "more columns than fit are thinned out"
    assert "baseline: the image decoded from the mean latent" in picture.small_print
    grid = traversal(walk_of(run, axes="principal directions"))
    assert "principal directions of all cells together" in grid.words.read


def test_the_report_shows_it_all_and_a_small_film(run):
    scores_of(run).save(run.folder / "measures" / "disentanglement-x")
    walk_of(run).save(run.folder / "trajectories" / "traversal-mean-x")
    Image.new("RGB", (20, 20)).save(run.folder / "trajectories" / "traversal-mean-x.gif")
    latentscape.report(run.folder)
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "The traversal in motion" in page
    assert "data:image/gif;base64" in page
    assert "0.270 to 0.350" in page
    assert "chance: factors dealt out anew" in page
    assert "one latent has no second" in page
    assert "Each factor's part in the scores" in page
    assert (run.folder / "figures" / "information.png").is_file()
    assert (run.folder / "figures" / "traversal-mean.png").is_file()


def test_a_film_too_large_for_a_page_is_left_out(run):
    walk_of(run).save(run.folder / "trajectories" / "t")
    (run.folder / "trajectories" / "t.gif").write_bytes(b"GIF89a" + bytes(1_600_000))
    latentscape.report(run.folder)
    page = (run.folder / "report.html").read_text(encoding="utf-8")
    assert "The traversal in motion" not in page
    assert "Traversal: one latent at a time" in page
