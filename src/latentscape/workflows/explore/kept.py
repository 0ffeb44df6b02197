"""Images that were made lately and may be asked for again, as many as a budget of bytes holds."""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

import numpy as np


class Kept:
    """Arrays by key; those not asked for longest go first.

    Args:
        most_bytes: Budget.
    """

    def __init__(self, most_bytes: int):
        self.most_bytes = most_bytes
        self._arrays: OrderedDict[Hashable, np.ndarray] = OrderedDict()
        self._bytes, self._lock = 0, Lock()

    def get(self, key: Hashable) -> np.ndarray | None:
        """What was kept under a key."""
        with self._lock:
            if key in self._arrays:
                self._arrays.move_to_end(key)
            return self._arrays.get(key)

    def put(self, key: Hashable, array: np.ndarray) -> None:
        """Keep an array; one larger than the budget is not kept."""
        if array.nbytes > self.most_bytes:
            return
        with self._lock:
            old = self._arrays.pop(key, None)
            self._bytes += array.nbytes - (0 if old is None else old.nbytes)
            self._arrays[key] = array
            while self._bytes > self.most_bytes:
                self._bytes -= self._arrays.popitem(last=False)[1].nbytes
