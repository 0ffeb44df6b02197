"""Measure: numbers with unit, direction, interval and baseline; one file a question."""

from importlib import import_module
from pathlib import Path
from typing import Any

from latentscape.errors import UsageError, nearest
from latentscape.records import Record

MEASURES = (
    "reconstruction", "structure", "generation", "disentanglement", "collapse", "trajectories",
)  # fmt: skip


def measure(what: str, model: str | Path, **asked: Any) -> Record:
    """Measure a model, or a store of its latents, by the name of what is measured.

    Args:
        what: ``reconstruction``, ``structure``, ``generation``, ``disentanglement``,
            ``collapse`` or ``trajectories``.
        model: MODEL; for ``structure`` also a store.
        **asked: Passed on: ``data``, ``split``, ``seed``, ``out``, ``progress``, and what the
            measure takes beyond them: see `latentscape.workflows.measure.reconstruction` and its
            neighbours.

    Raises:
        UsageError: If there is no such measure.
    """
    require_measure(what)
    room = import_module(f"{__name__}.{what}")
    return getattr(room, f"measure_{what}")(model, **asked)


def require_measure(what: str) -> None:
    """Check that there is a measure of that name.

    Raises:
        UsageError: If there is none; the nearest is named.
    """
    if what not in MEASURES:
        raise UsageError(f"there is no measure {what!r}", nearest(what, MEASURES))
