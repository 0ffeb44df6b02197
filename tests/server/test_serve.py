"""A server of its own: the link, the port, the built page."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from urllib.parse import urlsplit

import numpy as np
import pytest

from latentscape.errors import UsageError
from latentscape.server.guard import Guard
from latentscape.server.resources import page
from latentscape.server.serve import _link, _listening, serve, serving
from latentscape.testing.exhibits import ToyExhibit, ToyExhibits, discs


def fetch(link: str, path: str = "/", **headers: str) -> http.client.HTTPResponse:
    parts = urlsplit(link)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    connection.request("GET", path, headers=headers)
    with closing(connection):
        response = connection.getresponse()
        response.read()
        return response


def test_a_server_answers_at_its_link_and_nowhere_else():
    with serving(ToyExhibits()) as link:
        assert link.startswith("http://127.0.0.1:")
        response = fetch(link, "/api/exhibition")
        assert response.status == 200
        assert response.getheader("server") is None
        assert fetch(link, "/api/exhibition", Host="evil.example").status == 421
    with pytest.raises(ConnectionRefusedError):
        fetch(link)


def test_with_a_token_the_link_carries_it():
    with serving(ToyExhibits(), token="se/cret") as link:
        parts = urlsplit(link)
        assert parts.query == "token=se/cret"
        assert fetch(link, "/api/exhibition").status == 401
        welcome = fetch(link, f"/?{parts.query}")
        assert welcome.status == 303
        cookie = welcome.getheader("set-cookie").split(";")[0]
        assert fetch(link, "/api/exhibition", Cookie=cookie).status == 200


def test_without_a_built_page_it_says_how_to_get_one(client, monkeypatch):
    assert 'src="/static/widget.js"' in client.get("/").text
    script = client.get("/static/widget.js")
    assert script.headers["content-type"] == "text/javascript; charset=utf-8"
    assert script.content == b"export {}"
    kept = client.get("/static/widget.js", headers={"If-None-Match": script.headers["etag"]})
    assert kept.status_code == 304
    monkeypatch.setattr(client.app.state, "static", {"widget.css": b""})
    assert client.get("/").status_code == 503
    assert "make web" in client.get("/").text


def test_only_what_belongs_to_a_page_is_a_file_of_it(tmp_path, monkeypatch):
    folder = tmp_path / "static"
    (folder / "deep.js").mkdir(parents=True)
    for name in ("widget.js", "widget.css", "secret.py", "key", ".env"):
        (folder / name).write_text(name)
    monkeypatch.setattr(page, "files", lambda _: tmp_path)
    assert set(page.static_files()) == {"widget.js", "widget.css"}
    monkeypatch.setattr(page, "files", lambda _: tmp_path / "nowhere")
    assert page.static_files() == {}


def test_a_port_that_is_taken_is_told_and_the_usual_ones_are_tried_in_turn():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"port {port}"):
            serve(ToyExhibits(), port=port, open_browser=False)
    for host in ("256.0.0.1", "nowhere.invalid"):
        with pytest.raises(UsageError, match="cannot listen"):
            serve(ToyExhibits(), host=host, port=0, open_browser=False)
    with pytest.raises(UsageError):
        serve(ToyExhibits(), port=70_000, open_browser=False)
    with _listening("127.0.0.1", None) as first, _listening("127.0.0.1", None) as second:
        assert first.getsockname()[1] != second.getsockname()[1]


def test_the_second_piece_of_an_answer_does_not_wait_for_the_first():
    """A connection that was taken sends at once (TCP_NODELAY)."""
    with _listening("127.0.0.1", 0) as listener, socket.socket() as caller:
        caller.connect(listener.getsockname())
        taken, _ = listener.accept()
        with taken:
            assert taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


def test_the_link_of_an_open_address_names_this_machine():
    with _listening("0.0.0.0", 0) as listener:
        link = _link("0.0.0.0", listener, Guard(token="t"))
    assert urlsplit(link).hostname == socket.gethostname().lower()
    assert link.endswith("/?token=t")


class Held:
    """A server whose decoder waits to be let through."""

    def __init__(self) -> None:
        self.let_through, self.began = threading.Event(), threading.Semaphore(0)
        self.asked: list[float] = []
        self.link = ""

    def decode(self, latents: np.ndarray) -> np.ndarray:
        self.asked.extend(latents[:, 0].tolist())
        self.began.release()
        assert self.let_through.wait(10)
        return discs(latents)

    def look(self, x: float, view: str = "") -> socket.socket:
        """A connection on which a look waits for its answer."""
        body = json.dumps({"map": "pca", "x": x, "y": 0, "view": view})
        head = f"Host: localhost\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        parts = urlsplit(self.link)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
        request = f"POST /api/exhibits/0/look HTTP/1.1\r\n{head}\r\n\r\n{body}"
        connection.sendall(request.encode())
        return connection

    def catch_up(self) -> None:
        """Once this is answered, the server has seen what came before."""
        for _ in range(2):
            fetch(self.link, "/api/exhibits/0/samples/1")


@pytest.fixture
def held() -> Iterator[Held]:
    held = Held()
    with serving(ToyExhibits(ToyExhibit(decode=held.decode))) as held.link:
        yield held
        held.let_through.set()


def test_what_a_client_turned_away_from_is_not_decoded(held):
    with held.look(1) as first:
        assert held.began.acquire(timeout=10)
        held.look(2).close()
        held.catch_up()
        with held.look(3) as last:
            held.catch_up()
            held.let_through.set()
            for connection in (first, last):
                assert connection.recv(12) == b"HTTP/1.1 200"
    assert held.asked == [1, 3]


def test_a_newer_look_of_the_same_view_takes_the_older_ones_place(held):
    with held.look(1) as first:
        assert held.began.acquire(timeout=10)
        with held.look(2, "a") as old, held.look(3, "b") as other:
            held.catch_up()
            with held.look(4, "a") as new:
                assert old.recv(12) == b"HTTP/1.1 409"
                held.let_through.set()
                for connection in (first, other, new):
                    assert connection.recv(12) == b"HTTP/1.1 200"
    assert held.asked == [1, 4, 3]


SCRIPT = """
from latentscape.server.serve import serve
from latentscape.testing.exhibits import ToyExhibits
serve(ToyExhibits(), port=0, open_browser=True)
"""


def test_control_c_ends_it_without_a_traceback():
    away = ("DISPLAY", "WAYLAND_DISPLAY")
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={name: value for name, value in os.environ.items() if name not in away},
    ) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert process.stderr.readline() == "Ctrl-C ends it\n"
        assert fetch(line.split()[-1], "/api/exhibition").status == 200
        process.send_signal(signal.SIGINT)
        out, talk = process.communicate(timeout=20)
    assert line.startswith("the explorer is at http://127.0.0.1:")
    assert process.returncode == 0
    assert out == ""
    assert talk == "the explorer has ended\n"
