"""How often somebody may try something in a minute."""

import threading
import time
from collections import deque
from collections.abc import Callable

from backend.errors import TooMany

_WINDOW = 60.0  # seconds


class TryLimit:
    """Counts the tries of each user over the last minute, in memory."""

    def __init__(
        self, allowed: int, what: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Allow `allowed` tries a minute; `what` says of what, in the plural."""
        self._allowed = allowed
        self._what = what
        self._clock = clock
        self._lock = threading.Lock()
        # At most `allowed` moments a user, and users are few: only the administrator makes them.
        self._tries: dict[int, deque[float]] = {}

    def count(self, user_id: int) -> None:
        """Count a try.

        Raises:
            TooMany: there were too many; this one is not counted.
        """
        moment = self._clock()
        with self._lock:
            tries = self._tries.setdefault(user_id, deque())
            while tries and moment - tries[0] >= _WINDOW:
                tries.popleft()
            if len(tries) < self._allowed:
                tries.append(moment)
                return
            wait = int(tries[0] + _WINDOW - moment) + 1
        raise TooMany(
            f"Expected at most {self._allowed} {self._what} in a minute, received more: wait "
            f"{wait} s.",
            Retry_After=str(wait),
        )
