"""What may share a line, which run is told apart in it, and the tidy table it becomes."""

import csv
from typing import ClassVar

import numpy as np
import pytest

from latentscape.records import (
    ComparisonRecord,
    Difference,
    Measure,
    MeasuredRun,
    Provenance,
    ReconstructionRecord,
    Record,
    Reference,
    Row,
    Undefined,
    rows_of,
    side_by_side,
    write_csv,
)
from latentscape.records.side_by_side import told_apart

NONE = np.zeros((0, 1, 2, 2), np.uint8)
ABOUT = {"data": {"source": "digits", "seed": 0}}


class Inner(Record):
    """Rows of its own, and what they are held against."""

    rows: tuple[Row, ...]
    nulls: tuple[Row, ...] = ()


class Named(Record):
    """The net whose features were measured in."""

    net: str
    layer: str


class Toy(Record):
    """A kind that `rows_of` has never heard of."""

    kind: ClassVar[str] = "toy-of-side-by-side"
    provenance: Provenance
    rows: tuple[Row, ...] = ()
    named: dict[str, Row] = {}  # noqa: RUF012 - pydantic copies it
    inner: Inner | None = None
    features: Named | None = None


def measure(value: float, low: float | None = None, high: float | None = None, **more) -> Measure:
    told = {"name": "mse", "better": "lower", **more}
    return Measure(value=value, low=low, high=high, **told)


def provenance(model: str = "m", **more) -> Provenance:
    told = {"recipe": "vae", "data": "digits", "split": "test", "n": 3, "seed": 0,
            "latent_shape": (2,), "fingerprint": "f"}  # fmt: skip
    return Provenance(model=model, **(told | more))


def reconstruction(
    *measures: Measure, ids: tuple[str, ...] = ("a", "b", "c"), pca: float = 0.5,
    likelihood: str = "", **more,
) -> ReconstructionRecord:  # fmt: skip
    return ReconstructionRecord(
        provenance=provenance(**more), model_row=Row(name="m", measures=measures),
        baselines=(Row(name="PCA", measures=(measure(pca),)),),
        per_image={}, sample_ids=ids, originals=NONE, reconstructions=NONE, shown_ids=(),
        worst_originals=NONE, worst_reconstructions=NONE, worst_ids=(), likelihood=likelihood,
    )  # fmt: skip


def run(name: str, *records: Record, about: dict | None = None) -> MeasuredRun:
    return MeasuredRun(name=name, about=ABOUT if about is None else about, records=records)


def test_rows_are_found_at_any_depth_and_baselines_are_told_from_models():
    row = {name: Row(name=name, measures=()) for name in "abcd"}
    record = Toy(
        provenance=provenance(), rows=(row["a"],), named={"x": row["b"]},
        inner=Inner(rows=(row["c"],), nulls=(row["d"],)),
    )  # fmt: skip
    found = {found.row.name: found.is_baseline for found in rows_of(record)}
    assert found == {"a": False, "b": False, "c": False, "d": True}


@pytest.mark.parametrize(
    ("measures", "best"),
    [
        ({"a": (1, 0.9, 1.1), "b": (2, 1.9, 2.1)}, ("a",)),
        ({"b": (2, 1.9, 2.1), "a": (1, 0.9, 1.1)}, ("a",)),
        ({"a": (1, 0.9, 1.1), "b": (1.15, 1.05, 1.3), "c": (2, 1.9, 2.1)}, ("a", "b")),
        ({"a": (1, 1, 1), "b": (1, 1, 1)}, ("a", "b")),
        ({"a": (1, None, None), "b": (2, 1.9, 2.1)}, ()),
        ({"a": (1, 0.9, 1.1), "b": (2, None, None)}, ("a", "b")),
        ({"a": (float("nan"), None, None), "b": (2, 1.9, 2.1)}, ()),
        ({"a": (1, 0.9, 1.1)}, ()),
        ({}, ()),
    ],
)
def test_the_best_is_told_apart_only_where_no_interval_reaches_its_own(measures, best):
    assert told_apart({name: measure(*ends) for name, ends in measures.items()}) == best


def test_direction_decides_who_is_best_and_without_one_nobody_is():
    ends = {"a": (1, 0.9, 1.1), "b": (2, 1.9, 2.1)}
    for better, best in (("higher", ("b",)), ("lower", ("a",)), ("neither", ())):
        assert told_apart({k: measure(*v, better=better) for k, v in ends.items()}) == best


