"""Requests to the app from within the program itself: a notebook's kernel, which needs no port."""

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread
from typing import Any, NamedTuple
from urllib.parse import unquote

from starlette.types import ASGIApp, Message

# The kernel's channel has its own key, and the guard's limits still hold.
HEADERS = [(b"host", b"127.0.0.1")]
METHODS = ("GET", "POST")


class Answer(NamedTuple):
    """What the app said."""

    status: int
    type: str
    body: bytes


class Courier:
    """Takes requests below ``/api/`` to an app, each in its own time, on a thread of its own.

    Args:
        app: The explorer's.
    """

    def __init__(self, app: ASGIApp):
        self.app = app
        self._loop: asyncio.AbstractEventLoop | None = None
        self._under_way: dict[str, Future[Answer]] = {}
        self._lock = Lock()

    def ask(
        self,
        asked: dict[str, Any],
        body: bytes,
        answered: Callable[[str, Answer], None],
    ) -> None:
        """Take a request there; `answered` is told its ``id`` and the answer, from the thread.

        Args:
            asked: ``id``, ``method``, ``path`` below ``/api/`` and ``type`` of the body; with
                ``abort`` the request of that id is given up.
            body: Of the request.
            answered: Told of an answer; not of what was given up.
        """
        name = str(asked.get("id", ""))
        if asked.get("abort"):
            with self._lock:
                found = self._under_way.pop(name, None)
            if found is not None:
                found.cancel()
            return
        task = asyncio.run_coroutine_threadsafe(self._brought(asked, body), self._running())
        with self._lock:
            self._under_way[name] = task

        def done(future: Future[Answer]) -> None:
            with self._lock:
                self._under_way.pop(name, None)
            if not future.cancelled():
                answered(name, future.result())

        task.add_done_callback(done)

    def close(self) -> None:
        """End the thread; what is under way is given up."""
        with self._lock:
            loop, self._loop = self._loop, None
        if loop is not None:
            loop.call_soon_threadsafe(loop.stop)

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                Thread(target=_run, args=(self._loop,), name="courier", daemon=True).start()
            return self._loop

    async def _brought(self, asked: dict[str, Any], body: bytes) -> Answer:
        method = str(asked.get("method", "GET")).upper()
        path, _, query = str(asked.get("path", "")).partition("?")
        if method not in METHODS:
            return Answer(405, "text/plain", b"")
        headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
        if asked.get("type"):
            headers.append((b"content-type", str(asked["type"]).encode("latin-1", "replace")))
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": f"/api/{unquote(path)}",
            "raw_path": f"/api/{path}".encode("utf-8", "replace"),
            "query_string": query.encode("utf-8", "replace"),
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 0),
            "server": ("127.0.0.1", 80),
            "state": {},
        }
        return await _answer(self.app, scope, body)


def _run(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _answer(app: ASGIApp, scope: dict[str, Any], body: bytes) -> Answer:
    told, status, kind, parts = False, 500, "", []

    async def receive() -> Message:
        nonlocal told
        if not told:
            told = True
            return {"type": "http.request", "body": body, "more_body": False}
        # Nobody leaves half-way but by being cancelled.
        return await asyncio.Future()

    async def send(message: Message) -> None:
        nonlocal status, kind
        if message["type"] == "http.response.start":
            status = message["status"]
            kind = next((v.decode() for k, v in message["headers"] if k == b"content-type"), "")
        elif message["type"] == "http.response.body":
            parts.append(bytes(message.get("body", b"")))

    await app(scope, receive, send)
    return Answer(status, kind, b"".join(parts))
