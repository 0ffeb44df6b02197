"""The served page in a real browser, on made-up runs: what a reader does, and what is then seen."""

import re

import pytest

from latentscape.errors import RunError
from latentscape.records.exhibit import MapCard
from latentscape.server.serve import serving
from latentscape.testing.exhibits import ToyExhibit, ToyExhibits

pytestmark = pytest.mark.browser


class MappedToy(ToyExhibit):
    """A toy with three maps: itself, turned, and one that no place comes back from exactly."""

    def __init__(self, key: str = "0", **about):
        super().__init__(key, **about)
        self.card = self.card.model_copy(
            update={
                "maps": (
                    *self.card.maps,
                    MapCard(name="turned", method="turned", title="Turned", n=self.card.n),
                )
            }
        )

    def points(self, name):
        positions, rows = super().points(name)
        return (positions if name == "pca" else positions[:, ::-1].copy()), rows

    def lift(self, name, x, y):
        latent, look = super().lift(name, x, y)
        if name == "pca":
            return latent, look
        told = {"lifting": "neighbours", "reliability": 0.6, "words": "the mean of latents around"}
        return latent[::-1].copy(), look.model_copy(update=told)


@pytest.fixture(scope="module")
def served(built):
    """Two made-up runs behind the real server; gives the link."""
    with serving(ToyExhibits(MappedToy("0"), MappedToy("1"))) as link:
        yield link


def until(page, asked):
    """Wait until an expression is true; the page's own policy forbids playwright's way."""
    for _ in range(150):
        if page.evaluate(asked):
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"never came true: {asked}")


def on_a_sample(page):
    """Bring the pointer onto some dot; gives where it is."""
    box = page.locator(".ls-map").bounding_box()
    for i in range(400):
        x = box["x"] + box["width"] * (0.3 + 0.4 * (i * 0.618 % 1))
        y = box["y"] + box["height"] * (0.3 + 0.4 * (i / 400))
        page.mouse.move(x, y)
        page.wait_for_timeout(30)
        if page.locator("[data-testid=under]").count():
            return x, y
    raise AssertionError("no dot was found on the map")


def test_hover_shows_the_sample_and_what_is_decoded_there(served, opened):
    page = opened(served)
    on_a_sample(page)
    under = page.locator("[data-testid=under]")
    under.get_by_text(re.compile(r"toy-\d+")).wait_for()
    under.locator("canvas").nth(1).wait_for()  # image and reconstruction
    lens = page.locator("[data-testid=lens]")
    lens.wait_for()
    assert "exact" in lens.inner_text()
    painted = lens.locator("canvas").evaluate(
        "c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
    )
    assert painted


def test_a_click_pins_and_neighbours_lead_on(served, opened):
    page = opened(served)
    page.mouse.click(*on_a_sample(page))
    name = page.locator(".ls-id")
    name.wait_for()
    first = name.inner_text()
    page.locator("[data-testid=neighbours] button").first.click()
    until(page, f"document.querySelector('.ls-id')?.textContent !== '{first}'")


def test_a_lasso_selects_and_shift_click_adds(served, opened):
    page = opened(served)
    page.keyboard.press("l")
    box = page.locator(".ls-map").bounding_box()
    corners = [(0.25, 0.2), (0.75, 0.2), (0.75, 0.8), (0.25, 0.8), (0.25, 0.25)]
    for i, (u, v) in enumerate(corners):
        page.mouse.move(box["x"] + u * box["width"], box["y"] + v * box["height"], steps=8)
        if i == 0:
            page.mouse.down()
    page.mouse.up()
    selection = page.locator("[data-testid=selection]")
    selection.wait_for()
    n = int(selection.locator("h3").inner_text().split()[0])
    assert 10 < n <= 60
    bars = selection.locator(".ls-bars b").all_inner_texts()
    assert sum(map(int, bars)) == n, "classes add up"
    assert selection.locator(".ls-tile").count() == min(n, 48)
    page.locator(".ls-map [role=application], .ls-map").first.click(position={"x": 5, "y": 5})
    page.get_by_role("button", name="Clear").click()
    selection.wait_for(state="detached")


def test_search_finds_and_opens(served, opened):
    page = opened(served)
    page.keyboard.press("/")
    page.keyboard.type("toy-4")
    page.locator(".ls-results").get_by_text(re.compile("^11 samples")).wait_for()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="toy-4", exact=True).wait_for()


def test_the_map_switches_and_says_how_it_is_decoded(served, opened):
    page = opened(served)
    page.get_by_role("radio", name="Turned").click()
    until(page, "location.hash.includes('map=turned')")
    page.wait_for_timeout(1200)
    on_a_sample(page)
    lens = page.locator("[data-testid=lens]")
    lens.wait_for()
    until(page, "document.querySelector('[data-testid=lens]')?.innerText.includes('fair')")
    assert "The mean of latents around." in lens.inner_text()


