"""Who may ask: each guard has a test that fails without it."""

import asyncio
import secrets
import time
from http.cookies import SimpleCookie
from urllib.parse import quote

import numpy as np
import pytest
from starlette.requests import Request

from latentscape.records.packet import pack
from latentscape.server import guard as guard_module
from latentscape.server.desk import Pace
from latentscape.server.guard import Guard, guard_for
from latentscape.server.limits import ALLOWANCES, MOST_CLIENTS, Rate, TooLarge, TooSlow, measured
from latentscape.testing.exhibits import ToyExhibit, discs

LOOK = {"map": "pca", "x": 0, "y": 0}
TOKEN = "a-token-that-nobody-guesses"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8765", 200),
        ("localhost", 200),
        ("LOCALHOST.:1", 200),
        ("[::1]:8765", 200),
        ("evil.example:8765", 421),
        ("127.0.0.1.evil.example", 421),
        ("localhost.evil.example", 421),
        ("evil.example#@localhost", 421),
        ("192.168.0.7", 421),
        ("0.0.0.0:8765", 421),
        ("", 421),
    ],
)
def test_it_answers_to_its_own_name_only(client, host, status):
    """A name of the attacker's that resolves to this machine is in the Host header."""
    for address in ("/", "/api/exhibition"):
        assert client.get(address, headers={"Host": host}).status_code == status


def test_two_host_headers_are_none(client):
    response = client.get(
        "/api/exhibition", headers=[("Host", "localhost"), ("Host", "evil.example")]
    )
    assert response.status_code == 421


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),  # a program on this machine
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://127.0.0.1:8765"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),  # another port of this machine
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:9999"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "file://"}, 403),
        ({"Origin": "http://[" }, 403),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "http://evil.example"}, 403),
    ],
)  # fmt: skip
def test_other_pages_are_not_answered(client, headers, status):
    assert client.get("/api/exhibition", headers=headers).status_code == status
    looked = client.post("/api/exhibits/0/look", json=LOOK, headers=headers)
    assert looked.status_code == status
    assert client.get("/static/x", headers=headers).status_code == (404 if status == 200 else 403)
    assert not [name for name in looked.headers if name.startswith("access-control")]


def test_a_link_elsewhere_may_lead_to_the_page_and_to_nothing_else(client):
    headers = {
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
    }  # fmt: skip
    assert client.get("/", headers=headers).status_code == 200
    assert client.get("/api/exhibition", headers=headers).status_code == 403
    assert client.get("/", headers={**headers, "Sec-Fetch-Dest": "iframe"}).status_code == 403
    assert client.get("/", headers={**headers, "Sec-Fetch-Mode": "no-cors"}).status_code == 403


