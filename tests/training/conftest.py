from collections.abc import Callable
from pathlib import Path

import pytest

from latentscape.data import DataConfig
from latentscape.records import RunRecord
from latentscape.training import TrainConfig
from latentscape.workflows.train import train

DIGITS = DataConfig("digits", limit=600)


@pytest.fixture
def quick(tmp_path: Path) -> Callable[..., RunRecord]:
    """Train a small model on some digits; keywords are fields of TrainConfig."""

    def run(name: str = "run", *, data=DIGITS, resume=False, listeners=(), **options) -> RunRecord:
        options = {"network": "mlp", "latent": 4, "epochs": 3, "batch_size": 50, **options}
        options.setdefault("network_options", {"hidden": [32]})
        config = TrainConfig(**options)
        return train(data, config, out=tmp_path / name, resume=resume, listeners=listeners)

    return run
