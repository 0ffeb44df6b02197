"""Class overlap on paper: matrices, pairs and tables, of two classes and of forty."""

import re

import numpy as np
import pytest

from latentscape.metrics import class_structure, nearest_neighbours
from latentscape.records import Provenance
from latentscape.records.classes import ClassStructure
from latentscape.records.structure import StructureRecord
from latentscape.report.canvas import style
from latentscape.report.figures.overlap import overlap_pictures
from latentscape.report.markup import Html, figure
from latentscape.report.palette import LIGHT
from latentscape.report.topics.classes import blocks

PROVENANCE = Provenance(
    model="toy", recipe="vae", data="blobs", split="test", n=400, seed=0, latent_shape=(3,)
)


def measured(n_classes: int, *, apart: float = 1.0, names: str = "class number {}"):
    rng = np.random.default_rng(0)
    labels = np.arange(400) % n_classes
    rows = apart * rng.normal(size=(n_classes, 3))[labels] + rng.normal(size=(400, 3))
    told = tuple(names.format(i) for i in range(n_classes))
    return class_structure(rows, labels, told, neighbours=nearest_neighbours(rows, 15))


@pytest.fixture(scope="module")
def four() -> ClassStructure:
    return measured(4, names="<{}>")


def page(classes: ClassStructure) -> str:
    with style():
        made = blocks(
            classes,
            PROVENANCE,
            about="blobs, test",
            figure=lambda picture: figure(picture, prefix="run"),
        )
    return "\n".join(made)


def words_of(svg: str) -> list[str]:
    return [word.strip() for word in re.findall(r">([^<>]+)</text>", svg)]


def test_every_class_and_value_stands_in_the_matrices(four: ClassStructure):
    with style():
        pictures = {picture.words.name: picture for picture in overlap_pictures(four, PROVENANCE)}
    assert set(pictures) == {"overlap-bhattacharyya", "overlap-confusion", "overlap-pairs"}
    for name in ("overlap-bhattacharyya", "overlap-confusion"):
        words = words_of(pictures[name].svg)
        assert words.count("&lt;2&gt;") == 2  # beside and above
    there = f"{four.confusion[0, 1]:.2f}".removeprefix("0")
    assert there in words_of(pictures["overlap-confusion"].svg)
    pair = four.pairs[0]
    value = pair.row["bhattacharyya"].value
    assert any(
        word.startswith(f"Bhattacharyya {value:.2f}")
        for word in words_of(pictures["overlap-pairs"].svg)
    )
    assert four.class_names[pair.first] in pictures["overlap-pairs"].words.alt


@pytest.mark.parametrize("n_classes", [2, 40])
def test_two_and_forty_classes_are_drawn_with_names_that_differ(n_classes: int):
    with style():
        pictures = overlap_pictures(measured(n_classes), PROVENANCE)
    assert len(pictures) == 3
    beside = [word for word in words_of(pictures[0].svg) if word.startswith("class")]
    assert len(set(beside)) == n_classes


def test_classes_that_share_a_colour_are_told_apart():
    """The colours come round after ten classes: the first and the eleventh have the same."""
    rng = np.random.default_rng(0)
    labels, rows = np.arange(100) % 2 * 10, rng.normal(size=(100, 2))
    names = tuple(map(str, range(11)))
    classes = class_structure(rows, labels, names, neighbours=nearest_neighbours(rows, 15))
    with style():
        picture = overlap_pictures(classes, PROVENANCE)[2]
    assert {LIGHT["model"], LIGHT["second"]} <= set(re.findall(r"#[0-9a-f]{6}", picture.svg))


def test_tables_carry_nulls_and_escape_names(four: ClassStructure):
    text = page(four)
    assert "&lt;0&gt; / " in text
    assert "<0>" not in text
    for word in ("Most overlapping classes: blobs", "Clusters against classes", "HDBSCAN"):
        assert word in text
    assert "labels permuted 100 times" in text
    assert "were they one class" in text
    assert "clusters held" in text


def test_what_is_undefined_is_one_line():
    rows = np.random.default_rng(0).normal(size=(30, 2))
    classes = class_structure(rows, np.full(30, -1), (), neighbours=nearest_neighbours(rows, 5))
    text = page(classes)
    assert text.count("no sample has a label") == 1
    assert "<svg" not in text


def test_a_small_class_is_named_and_its_cells_are_dashes():
    rng = np.random.default_rng(0)
    rows, labels = rng.normal(size=(61, 2)), np.append(np.arange(60) % 2, 2)
    classes = class_structure(
        rows, labels, ("a", "b", "lonely"), neighbours=nearest_neighbours(rows, 15)
    )
    with style():
        matrix = overlap_pictures(classes, PROVENANCE)[0]
    assert words_of(matrix.svg).count("–") == 5
    assert "one sample has no covariance" in page(classes)


def test_a_structure_record_keeps_its_classes_on_disk(four: ClassStructure, tmp_path):
    record = StructureRecord(
        provenance=PROVENANCE,
        rows=(),
        verdicts=(four.verdict,),
        eigenvalues=np.zeros(0),
        null_eigenvalues=np.zeros((3, 0)),
        classes=four,
    )
    record.save(tmp_path / "structure")
    again = StructureRecord.load(tmp_path / "structure").classes
    assert again.rows == four.rows
    np.testing.assert_array_equal(again.confusion, four.confusion)
    np.testing.assert_array_equal(again.pairs[0].shares, four.pairs[0].shares)
    assert isinstance(page(again), str | Html)
