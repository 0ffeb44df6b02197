"""Who may ask: checked before a request reaches any resource.

Any page that a browser has open can send requests to this machine. So the name by which the server
was called must be its own (a foreign name may be made to resolve here), the page that calls must be
the server's, and who comes from another machine must bring the token.
"""

import hmac
import logging
import re
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from ipaddress import ip_address
from time import monotonic
from urllib.parse import parse_qsl, urlencode, urlsplit

from fastapi import Request
from fastapi.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from latentscape.server.answers import answer_for, is_this_machine, refusal
from latentscape.server.limits import Rate, allowance, measured
from latentscape.server.resources.page import LOCKED, told

HOST = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?")
METHODS = ("GET", "HEAD", "POST")
# Nothing from elsewhere, no script or style in the page's own text, in no frame of another.
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True)
class Guard:
    """Who may ask, and how much.

    Attributes:
        names: Host names by which the server may be called.
        any_address: Whether every bare IP address is as good as a name.
        token: What everyone must bring; empty where nobody need.
        per_second, most_at_once: Tokens of a client's rate limit, in plain requests.
        body_seconds: Within which a request's body must have arrived.
    """

    names: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    any_address: bool = False
    token: str = ""
    per_second: float = 2_000
    most_at_once: float = 4_000
    body_seconds: float = 20.0

    @property
    def cookie(self) -> str:
        """Name of the cookie: cookies know no ports, and two servers would share one."""
        return f"latentscape-{sha256(_bytes(self.token)).hexdigest()[:12]}"

    @property
    def ticket(self) -> str:
        """What the cookie holds: a cookie carries Latin letters alone, a token may be any text."""
        return sha256(b"ticket " + _bytes(self.token)).hexdigest()

    def admits(self, ticket: str | None) -> bool:
        """Whether a cookie is one that the right token was exchanged for."""
        return _same(ticket or "", self.ticket)

    def knows(self, token: str | None) -> bool:
        """Whether a token is the right one; takes as long for each wrong one."""
        return _same(token or "", self.token)


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(_bytes(one), _bytes(other))


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def guard_for(host: str, token: str | None = None, *, names: Iterable[str] = ()) -> Guard:
    """The guard of a server at an address: open to this machine, by token to others.

    Args:
        host: The address that it listens at.
        token: To be brought even from this machine; others need one in any case.
        names: By which it may be called besides.
    """
    import socket

    own = {*Guard.names, *(name.lower() for name in names)}
    if is_this_machine(host):
        return Guard(frozenset({*own, _bracketed(host)}), token=token or "")
    own |= {host.lower(), socket.gethostname().lower(), socket.getfqdn().lower()}
    return Guard(frozenset(own), any_address=True, token=token or secrets.token_urlsafe(24))


class Guarded:
    """An app behind a guard."""

    def __init__(self, app: ASGIApp, guard: Guard):
        self.app = app
        self.guard = guard
        self.rate = Rate(guard.per_second, guard.most_at_once)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer in the app's stead where it may not be asked."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headed = _Headed(send)
        request = Request(scope)
        try:
            answer = self._stopped(request)
            if answer is None:
                most_bytes = allowance(scope["path"]).most_bytes
                receive = measured(receive, most_bytes, self.guard.body_seconds)
                answer = self.app
            await answer(scope, receive, headed)
        except Exception as error:  # nothing of it goes out but that it happened
            logging.getLogger(__name__).exception("a request failed")
            if not headed.begun:
                await answer_for(error)(scope, receive, headed)

    def _stopped(self, request: Request) -> Response | None:
        """What a request gets that may not pass; None where it may."""
        checks: tuple[Callable[[Request], Response | None], ...] = (
            self._called_by_name,
            self._from_own_page,
            self._in_measure,
            self._known,
        )
        return next(filter(None, (check(request) for check in checks)), None)

    def _called_by_name(self, request: Request) -> Response | None:
        """Against names that others let resolve to this machine (DNS rebinding)."""
        hosts = request.headers.getlist("host")
        host = HOST.fullmatch(hosts[0].lower()) if len(hosts) == 1 else None
        name = host[1].rstrip(".") if host else ""
        if name in self.guard.names or (self.guard.any_address and _is_address(name)):
            return None
        return refusal(421, "the explorer is not called by this name", "use the printed link")

    def _from_own_page(self, request: Request) -> Response | None:
        """Against calls from other pages that the same browser has open."""
        if request.method not in METHODS:
            return refusal(405, "only GET and POST are answered")
        origin = request.headers.get("origin")
        site = request.headers.get("sec-fetch-site", "same-origin")
        foreign = origin is not None and not _is_own(origin, request.headers["host"])
        if not foreign and site in ("same-origin", "none"):
            return None
        if origin is None and _opens_the_page(request):
            return None  # a link that leads here; nothing is done and nobody else sees it
        return refusal(403, "another page's requests are not answered", "open the printed link")

    def _known(self, request: Request) -> Response | None:
        """Against whoever has not been given the link."""
        if not self.guard.token:
            return None
        at_the_door = request.url.path == "/" and request.method == "GET"
        if at_the_door:
            given = request.query_params.get("token")
            if given is not None and self.guard.knows(given):
                return self._welcome(request)
        if self.guard.admits(request.cookies.get(self.guard.cookie)):
            return None
        if at_the_door:
            return told(*LOCKED, status=401)
        return refusal(401, "this explorer is not open to everyone", "open the printed link")

    def _welcome(self, request: Request) -> Response:
        """The cookie instead of the token, which then stands in no address line."""
        others = [(k, v) for k, v in parse_qsl(request.url.query) if k != "token"]
        target = f"/?{urlencode(others)}" if others else "/"
        if request.headers.get("sec-fetch-site") == "cross-site":
            # The browser sends no strict cookie along when a foreign link is redirected.
            answer = Response(headers={"Refresh": f"0; url={target}"})
        else:
            answer = RedirectResponse(target, 303)
        cookie = partial(answer.set_cookie, httponly=True, samesite="strict", path="/")
        cookie(self.guard.cookie, self.guard.ticket, secure=request.url.scheme == "https")
        return answer

    def _in_measure(self, request: Request) -> Response | None:
        """Against too many requests, and bodies that say themselves that they are too large."""
        client = request.client.host if request.client else ""
        allowed = allowance(request.url.path)
        if not self.rate.pay(client, allowed.cost, monotonic()):
            return refusal(429, "too many requests", "wait a moment")
        length = request.headers.get("content-length", "0")
        if not length.isdecimal() or int(length[:20]) > allowed.most_bytes:
            most = f"at most {allowed.most_bytes // 1_024} kB"
            return refusal(413, "the request brings too much", most)
        return None


class _Headed:
    """`send`, which puts the guard's headers on every answer."""

    def __init__(self, send: Send):
        self._send = send
        self.begun = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.begun = True
            given = {name.lower() for name, _ in message.get("headers", ())}
            added = [
                (name.lower().encode(), value.encode())
                for name, value in HEADERS.items()
                if name.lower().encode() not in given
            ]
            message = {**message, "headers": [*message.get("headers", ()), *added]}
        await self._send(message)


def _opens_the_page(request: Request) -> bool:
    navigates = request.headers.get("sec-fetch-mode") == "navigate"
    whole = request.headers.get("sec-fetch-dest") == "document"
    return request.method == "GET" and request.url.path == "/" and navigates and whole


def _is_own(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc == host.lower()


def _is_address(name: str) -> bool:
    try:
        ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
