"""What the numbers come to: why a model loses to PCA."""

import numpy as np

from latentscape.records import Measure, Provenance, ReconstructionRecord, Row
from latentscape.report.figures.dots import measures
from latentscape.report.tables import against_linear, reasons
from latentscape.report.verdict import judged, verdicts, why_worse


def a_row(name: str, **values: float) -> Row:
    better = {"mse": "lower", "elbo": "higher", "distortion": "lower"}
    return Row(
        name=name,
        measures=tuple(
            Measure(name=key, value=value, better=better.get(key, "neither"))
            for key, value in values.items()
        ),
    )


def a_record(*, mse=0.03, pca=0.02, latent=16, recipe="vae", likelihood="", objective=None, **more):
    return ReconstructionRecord(
        provenance=Provenance(
            model="m", recipe=recipe, data="digits", split="test", n=9, seed=0,
            latent_shape=(latent,),
        ),
        model_row=a_row("m", mse=mse, **more),
        baselines=(a_row("mean image", mse=0.09), a_row("PCA", mse=pca)),
        per_image={}, sample_ids=(), originals=NONE, reconstructions=NONE, shown_ids=(),
        worst_originals=NONE, worst_reconstructions=NONE, worst_ids=(),
        likelihood=likelihood, objective=objective or {},
    )  # fmt: skip


NONE = np.zeros((0, 1, 2, 2), np.uint8)
KL = {"beta": 4.0, "warmup_epochs": 0.0, "gamma": 1000.0}


def test_a_model_that_beats_pca_needs_no_excuse():
    assert why_worse(a_record(mse=0.019, rate=5.0)) == ""
    assert why_worse(a_record(mse=0.0201, pca=0.02)) == "", "the same, as good as"


def test_a_beta_vae_is_told_what_its_rate_cost():
    record = a_record(
        recipe="beta_vae", likelihood="gaussian-fixed, σ 1", objective=KL, rate=6.2, active_units=3
    )
    why = why_worse(record)
    assert "6.20 nat of rate" in why
    assert "β = 4 weighs rate 4 times over distortion" in why
    assert "3 of 16 latents are active" in why
    assert "at σ = 1 a nat must save 8 of summed squared error" in why
    worse = next(line for line in verdicts(record) if "PCA" in line)
    assert worse.startswith("✗ Worse than PCA: MSE 0.0300 against 0.0200, 50 % more error. Why: it")


def test_other_terms_and_likelihoods_are_told():
    triplet = {**KL, "beta": 1.0, "weight": 1.0, "margin": 1.0}
    why = why_worse(a_record(recipe="tvae", likelihood="bernoulli", objective=triplet, rate=20.0))
    assert "triplet term (weight 1) places codes by class" in why
    assert "cross-entropy" in why
    assert "β" not in why
    capacity = why_worse(a_record(objective={**KL, "capacity": 25.0}, rate=20.0))
    assert "led to C = 25 nat (γ = 1000)" in capacity
    assert "times over distortion" not in capacity


def test_a_point_is_not_short_of_rate():
    adversarial = {"scale": 0.9, "smoothness": 1.0}
    why = why_worse(a_record(recipe="aae", objective=adversarial))
    assert "codes cost no rate" in why
    assert "discriminator (weight 0.9)" in why


def test_a_record_of_another_version_is_no_reason_to_fail():
    assert "nat of rate" in why_worse(a_record(recipe="tvae", rate=3.0))


def test_each_run_stands_beside_its_pca_and_says_why_it_loses():
    runs = [("a", a_record(mse=0.01)), ("b", a_record(mse=0.03))]
    for (_, record), ratio, words in zip(
        runs, ("0.500", "1.50"), ("50 % better", "50 % worse"), strict=True
    ):
        assert ratio in against_linear(record)
        assert words in against_linear(record)
    told = reasons(runs)
    assert "<b>b</b><span>: 1.50 times the squared error of PCA; its codes" in told
    assert "<b>a</b>" not in told
    without = a_record().model_copy(update={"baselines": ()})
    assert against_linear(without) == reasons([("c", without)]) == ""


def test_a_record_of_all_is_judged_by_its_test_split_alone():
    """PCA brings back the training images it was fitted to: that is no merit."""
    whole = a_record(mse=0.02, pca=0.001, rate=5.0)
    split = whole.model_copy(
        update={
            "by_split": (a_row("train", mse=0.01), a_row("test", mse=0.03, rate=7.0)),
            "split_baselines": (
                a_row("PCA", mse=0.0001).model_copy(update={"beside": "train"}),
                a_row("PCA", mse=0.06).model_copy(update={"beside": "test"}),
            ),
            "splits": ("train",) * 4 + ("test",) * 5,
        }
    )
    assert "Worse than PCA" in "".join(verdicts(whole))
    said = verdicts(split)
    assert said[0] == (
        "✓ Better than PCA: MSE 0.0300 against 0.0600, 50 % less error. Of the test images alone."
    )
    assert not any("mean image" in line for line in said)
    assert why_worse(split) == ""
    assert "0.500" in against_linear(split)
    model, (pca,), name = judged(split)
    assert (model.name, model["mse"].value, pca["mse"].value, name) == ("m", 0.03, 0.06, "test")
    picture = measures(split)
    assert picture.words.title == "Reconstruction beside its baselines, test images"
    assert "m 0.0300, PCA 0.0600" in picture.words.alt
    assert "n = 5" in picture.small_print
