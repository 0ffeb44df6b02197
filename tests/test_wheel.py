"""The wheel: nothing is built without the page, and what is installed from it shows the page."""

import importlib.util
import os
import shutil
import subprocess
import sys
import venv
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType, SimpleNamespace
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
SHOW = """
from latentscape.server.serve import serving
from latentscape.testing.exhibits import ToyExhibit, ToyExhibits
with serving(ToyExhibits(ToyExhibit("0"))) as link:
    print(link, flush=True)
    input()
"""


@pytest.fixture(scope="module")
def hook():
    needed("hatchling")
    spec = importlib.util.spec_from_file_location("hatch_build", ROOT / "web" / "hatch_build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def asked(hook, root: Path, *, target: str = "wheel", version: str = "standard") -> None:
    told = SimpleNamespace(root=str(root), target_name=target)
    hook.PageHook.initialize(told, version, {})


def test_a_wheel_without_a_file_of_the_page_is_not_built(hook, tmp_path):
    """Each of them; an empty one counts as missing."""
    folder = tmp_path / "src/latentscape/server/static"
    folder.mkdir(parents=True)
    for name in hook.FILES:
        (folder / name).write_text("x")
    asked(hook, tmp_path)
    for name in hook.FILES:
        (folder / name).write_text("")
        with pytest.raises(RuntimeError, match=f"{name} missing; run `make web`"):
            asked(hook, tmp_path)
        (folder / name).write_text("x")


def test_the_page_is_built_where_it_can_be(hook, tmp_path, monkeypatch):
    """By `npm run build`, with packages fetched first where there are none."""
    calls = tmp_path / "calls"
    npm = tmp_path / "bin" / "npm"
    npm.parent.mkdir()
    npm.write_text(f'#!/bin/sh\necho "$@" >> "{calls}"\n')
    npm.chmod(0o755)
    (tmp_path / "web").mkdir()
    (tmp_path / "web/package.json").write_text("{}")
    monkeypatch.setenv("PATH", f"{npm.parent}:{os.environ['PATH']}")
    with pytest.raises(RuntimeError, match="not built"):
        asked(hook, tmp_path)
    assert calls.read_text().split("\n")[:2] == [
        "install --no-save --no-audit --no-fund",
        "run build",
    ]


def test_an_editable_install_needs_no_page(hook, tmp_path):
    asked(hook, tmp_path, version="editable")


def test_the_lists_of_files_agree(hook):
    """What the hook asks for, what the server shows and what an export is made of."""
    from latentscape.server.resources.page import NEEDED
    from latentscape.workflows.export.page import BUILT

    assert {*NEEDED, *BUILT} <= set(hook.FILES)


def missing(what: str) -> None:
    """Skip where something is not at hand; fail on machines that must have it."""
    if os.environ.get("CI"):
        pytest.fail(what)
    pytest.skip(what)


def needed(module: str) -> ModuleType:
    """A module; as `missing` where it is not installed."""
    if find_spec(module.partition(".")[0]) is None:
        missing(f"{module} is not installed")
    return import_module(module)


@contextmanager
def browser():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    api = needed("playwright.sync_api")
    if chromium is None:
        missing("there is no Chromium here")
    with api.sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield opened
        opened.close()


@pytest.mark.slow
@pytest.mark.browser
def test_what_is_installed_shows_the_page(hook, tmp_path):
    """Built, installed into a fresh environment, served from there, and opened in a browser."""
    if hook.missing(ROOT):
        missing("the page is not built: `make web`")
    run = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(run, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = ZipFile(wheel).namelist()
    assert {f"latentscape/server/static/{name}" for name in hook.FILES} <= set(names)
    assert "latentscape/py.typed" in names
    assert "latentscape/report/style.css" in names
    assert not [name for name in names if name.startswith(("tests", "web", "src"))]
    assert any(name.endswith("licenses/LICENSE") for name in names)
    python = installed(wheel, tmp_path / "fresh")
    command = [str(python), "-c", SHOW]
    where = [str(python), "-c", "import latentscape; print(latentscape.__file__)"]
    done = subprocess.run(where, cwd=tmp_path, check=True, capture_output=True, text=True)
    assert str(tmp_path / "fresh") in done.stdout
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as server, browser() as opened:
        try:
            assert server.stdout is not None
            link = server.stdout.readline().strip()
            page = opened.new_page()
            faults = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.goto(link)
            page.wait_for_selector("canvas", timeout=60_000)
            assert not faults
            assert page.title()
        finally:
            server.terminate()


def installed(wheel: Path, folder: Path) -> Path:
    """A fresh environment with the wheel in it; what it depends on is this one's."""
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    place = "import sysconfig; print(sysconfig.get_path('purelib'))"
    told = subprocess.run([python, "-c", place], check=True, capture_output=True, text=True)
    site = Path(told.stdout.strip())
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    pip += ["--no-deps", "--no-index", "--disable-pip-version-check", str(wheel)]
    subprocess.run(pip, check=True, capture_output=True)
    own = Path(pytest.__file__).parents[1]
    (site / "borrowed.pth").write_text(f"{own}\n")
    assert (folder / "bin" / "latentscape").exists()
    return python
