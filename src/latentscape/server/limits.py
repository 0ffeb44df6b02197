"""How much one request may bring, and how many a client may send."""

import asyncio
from collections import OrderedDict
from typing import NamedTuple

from starlette.exceptions import HTTPException
from starlette.types import Message, Receive

KIB = 1_024
MOST_CLIENTS = 1_024


class Allowance(NamedTuple):
    """Bytes that a request may bring, and what it costs of a client's tokens."""

    most_bytes: int
    cost: float


PLAIN = Allowance(64 * KIB, 1)
# By the last part of the path; all else is `PLAIN`.
ALLOWANCES = {
    "decode": Allowance(8 * KIB * KIB, 2),
    "place": Allowance(8 * KIB * KIB, 2),
    "drop": Allowance(32 * KIB * KIB, 50),
    "manifold": Allowance(0, 20),
    "travel": Allowance(64 * KIB, 20),
    "film": Allowance(64 * KIB, 50),
    "comparison": Allowance(0, 20),
}


def allowance(path: str) -> Allowance:
    """What a request to a path may bring and costs."""
    return ALLOWANCES.get(path.rstrip("/").rpartition("/")[2], PLAIN)


class Rate:
    """Tokens that fill up over time, by client.

    Args:
        per_second: Tokens that a client gets back each second.
        most: Tokens it may have saved up.
    """

    def __init__(self, per_second: float, most: float):
        self._per_second = per_second
        self._most = most
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def pay(self, client: str, cost: float, now: float) -> bool:
        """Whether a client can pay; then it has."""
        left, since = self._left.pop(client, (self._most, now))
        left = min(self._most, left + (now - since) * self._per_second)
        paid = left >= cost
        self._left[client] = (left - cost if paid else left, now)
        while len(self._left) > MOST_CLIENTS:
            self._left.popitem(last=False)
        return paid


class TooLarge(HTTPException):
    """A body of more bytes than its address takes."""

    def __init__(self, most_bytes: int):
        super().__init__(413, f"more than {most_bytes // KIB} kB cannot be handed in here")


class TooSlow(HTTPException):
    """A body that does not arrive."""

    def __init__(self) -> None:
        super().__init__(408, "the request took too long to arrive")


def measured(receive: Receive, most_bytes: int, seconds: float) -> Receive:
    """`receive`, which fails once a body is too large, or has not arrived in time."""
    got = 0
    complete = False
    began: float | None = None

    async def within() -> Message:
        nonlocal got, complete, began
        if complete:
            return await receive()
        clock = asyncio.get_running_loop().time
        began = clock() if began is None else began
        try:
            message = await asyncio.wait_for(receive(), began + seconds - clock())
        except TimeoutError:
            raise TooSlow from None
        got += len(message.get("body", b""))
        complete = not message.get("more_body", False)
        if got > most_bytes:
            raise TooLarge(most_bytes)
        return message

    return within
