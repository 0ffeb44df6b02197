import os
import shutil
from importlib import import_module
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PATIENCE = 30_000  # ms
AXE = Path(__file__).parents[3] / "web" / "node_modules" / "axe-core" / "axe.min.js"


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


@pytest.fixture(scope="session")
def chromium():
    """A browser."""
    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        missing("there is no Chromium on this machine")
    sync_api = needed("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(QUIET))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def built():
    """The page's files, as they were built."""
    static = files("latentscape.server") / "static"
    if not (static / "widget.js").is_file():
        missing("the page is not built: make web")
    return static


@pytest.fixture(scope="session")
def axe():
    """The source of axe-core, which looks for what keeps people out."""
    if not AXE.is_file():
        missing("axe-core is not installed: make web")
    return AXE.read_text()


@pytest.fixture
def opened(chromium):
    """Opens a link in a fresh visit; at the end nothing may have been said on the console."""
    contexts, said = [], []

    def open_page(link, *, seen=True, ready=".ls-legend", **about):
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 800}, **about})
        contexts.append(context)
        if seen:
            context.add_init_script("localStorage.setItem('latentscape-tour', 'seen')")
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", lambda message: said.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: said.append(f"thrown: {error}"))
        page.goto(link)
        page.wait_for_selector(ready)
        return page

    open_page.said = said
    yield open_page
    for context in contexts:
        context.close()
    serious = [text for text in said if text.startswith(("error", "thrown"))]
    assert serious == []
