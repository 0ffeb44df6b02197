"""Ctrl-C as a request to stop after the running step, not a blow."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Interrupt:
    """Whether somebody has pressed Ctrl-C.

    Attributes:
        asked: True once they have.
    """

    def __init__(self):
        self.asked = False

    @contextmanager
    def heard(self) -> Iterator[None]:
        """Within the block the first Ctrl-C is only noted; a second one is meant."""
        if threading.current_thread() is not threading.main_thread():
            yield  # only the main thread may listen
            return
        before = signal.signal(signal.SIGINT, self._note)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _note(self, *_: Any) -> None:
        self.asked = True
        signal.signal(signal.SIGINT, signal.default_int_handler)
