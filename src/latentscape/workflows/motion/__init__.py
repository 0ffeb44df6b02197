"""Motion: what a model's latents know of moving pictures; one file a question."""

from pathlib import Path
from typing import Any

from latentscape.data import DataConfig
from latentscape.records.motion import MotionRecord


def motion(model: str | Path, data: str | DataConfig | None = None, **asked: Any) -> MotionRecord:
    """What a model's latents know of motion, beside pixels and shuffled middles.

    Args:
        model: MODEL.
        data: DATA of moving pictures; the model's own images if None.
        **asked: Passed on: see `latentscape.workflows.motion.analysis.analyse_motion`.
    """
    from latentscape.workflows.motion.analysis import analyse_motion

    return analyse_motion(model, data, **asked)