@pytest.mark.parametrize("method", ["OPTIONS", "PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_not_answered(client, method):
    assert client.request(method, "/api/exhibition").status_code == 405


def test_a_socket_is_not_opened(client):
    from starlette.websockets import WebSocketDisconnect

    with pytest.raises(WebSocketDisconnect) as closed, client.websocket_connect("/api/look"):
        pass
    assert closed.value.code == 1008


def test_this_machine_needs_no_token_and_others_do():
    for host in ("127.0.0.1", "localhost", "::1", "127.0.0.3"):
        assert guard_for(host).token == ""
        assert guard_for(host, TOKEN).token == TOKEN
    for host in ("0.0.0.0", "::", "192.168.0.7", "box.example"):
        assert len(guard_for(host).token) >= 32
        assert guard_for(host).token != guard_for(host).token
    assert "[::1]" in guard_for("::1").names
    assert "box.example" in guard_for("box.example").names
    assert "proxy.example" in guard_for("127.0.0.1", names=["proxy.example"]).names


def test_an_open_address_is_called_by_any_address_but_no_foreign_name(opened):
    client = opened(guard=guard_for("0.0.0.0", TOKEN))
    for host, status in (("192.168.0.7:8765", 401), ("[fe80::1]", 401), ("evil.example", 421)):
        assert client.get("/api/exhibition", headers={"Host": host}).status_code == status


def test_the_link_is_exchanged_for_a_cookie(opened):
    client = opened(guard=guard_for("0.0.0.0", TOKEN))
    for address in ("/", "/static/widget.js", "/api/exhibition", f"/api/exhibition?token={TOKEN}"):
        response = client.get(address)
        assert response.status_code == 401
        assert TOKEN not in response.text
    assert client.get("/?token=wrong").status_code == 401
    assert "printed" in client.get("/").text
    assert client.post(f"/?token={TOKEN}").status_code == 401
    assert "set-cookie" not in client.get("/?token=").headers
    welcome = client.get(f"/?token={TOKEN}&run=1")
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/?run=1")
    (cookie,) = SimpleCookie(welcome.headers["set-cookie"]).values()
    assert (cookie["httponly"], cookie["samesite"].lower(), cookie["path"]) == (True, "strict", "/")
    assert client.get("/api/exhibition").status_code == 200
    client.cookies.set(cookie.key, "wrong")
    headers = {"Cookie": f"{cookie.key}=wrong"}
    client.cookies.clear()
    assert client.get("/api/exhibition", headers=headers).status_code == 401


@pytest.mark.parametrize("token", ["пароль", "合言葉 ; a=b", "ä\udcff"])
def test_a_token_of_any_letters_lets_its_owner_in(opened, token):
    """A cookie cannot carry them; what it holds does not give the token away either."""
    client = opened(guard=Guard(token=token))
    assert client.get("/?token=wrong").status_code == 401
    address = quote(token, errors="surrogatepass")
    welcome = client.get(f"/?token={address}")
    if "\udcff" in token:  # no address can bring it
        assert welcome.status_code == 401
        return
    assert welcome.status_code == 303
    assert client.get("/api/exhibition").status_code == 200
    assert token not in welcome.headers["set-cookie"]


def test_the_token_itself_is_not_in_the_cookie(opened):
    client = opened(guard=Guard(token=TOKEN))
    welcome = client.get(f"/?token={TOKEN}")
    assert TOKEN not in welcome.headers["set-cookie"]
    with_token = {"Cookie": f"{Guard(token=TOKEN).cookie}={TOKEN}"}
    client.cookies.clear()
    assert client.get("/api/exhibition", headers=with_token).status_code == 401


def test_a_guard_that_fails_answers_all_the_same(opened, monkeypatch):
    def fail(*_):
        raise RuntimeError("in the guard")

    client = opened()
    monkeypatch.setattr(guard_module.Guarded, "_stopped", fail)
    assert client.get("/api/exhibition").status_code == 500


def test_a_link_in_another_page_is_exchanged_without_a_redirect(opened):
    """The browser would leave a strict cookie out of what a foreign page's link redirects to."""
    client = opened(guard=guard_for("0.0.0.0", TOKEN))
    headers = {
        "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document",
    }  # fmt: skip
    welcome = client.get(f"/?token={TOKEN}", headers=headers)
    assert (welcome.status_code, welcome.headers["refresh"]) == (200, "0; url=/")
    assert "set-cookie" in welcome.headers


def test_the_welcome_leads_nowhere_else(opened):
    client = opened(guard=guard_for("0.0.0.0", TOKEN))
    welcome = client.get(f"/?token={TOKEN}&//evil.example=%0d%0aX: y")
    assert welcome.headers["location"].startswith("/?")
    assert "\n" not in welcome.headers["location"]
    assert "x" not in welcome.headers


def test_tokens_are_compared_in_constant_time(monkeypatch):
    import hmac

    compared = []
    monkeypatch.setattr(hmac, "compare_digest", lambda *two: compared.append(two))
    Guard(token=TOKEN).knows("ä")
    assert compared == [("ä".encode(), TOKEN.encode())]


def test_two_servers_on_one_machine_have_two_cookies():
    assert Guard(token="a").cookie != Guard(token="b").cookie
    assert "a-token" not in Guard(token=TOKEN).cookie


def test_every_answer_carries_the_headers(opened, client):
    from latentscape.server import guard

    answers = [
        client.get("/"),
        client.get("/api/exhibition"),
        client.get("/api/nothing"),
        client.get("/api/exhibition", headers={"Host": "evil.example"}),
        client.post("/api/exhibits/0/look", json=LOOK),
        client.post("/api/exhibits/0/look", json={}),
        opened(guard=guard_for("0.0.0.0")).get("/"),
    ]
    for answer in answers:
        for name, value in guard.HEADERS.items():
            assert answer.headers.get_list(name) in ([value], ["private, no-cache"])


def test_the_policy_lets_nothing_from_elsewhere_in():
    from latentscape.server.guard import CONTENT_SECURITY_POLICY

    rules = dict(rule.split(" ", 1) for rule in CONTENT_SECURITY_POLICY.split("; "))
    assert rules["default-src"] == rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert rules["script-src"] == rules["connect-src"] == "'self'"
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY


def test_the_page_has_no_script_in_its_text():
    import re

    from latentscape.server.resources.page import LOCKED, PAGE, UNBUILT, told

    others = [told(*words, status=200).body.decode() for words in (UNBUILT, LOCKED)]
    for page in (PAGE, *others):
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))
        assert not re.search(r"<style|\sstyle=|\son\w+=|javascript:|https?://", page)


