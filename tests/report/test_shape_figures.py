"""Pictures and tables of structure: what they say, and what they do with little."""

import numpy as np
import pytest

from latentscape.records import (
    Measure,
    PrincipalPlane,
    Provenance,
    Reference,
    Row,
    StructureRecord,
    Undefined,
)
from latentscape.report.canvas import style
from latentscape.report.figures.shape import ellipse, scree
from latentscape.report.measures_table import rows_table

PROVENANCE = Provenance(model="m", recipe="vae", data="digits", split="test", n=50, seed=0)


def record(values, *, prior: bool = True, n: int = 50, classes: int = 3) -> StructureRecord:
    values = np.asarray(values, float)
    plane = None
    if len(values) > 1:
        positions = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
        plane = PrincipalPlane(
            positions=positions,
            labels=np.arange(n) % classes if classes else np.full(n, -1),
            centre=(0.2, -0.1),
            deviations=(float(values[0]) ** 0.5, float(values[1]) ** 0.5),
            aggregate=np.eye(2) if prior else None,
        )
    mean = values.mean() if len(values) else 0
    return StructureRecord(
        provenance=PROVENANCE,
        rows=(),
        verdicts=("oblong",),
        eigenvalues=values,
        null_eigenvalues=np.outer([0.9, 1, 1.1], np.full(len(values), mean)),
        plane=plane,
        prior_matched=prior,
        class_names=tuple("abc"[:classes]),
    )


@pytest.mark.parametrize("values", [[3, 1], [4, 1, 1e-9, 0], np.linspace(9, 1, 200)])
@pytest.mark.parametrize("prior", [True, False])
def test_both_pictures_are_drawn_and_described(values, prior):
    with style():
        for picture in (scree(record(values, prior=prior)), ellipse(record(values, prior=prior))):
            assert picture.png.startswith(b"\x89PNG")
            assert picture.words.alt
            assert "seed 0" in picture.small_print


def test_scree_says_how_many_axes_hold_ninety_per_cent():
    with style():
        picture = scree(record([6, 3, 0.5, 0.5]))
    assert "The largest variance is 2.40 times the mean" in picture.words.alt
    assert "2 of 4 axes hold 90 %" in picture.words.alt


def test_without_a_prior_no_circle_is_promised():
    with style():
        read = ellipse(record([2, 1], prior=False)).words.read
    assert "Dashed" not in read
    assert "no prior" in read


@pytest.mark.parametrize("values", [[], [2.0], [0.0, 0.0]])
def test_a_cloud_without_a_shape_has_no_picture(values):
    with style():
        assert scree(record(values)) is None
        assert ellipse(record(values)) is None


def test_a_cloud_without_classes_is_drawn():
    with style():
        assert ellipse(record([2, 1], classes=0)) is not None


def test_the_table_holds_value_interval_reference_side_and_what_is_undefined():
    measured = Measure(
        name="prior_mmd2", value=0.02, low=0.01, high=0.03, interval="by hand", better="lower",
        note="what <it> means",
        reference=Reference(value=0.001, low=0, high=0.002, words="N(0, I)"),
    )  # fmt: skip
    missing = Undefined(name="sphericity", why="n < d")
    table = rows_table([Row(name="shape", measures=(measured,), undefined=(missing,))], about="x")
    for words in (
        "Shape: x",
        "0.0200",
        "0.0100 to 0.0300",
        "N(0, I)",
        "0 to 0.00200",
        "lower is better",
        "not defined, n &lt; d",
        "what &lt;it&gt; means",
        "by hand",
    ):
        assert words in table  # fmt: skip
    assert rows_table([Row(name="empty", measures=())], about="x") == ""
