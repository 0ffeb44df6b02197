"""The doctor in training: it stops or re-weights what cannot recover, and nothing else."""

import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from latentscape.data import DataConfig
from latentscape.errors import TrainingError, UsageError
from latentscape.training import TrainConfig
from latentscape.training.checkpoint import Progress
from latentscape.training.doctor import Doctor
from latentscape.training.history import read_history
from latentscape.training.validation import Validation
from latentscape.training.watch import Signs

MANY = {"data": DataConfig("digits"), "batch_size": 25}  # 55 steps an epoch
CRUSHED = {**MANY, "recipe": "vae", "recipe_options": {"beta": 1e4}, "epochs": 4}
FAILED = {
    **MANY, "recipe": "vae", "recipe_options": {"beta": 1}, "beta_convention": "mean-sum",
    "epochs": 4,
}  # fmt: skip
TIMES = ("seconds", "images_per_second")


def losses(record) -> dict:
    return {k: v for k, v in record.history.columns.items() if k not in TIMES}


def slow(case):
    return pytest.param(case, marks=pytest.mark.slow)


class Steps:
    """Counts steps; presses Ctrl-C after so many."""

    def __init__(self, stop_at: int = 0):
        self.n, self.stop_at = 0, stop_at

    def on_step(self, *_) -> None:
        self.n += 1
        if self.n == self.stop_at:
            signal.raise_signal(signal.SIGINT)

    def on_epoch(self, row) -> None:
        pass


@pytest.mark.filterwarnings("ignore:β is")
class TestStop:
    def test_within_the_first_200_steps_with_cause_and_cure(self, quick):
        steps = Steps()
        with pytest.raises(TrainingError) as error:
            quick(listeners=(steps,), **CRUSHED)
        assert steps.n < 200
        assert "scale bug" in error.value.message
        assert "the rate is" in error.value.message
        assert "worth" in error.value.message
        assert error.value.hint.startswith("sum both losses: --beta 1;")

    def test_the_failed_recipe_is_asked_for_by_its_convention(self, quick):
        """Mean squared error + summed KL, weight 1: β = D/2 = 32 on 8×8, where .7 pays."""
        with pytest.raises(TrainingError, match=r"over-regularised.*β is 32") as error:
            quick(**FAILED)
        assert "--beta 1 or below, or let σ set the weight: --recipe sigma_vae" in error.value.hint

    def test_off_lets_it_go_on(self, quick):
        kept = quick(doctor="off", **{**CRUSHED, "epochs": 7})
        assert kept.stopped == "finished"
        assert kept.history.columns["active_units"][-1] == 0
        assert any("expect every output to be the mean image" in line for line in kept.warnings)

    def test_after_200_steps_the_epochs_watch(self, quick):
        """A warm-up hides the weight from the first looks; two epochs in a row do not forget."""
        slow = {**CRUSHED, "recipe_options": {"beta": 16, "warmup_epochs": 8}, "epochs": 20}
        steps = Steps()
        with pytest.raises(TrainingError, match=r"collapsed by epoch .* \(over-regularised\)"):
            quick(listeners=(steps,), **slow)
        assert steps.n > 200

    @pytest.mark.parametrize("stop_at", [42, slow(57), slow(79)])
    def test_a_broken_run_is_stopped_at_the_same_step(self, quick, stop_at):
        whole, broken = Steps(), Steps(stop_at)
        with pytest.raises(TrainingError) as first:
            quick("whole", listeners=(whole,), **CRUSHED)
        assert quick("broken", listeners=(broken,), **CRUSHED).stopped == "interrupted"
        rest = Steps()
        with pytest.raises(TrainingError) as second:
            quick("broken", resume=True, listeners=(rest,), **CRUSHED)
        assert first.value.message == second.value.message
        assert broken.n + rest.n == whole.n

    def test_a_resume_may_have_another_doctor(self, quick):
        with pytest.raises(TrainingError):
            quick(**CRUSHED)
        assert quick(resume=True, **CRUSHED, doctor="off")


@pytest.mark.filterwarnings("ignore:β is")
@pytest.mark.filterwarnings("ignore:the doctor lowered")
class TestReweight:
    def test_it_lowers_beta_to_the_sigma_vaes_and_the_run_learns(self, quick):
        record = quick(doctor="reweight", **{**FAILED, "epochs": 13, "learning_rate": 3e-3})
        columns = record.history.columns
        assert columns["beta"][0] == pytest.approx(32)
        assert columns["beta"][-1] < 0.08  # the error of the mean image is .072
        assert np.diff(columns["beta"]).max() <= 0
        assert columns["active_units"][-1] >= 1
        assert columns["val_rate"][-1] > 1
        told = [line for line in record.warnings if line.startswith("the doctor lowered β from 32")]
        assert len(told) == 1
        assert "mean-SE + β·sum-KL" in told[0]
        assert record.beta["ELBO units, σ = 1"] < 0.08

    def test_it_says_so_at_once(self, quick):
        with pytest.warns(UserWarning, match="the doctor lowered β"):
            quick(doctor="reweight", **FAILED)

    @pytest.mark.parametrize("stop_at", [slow(60), 85, slow(150)])
    def test_a_broken_run_goes_on_bit_by_bit(self, quick, tmp_path, stop_at):
        options = {**FAILED, "doctor": "reweight", "learning_rate": 1e-2}
        whole = quick("whole", **options)
        assert quick("broken", listeners=(Steps(stop_at),), **options).stopped == "interrupted"
        resumed = quick("broken", resume=True, **options)
        assert losses(resumed) == losses(whole)
        assert resumed.warnings == whole.warnings
        ours, theirs = (load_file(tmp_path / n / "model.safetensors") for n in ("broken", "whole"))
        assert all(torch.equal(ours[key], theirs[key]) for key in theirs)

    def test_a_likelihood_without_a_scale_is_lowered_to_one(self, quick):
        """Nothing but β can be at fault, and 1 is its ELBO."""
        hopeless = {**CRUSHED, "likelihood": "bernoulli", "doctor": "reweight"}
        record = quick(**hopeless)
        assert record.history.columns["beta"][-1] == pytest.approx(1)
        (told,) = [line for line in record.warnings if "the doctor lowered β" in line]
        assert "to 1 in ELBO units, the ELBO's own: by step" in told

    def test_a_stated_b_is_lowered_to_what_a_fitted_one_would_take(self, quick):
        record = quick(**{**CRUSHED, "likelihood": "laplace", "doctor": "reweight"})
        (told,) = [line for line in record.warnings if "the doctor lowered β" in line]
        assert "what a fitted b would take at MAE 0." in told
        assert "MSE" not in told