@pytest.mark.parametrize("address", sorted({*ALLOWANCES, "look"}))
def test_bodies_are_limited(client, address):
    """The one that says so, and the one that says nothing and keeps coming."""
    most = ALLOWANCES[address].most_bytes if address in ALLOWANCES else 65_536
    at = "/api/comparison" if address == "comparison" else f"/api/exhibits/0/{address}?map=pca"
    method = "GET" if address in ("comparison", "manifold") else "POST"
    headers = {"Content-Type": "application/json"}
    said = client.request(method, at, content=bytes(most + 1), headers=headers)
    assert said.status_code == 413
    if method == "POST":
        pieces = (bytes(2**16) for _ in range(most // 2**16 + 2))
        kept_quiet = client.post(at, content=pieces, headers=headers)
        assert kept_quiet.status_code == 413


@pytest.mark.parametrize("length", ["-1", "1e9", "9" * 5_000, "٣"])
def test_a_length_that_is_none_is_refused(client, length):
    headers = [(b"Content-Length", length.encode())]
    assert client.get("/api/exhibition", headers=headers).status_code == 413


def test_a_body_that_does_not_arrive_is_given_up(awaited):
    async def run() -> None:
        async def never() -> dict:
            await asyncio.sleep(60)
            return {}

        with pytest.raises(TooSlow):
            await measured(never, 10, 0.05)()

        pieces = iter([b"12345", b"67890", b"1"])

        async def piece() -> dict:
            return {"type": "http.request", "body": next(pieces), "more_body": True}

        receive = measured(piece, 10, 5)
        await receive()
        await receive()
        with pytest.raises(TooLarge):
            await receive()

    awaited(run())


def test_a_slow_trickle_is_given_up_as_well(awaited):
    """Each piece comes in time, the whole never does."""

    async def run() -> None:
        async def trickle() -> dict:
            await asyncio.sleep(0.02)
            return {"type": "http.request", "body": b"x", "more_body": True}

        receive = measured(trickle, 10**6, 0.1)
        await receive()

        async def rest() -> None:
            while True:
                await receive()

        with pytest.raises(TooSlow):
            await asyncio.wait_for(rest(), 10)

    awaited(run())


def test_a_client_that_asks_too_much_has_to_wait(opened):
    client = opened(guard=Guard(per_second=1e-6, most_at_once=25))
    codes = [client.get("/api/exhibition").status_code for _ in range(5)]
    assert codes == [200] * 5
    assert client.get("/api/exhibits/0/manifold?map=pca").status_code == 200  # costs twenty
    refused = client.get("/api/exhibition")
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")


def test_tokens_fill_up_again_and_clients_do_not_pay_for_each_other():
    rate = Rate(per_second=2, most=3)
    assert [rate.pay("a", 1, now=0.0) for _ in range(4)] == [True, True, True, False]
    assert rate.pay("b", 3, now=0.0)
    assert not rate.pay("a", 1, now=0.4)
    assert rate.pay("a", 1, now=0.6)
    assert not rate.pay("a", 3.5, now=1e6)
    for i in range(3 * MOST_CLIENTS):
        rate.pay(str(i), 1, now=0.0)
    assert len(rate._left) == MOST_CLIENTS


def test_a_decoder_that_hangs_is_a_503_and_the_map_goes_on(opened):
    import threading

    stuck = threading.Event()

    def decode(latents: np.ndarray) -> np.ndarray:
        stuck.wait(10)
        return discs(latents)

    client = opened(ToyExhibit(decode=decode), pace=Pace(decoding=0.1))
    for _ in range(5):
        looked = client.post("/api/exhibits/0/look", json=LOOK)
        assert looked.status_code == 503
        assert "decoder" in looked.json()["error"]
        assert looked.headers["retry-after"] == "1"
        assert client.get("/api/exhibits/0/maps/pca").status_code == 200
    stuck.set()


@pytest.mark.parametrize(
    ("slow", "by", "others"),
    [
        ("travel", ("POST", "travel", {"rows": [0, 1]}), [
            ("POST", "images", {"rows": [0], "kind": "reconstruction"}),
            ("POST", "images", {"rows": [0]}),
            ("GET", "manifold?map=pca&side=2", None),
            ("GET", "dials", None),
        ]),
        ("images", ("POST", "images", {"rows": [0]}), [
            ("GET", "columns/label", None),
            ("GET", "maps/pca", None),
            ("GET", "samples/1", None),
            ("POST", "look", LOOK),
        ]),
    ],
)  # fmt: skip
def test_nobody_waits_behind_what_is_slow_for_another_reason(opened, monkeypatch, slow, by, others):
    """Journeys hold up journeys alone, and images that load hold up images alone."""
    from concurrent.futures import ThreadPoolExecutor
    from threading import Event, Semaphore

    began, go, exhibit = Semaphore(0), Event(), ToyExhibit()
    before = getattr(exhibit, slow)

    def slowed(*given):
        if not others_asked:
            began.release()
            assert go.wait(30)
        return before(*given)

    others_asked: list[bool] = []
    monkeypatch.setattr(exhibit, slow, slowed)

    def ask(method: str, address: str, body: object) -> int:
        more = {} if body is None else {"json": body}
        return client.request(method, f"/api/exhibits/0/{address}", **more).status_code

    # One for each loading image would take every reader's thread.
    with opened(exhibit, pace=Pace(reading=3, making=3)) as client, ThreadPoolExecutor(8) as pool:
        n_slow = 4 if slow == "images" else 1
        for _ in range(n_slow):
            pool.submit(ask, *by)
        assert began.acquire(timeout=10)
        time.sleep(0.2)
        others_asked.append(True)
        statuses = [ask(*other) for other in others]
        go.set()
        assert statuses == [200] * len(others)


def test_a_decoder_that_fails_is_one_answer(opened):
    def decode(latents: np.ndarray) -> np.ndarray:
        if latents[0, 0] == 5:
            raise RuntimeError("CUDA error in /home/me/secret.cu")
        return discs(latents)

    client = opened(ToyExhibit(decode=decode))
    failed = client.post("/api/exhibits/0/look", json={**LOOK, "x": 5})
    assert failed.status_code == 500
    assert "secret" not in failed.text
    assert client.post("/api/exhibits/0/look", json=LOOK).status_code == 200
    latents = pack(latents=np.zeros((2, 2), np.float32))
    assert client.post("/api/exhibits/0/decode", content=latents).status_code == 200


@pytest.mark.parametrize(
    ("method", "address", "body"),
    [
        ("POST", "images", {"rows": [0] * 100}),
        ("POST", "travel", {"rows": [0, 1], "n_steps": 60}),
        ("POST", "film", {"rows": [0, 1], "n_steps": 60}),
        ("POST", "decode", pack(latents=np.zeros((100, 2), np.float32))),
    ],
)
def test_one_answer_is_not_larger_than_memory_likes(opened, method, address, body):
    """A hundred images of 512 × 512 in colour are refused before any is made; small ones go."""
    exhibit = ToyExhibit()
    exhibit.card = exhibit.card.model_copy(update={"image_shape": (3, 512, 512)})
    client = opened(exhibit)
    how = {"content": body} if isinstance(body, bytes) else {"json": body}
    response = client.request(method, f"/api/exhibits/0/{address}", **how)
    assert response.status_code == 422
    assert response.json()["hint"] == "at most 40"
    small = {"rows": [0] * 100, "side": 64}
    assert client.post("/api/exhibits/0/images", json=small).status_code == 200


def test_deep_json_is_refused(client):
    headers = {"Content-Type": "application/json"}
    for body in (b"[" * 60_000, b'{"rows":' + b"[" * 30_000, b'{"rows":[' + b"9" * 50_000 + b"]}"):
        response = client.post("/api/exhibits/0/images", content=body, headers=headers)
        assert response.status_code in (400, 422)
        assert response.json()["error"]


def test_no_documentation_from_elsewhere_is_served(client):
    for address in ("/docs", "/redoc", "/openapi.json"):
        assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    "name", ["../app.py", "..%2Fapp.py", "%2Fetc%2Fpasswd", "app.py", ".", "%00", "widget.js/"]
)
def test_no_other_file_is_reachable(client, name):
    assert client.get(f"/static/{name}").status_code == 404


def test_the_desk_sees_when_a_client_has_gone(awaited):
    from latentscape.server.desk import gone

    messages = iter([{"type": "http.request"}, {"type": "http.disconnect"}])

    async def receive() -> dict:
        return next(messages)

    awaited(gone(Request({"type": "http"}, receive)))
    assert next(messages, None) is None


def test_tokens_are_not_drawn_from_a_seed(monkeypatch):
    monkeypatch.setattr(secrets, "token_urlsafe", lambda n: f"{n} bytes")
    assert guard_for("0.0.0.0").token == "24 bytes"
