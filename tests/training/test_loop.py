import json
import signal

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from latentscape.data import DataConfig
from latentscape.errors import DataError, RunError, TrainingError, UsageError
from latentscape.training.history import read_history

TIMES = ("seconds", "images_per_second")


def losses(record) -> dict:
    return {k: v for k, v in record.history.columns.items() if k not in TIMES}


class StopAfter:
    """Presses Ctrl-C after so many steps."""

    def __init__(self, n_steps: int):
        self.left = n_steps

    def on_step(self, *_) -> None:
        self.left -= 1
        if self.left == 0:
            signal.raise_signal(signal.SIGINT)

    def on_epoch(self, row) -> None:
        pass


def test_it_learns(quick):
    columns = quick(epochs=8).history.columns
    assert columns["val_elbo"][-1] > columns["val_elbo"][0] + 10
    assert columns["psnr_of_mean_mse"][-1] > columns["psnr_of_mean_mse"][0]
    assert columns["val_loss"] == pytest.approx(
        np.add(columns["val_distortion"], columns["val_rate"]), rel=1e-5
    )


def test_same_seed_same_run_and_another_seed_another(quick):
    first, again, other = quick("a"), quick("b"), quick("c", seed=1)
    assert losses(first) == losses(again)
    assert losses(first) != losses(other)


@pytest.mark.parametrize("n_steps", [1, 4, 7, 11, 13])
@pytest.mark.parametrize("recipe", ["vae", "aae"])
def test_ctrl_c_saves_and_resume_is_bit_equal(quick, tmp_path, n_steps, recipe):
    options = {"recipe": recipe, "ema": 0.9, "accumulate": 2, "seed": 3}
    whole = quick("whole", **options)
    broken = quick("broken", listeners=(StopAfter(n_steps),), **options)
    assert broken.stopped == "interrupted"
    resumed = quick("broken", resume=True, **options)
    assert losses(resumed) == losses(whole)
    ours, theirs = (load_file(tmp_path / n / "model.safetensors") for n in ("broken", "whole"))
    assert all(torch.equal(ours[key], theirs[key]) for key in theirs)


def test_resume_of_a_finished_run_gives_it_more_epochs(quick):
    quick("short", epochs=2)
    longer = quick("short", epochs=4, resume=True)
    assert losses(longer) == losses(quick("long", epochs=4))
    assert len(longer.history.columns["epoch"]) == 4


def test_a_run_folder_is_whole(quick, tmp_path):
    record = quick()
    folder = tmp_path / "run"
    about = json.loads((folder / "run.json").read_text())
    assert about["state"] == "finished"
    assert len(about["weights_sha256"]) == 64
    assert read_history(folder) == record.history
    assert len(list((folder / "snapshots").glob("epoch-*.png"))) == 4
    assert (folder / "snapshots" / "training.gif").stat().st_size > 1000
    positions = np.load(folder / "snapshots" / "positions.npz")["positions"]
    assert positions.shape[0] == 4
    assert positions.shape[2] == 4
    leftovers = [path for path in folder.rglob("*") if path.name.endswith(".tmp")]
    assert not leftovers


def test_a_used_folder_is_refused(quick, tmp_path):
    quick(epochs=1)
    with pytest.raises(UsageError, match="already holds a run"):
        quick(epochs=1)
    with pytest.raises(UsageError, match=r"other settings.*latent: 4 → 5"):
        quick(epochs=1, latent=5, resume=True)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"x")
    with pytest.raises(UsageError, match="no run"):
        quick("photos")


def test_a_damaged_checkpoint_is_named(quick, tmp_path):
    quick(epochs=1)
    (tmp_path / "run" / "checkpoints" / "last.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(RunError, match=r"checkpoint .* is damaged"):
        quick(epochs=2, resume=True)


def test_nan_stops_names_the_term_and_what_helps_is_another_run(quick):
    words = {"likelihood": "bernoulli", "epochs": 20}
    with pytest.raises(TrainingError, match=r"NaN or infinite by step .* in: rec") as caught:
        quick(learning_rate=1e18, **words)
    assert "another --out" in caught.value.hint  # as a resume may change neither
    for changed in ({"learning_rate": 1e-3}, {"learning_rate": 1e18, "clip_gradient": 1.0}):
        with pytest.raises(UsageError, match="other settings"):
            quick(resume=True, **words, **changed)


def test_early_stopping(quick):
    record = quick(epochs=200, patience=2, learning_rate=3e-2)
    assert record.stopped == "early stopping"
    val = record.history.columns["val_loss"]
    assert len(val) < 200
    assert min(val[-2:]) >= min(val[:-2])


def test_tvae_needs_two_classes(quick, tmp_path):
    images = np.random.default_rng(0).integers(0, 255, (60, 1, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "one.npz", images=images, labels=np.zeros(60, int))
    with pytest.raises(DataError, match="learns from classes"):
        quick(recipe="tvae", data=DataConfig(f"npz:{tmp_path / 'one.npz'}"))


def test_a_full_disk_is_a_sentence(quick, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("latentscape.training.loop.save_checkpoint", full)
    with pytest.raises(RunError, match="could not be written: No space left on device"):
        quick()


def test_augmentation_is_seeded_and_resumes(quick):
    on_the_fly = DataConfig("digits", limit=600, augment=("shift", "rotate"))
    first = quick("a", data=on_the_fly)
    quick("b", data=on_the_fly, listeners=(StopAfter(5),))
    assert losses(quick("b", data=on_the_fly, resume=True)) == losses(first)
    folded = quick("c", data=DataConfig("digits", limit=600, augment=("shift",), copies=2))
    assert losses(folded) != losses(first)


def test_early_stop_is_not_undone_by_resume(quick):
    options = {"epochs": 200, "patience": 2, "learning_rate": 3e-2}
    stopped = quick(**options)
    again = quick(resume=True, **options)
    assert again.stopped == "early stopping"
    assert losses(again) == losses(stopped)


def test_validation_is_not_moved_by_a_schedule(quick):
    plain = quick("plain", epochs=1).history.columns
    warmed = quick("warmed", epochs=1, recipe_options={"warmup_epochs": 1}).history.columns
    assert warmed["val_kl"][0] == pytest.approx(warmed["val_rate"][0], rel=1e-4)
    assert warmed["train_kl"][0] < plain["train_kl"][0]


def test_other_images_under_the_same_name_are_refused(quick, tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "set.npz"
    np.savez(path, images=rng.integers(0, 255, (80, 1, 8, 8), dtype=np.uint8))
    quick(data=DataConfig(f"npz:{path}"), epochs=1)
    np.savez(path, images=rng.integers(0, 255, (80, 1, 8, 8), dtype=np.uint8))
    with pytest.raises(RunError, match="images have changed"):
        quick(data=DataConfig(f"npz:{path}"), epochs=2, resume=True)


def test_leftovers_of_a_kill_are_swept(quick, tmp_path):
    quick(epochs=1)
    left = tmp_path / "run" / "checkpoints" / ".last.pt.123.tmp"
    left.write_bytes(b"half")
    quick(epochs=2, resume=True)
    assert not left.exists()


def test_wrong_words_leave_nothing_behind(quick, tmp_path):
    for wrong in ({"network_options": {"widhts": [3]}}, {"loggers": ("tensorbord",)}):
        with pytest.raises(UsageError):
            quick(**wrong)
        assert not (tmp_path / "run").exists()
