"""The explorer in a notebook: messages in, messages out, no port."""

import json
import os
from threading import Event

import pytest

from latentscape.errors import UsageError
from latentscape.testing.exhibits import ToyExhibit, ToyExhibits

if not os.environ.get("CI"):  # where it must be at hand, its lack is an error
    pytest.importorskip("anywidget")

BUILT = {"widget.js": b"export default {}", "widget.css": b"p {}"}


@pytest.fixture
def explorer(monkeypatch):
    from latentscape.server import widget

    monkeypatch.setattr(widget, "static_files", lambda: BUILT)
    shown = widget.Explorer(ToyExhibits(ToyExhibit("0")), height=500)
    yield shown
    shown.close()


def test_it_carries_the_page_and_its_height(explorer):
    state = explorer.get_state()
    assert (state["_esm"], state["_css"], state["height"]) == ("export default {}", "p {}", 500)
    bundle = explorer._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle[0]


def test_a_message_is_answered_with_its_id(explorer, monkeypatch):
    sent, came = [], Event()

    def send(content, buffers=None):
        sent.append((content, buffers))
        came.set()

    monkeypatch.setattr(explorer, "send", send)
    explorer._heard(explorer, {"id": "a-1", "method": "GET", "path": "exhibition"}, [])
    assert came.wait(20)
    ((content, (body,)),) = sent
    assert content == {"id": "a-1", "status": 200, "type": "application/json"}
    assert json.loads(body)["exhibits"][0]["key"] == "0"


def test_messages_that_mean_nothing_are_let_pass(explorer):
    for content in (None, "words", 3, []):
        explorer._heard(explorer, content, [])


def test_an_installation_without_the_page_says_so(monkeypatch):
    from latentscape.server import widget

    monkeypatch.setattr(widget, "static_files", dict)
    with pytest.raises(UsageError, match="not built"):
        widget.Explorer(ToyExhibits(ToyExhibit("0")))
