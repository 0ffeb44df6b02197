"""Which number format and which device an opened model runs in."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Literal, get_args

import torch

from latentscape.errors import UsageError, nearest
from latentscape.nn.precision import has_native_bf16

PrecisionName = Literal["auto", "fp32", "bf16"]
Format = Literal["fp32", "bf16"]

DEVICES = ("auto", "cpu", "cuda", "mps")
_ASKED: ContextVar[str] = ContextVar("precision asked for", default="auto")


@contextmanager
def running_in(precision: str) -> Iterator[None]:
    """Within the block ``auto`` stands for this precision, whichever verb opens a model.

    Args:
        precision: ``fp32``, ``bf16``, or ``auto``: as if there were no block.

    Raises:
        UsageError: If the word is another.
    """
    token = _ASKED.set(_known(precision))
    try:
        yield
    finally:
        _ASKED.reset(token)


def format_for(asked: str, *, device: str, own: bool) -> Format:
    """The number format that was asked for, or the one that suits the device.

    Args:
        asked: ``auto``, ``fp32`` or ``bf16``. ``auto`` is what `running_in` says; else bf16 where
            the processor multiplies it in hardware, but fp32 for a model that was trained here.
        device: Where the model runs.
        own: Whether it is a run.

    Raises:
        UsageError: If the word is another.
    """
    asked = _ASKED.get() if _known(asked) == "auto" else asked
    if asked == "auto":
        return "bf16" if not own and has_native_bf16(device) else "fp32"
    return "fp32" if asked == "fp32" else "bf16"


def device_for(asked: str) -> str:
    """The device that was asked for; ``auto`` is CUDA where there is one, else the processor.

    Raises:
        UsageError: If there is no such device.
    """
    kind = asked.partition(":")[0]
    if kind not in DEVICES:
        raise UsageError(f"there is no device called {asked!r}", f"devices: {', '.join(DEVICES)}")
    there = {"cpu": True, "cuda": torch.cuda.is_available()}
    there["mps"] = torch.backends.mps.is_available()
    if asked == "auto":
        return "cuda" if there["cuda"] else "cpu"
    if not there[kind]:
        raise UsageError(f"this machine has no {kind} device", "use auto")
    return asked


def _known(precision: str) -> str:
    known = get_args(PrecisionName)
    if precision not in known:
        raise UsageError(f"there is no precision {precision!r}", nearest(precision, known))
    return precision