def test_a_link_brings_the_view_back(served, opened):
    page = opened(served)
    page.mouse.click(*on_a_sample(page))
    page.locator(".ls-id").wait_for()
    page.keyboard.press("2")
    page.get_by_role("button", name="Nearer").click()
    until(page, "location.hash.includes('at=') && location.hash.includes('pin=')")
    name, link = page.locator(".ls-id").inner_text(), page.url
    other = opened(link)
    other.get_by_role("heading", name=name, exact=True).wait_for()
    assert other.get_by_role("radio", name="Turned").get_attribute("aria-checked") == "true"
    other.wait_for_timeout(600)
    assert other.url == link


def test_a_nonsense_link_opens_the_page(served, opened):
    page = opened(f"{served}#run=%E0%A4%A&map=x&at=NaN,1&selected=!!&travel=9.x&panel=constructor")
    assert page.locator(".ls-legend").is_visible()


def test_labels_are_text(served, opened):
    page = opened(served)
    page.on("dialog", lambda dialog: pytest.fail("a label was run as a script"))
    page.mouse.click(*on_a_sample(page))
    page.locator(".ls-id").wait_for()
    assert page.evaluate("document.querySelectorAll('.latentscape script').length") == 0


def test_an_image_of_ones_own_lands_and_a_text_does_not(served, opened):
    page = opened(served)
    picture = page.evaluate(
        "() => { const c = document.createElement('canvas'); c.width = c.height = 16;"
        " c.getContext('2d').fillRect(0, 0, 9, 9); return c.toDataURL().split(',')[1] }"
    )
    drop = """([name, type, base64]) => {
        const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));
        const files = new DataTransfer();
        files.items.add(new File([bytes], name, {type}));
        document.dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true}));
    }"""
    page.evaluate(drop, ["<img src=x onerror=alert(1)>.png", "image/png", picture])
    page.locator("[data-testid=dropped]").wait_for()
    assert page.locator("[data-testid=neighbours] button").count() > 0


def test_decoding_that_fails_says_why_and_the_map_stays(built, opened):
    def broken(latents):
        raise RunError("the decoder is damaged", "train it again")

    with serving(ToyExhibits(MappedToy("0", decode=broken))) as link:
        page = opened(link)
        on_a_sample(page)
        page.locator(".ls-pointer-card").get_by_text("the decoder is damaged").wait_for()
        assert page.locator("[data-testid=under]").is_visible()
    # The browser itself tells of answers that are errors.
    opened.said.clear()


def test_what_a_run_cannot_do_is_said(built, opened):
    with serving(ToyExhibits(MappedToy("0", able=("images",)))) as link:
        page = opened(link)
        assert page.get_by_role("button", name="Cannot decode: no decode here").is_disabled()
        page.get_by_role("tab", name="Travel").click()
        page.get_by_text("No travel here.").wait_for()


def test_all_can_be_reached_by_keyboard(served, opened):
    page = opened(served)
    seen = set()
    for _ in range(60):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "() => { const e = document.activeElement; if (e === document.body) return null;"
            " const s = getComputedStyle(e);"
            " return [e.ariaLabel || e.innerText || e.tagName, s.outlineStyle, s.boxShadow,"
            " getComputedStyle(e.parentElement).boxShadow] }"
        )
        if at is None:  # past the last, before the first
            continue
        name, outline, *shadows = at
        assert outline != "none" or any(one != "none" for one in shadows), f"{name} is not shown"
        seen.add(name.split("\n")[0])
    for wanted in ("PCA", "Find a sample by id or class", "Select with a lasso", "Sample"):
        assert wanted in seen, wanted
    assert any("map of 60 samples" in name for name in seen)


def test_arrows_on_the_map_and_the_list_of_keys(served, opened):
    page = opened(served)
    page.keyboard.press("?")
    page.get_by_role("dialog").get_by_text("find a sample").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    page.locator(".ls-map").focus()
    before = page.url
    page.keyboard.press("+")
    until(page, "location.hash.includes('at=')")
    assert page.url != before


def test_a_first_visit_is_shown_round(served, opened):
    page = opened(served, seen=False)
    for _ in range(5):
        page.locator(".ls-tour [data-next]").click()
    page.locator(".ls-tour").wait_for(state="detached")
    page.reload()
    page.wait_for_selector(".ls-legend")
    assert page.locator(".ls-tour").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_no_serious_fault(served, opened, axe, scheme):
    page = opened(served, color_scheme=scheme)
    page.mouse.click(*on_a_sample(page))
    page.locator(".ls-id").wait_for()
    page.evaluate(axe)
    for panel in ("Sample", "Travel", "Dials", "Compare", "Training"):
        tab = page.get_by_role("tab", name=panel, exact=True)
        if tab.get_attribute("aria-selected") != "true":
            tab.click()
        page.wait_for_timeout(800)
        found = page.evaluate("axe.run().then(r => r.violations)")
        serious = [
            (one["id"], [node["html"][:120] for node in one["nodes"]])
            for one in found
            if one["impact"] in ("serious", "critical")
        ]
        assert serious == [], panel


def test_a_phone_holds_everything_within_its_width(served, opened):
    page = opened(served, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("tab", name="Sample").tap()
    sheet = page.locator(".ls-panel").bounding_box()
    assert sheet["x"] == 0
    assert sheet["width"] == 390
    assert sheet["y"] > 844 * 0.3, "the map is still in sight"
