"""The page in a real browser: narrow, dark, printed, and without a single request."""

import shutil

import pytest

pytestmark = pytest.mark.browser
QUIET = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="module")
def browser():
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("there is no Chromium on this machine")
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        yield browser
        browser.close()


def test_reads_well_narrow_wide_dark_and_on_paper(browser, two_runs):
    path = two_runs / "report.html"
    for width, scheme in ((390, "light"), (1280, "dark")):
        context = browser.new_context(viewport={"width": width, "height": 844}, color_scheme=scheme)
        page = context.new_page()
        asked, said = [], []
        page.on("request", lambda request, asked=asked: asked.append(request.url))
        page.on("console", lambda message, said=said: said.append(message.text))
        page.goto(f"file://{path}")
        assert page.evaluate("document.documentElement.scrollWidth") == width, "nothing sticks out"
        assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
        assert said == []
        paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (paper == "rgb(18, 21, 27)") == (scheme == "dark")
        ink = page.evaluate("getComputedStyle(document.querySelector('figure svg text')).fill")
        assert ink != "rgb(0, 0, 0)", "words in drawings wear the page's colours"
        pictures = "[...document.images].every(i => i.complete && i.naturalWidth > 0)"
        assert page.evaluate(pictures)
        if scheme == "dark":
            page.emulate_media(media="print")
            printed = page.evaluate(
                "getComputedStyle(document.documentElement).getPropertyValue('--ink')"
            )
            assert printed.strip() == "#1b2130", "paper is always light"
            page.set_viewport_size({"width": 688, "height": 970})  # A4 within its margins
            assert page.evaluate("document.documentElement.scrollWidth") == 688
            assert page.pdf(format="A4").startswith(b"%PDF")
        context.close()


def test_words_in_drawings_do_not_lie_on_one_another(browser, reported):
    """Labels at the ends of lines and beside dots; names inside maps may touch their points."""
    path = reported.folder / "report.html"
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"file://{path}")
    clashes = page.evaluate(
        """() => [...document.querySelectorAll('figure')].flatMap(figure => {
          const boxes = [...figure.querySelectorAll('svg text')].filter(t => t.textContent.trim())
            .map(t => [t.textContent.trim(), t.getBoundingClientRect()]);
          return boxes.flatMap(([a, p], i) => boxes.slice(i + 1)
            .filter(([b, q]) => a !== b
              && Math.min(p.right, q.right) - Math.max(p.left, q.left) > 2
              && Math.min(p.bottom, q.bottom) - Math.max(p.top, q.top) > 4)
            .map(([b]) => `${figure.id}: ${a} / ${b}`));
        })"""
    )
    assert [clash for clash in clashes if "movement" not in clash] == []
    page.close()
