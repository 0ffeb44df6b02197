import asyncio
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from latentscape.server.app import make_app
from latentscape.server.desk import Pace
from latentscape.server.guard import Guard
from latentscape.testing.exhibits import ToyExhibit, ToyExhibits

# Tests are the same whether the page was built or not.
BUILT = {"widget.js": b"export {}", "widget.css": b"", "notices.txt": b"thanks"}
Opener = Callable[..., TestClient]


@pytest.fixture
def awaited() -> Iterator[Callable[[Coroutine], object]]:
    """Runs a coroutine to its end, in a thread of its own: a browser keeps a loop in this one."""
    with ThreadPoolExecutor(1) as pool:
        yield lambda coroutine: pool.submit(asyncio.run, coroutine).result()


@pytest.fixture
def opened() -> Iterator[Opener]:
    """Opens exhibits behind a guard, as this machine's own browser sees them."""
    clients = []

    def client_of(
        *exhibits: ToyExhibit, guard: Guard | None = None, pace: Pace | None = None
    ) -> TestClient:
        app = make_app(ToyExhibits(*exhibits), guard, pace=pace)
        app.state.static = BUILT
        client = TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False)
        clients.append(client)
        return client

    yield client_of
    for client in clients:
        client.close()


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    """Two toys that can be compared."""
    app = make_app(ToyExhibits(ToyExhibit("0"), ToyExhibit("1")))
    app.state.static = BUILT
    with TestClient(app, base_url="http://127.0.0.1:8765", follow_redirects=False) as client:
        yield client