HEALTHY = {
    "digits": {},
    "warm-up": {"recipe_options": {"warmup_epochs": 10}},
    "cycles": {"recipe_options": {"cycles": 4}},
    "free bits": {"recipe_options": {"free_bits": 0.25}},
    "capacity": {"recipe_options": {"capacity": 10, "gamma": 5}},
    "one latent": {"latent": 1},
    "a small step": {"learning_rate": 1e-5},
    "beta 4": {"recipe": "beta_vae"},
    "point": {"recipe": "ae", "learning_rate": 1e-5},
    "adversary": {"recipe": "aae"},
    "triplets": {"recipe": "tvae"},
    "bernoulli": {"likelihood": "bernoulli"},
    "info": {"recipe": "info_vae"},
    "total correlation": {"recipe": "beta_tcvae"},
    "batches of one": {"data": DataConfig("digits", limit=300), "batch_size": 1, "epochs": 1},
}


QUICK = ("digits", "warm-up", "one latent", "a small step", "bernoulli")


@pytest.mark.parametrize("kind", [k if k in QUICK else slow(k) for k in HEALTHY])
def test_it_lets_the_healthy_be(quick, kind):
    """Past 200 steps, without a word."""
    record = quick(**{**MANY, "epochs": 4, **HEALTHY[kind]})
    assert record.stopped == "finished"
    assert not record.warnings


def test_watching_changes_nothing(quick, tmp_path):
    watched, alone = quick("watched"), quick("alone", doctor="off")
    assert losses(watched) == losses(alone)
    ours, theirs = (load_file(tmp_path / n / "model.safetensors") for n in ("watched", "alone"))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_the_history_carries_beta(quick, tmp_path):
    quick(recipe="beta_vae")
    assert read_history(tmp_path / "run").columns["beta"] == (4, 4, 4)
    quick("ae", recipe="ae")
    assert "beta" not in read_history(tmp_path / "ae").columns


def test_what_beta_comes_to_is_said_before_training(tmp_path):
    from latentscape.workflows.train import train

    told = []
    config = TrainConfig(network="mlp", latent=4, epochs=1, network_options={"hidden": [8]})
    train(DataConfig("digits", limit=300), config, out=tmp_path / "x", say=told.append)
    text = "\n".join(told)
    assert told[0].startswith("β = 1 in ELBO units (gaussian; D = 64 values, M = 4 latents)")
    for form in ("½·sum-SE", "mean-SE + β·sum-KL", "mean-L1", "unit-variance ELBO", "σ-VAE"):
        assert form in text
    assert "break-even" in told[-1]


def test_wrong_words_are_refused_before_anything_is_written(quick, tmp_path):
    with pytest.raises(UsageError, match="no doctor"):
        quick(doctor="stpo")
    with pytest.raises(UsageError, match="no convention") as error:
        quick(beta_convention="mean")
    assert "mean-sum" in error.value.hint
    with pytest.raises(UsageError, match="has no β"):
        quick(recipe="ae", beta_convention="mean-sum")
    with pytest.raises(UsageError, match="belongs to the likelihood gaussian-fixed"):
        quick(recipe="sigma_vae", beta_convention="mean-sum")
    assert not (tmp_path / "run").exists()


def test_what_the_base_showed_is_no_collapse_of_the_training():
    dull = Signs(rate=70.0, active_units=200, output_share=0.0067)
    assert Signs(rate=73.0, active_units=200, output_share=0.0066).collapse(dull) is None
    assert "rate is" in (Signs(rate=0.01, active_units=9, output_share=0.006).collapse(dull) or "")
    assert Signs(rate=73.0, active_units=200, output_share=0.0066).collapse() is not None

    progress = Progress(
        n_steps=5000, epoch=1, history={"epoch": [0], "val_rate": [70.0], "active_units": [200],
                                        "output_share": [0.0067]},
    )  # fmt: skip
    checked = Validation({}, 1.0, 73.0, 0.1, 0.1, Signs(73.0, 200, 0.0066))
    doctor = Doctor(TrainConfig())
    doctor.judge(progress, checked)
    assert progress.collapsed == 0
    progress.history["output_share"] = [0.5]
    doctor.judge(progress, checked)
    assert progress.collapsed == 1
