"""The explorer put together: a run's exhibits over HTTP, as the verb does it."""

import json
from pathlib import Path
from urllib.request import Request, urlopen

import numpy as np
import pytest

from latentscape.errors import UsageError
from latentscape.explorer import explore
from latentscape.records.packet import pack, unpack
from latentscape.server import serve
from latentscape.store import Manifest, Samples, StoreWriter


@pytest.fixture
def store(tmp_path) -> Path:
    """A store of 40 made-up latents, in no run."""
    plan = Manifest(
        model="m", model_sha256="1", recipe="ae", seed=0, data="toy", data_fingerprint="f",
        split="test", resize="none", latent_shape=(3,), n=40, shard_size=256,
    )  # fmt: skip
    writer = StoreWriter(tmp_path / "toy-test", plan)
    writer.write(0, np.random.default_rng(0).standard_normal((40, 3)).astype(np.float32), None)
    ids = np.array([f"toy-{i}" for i in range(40)])
    writer.finish(Samples(ids, np.full(40, -1), np.full(40, ""), np.full(40, "test")))
    return tmp_path / "toy-test"


@pytest.fixture
def shown(monkeypatch):
    """What the verb hands to the server, and with which words, in place of serving it."""
    handed = {}

    def take(exhibits, **words):
        handed.update(words, exhibits=exhibits)

    monkeypatch.setattr(serve, "serve", take)
    return handed


def test_the_verb_hands_exhibits_to_the_server(store, shown):
    explore(store, limit=10, port=0, open_browser=False)
    assert len(shown.pop("exhibits")["0"]) == 10
    assert shown == {"host": "127.0.0.1", "port": 0, "token": None, "open_browser": False}


def test_nothing_to_show_is_refused_before_anything_is_served(tmp_path, shown):
    with pytest.raises(UsageError, match="nothing to explore"):
        explore(tmp_path)
    with pytest.raises(UsageError, match="nothing to explore"):
        explore()
    assert not shown


def test_a_store_over_http(store, shown):
    explore(store)
    with serve.serving(shown["exhibits"]) as link:

        def ask(path: str, body: bytes | None = None) -> bytes:
            with urlopen(Request(f"{link}api/{path}", body)) as answer:
                return answer.read()

        (card,) = json.loads(ask("exhibition"))["exhibits"]
        name = card["maps"][0]["name"]
        arrays = unpack(ask(f"exhibits/0/maps/{name}"))[1]
        rows = json.dumps({"rows": [3, 5]}).encode()
        request = Request(
            f"{link}api/exhibits/0/latents", rows, {"Content-Type": "application/json"}
        )
        with urlopen(request) as answer:
            latents = unpack(answer.read())[1]["latents"]
        packet = pack(None, latents=latents)
        places = unpack(ask(f"exhibits/0/place?map={name}", packet))[1]["positions"]
        sample = json.loads(ask("exhibits/0/samples/3"))
    assert card["n"] == 40
    np.testing.assert_allclose(places, arrays["positions"][[3, 5]], atol=1e-5)
    assert sample["sample_id"] == "toy-3"
