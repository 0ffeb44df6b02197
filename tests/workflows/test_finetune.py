"""A model before and after: what stays, what changes, what is refused, what opens again."""

import json
import signal
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

import latentscape.models.opened as opened_models
import latentscape.workflows.finetune as workflow
from latentscape import FinetuneConfig, TrainConfig, finetune, measure, open_model, train
from latentscape.data import DataConfig
from latentscape.errors import ModelError, TrainingError, UsageError
from latentscape.records import FineTuneRecord, load_record, read_run
from latentscape.training.history import read_history
from latentscape.workflows.opening import open_subject

DATA = DataConfig("digits", limit=400, size=16)
GRID = {
    "network": "resnet", "latent": (2, 4, 4), "network_options": {"widths": [8, 8, 8]},
    "epochs": 6, "batch_size": 32, "recipe": "sigma_vae", "learning_rate": 2e-3,
}  # fmt: skip
QUICK = {"epochs": 2, "batch_size": 32, "perceptual": 0.0}


@pytest.fixture(scope="module")
def base(tmp_path_factory) -> Path:
    """A small run with spatial latents that has learnt something."""
    folder = tmp_path_factory.mktemp("base") / "base"
    train(DATA, TrainConfig(**GRID), out=folder)
    return folder


@pytest.fixture
def mine(patches) -> str:
    return patches("image_shape = (1, 16, 16)")


def latents_of(model: str | Path) -> np.ndarray:
    subject = open_subject(model, DATA, "test", precision="fp32")
    with torch.inference_mode():
        return subject.model.autoencoder.encode(subject.pixels(subject.rows)).mean.numpy()


