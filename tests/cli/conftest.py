"""The command line in this process: words in, exit code, stdout and stderr out."""

import shutil
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from latentscape.cli.app import run

TINY = (
    "--network", "mlp", "--hidden", "16", "--latent-dim", "2", "--epochs", "2",
    "--limit", "300", "--no-report",
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """What a command left: its exit code and its two streams."""

    code: int
    out: str
    err: str


Say = Callable[..., Said]


@pytest.fixture
def say(capfd) -> Say:
    """Runs a command: ``say("encode", run, "--split", "val")``."""

    def command(*words: object) -> Said:
        capfd.readouterr()
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            warnings.filterwarnings("error", category=ResourceWarning)
            code = run([str(word) for word in words])
        heard = capfd.readouterr()
        return Said(code, heard.out, heard.err)

    return command


@pytest.fixture
def refused(say) -> Say:
    """Runs a command that must fail, and holds its complaint to the house's rules."""

    def command(*words: object, code: int, match: str) -> Said:
        said = say(*words)
        assert said.code == code, said
        assert said.out == ""
        complaint = [line for line in said.err.splitlines() if line.startswith("error: ")]
        assert len(complaint) == 1, said.err
        assert match in complaint[0]
        assert any(line.startswith("hint: ") for line in said.err.splitlines()), said.err
        assert "Traceback" not in said.err
        return said

    return command


@pytest.fixture(scope="session")
def trained(tmp_path_factory) -> Path:
    """A folder with a small run ``x`` that has a store, a map, a measure, and a strip."""
    folder = tmp_path_factory.mktemp("trained")
    run_folder = str(folder / "x")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert run(["train", "digits", *TINY, "--out", run_folder]) == 0
        assert run(["encode", run_folder]) == 0
        store = str(folder / "x" / "stores" / "digits-test")
        assert run(["project", store, "--method", "pca"]) == 0
        assert run(["measure", "reconstruction", run_folder]) == 0
        assert run(["interpolate", run_folder, "--n-pairs", "2"]) == 0
    return folder / "x"


@pytest.fixture
def x(trained, tmp_path, monkeypatch) -> Path:
    """A copy of the run, to be damaged; ``x`` in the working folder."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(trained, tmp_path / "x")
    return Path("x")


@pytest.fixture
def pictures(tmp_path) -> Path:
    """A folder of 40 small pictures in two classes."""
    from PIL import Image

    rng = np.random.default_rng(0)
    for label, level in (("dark", 60), ("light", 190)):
        (tmp_path / "pictures" / label).mkdir(parents=True)
        for k in range(20):
            pixels = rng.integers(level - 40, level + 40, (12, 12), dtype=np.uint8)
            Image.fromarray(pixels).save(tmp_path / "pictures" / label / f"{k:02}.png")
    return tmp_path / "pictures"


@pytest.fixture
def contents() -> Callable[[Path], dict[str, bytes]]:
    """Everything below a folder: to show that a command has changed nothing."""

    def read(folder: Path) -> dict[str, bytes]:
        files = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(files)}

    return read
