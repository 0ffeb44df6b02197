import os
import subprocess
import sys
from pathlib import Path

import pytest

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@pytest.fixture
def data_root() -> Path:
    """The folder of real data; skips where the machine has none."""
    root = os.environ.get("LATENTSCAPE_DATA")
    if not root:
        pytest.skip("LATENTSCAPE_DATA names no folder of real data")
    return Path(root)


# A child's `ru_maxrss` starts at what its parent held when it forked; VmHWM starts at nothing.
_PEAK = """
from pathlib import Path
def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
"""


@pytest.fixture
def measured():
    """Runs a script in a fresh interpreter; gives the numbers it printed.

    The script may call `peak()`: the most memory, in bytes, that its process ever held.
    """
    if not Path("/proc/self/status").exists():
        pytest.skip("this system does not tell a process's peak memory")

    def run(script: str) -> list[float]:
        done = subprocess.run(
            [sys.executable, "-c", _PEAK + script], capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return [float(word) for word in done.stdout.split()]

    return run
