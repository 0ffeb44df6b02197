"""An exported file opened from the disk, the network off: map, decoder, travel, damage."""

import os
import re
import shutil
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

import latentscape
from latentscape.errors import UsageError
from latentscape.models import open_model
from latentscape.store import Store
from latentscape.workflows.export.page import built_page

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 60_000


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


@pytest.fixture(scope="module")
def context() -> Iterator:
    """A browser that has no network."""
    try:
        built_page()
    except UsageError as error:
        missing(error.message)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        missing("there is no Chromium here")
    api = needed("playwright.sync_api")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=list(QUIET))
        opened = browser.new_context(offline=True)
        yield opened
        browser.close()


@pytest.fixture
def run(make_run) -> Path:
    """A VAE with three latents on the digits, with latents and two maps."""
    made = make_run("vae", latent=3)
    latentscape.encode(made)
    latentscape.project(made / "stores/digits-test", method="pca")
    latentscape.project(made / "stores/digits-test", method="lle")
    return made


@pytest.fixture
def opened(context):
    """Opens a file; nothing may fail or be asked of any network while it is open."""
    pages = []

    def of(path: Path):
        page = context.new_page()
        page.faults, page.asked = [], []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda m: page.faults.append(m.text) if m.type == "error" else None)
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        pages.append(page)
        return page

    yield of
    for page in pages:
        assert [url for url in page.asked if not url.startswith(("file:", "blob:", "data:"))] == []
        page.close()


def test_the_page_opens_from_the_disk_and_shows_the_map(run, tmp_path, opened):
    latentscape.export(run, out=tmp_path / "a b&c.html", limit=100)
    page = opened(tmp_path / "a b&c.html")
    page.wait_for_selector("canvas", timeout=PATIENCE)
    assert "100 samples" in page.locator("#latentscape-app").inner_text()
    assert page.faults == []


def test_its_decoder_answers_as_torch_does(run, tmp_path, opened):
    """On both maps, at a sample's own place; and whole latents, one and many."""
    latentscape.export(run, out=tmp_path / "x.html", limit=60)
    page = opened(tmp_path / "x.html")
    page.wait_for_selector("canvas", timeout=PATIENCE)
    rows = [0, 7, 41]
    told = page.evaluate(
        """async (rows) => {
            const source = window.latentscape.source;
            const latents = await source.latents("0", rows);
            const pixels = await source.decode("0", latents);
            const originals = await source.images("0", rows, "original");
            const samples = await Promise.all(rows.map((row) => source.sample("0", row)));
            return { latents: [...latents], pixels: [...pixels.bytes],
                     originals: [...originals.bytes], ids: samples.map((s) => s.sample_id) };
        }""",
        rows,
    )
    store = Store.open(run / "stores/digits-test")
    place = [store.samples.sample_ids.tolist().index(name) for name in told["ids"]]
    latents = store.rows(place)
    np.testing.assert_array_equal(np.float32(told["latents"]).reshape(3, -1), latents)
    model = open_model(run, "fp32").autoencoder
    with torch.inference_mode():
        want = model.decode(torch.from_numpy(latents)).numpy().reshape(-1) * 255
    assert np.abs(np.array(told["pixels"]) - want).max() <= 0.51
    images = latentscape.load_images(latentscape.DataConfig("digits"))
    at = [images.sample_ids.tolist().index(name) for name in told["ids"]]
    np.testing.assert_array_equal(told["originals"], images.images[at].reshape(-1))
    assert page.faults == []


def test_a_way_is_travelled_and_judged_in_the_page(run, tmp_path, opened):
    latentscape.export(run, out=tmp_path / "x.html", limit=60)
    page = opened(tmp_path / "x.html")
    page.wait_for_selector("canvas", timeout=PATIENCE)
    travel = page.evaluate(
        """async () => {
            const source = window.latentscape.source;
            const way = { rows: [3, 20, 8], method: "spherical-centred", nSteps: 11 };
            const { travel, frames, dissolve, originals } = await source.travel("0", way);
            return { ...travel, n: [frames.n, dissolve.n, originals.n] };
        }"""
    )
    assert travel["key_steps"] == [0, 5, 10]
    assert travel["n"] == [11, 11, 3]
    assert all(len(places) == 11 for places in travel["places"].values())
    assert {m["name"] for m in travel["numbers"]} >= {"blend_gap", "dissolve_deficit"}
    assert "leg 1" in travel["verdict_words"]
    assert "by its frames alone" in travel["verdict_words"]
    assert page.faults == []


@pytest.mark.parametrize("share", [0.3, 0.6, 0.97])
def test_a_file_that_was_cut_short_says_so(run, tmp_path, opened, share):
    latentscape.export(run, out=tmp_path / "x.html", limit=60)
    whole = (tmp_path / "x.html").read_bytes()
    (tmp_path / "cut.html").write_bytes(whole[: int(share * len(whole))])
    page = opened(tmp_path / "cut.html")
    page.wait_for_selector("text=cut short", timeout=PATIENCE)


def test_a_file_that_was_damaged_says_so(run, tmp_path, opened):
    latentscape.export(run, out=tmp_path / "x.html", limit=60)
    text = (tmp_path / "x.html").read_text(encoding="utf-8")
    start = re.search('id="latentscape-contents">', text)
    assert start
    middle = start.end() + 600
    (tmp_path / "bad.html").write_text(f"{text[:middle]}AAAA{text[middle + 4 :]}", "utf-8")
    page = opened(tmp_path / "bad.html")
    page.wait_for_selector("text=damaged", timeout=PATIENCE)
