"""What took a while to compute, in memory by what went into it; the oldest goes first."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

_MOST_BYTES = 20_000_000


class Kept:
    """Used from several threads: what one computes, another that needs it waits for."""

    def __init__(self, most_bytes: int = _MOST_BYTES) -> None:
        self._most_bytes = most_bytes
        self._bytes = 0
        self._lock = threading.Lock()
        self._found: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}

    def find(self, key: Hashable) -> Any:
        """What is kept under a key; None: nothing."""
        with self._lock:
            if key not in self._found:
                return None
            self._found.move_to_end(key)
            return self._found[key][0]

    def of(self, key: Hashable, size: int, make: Callable[[], Any]) -> Any:
        """What is kept under a key, or is made now.

        Args:
            key: all that `make` depends on.
            size: about how many bytes it takes.
            make: gives anything but None.
        """
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self.find(key)
            try:
                if found is None:
                    found = make()
                    self._keep(key, size, found)
            finally:
                with self._lock:
                    self._making.pop(key, None)
        return found

    def _keep(self, key: Hashable, size: int, found: Any) -> None:
        with self._lock:
            _, earlier = self._found.pop(key, (None, 0))
            self._found[key] = found, size
            self._bytes += size - earlier
            while self._bytes > self._most_bytes:
                self._bytes -= self._found.popitem(last=False)[1][1]