def test_runs_on_the_same_images_share_a_table_and_topics_keep_their_order():
    row = Row(name="covariance", measures=(measure(0.5, name="sphericity"),))
    toy = Toy(provenance=provenance(), rows=(row,))
    (table,), notes = side_by_side(
        [run("x", toy, reconstruction(measure(1))), run("y", reconstruction(measure(2)))]
    )
    assert table.runs == ("x", "y")
    assert [(line.topic, line.row, line.name) for line in table.lines] == [
        ("reconstruction", "", "mse"), ("toy-of-side-by-side", "covariance", "sphericity"),
    ]  # fmt: skip
    assert {name: m.value for name, m in table.lines[0].measures.items()} == {"x": 1, "y": 2}
    assert notes == ()


def test_a_run_may_be_called_like_a_topic():
    row = Row(name="decoder", measures=(measure(0.5),))
    toys = [
        run(name, Toy(provenance=provenance(name), rows=(row,))) for name in ("base", "decoder")
    ]
    (table,), _ = side_by_side(toys)
    assert [(line.row, set(line.measures)) for line in table.lines] == [
        ("decoder", {"base", "decoder"})
    ]


@pytest.mark.parametrize(
    ("other", "why"),
    [
        ({"fingerprint": "g"}, "their images differ"),
        ({"posterior": "sample"}, "a sample"),
        ({"n": 4, "ids": tuple("abcd")}, "one is of 3 images and the other of 4"),
        ({"ids": ("a", "b", "z")}, "another seed or fraction"),
    ],
)
def test_numbers_of_other_images_never_share_a_column_and_it_is_said(other, why):
    runs = [run("x", reconstruction(measure(1))), run("y", reconstruction(measure(2), **other))]
    tables, notes = side_by_side(runs)
    assert [table.runs for table in tables] == [("x",), ("y",)]
    assert len(notes) == 1
    assert why in notes[0]
    assert not any(line.best for table in tables for line in table.lines)


def test_other_data_and_splits_are_other_tables_without_a_word():
    for other in ({"data": "sprites"}, {"split": "val"}):
        runs = [run("x", reconstruction(measure(1))), run("y", reconstruction(measure(2), **other))]
        tables, notes = side_by_side(runs)
        assert len(tables) == 2
        assert notes == ()


def test_the_order_of_samples_is_no_difference():
    runs = [run("x", reconstruction(measure(1))),
            run("y", reconstruction(measure(2), ids=("c", "a", "b")))]  # fmt: skip
    assert len(side_by_side(runs)[0]) == 1


def test_without_sample_ids_the_rule_of_the_split_decides():
    def structured(seed: int, *, known: bool) -> MeasuredRun:
        toy = Toy(provenance=provenance(), rows=(Row(name="r", measures=(measure(1),)),))
        more = (reconstruction(measure(1)),) if known else ()
        return run(f"seed-{seed}", toy, *more, about={"data": {"source": "digits", "seed": seed}})

    def n_tables(*runs: MeasuredRun) -> int:
        return len(side_by_side(runs)[0])

    assert n_tables(structured(0, known=False), structured(0, known=False)) == 1
    assert n_tables(structured(0, known=False), structured(1, known=False)) == 2
    assert n_tables(structured(0, known=True), structured(1, known=True)) == 1, "the same images"


def test_only_models_of_one_likelihood_share_a_line_of_what_rests_on_it():
    def scored(value: float, elbo: float, likelihood: str) -> ReconstructionRecord:
        told = {"name": "elbo", "better": "higher"}
        bound = measure(elbo, elbo - 1, elbo + 1, **told)
        error = measure(value, value - 0.001, value + 0.001)
        return reconstruction(error, bound, likelihood=likelihood)

    runs = [
        run("a", scored(0.03, -90, "bernoulli")), run("b", scored(0.02, -80, "bernoulli")),
        run("c", scored(0.01, 900, "gaussian")),
    ]  # fmt: skip
    (table,), _ = side_by_side(runs)
    lines = {(line.name, line.condition): line for line in table.lines}
    assert lines["mse", ""].best == ("c",)
    assert lines["elbo", "bernoulli"].best == ("b",)
    assert set(lines["elbo", "gaussian"].measures) == {"c"}
    assert lines["elbo", "gaussian"].best == (), "nobody shares its likelihood"


def test_only_numbers_in_the_features_of_one_net_share_a_line():
    def generated(net: str, value: float) -> Toy:
        row = Row(name="prior samples", measures=(measure(value, value, value, name="kid"),))
        floor = Row(name="real images", measures=(measure(0.0, name="kid"),))
        inner = Inner(rows=(row,), nulls=(floor,))
        return Toy(provenance=provenance(), inner=inner, features=Named(net=net, layer="4"))

    runs = [run("x", generated("vgg", 1)), run("y", generated("vgg", 2)),
            run("z", generated("squeezenet", 0))]  # fmt: skip
    (table,), _ = side_by_side(runs)
    lines = {line.condition: line for line in table.lines}
    assert lines["vgg, 4"].best == ("x",)
    assert lines["squeezenet, 4"].best == ()
    assert [baseline.words for baseline in lines["vgg, 4"].baselines] == ["real images"]
    alike, _ = side_by_side(runs[:2])
    assert alike[0].lines[0].condition == ""


