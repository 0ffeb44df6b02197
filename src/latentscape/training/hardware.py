"""Which device and which number format; chosen once at the start and recorded."""

import atexit
import ctypes
import logging
import sys
import time

import torch
from lightning_fabric import Fabric

from latentscape.errors import UsageError
from latentscape.nn.precision import has_native_bf16
from latentscape.training.config import TrainConfig

SECONDS_TO_SETTLE = 0.2
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4  # glibc's malloc.h


def make_fabric(config: TrainConfig) -> Fabric:
    """Fabric for the run's devices and precision, launched.

    Raises:
        UsageError: If the device is not there.
    """
    device = config.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    available = {"cpu": True, "cuda": torch.cuda.is_available()}
    available["mps"] = torch.backends.mps.is_available()
    if device not in available:
        raise UsageError(f"there is no device called {device!r}", "devices: auto, cpu, cuda, mps")
    if not available[device]:
        raise UsageError(f"this machine has no {device} device", "use --device auto")
    bf16 = config.precision == "bf16" or (config.precision == "auto" and has_native_bf16(device))
    talk = logging.getLogger("lightning_fabric")
    level = talk.level
    talk.setLevel(logging.WARNING)  # the record says all that it would
    try:
        fabric = Fabric(
            accelerator=device,
            devices=config.devices,
            num_nodes=config.n_nodes,
            precision="bf16-mixed" if bf16 else "32-true",
        )
    finally:
        talk.setLevel(level)
    fabric.launch()
    if fabric.world_size > 1:
        # gloo's threads let go of the last tensors a moment after a collective returns, and take
        # the interpreter for it; one that has begun to close aborts the whole process
        atexit.register(time.sleep, SECONDS_TO_SETTLE)
    return fabric


def device_name(device: torch.device) -> str:
    """The device in words, for the record."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return f"{device.type}, {torch.get_num_threads()} threads"


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed blocks instead of handing each back to the system.

    A training step frees and asks again for the same large blocks; without this every one is
    mapped anew and its pages are faulted in. For programs only, at their start: a library must
    not change its host's allocator.

    Returns:
        Whether the allocator took the settings (glibc only).
    """
    if not sys.platform.startswith("linux"):
        return False
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):
        return False
    settings = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1, M_TOP_PAD: 64 * 2**20}
    taken = sum(mallopt(key, value) for key, value in settings.items())
    return taken == len(settings)
