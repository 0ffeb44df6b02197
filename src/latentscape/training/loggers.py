"""TensorBoard, Weights & Biases and MLflow, where they are installed."""

import importlib.util
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from latentscape.errors import UsageError, nearest

PACKAGES = {"tensorboard": "tensorboard", "wandb": "wandb", "mlflow": "mlflow"}
Write = Callable[[dict[str, float], int], object]


class EpochLogger:
    """Hands each epoch's row to one outside logger, and does without it once it fails.

    Args:
        name: What it is called.
        write: Takes the row and the epoch's number.
        close: Called once training has ended.
    """

    def __init__(self, name: str, write: Write, close: Callable[[], object]):
        self.name, self.write, self.close = name, write, close
        self.works = True

    def on_step(self, epoch: int, step: int, n_steps: int, images_per_second: float) -> None:
        """Steps are not logged."""

    def on_epoch(self, row: dict[str, float]) -> None:
        """Log one epoch."""
        if not self.works:
            return
        try:
            self.write(row, int(row["epoch"]))
        except Exception as error:  # a service that is lost must not cost the training
            self.works = False
            warnings.warn(f"{self.name} failed and is left out from here: {error}", stacklevel=2)


def check_loggers(names: tuple[str, ...]) -> None:
    """Refuse a logger that cannot be opened, before anything is written.

    Raises:
        UsageError: If one is unknown or not installed.
    """
    for name in names:
        if name not in PACKAGES:
            raise UsageError(f"there is no logger {name!r}", nearest(name, PACKAGES))
        if importlib.util.find_spec(PACKAGES[name]) is None:
            raise UsageError(f"{name} is not installed", f"pip install {PACKAGES[name]}")


@contextmanager
def open_loggers(names: tuple[str, ...], folder: Path) -> Iterator[tuple[EpochLogger, ...]]:
    """The loggers called so, writing into (or about) the run folder; closed after the block."""
    with ExitStack() as opened:
        loggers = tuple(_OPEN[name](folder) for name in names)
        for logger in loggers:
            opened.callback(logger.close)
        yield loggers


def _tensorboard(folder: Path) -> EpochLogger:
    from torch.utils.tensorboard import SummaryWriter

    writer = SummaryWriter(folder / "logs")

    def write(row: dict[str, float], epoch: int) -> None:
        for name, value in row.items():
            writer.add_scalar(name, value, epoch)
        writer.flush()

    return EpochLogger("tensorboard", write, writer.close)


def _wandb(folder: Path) -> EpochLogger:
    import wandb  # pyright: ignore[reportMissingImports]

    run = wandb.init(project="latentscape", name=folder.name, dir=folder)
    return EpochLogger("wandb", lambda row, epoch: run.log(row, step=epoch), run.finish)


def _mlflow(folder: Path) -> EpochLogger:
    import mlflow  # pyright: ignore[reportMissingImports]

    mlflow.set_experiment("latentscape")
    mlflow.start_run(run_name=folder.name)

    def write(row: dict[str, float], epoch: int) -> None:
        mlflow.log_metrics(row, step=epoch)

    return EpochLogger("mlflow", write, mlflow.end_run)


_OPEN: dict[str, Callable[[Path], EpochLogger]] = {
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "mlflow": _mlflow,
}
