"""Requests from within: the same answers as over a port, given up when told to."""

from threading import Event

import numpy as np
import pytest

from latentscape.records.packet import MEDIA_TYPE, pack, unpack
from latentscape.server.app import make_app
from latentscape.server.courier import Answer, Courier
from latentscape.testing.exhibits import ToyExhibit, ToyExhibits, discs

PATIENCE = 20


@pytest.fixture
def courier():
    opened = []

    def of(*exhibits: ToyExhibit) -> Courier:
        opened.append(Courier(make_app(ToyExhibits(*exhibits))))
        return opened[-1]

    yield of
    for one in opened:
        one.close()


def asked(courier: Courier, body: bytes = b"", **words) -> Answer:
    came, found = Event(), []

    def answered(name: str, answer: Answer) -> None:
        assert name == "7"
        found.append(answer)
        came.set()

    courier.ask({"id": "7", **words}, body, answered)
    assert came.wait(PATIENCE)
    return found[0]


def test_the_answers_are_those_of_the_server(courier, opened):
    mine, client = courier(ToyExhibit("0")), opened(ToyExhibit("0"))
    for path in ("exhibition", "exhibits/0/samples/3", "exhibits/0/find?text=a&limit=3"):
        answer, served = asked(mine, method="GET", path=path), client.get(f"/api/{path}")
        assert (answer.status, answer.body) == (served.status_code, served.content)
        assert answer.type == served.headers["content-type"]


def test_packets_go_both_ways(courier):
    latents = np.random.default_rng(0).standard_normal((3, 2)).astype(np.float32)
    answer = asked(courier(ToyExhibit("0")), pack(None, latents=latents), method="POST",
                   path="exhibits/0/decode", type=MEDIA_TYPE)  # fmt: skip
    assert answer.status == 200
    np.testing.assert_array_equal(unpack(answer.body)[1]["pixels"], discs(latents))


@pytest.mark.parametrize(
    ("words", "status"),
    [
        ({"path": "exhibits/9/samples/0"}, 404),
        ({"path": "nothing"}, 404),
        ({"path": "../static/widget.js"}, 404),
        ({"path": "exhibition", "method": "DELETE"}, 405),
        ({"path": "exhibits/0/decode", "method": "POST", "type": "text/\n"}, None),
        ({}, 404),
    ],
)
def test_wrong_requests_are_answered_too(courier, words, status):
    answer = asked(courier(ToyExhibit("0")), **words)
    assert answer.status >= 400
    assert status in (None, answer.status)


def test_what_is_given_up_is_not_answered_and_others_are(courier):
    begun, go_on = Event(), Event()

    def slow(latents):
        begun.set()
        assert go_on.wait(PATIENCE)
        return discs(latents)

    mine, answers = courier(ToyExhibit("0", decode=slow)), []
    latents = pack(None, latents=np.zeros((1, 2), np.float32))
    request = {"method": "POST", "path": "exhibits/0/decode", "type": MEDIA_TYPE}
    mine.ask({"id": "a", **request}, latents, lambda *told: answers.append(told))
    assert begun.wait(PATIENCE)
    mine.ask({"id": "a", "abort": True}, b"", lambda *told: answers.append(told))
    go_on.set()
    assert asked(mine, method="GET", path="exhibition").status == 200
    assert answers == []
    mine.ask({"id": "unknown", "abort": True}, b"", lambda *told: answers.append(told))
