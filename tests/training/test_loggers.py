"""Outside loggers get every epoch's row, and cannot harm a training."""

import sys
import types

import pytest

from latentscape.errors import UsageError
from latentscape.training.history import read_history
from latentscape.training.loggers import check_loggers


def test_tensorboard_holds_every_column_of_every_epoch(quick, tmp_path):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    quick(epochs=2, loggers=("tensorboard",))
    quick(epochs=3, loggers=("tensorboard",), resume=True)
    events = EventAccumulator(str(tmp_path / "run" / "logs"))
    events.Reload()
    columns = read_history(tmp_path / "run").columns
    assert set(events.Tags()["scalars"]) == set(columns)
    for name, values in columns.items():
        written = events.Scalars(name)
        assert [event.step for event in written] == [1, 2, 3]
        assert [event.value for event in written] == pytest.approx(values, rel=1e-6)


@pytest.fixture
def fakes(monkeypatch) -> list[tuple]:
    """wandb and mlflow that note what they are told."""
    heard: list[tuple] = []
    run = types.SimpleNamespace(
        log=lambda row, step: heard.append(("wandb", step, row["val_loss"])),
        finish=lambda: heard.append(("wandb", "closed")),
    )
    wandb = types.ModuleType("wandb")
    wandb.init = lambda project, name, dir: heard.append(("wandb", name)) or run
    mlflow = types.ModuleType("mlflow")
    mlflow.set_experiment = lambda name: None
    mlflow.start_run = lambda run_name: heard.append(("mlflow", run_name))
    mlflow.log_metrics = lambda row, step: heard.append(("mlflow", step, row["val_loss"]))
    mlflow.end_run = lambda: heard.append(("mlflow", "closed"))
    for module in (wandb, mlflow):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    return heard


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_the_others_are_opened_told_and_closed(quick, fakes, name):
    losses = quick(epochs=2, loggers=(name,)).history.columns["val_loss"]
    assert fakes == [(name, "run"), (name, 1, losses[0]), (name, 2, losses[1]), (name, "closed")]


def test_a_logger_that_fails_does_not_cost_the_training(quick, fakes):
    def lost(*_, **__):
        raise ConnectionError("no network")

    sys.modules["mlflow"].log_metrics = lost
    with pytest.warns(UserWarning, match="mlflow failed and is left out from here: no network"):
        record = quick(epochs=3, loggers=("mlflow",))
    assert record.stopped == "finished"


@pytest.mark.parametrize("name", ["wandb", "mlflow"])
def test_one_that_is_not_installed_is_named_with_its_remedy(name, quick, tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=f"{name} is not installed") as error:
        quick(loggers=(name,))
    assert error.value.hint == f"pip install {name}"
    assert not (tmp_path / "run").exists()


def test_one_that_is_unknown_names_the_nearest():
    with pytest.raises(UsageError, match="'tensorbord'") as error:
        check_loggers(("tensorbord",))
    assert error.value.hint == "did you mean tensorboard?"
