"""How answers are written: records as JSON or packets, errors in the program's own words."""

import gzip
import json
from collections.abc import Iterable
from hashlib import blake2b
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from latentscape.errors import DataError, LatentscapeError, ModelError, ShapeError, UsageError
from latentscape.records.folders import without_folders
from latentscape.records.packet import MEDIA_TYPE, plain
from latentscape.server.lane import BusyError, GoneError, SupersededError

# Characters of an error, which is not endless.
LONGEST = 500
# Of a long answer, the piece in its middle that tells whether compressing it pays.
PROBE = 65_536


class PacketAnswer(JSONResponse):
    """A record and arrays, as `pack` wrote them.

    A kind of JSON answer for OpenAPI's sake, which has no schema in the bodies of others.
    """

    media_type = MEDIA_TYPE

    def render(self, content: bytes) -> bytes:
        """The bytes as they are."""
        return content


class JsonAnswer(Response):
    """A record, or something like it, as plain ASCII JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        """ASCII, so that no half of a surrogate pair can break an answer."""
        body = plain(content) if isinstance(content, BaseModel) else content
        return json.dumps(body, allow_nan=False).encode("ascii")


class Refusal(BaseModel):
    """What went wrong, and how to mend it."""

    error: str
    hint: str = ""


class RefusedError(Exception):
    """A request that gets a kind answer instead of what it asked for."""

    def __init__(self, status: int, error: str, hint: str = ""):
        super().__init__(error)
        self.status = status
        self.refusal = Refusal(error=error, hint=hint)


def refusal(
    status: int, error: str, hint: str = "", *, known: Iterable[Path | str] = ()
) -> Response:
    """An error as JSON; folders of this machine, known ones first, are left out of its text."""
    error, hint = (without_folders(text, known)[:LONGEST] for text in (error, hint))
    body = Refusal(error=error, hint=hint)
    headers = {"Retry-After": "1"} if status in (429, 503) else None
    return JsonAnswer(body, status, headers)


def answer_for(error: Exception, known: Iterable[Path | str] = ()) -> Response:
    """What a request gets whose work ended in an error; `known` folders are not told."""
    known = tuple(known)
    if isinstance(error, RefusedError):
        return refusal(error.status, error.refusal.error, error.refusal.hint, known=known)
    if isinstance(error, LatentscapeError):
        return refusal(_status(error), error.message, error.hint or "", known=known)
    if isinstance(error, BusyError):
        return refusal(503, str(error), "try again in a moment")
    if isinstance(error, SupersededError):
        return refusal(409, "a newer request took this one's place")
    if isinstance(error, GoneError):
        return refusal(499, "nobody waited for the answer")
    if isinstance(error, RequestValidationError):
        return refusal(422, _first_fault(error), "see the reference of the explorer's addresses")
    if isinstance(error, HTTPException):
        return refusal(error.status_code, str(error.detail))
    return refusal(500, "something failed in the program", "its terminal says what")


def _status(error: LatentscapeError) -> int:
    if isinstance(error, UsageError):
        return 400
    return 422 if isinstance(error, (DataError, ModelError, ShapeError)) else 500


def _first_fault(error: RequestValidationError) -> str:
    """The first of the faults, without the value, which may be anything."""
    first = error.errors()[0]
    place = ".".join(str(part) for part in first["loc"])
    return f"{place}: {first['msg']}"


def kept(request: Request, body: bytes, media_type: str) -> Response:
    """An answer that the page may keep: it is sent again only where it has changed.

    Compressed where that pays: never to this machine itself, which reads faster than it unpacks,
    and elsewhere where a probe of it shrinks by a third.
    """
    headers = {"Cache-Control": "private, no-cache", "Vary": "Accept-Encoding"}
    tag = blake2b(body, digest_size=16).hexdigest()
    squeezed = _asks_for_gzip(request) and _shrinks(body)
    headers["ETag"] = f'"{tag}-gzip"' if squeezed else f'"{tag}"'
    if headers["ETag"] in request.headers.get("if-none-match", "").replace(",", " ").split():
        return Response(status_code=304, headers=headers)
    if squeezed:
        body = gzip.compress(body, compresslevel=1, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, media_type=media_type, headers=headers)


def is_this_machine(address: str) -> bool:
    """Whether an address or name is the machine's own."""
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def _asks_for_gzip(request: Request) -> bool:
    near = request.client is not None and is_this_machine(request.client.host)
    return not near and "gzip" in request.headers.get("accept-encoding", "")


def _shrinks(body: bytes) -> bool:
    if len(body) < 1_024:
        return False
    middle = max(len(body) - PROBE, 0) // 2
    probe = body[middle : middle + PROBE]
    return len(gzip.compress(probe, compresslevel=1)) < 2 * len(probe) / 3
