"""Whatever comes, the server says what is wrong with it, and never that it fell over."""

import json
from copy import deepcopy
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
import schemathesis
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance
from starlette.testclient import TestClient

from latentscape.records.packet import MEDIA_TYPE, pack
from latentscape.server.app import make_app
from latentscape.server.guard import Guard
from latentscape.testing.exhibits import DOT, ToyExhibit, ToyExhibits

UNLIMITED = Guard(per_second=1e9, most_at_once=1e9)
APP = make_app(ToyExhibits(ToyExhibit("0"), ToyExhibit("1")), UNLIMITED)
PACKET = pack(latents=np.zeros((2, 2), np.float32))
KNOWN = {"key": ["0"], "map": ["pca"], "name": ["label"], "keys": ["0,1"], "method": ["linear"]}


def with_known_names() -> dict[str, Any]:
    """The app's own description, with names that there are: others lead nowhere."""
    wire = deepcopy(APP.openapi())
    for path in wire["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                if parameter["name"] in KNOWN:
                    parameter["schema"] = {"enum": KNOWN[parameter["name"]]}
    for schema in wire["components"]["schemas"].values():
        for name in KNOWN.keys() & schema["properties"].keys():
            schema["properties"][name] = {"enum": KNOWN[name]}
    return wire


schemathesis.serializer.alias(MEDIA_TYPE, "application/octet-stream")
schemathesis.openapi.media_type(MEDIA_TYPE, st.one_of(st.binary(max_size=200), st.just(PACKET)))
SCHEMA = schemathesis.openapi.from_dict(with_known_names())
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance]
quick = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
thorough = settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
ADDRESSES = (
    "exhibition", "exhibits/{}/columns/{}", "exhibits/{}/maps/{}", "exhibits/{}/images",
    "exhibits/{}/samples/{}", "exhibits/{}/find?text={}&limit={}", "exhibits/{}/latents",
    "exhibits/{}/look", "exhibits/{}/decode", "exhibits/{}/place?map={}",
    "exhibits/{}/manifold?map={}&side={}", "exhibits/{}/travel", "exhibits/{}/film?kind={}",
    "exhibits/{}/dials", "exhibits/{}/drop", "exhibits/{}/motion", "exhibits/{}/motion/{}",
    "exhibits/{}/training", "exhibits/{}/training/{}", "comparison?keys={}&map={}",
)  # fmt: skip
WORDS = st.one_of(
    st.sampled_from(
        ["0", "1", "pca", "label", "gif", "-1", "1e9", "NaN", "..", "%2e%2e%2f", "%00", "0,1"]
    ),
    st.text(max_size=20),
)
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.one_of(
                st.sampled_from(["rows", "map", "x", "y", "kind", "side", "method", "n_steps"]),
                st.text(max_size=5),
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)


@pytest.fixture(scope="module")
def browser() -> Any:
    with TestClient(APP, base_url="http://127.0.0.1:8765") as client:
        yield client


@pytest.fixture(scope="module")
def locked() -> Any:
    app = make_app(ToyExhibits(), Guard(token="t", per_second=1e9, most_at_once=1e9))
    with TestClient(app, base_url="http://127.0.0.1:8765") as client:
        yield client


def sound(case: Case, browser: TestClient) -> None:
    words = case.as_transport_kwargs(base_url="http://127.0.0.1:8765")
    words.pop("cookies", None)
    if isinstance(words.get("data"), (str, bytes)):
        words["content"] = words.pop("data")
    response = browser.request(**words)
    assert response.status_code < 500, response.text
    case.validate_response(response, checks=CHECKS)


@SCHEMA.parametrize()
@quick
def test_no_address_falls_over(case, browser):
    sound(case, browser)


@pytest.mark.slow
@SCHEMA.parametrize()
@thorough
def test_no_address_falls_over_however_long_one_tries(case, browser):
    sound(case, browser)


def kindly(response: Any) -> None:
    assert response.status_code < 500, response.text
    if response.status_code >= 400:
        assert set(response.json()) == {"error", "hint"}
        assert response.json()["error"]
        assert "Traceback" not in response.text


@settings(quick, max_examples=60)
@given(st.sampled_from(ADDRESSES), st.lists(WORDS, min_size=3, max_size=3), st.binary(max_size=80))
def test_no_name_falls_over(browser, address, words, body):
    where = address.format(*(quote(word, safe="%") for word in words))
    for method in ("GET", "POST"):
        kindly(browser.request(method, f"/api/{where}", content=body))


@settings(quick, max_examples=80)
@given(st.sampled_from(["images", "latents", "look", "travel", "film"]), JSON)
def test_no_body_falls_over(browser, address, body):
    content = json.dumps(body)
    headers = {"Content-Type": "application/json"}
    kindly(browser.post(f"/api/exhibits/0/{address}", content=content, headers=headers))


@settings(quick, max_examples=120)
@given(st.data())
def test_no_damaged_file_falls_over(browser, data):
    """A packet or an image, cut short, or with some of its bytes changed."""
    whole, address = data.draw(
        st.sampled_from([(PACKET, "decode"), (PACKET, "place?map=pca"), (DOT, "drop")])
    )
    damaged = bytearray(whole[: data.draw(st.integers(0, len(whole)))])
    for _ in range(data.draw(st.integers(0, 4))):
        if damaged:
            damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    kindly(browser.post(f"/api/exhibits/0/{address}", content=bytes(damaged)))


@settings(quick, max_examples=80)
@given(
    st.dictionaries(
        st.sampled_from(
            ["Host", "Origin", "Sec-Fetch-Site", "Cookie", "Content-Length", "If-None-Match",
             "Accept-Encoding", "Content-Type", "Referer"]
        ),
        st.text(st.characters(min_codepoint=1, max_codepoint=255, exclude_characters="\r\n")),
    ),
    st.booleans(),
)  # fmt: skip
@example({"Host": "127.0.0.1", "Cookie": "latentscape-x=\xff"}, True)
def test_no_header_falls_over(browser, locked, headers, with_token):
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    kindly((locked if with_token else browser).get("/api/exhibition", headers=raw))
