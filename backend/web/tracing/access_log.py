"""The log of requests: a line each, where the log is JSON.

Its own thread writes it: a standard error that nobody reads must not stop the event loop. Lines
for which there is no place are dropped, and counted.
"""

import logging
import queue
import re
import threading
from contextlib import suppress

from backend.web.http_server.seen import Seen

_MOST_WAITING = 10_000
_CLOSING_SECONDS = 1.0

# In a path that no route matches: what may be the key of a workspace, or a token.
_LONG_PART = re.compile(r"[^/]{16,}")
_HIDDEN = "<hidden>"
_LONGEST_PATH = 200
_LONGEST_METHOD = 20

log = logging.getLogger("exotrain.access")


class AccessLog:
    """Takes what was seen of requests, from the event loop, and writes it."""

    def __init__(self, *, is_wanted: bool) -> None:
        """Prepare only; one that is not wanted does nothing."""
        self._waiting: queue.Queue[Seen | None] = queue.Queue(_MOST_WAITING)
        self._dropped = 0
        self._is_wanted = is_wanted
        self._thread = threading.Thread(target=self._write, name="access log", daemon=True)

    def start(self) -> None:
        """Write from now on."""
        if self._is_wanted:
            self._thread.start()

    def add(self, seen: Seen) -> None:
        """Write a line soon; never waits."""
        if not self._is_wanted:
            return
        try:
            self._waiting.put_nowait(seen)
        except queue.Full:
            self._dropped += 1

    def close(self) -> None:
        """Write what waits, for a moment at most."""
        if not self._thread.is_alive():
            return
        with suppress(queue.Full):
            self._waiting.put(None, timeout=_CLOSING_SECONDS)
            self._thread.join(_CLOSING_SECONDS)

    def _write(self) -> None:
        while (seen := self._waiting.get()) is not None:
            dropped, self._dropped = self._dropped, 0
            if dropped:
                log.warning("%d lines about requests were dropped", dropped)
            write_line(seen)


def write_line(seen: Seen) -> None:
    """Log one request: who, what, with which status, in how many seconds."""
    path = seen.path or _LONG_PART.sub(_HIDDEN, seen.raw_path)[:_LONGEST_PATH]
    method = seen.method[:_LONGEST_METHOD]
    fields = {
        "request_id": seen.request_id,
        "method": method,
        "path": path,
        "status": seen.status,
        "seconds": round(seen.seconds, 6),
        "user_id": seen.user_id,
    }
    log.info("%s %s %d", method, path, seen.status, extra={"fields": fields})
