"""Everything a resume needs, in one file that is always whole."""

import pickle
from dataclasses import asdict, dataclass, field
from errno import ENOSPC
from pathlib import Path
from typing import Any

import torch

from latentscape.errors import RunError
from latentscape.records import replacing

LAST = "checkpoints/last.pt"


@dataclass
class Progress:
    """Where a run stands. The only thing in training that changes, besides the weights.

    Attributes:
        epoch: Epochs completed.
        step: Steps completed within the running epoch.
        n_steps: Steps completed in all.
        sums: Sum over the running epoch's steps of each loss part; empty at its start.
        seen: Images seen in the running epoch.
        seconds: Training time of the running epoch so far.
        history: Columns so far, one value an epoch.
        best_loss, best_epoch: Best validation loss yet, and when.
        collapsed: Epochs in a row that looked collapsed.
        rate_share: What is left of β after the collapse doctor has lowered it.
        notes: What the doctor did, in sentences.
    """

    epoch: int = 0
    step: int = 0
    n_steps: int = 0
    sums: list[float] = field(default_factory=list)
    seen: int = 0
    seconds: float = 0.0
    history: dict[str, list[float]] = field(default_factory=dict)
    best_loss: float = float("inf")
    best_epoch: int = 0
    collapsed: int = 0
    rate_share: float = 1.0
    notes: list[str] = field(default_factory=list)


def save_checkpoint(folder: Path, progress: Progress, state: dict[str, Any]) -> None:
    """Write progress and state under a new name, then rename; the old one stays until then."""
    path = folder / LAST
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with replacing(path) as temporary:
            torch.save({"progress": asdict(progress), **state}, temporary)
    except RuntimeError as error:  # torch's name for a write that failed
        raise OSError(ENOSPC, f"the checkpoint did not fit ({error})") from error


def load_checkpoint(folder: Path) -> tuple[Progress, dict[str, Any]] | None:
    """What `save_checkpoint` wrote last; None before the first.

    Raises:
        RunError: If the file is damaged.
    """
    path = folder / LAST
    if not path.exists():
        return None
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        return Progress(**state.pop("progress")), state
    except (RuntimeError, EOFError, OSError, KeyError, TypeError, pickle.UnpicklingError) as error:
        raise RunError(
            f"the checkpoint {path} is damaged or from another version",
            f"delete {path.parent} to train this run from its start",
        ) from error
