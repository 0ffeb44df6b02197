"""`measure structure`, as a whole: any model or store, and what it does with odd latents."""

from pathlib import Path

import numpy as np
import pytest

from latentscape import encode
from latentscape.errors import UsageError
from latentscape.records import Provenance, StructureRecord, load_record
from latentscape.workflows.latents import Latents, open_latents
from latentscape.workflows.measure import measure, structure
from latentscape.workflows.measure.structure import measure_structure

TOPICS = ["covariance shape", "Gaussianity", "distance to the prior", "intrinsic dimension"]


@pytest.fixture
def organised(monkeypatch):
    """Measures given latents as if a model had encoded them."""

    def run(rows: np.ndarray, *, log_vars: np.ndarray | None = None, **told) -> StructureRecord:
        n = len(rows)
        latents = Latents(
            means=rows.astype(np.float32),
            log_vars=log_vars,
            labels=told.get("labels", np.full(n, -1)),
            class_names=(),
            sample_ids=np.arange(n).astype(str),
            groups=None,
            prior_matched=told.get("prior_matched", True),
            provenance=Provenance(model="m", recipe="r", data="d", split="test", n=n, seed=0),
            run=None,
            stem="d-test",
        )
        monkeypatch.setattr(structure, "open_latents", lambda *_, **__: latents)
        return measure_structure("m")

    return run


def row(record: StructureRecord, name: str):
    return next(row for row in record.rows if row.name == name)


def test_every_topic_has_its_row_and_the_record_lies_in_the_run(vae):
    record = measure("structure", vae, limit=120)
    assert isinstance(record, StructureRecord)
    assert [row.name for row in record.rows] == TOPICS
    assert "λ₁" in record.verdicts[0]
    assert record.eigenvalues.shape == (2,)
    assert record.null_eigenvalues.shape == (3, 2)
    assert record.plane.positions.shape == (120, 2)
    assert record.classes is not None
    again = load_record(Path(vae) / "measures" / "structure-digits-test-n120")
    assert again.rows == record.rows
    np.testing.assert_array_equal(again.plane.positions, record.plane.positions)


@pytest.mark.slow
def test_a_store_has_its_own_split_and_no_other(vae):
    store = encode(vae, split="train").folder
    for own in (None, "train"):
        assert open_latents(store, split=own, limit=5).provenance.split == "train"
    with pytest.raises(UsageError, match="is of the split train, not test"):
        measure_structure(store, split="test")


def test_a_choice_of_latents_is_not_written_over_the_whole(vae):
    store = encode(vae).folder
    for thing in (vae, store):
        whole = measure_structure(thing)
        assert whole.saved_at.name == "structure-digits-test.json"
        few, all_of_them = (measure_structure(thing, limit=n) for n in (100, 10_000))
        assert few.saved_at.name == "structure-digits-test-n100.json"
        assert all_of_them.saved_at == whole.saved_at
        assert load_record(whole.saved_at).provenance.n > 100


def test_a_limit_of_none_is_refused_of_store_and_model(vae):
    for thing in (vae, encode(vae).folder):
        for limit in (0, -3):
            with pytest.raises(UsageError, match=f"{limit} images are none"):
                open_latents(thing, limit=limit)


def test_a_store_and_its_model_say_the_same(vae):
    store = encode(vae)
    by_store = measure_structure(store.folder)
    by_model = measure_structure(vae)
    for mine, theirs in zip(by_store.rows, by_model.rows, strict=True):
        for a, b in zip(mine.measures, theirs.measures, strict=True):
            assert a.value == pytest.approx(b.value, rel=1e-3, abs=1e-5)


def test_without_a_prior_the_distance_says_so(ae):
    record = measure_structure(ae, limit=40)
    assert not row(record, "distance to the prior").measures
    assert "did not draw" in row(record, "distance to the prior").undefined[0].why
    assert record.plane.aggregate is None


def test_the_prior_is_held_against_draws_from_posteriors_not_their_means(organised):
    """Posteriors all of N(0, 1) about means of nothing: the aggregate is the prior itself."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 4)) * 0.6
    record = organised(rows, log_vars=np.full((500, 4), 2 * np.log(0.8), np.float32))
    prior = row(record, "distance to the prior")
    assert prior["prior_kl"].value < 2 * prior["prior_kl"].reference.high
    assert "one draw" in prior.note
    np.testing.assert_allclose(record.plane.aggregate, np.eye(2), atol=0.15)
    alone = row(organised(rows), "distance to the prior")
    assert alone["prior_kl"].value > 10 * alone["prior_kl"].reference.high


@pytest.mark.parametrize(
    "rows",
    [
        np.full((60, 3), 0.1),
        np.repeat(np.random.default_rng(0).normal(size=(2, 3)), 30, axis=0),
        np.random.default_rng(0).normal(size=(10, 40)),
        np.random.default_rng(0).normal(size=(60, 4)) * [1, 0, 1, 1],
        np.random.default_rng(0).normal(size=(60, 1)),
        np.random.default_rng(0).normal(size=(2, 3)),
        np.random.default_rng(0).normal(size=(1, 3)),
        np.random.default_rng(0).normal(size=(12, 4, 5, 5)),
        np.random.default_rng(0).normal(size=(6, 5000)),
    ],
    ids=["one point", "two points", "n < d", "a dead latent", "one latent", "two samples",
         "one sample", "a grid", "very wide"],
)  # fmt: skip
def test_odd_latents_say_what_is_not_defined_and_the_rest_goes_on(rows, organised):
    record = organised(rows)
    assert [row.name for row in record.rows] == TOPICS
    assert record.verdicts[0]
    for found in record.rows:
        assert found.measures or found.undefined
        assert all(np.isfinite(measure.value) for measure in found.measures)
        assert all(undefined.why for undefined in found.undefined)


def test_the_seed_decides(organised):
    rows = np.random.default_rng(0).normal(size=(80, 3))
    assert organised(rows).rows == organised(rows).rows


def test_every_number_has_an_interval_or_something_to_be_held_against(organised):
    for found in organised(np.random.default_rng(0).normal(size=(200, 3))).rows:
        for each in found.measures:
            assert each.interval or each.reference or each.name.endswith("_p"), each.name