def files(folder: Path) -> dict[str, bytes]:
    return {str(p): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_of_the_decoder_alone_every_latent_stays_to_the_bit(base, tmp_path):
    before = files(base)
    config = FinetuneConfig(**{**QUICK, "epochs": 4, "learning_rate": 1e-3})
    record = finetune(base, None, config, out=tmp_path / "x")
    assert files(base) == before
    assert np.array_equal(latents_of(base), latents_of(tmp_path / "x"))
    old, new = (open_model(folder).autoencoder for folder in (base, tmp_path / "x"))
    for name, weight in old.encoder.state_dict().items():
        assert torch.equal(weight, new.encoder.state_dict()[name]), name
    found = {measure.name: measure.value for measure in record.drift.measures}
    assert (found["latent_drift"], found["units_lost"], found["units_gained"]) == (0, 0, 0)
    assert not record.moved.any()
    apart = {difference.name: difference for difference in record.differences}
    assert apart["psnr_mean"].verdict == "better"
    assert apart["rate"].value == 0
    assert record.verdict.startswith("healthy")
    n_steps = -(-np.sum(open_subject(base, None, "train").splits == "train") // 32)
    about = read_run(tmp_path / "x")
    assert about["base"]["sha256"] == open_model(base).sha256
    assert about["training"]["trains"] == "decoder"
    assert about["training"]["ema"] == pytest.approx(1 - 1 / (0.1 * 4 * n_steps), abs=1e-4)


def test_the_record_says_what_measuring_says(base, tmp_path):
    record = finetune(base, None, FinetuneConfig(train="all", **QUICK), out=tmp_path / "x")
    kept = load_record(tmp_path / "x" / "measures" / "finetuning")
    assert isinstance(kept, FineTuneRecord)
    assert kept.differences == record.differences
    for folder, row in ((base, record.before), (tmp_path / "x", record.after)):
        told = measure("reconstruction", folder).model_row
        for name in ("mse", "psnr_mean", "rate", "active_units"):
            assert row[name].value == pytest.approx(told[name].value, rel=1e-5), name
    moved = {m.name: m.value for m in record.drift.measures}["latent_drift"]
    assert 0 < moved < 0.5
    assert moved == pytest.approx(
        np.sqrt(
            np.square(latents_of(tmp_path / "x") - latents_of(base)).sum()
            / np.square(latents_of(base) - latents_of(base).mean((0, 2, 3), keepdims=True)).sum()
        ),
        rel=1e-3,
    )
    columns = read_history(tmp_path / "x").columns
    assert columns["epoch"] == (0, 1, 2)  # the base stands before the first
    assert np.isnan(columns["train_loss"][0])


def without_decoder(run: Path, *, share: float) -> None:
    """Scale down the weights of a run's decoder: it paints nearly one image whatever the code."""
    weights = load_file(run / "model.safetensors")
    save_file(
        {n: w * share if n.startswith("decoder") else w for n, w in weights.items()},
        run / "model.safetensors",
    )
    about = json.loads((run / "run.json").read_text())
    del about["weights_sha256"]
    (run / "run.json").write_text(json.dumps(about))


@pytest.mark.parametrize("part", ["decoder", "all"])
def test_a_base_that_paints_one_image_already_is_not_laid_to_fine_tuning(make_run, tmp_path, part):
    dull = make_run("dull", data=DATA)
    without_decoder(dull, share=0.01)
    config = FinetuneConfig(train=part, **{**QUICK, "epochs": 1, "learning_rate": 1e-7})
    record = finetune(dull, None, config, out=tmp_path / "x")
    assert record.before["reconstruction_spread"].value < 0.01
    assert record.verdict.startswith("the base was so already: reconstructions vary")
    assert read_run(tmp_path / "x")["state"] == "finished"


def test_a_collapse_that_only_the_end_shows_is_in_the_runs_state(base, tmp_path, monkeypatch):
    def broken(plan, **words):
        told = fit(plan, **words)
        without_decoder(words["folder"], share=0.0)
        return told

    fit = workflow.fit
    monkeypatch.setattr(workflow, "fit", broken)
    record = finetune(base, None, FinetuneConfig(**{**QUICK, "epochs": 1}), out=tmp_path / "x")
    assert record.verdict.startswith("not learnt: reconstructions vary 0 %")
    assert read_run(tmp_path / "x")["state"].startswith("finished, but collapsed: reconstructions")


def test_of_a_decoder_alone_no_beta_is_told(base, tmp_path):
    told = {}
    for part in ("decoder", "all"):
        said: list[str] = []
        config = FinetuneConfig(train=part, **{**QUICK, "epochs": 1})
        finetune(base, None, config, out=tmp_path / part, say=said.append)
        told[part] = any("in ELBO units" in line for line in said)
    assert told == {"decoder": False, "all": True}


def test_the_failed_recipe_is_stopped_and_can_be_looked_at(base, tmp_path):
    failed = FinetuneConfig(
        train="all", beta=1e4, beta_convention="half-sum", learning_rate=3e-3, batch_size=8,
        epochs=20,
    )  # fmt: skip
    with (
        pytest.warns(UserWarning, match="expect every output to be the mean image"),
        pytest.raises(TrainingError, match="scale bug") as error,
    ):
        finetune(base, None, failed, out=tmp_path / "x")
    assert "--train decoder" in (error.value.hint or "")
    record = load_record(tmp_path / "x" / "measures" / "finetuning")
    assert isinstance(record, FineTuneRecord)
    assert record.stopped == "collapsed"
    assert record.after["rate"].value < 0.2 * record.before["rate"].value
    assert read_run(tmp_path / "x")["state"].startswith("failed")
    assert measure("collapse", tmp_path / "x").finding != "healthy"


def test_a_broken_run_goes_on_where_it_stood(base, tmp_path):
    class StopAt:
        left = 14

        def on_step(self, *_):
            self.left -= 1
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)

        def on_epoch(self, row):
            pass

    config = FinetuneConfig(
        train="all", adversarial=0.5, equivariance=("scale", "shift", "rotation"),
        more={"recipe_options": {"patch_width": 4, "patch_start": 0.5}, "precision": "fp32"},
        **QUICK,
    )  # fmt: skip
    assert finetune(base, None, config, out=tmp_path / "x", listeners=(StopAt(),)) is None
    finetune(base, None, config, out=tmp_path / "x", resume=True)
    finetune(base, None, config, out=tmp_path / "whole")
    ours, theirs = (read_history(tmp_path / name).columns for name in ("x", "whole"))
    for name in theirs:
        if name not in ("seconds", "images_per_second"):
            np.testing.assert_array_equal(ours[name], theirs[name], name)
    first, second = ((tmp_path / n / "model.safetensors").read_bytes() for n in ("x", "whole"))
    assert first == second
    assert ours["train_patch_adversary"][-1] != 0


@pytest.mark.parametrize("part", ["decoder", "all"])
def test_another_programs_model_opens_again_with_its_own_weights(mine, tmp_path, part):
    config = FinetuneConfig(train=part, **{**QUICK, "epochs": 4, "learning_rate": 3e-3})
    record = finetune(mine, DATA, config, out=tmp_path / "x")
    assert {d.name: d for d in record.differences}["mse"].verdict == "better"
    opened = open_model(tmp_path / "x")
    assert (opened.recipe, opened.autoencoder.posterior) == ("ae", "point")
    assert opened.data == DATA
    told = measure("reconstruction", tmp_path / "x").model_row
    assert told["mse"].value == pytest.approx(record.after["mse"].value, rel=1e-5)
    stays = np.array_equal(latents_of(mine), latents_of(tmp_path / "x"))
    assert stays == (part == "decoder")
    again = finetune(tmp_path / "x", None, FinetuneConfig(**QUICK), out=tmp_path / "y")
    assert again.base == "x"
    assert open_model(tmp_path / "y").sha256 == again.provenance.model_sha256


def test_a_base_that_is_gone_or_another_is_named(mine, patches, tmp_path):
    finetune(mine, DATA, FinetuneConfig(**{**QUICK, "epochs": 1}), out=tmp_path / "x")
    patches("image_shape = (1, 16, 16)", seed=1)
    with pytest.raises(ModelError, match="is not the model that"):
        open_model(tmp_path / "x")
    (tmp_path / "mine.py").unlink()
    with pytest.raises(ModelError, match="does not open"):
        open_model(tmp_path / "x")
    about = json.loads((tmp_path / "x" / "run.json").read_text())
    del about["base"]
    (tmp_path / "x" / "run.json").write_text(json.dumps(about))
    with pytest.raises(Exception, match="does not say which model"):
        open_model(tmp_path / "x")


def test_what_does_not_fit_is_refused_before_anything_is_written(base, vae, mine, tmp_path):
    out = tmp_path / "x"

    def refused(match: str, model=base, data=None, **words):
        with pytest.raises(UsageError, match=match):
            finetune(model, data, FinetuneConfig(**{**QUICK, **words}), out=out)
        assert not out.exists()

    refused("is no grid", model=vae, equivariance=("shift",))
    refused("posterior", model=mine, data=DATA, recipe="vae")
    refused("no recipe", recipe="vea")
    refused("no setting", more={"recipe_options": {"bete": 1}})
    refused("moves cannot be", equivariance=("sideways",))
    with pytest.raises(UsageError, match="already holds a run"):
        finetune(base, None, FinetuneConfig(**QUICK), out=base)


def test_a_run_goes_on_from_its_own_base_only(base, vae, tmp_path):
    config = FinetuneConfig(**{**QUICK, "epochs": 1})
    finetune(base, None, config, out=tmp_path / "x")
    with pytest.raises(UsageError, match="base"):
        finetune(vae, None, config, out=tmp_path / "x", resume=True)
    changed = replace(config, train="all")
    with pytest.raises(UsageError, match="trains"):
        finetune(base, None, changed, out=tmp_path / "x", resume=True)
    with pytest.raises(UsageError, match="base"):
        train(DATA, TrainConfig(**GRID), out=tmp_path / "x", resume=True)


def test_a_held_sigma_is_stated(base, tmp_path):
    sigma = open_model(base).autoencoder.likelihood.log_sigma.exp().item()
    finetune(base, None, FinetuneConfig(train="all", hold="sigma", **QUICK), out=tmp_path / "s")
    kept = open_model(tmp_path / "s").autoencoder.likelihood
    assert (kept.name, kept.sigma) == ("gaussian-fixed", pytest.approx(sigma, rel=1e-3))


@pytest.mark.slow
def test_a_held_rate_is_led_to(base, tmp_path):
    free, held = (
        finetune(
            base, None,
            FinetuneConfig(train="all", hold=hold, **{**QUICK, "learning_rate": 1e-3, "epochs": 5}),
            out=tmp_path / hold,
        )
        for hold in ("nothing", "rate")
    )  # fmt: skip
    move = [abs(r.after["rate"].value / r.before["rate"].value - 1) for r in (free, held)]
    assert move[1] < max(0.05, move[0])


def test_without_the_net_the_perceptual_weight_is_nought_and_said(base, tmp_path, monkeypatch):
    monkeypatch.delenv("LATENTSCAPE_DATA", raising=False)
    monkeypatch.setenv("LATENTSCAPE_CACHE", str(tmp_path / "none"))
    said: list[str] = []
    config = FinetuneConfig(epochs=1, batch_size=32)
    record = finetune(base, None, config, out=tmp_path / "x", say=said.append)
    assert any("not on this machine" in line for line in said)
    assert not any("LPIPS" in words for words in record.objective)


def test_a_held_rate_goes_on_as_it_began_whatever_is_measured_now(base, tmp_path, monkeypatch):
    """Another number of threads changes the last digits of a measured rate."""
    config = FinetuneConfig(train="all", hold="rate", **QUICK)
    finetune(base, None, config, out=tmp_path / "x")
    measured = workflow._as_it_is

    def nearly(subject):
        now = measured(subject)
        return now._replace(rate=now.rate * (1 + 1e-9))

    monkeypatch.setattr(workflow, "_as_it_is", nearly)
    finetune(base, None, config, out=tmp_path / "x", resume=True)


def test_what_an_adapter_froze_stays_so_and_what_came_frozen_is_thawed(mine):
    opened = open_model(mine, "fp32")
    autoencoder = opened.autoencoder
    described = workflow._base(opened).model
    there = next(w for name, w in autoencoder.named_parameters() if "there.weight" in name)
    there.requires_grad_(False)
    assert not there.requires_grad
    workflow._begun_with(opened, described, mse=0.1)
    assert not there.requires_grad
    autoencoder.requires_grad_(False)
    workflow._begun_with(opened, described, mse=0.1)
    assert there.requires_grad


@pytest.mark.parametrize("begin", ["base", "mine"])
def test_the_base_is_looked_at_where_it_is_trained(request, begin, tmp_path, monkeypatch):
    """Before, while and after: nothing goes to the device that would be taken by itself."""
    asked = set()
    monkeypatch.setattr(opened_models, "device_for", lambda device: asked.add(device) or "cpu")
    config = FinetuneConfig(**{**QUICK, "epochs": 1}, more={"device": "cpu"})
    finetune(request.getfixturevalue(begin), DATA, config, out=tmp_path / "x")
    assert asked == {"cpu"}


def test_a_modules_name_is_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nets").mkdir()
    (tmp_path / "nets.py").write_text("")
    assert workflow._resolved("python:nets:make") == "python:nets:make"
    whole = f"python:{tmp_path / 'nets.py'}:make"
    assert workflow._resolved("python:nets.py:make") == whole
