"""Serving the explorer: a free port, one link on stderr, Ctrl-C ends it."""

import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Thread
from urllib.parse import quote

import uvicorn

from latentscape.errors import UsageError
from latentscape.server.app import make_app
from latentscape.server.exhibit import Exhibits
from latentscape.server.guard import Guard, guard_for

PORTS = range(8765, 8785)
MOST_CONNECTIONS = 512


def serve(
    exhibits: Exhibits,
    *,
    host: str = "127.0.0.1",
    port: int | None = None,
    open_browser: bool = True,
    token: str | None = None,
) -> None:
    """Show exhibits in the browser until Ctrl-C.

    Args:
        exhibits: What there is to see.
        host: Address to listen at; other than this machine's own, the link carries a token.
        port: 0 is any free one; by default the first free one from 8765.
        open_browser: Whether to open the link, where there is a screen.
        token: To be brought even from this machine.

    Raises:
        UsageError: If the address or the port cannot be had.
    """
    with _listening(host, port) as listener:
        guard = guard_for(host, token)
        link = _link(host, listener, guard)
        print(f"the explorer is at {link}\nCtrl-C ends it", file=sys.stderr, flush=True)
        if open_browser and _has_screen():
            _open(link)
        with suppress(KeyboardInterrupt):
            _server(exhibits, guard).run(sockets=[listener])
        print("the explorer has ended", file=sys.stderr)


@contextmanager
def serving(
    exhibits: Exhibits, *, host: str = "127.0.0.1", token: str | None = None
) -> Iterator[str]:
    """Show exhibits from a thread for as long as the block lasts; gives the link."""
    with _listening(host, 0) as listener:
        guard = guard_for(host, token)
        server = _server(exhibits, guard)
        thread = Thread(target=server.run, args=([listener],), daemon=True)
        thread.start()
        try:
            yield _link(host, listener, guard)
        finally:
            server.should_exit = True
            thread.join()


def _server(exhibits: Exhibits, guard: Guard) -> uvicorn.Server:
    config = uvicorn.Config(
        make_app(exhibits, guard),
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        ws="none",
        limit_concurrency=MOST_CONNECTIONS,
        timeout_graceful_shutdown=1,
    )
    return uvicorn.Server(config)


@contextmanager
def _listening(host: str, port: int | None) -> Iterator[socket.socket]:
    """A socket that takes connections before the server is up, so that the link works at once."""
    if port is not None and not 0 <= port < 2**16:
        raise UsageError(f"there is no port {port}", "0 is any free one, the last is 65535")
    wanted = [*PORTS, 0] if port is None else [port]
    refused: OSError | None = None
    for number in wanted:
        try:
            family = socket.getaddrinfo(host, number, type=socket.SOCK_STREAM)[0][0]
            listener = socket.create_server((host, number), family=family, backlog=256)
        except OSError as error:
            refused = error
            continue
        with listener:
            # Its connections take after it. An answer leaves in two pieces, and the second would
            # wait 40 ms until the first is acknowledged.
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            yield listener
        return
    where = f"{host}, port {wanted[-1]}"
    raise UsageError(f"the explorer cannot listen at {where}: {refused}", "name another --port")


def _link(host: str, listener: socket.socket, guard: Guard) -> str:
    name = socket.gethostname() if host in ("0.0.0.0", "::") else host
    name = f"[{name}]" if ":" in name else name
    link = f"http://{name}:{listener.getsockname()[1]}/"
    return f"{link}?token={quote(guard.token)}" if guard.token else link


def _has_screen() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _open(link: str) -> None:
    import webbrowser

    Thread(target=webbrowser.open, args=(link,), daemon=True).start()