def test_a_baseline_stands_once_and_of_several_sizes_by_its_size():
    def words(*records: ReconstructionRecord) -> list[str]:
        runs = [run(name, record) for name, record in zip("xyz", records, strict=False)]
        (table,), _ = side_by_side(runs)
        return [baseline.words for baseline in table.lines[0].baselines]

    same = [reconstruction(measure(i)) for i in range(2)]
    assert words(*same) == ["PCA"]
    sizes = [reconstruction(measure(1), pca=1 / k, latent_shape=(k,)) for k in (2, 16)]
    assert words(*sizes) == ["PCA, 2 numbers", "PCA, 16 numbers"]
    fitted = [reconstruction(measure(1), pca=value) for value in (0.5, 0.6)]
    assert words(*fitted) == ["PCA of x", "PCA of y"]


def test_what_a_number_is_held_against_stands_by_run():
    runs = [
        run(name, Toy(provenance=provenance(), rows=(Row(name="r", measures=(
            measure(1, reference=Reference(value=value, words="chance")),)),)))
        for name, value in (("x", 0.1), ("y", 0.2))
    ]  # fmt: skip
    (line,) = side_by_side(runs)[0][0].lines
    assert {name: r.value for name, r in line.references.items()} == {"x": 0.1, "y": 0.2}


def test_what_is_undefined_for_one_run_is_still_a_line():
    why = Undefined(name="mse", why="there is one class")
    rows = (Row(name="r", measures=(), undefined=(why,)),)
    given = Toy(provenance=provenance(), rows=(Row(name="r", measures=(measure(1),)),))
    (table,), _ = side_by_side([run("x", Toy(provenance=provenance(), rows=rows)), run("y", given)])
    (line,) = table.lines
    assert line.undefined == {"x": "there is one class"}
    assert set(line.measures) == {"y"}


def test_a_second_record_of_the_same_images_is_said_and_not_mixed_in():
    first, second = reconstruction(measure(1)), reconstruction(measure(5))
    tables, notes = side_by_side([run("x", first, second), run("y", first)])
    assert tables[0].lines[0].measures["x"].value == 1
    assert "two reconstruction records" in notes[0]


@pytest.mark.parametrize(
    ("better", "low", "high", "verdict"),
    [
        ("lower", -2, -1, "better"), ("lower", 1, 2, "worse"), ("higher", 1, 2, "better"),
        ("neither", 1, 2, "higher"), ("neither", -2, -1, "lower"),
        ("lower", -1, 1, "not told apart"),
        ("lower", 0, 0, "not told apart"), ("lower", float("nan"), 1, "not told apart"),
    ],
)  # fmt: skip
def test_a_difference_says_what_its_interval_says(better, low, high, verdict):
    told = Difference(
        topic="t", run="x", against="y", name="mse", unit="", better=better,
        value=(low + high) / 2, low=low, high=high, interval="", n=3,
    )  # fmt: skip
    assert told.verdict == verdict


def test_the_tidy_table_has_a_line_a_run_and_measure(tmp_path):
    reference = Reference(value=0.1, words="chance")
    why = Undefined(name="ssim", why="too small")
    rows = (Row(name="r", measures=(measure(1, 0.5, 2, n=3, reference=reference),),
                undefined=(why,)),)  # fmt: skip
    tables, notes = side_by_side(
        [run("x", Toy(provenance=provenance(), rows=rows)), run("y", reconstruction(measure(2)))]
    )
    record = ComparisonRecord(folder=".", runs=(), settings=(), tables=tables, notes=notes)
    write_csv(record, tmp_path / "comparison.csv")
    with (tmp_path / "comparison.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    found = {(line["run"], line["row"], line["measure"]): line for line in lines}
    assert set(found) == {
        ("x", "r", "mse"),
        ("x", "r", "ssim"),
        ("y", "", "mse"),
        ("", "PCA", "mse"),
    }
    told = found["x", "r", "mse"]
    assert (told["value"], told["low"], told["high"], told["n"]) == ("1.0", "0.5", "2.0", "3")
    assert (told["reference"], told["held_against"]) == ("0.1", "chance")
    assert found["x", "r", "ssim"]["value"] == ""
    assert found["x", "r", "ssim"]["note"] == "not defined: too small"
