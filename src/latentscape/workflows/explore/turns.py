"""One at a time, but nobody waits for ever on one that does not end."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import inf
from threading import Lock
from time import monotonic

GLANCE_SECONDS = 1.0


class _Door:
    """A lock, and until when whoever holds it may."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.until = inf


class Turns:
    """Lets in one after another. Who stays longer than was said is left behind with the old lock.

    A thread cannot be stopped from outside; what it works with is dropped instead, and the next
    gets a new one.

    Args:
        renew: Drops what an overdue one still works with.
    """

    def __init__(self, renew: Callable[[], None]):
        self._renew = renew
        self._door = _Door()
        self._replacing = Lock()

    @contextmanager
    def one(self, seconds: float) -> Iterator[None]:
        """A turn, which is over after so many seconds whether it has ended or not."""
        door = self._entered(seconds)
        try:
            yield
        finally:
            door.until = inf
            door.lock.release()

    def _entered(self, seconds: float) -> _Door:
        while True:
            door = self._door
            patience = min(max(door.until - monotonic(), 0.0), GLANCE_SECONDS)
            if door.lock.acquire(timeout=patience):
                if door is self._door:
                    door.until = monotonic() + seconds
                    return door
                door.lock.release()  # it was given up while this one waited at it
            elif monotonic() >= door.until:
                self._replace(door)

    def _replace(self, door: _Door) -> None:
        with self._replacing:
            if door is self._door:
                self._renew()
                self._door = _Door()
