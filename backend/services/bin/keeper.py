"""The thread that empties the bin: what is too old, what gave way to a quota or to a full disk.

It waits behind nothing else, so that what was given up soon leaves the disk.
"""

import logging
import threading

from backend.lasting_thread import LastingThread
from backend.services.bin.emptying import empty
from backend.services.bin.room import keep_disk_free
from backend.services.context import Services

_LONGEST_SLEEP = 60.0

# Of the ten seconds that the whole stop may take.
_CLOSE_SECONDS = 1.0

log = logging.getLogger(__name__)


class BinKeeper:
    """Empties the bin until `close`."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._closing = threading.Event()
        self._news = threading.Event()
        self._thread = LastingThread("bin", "that empties the bin", self._run, self._closing)

    def start(self) -> None:
        """Empty it now, then once a minute and whenever there is news."""
        self._thread.start()

    def notify(self) -> None:
        """Something was given up: its files are to go."""
        self._news.set()

    def check(self) -> None:
        """Do nothing while the thread works; else start it again."""
        self._thread.check()

    def close(self) -> None:
        """End; what is left to delete goes at the next start."""
        self._closing.set()
        self._news.set()
        self._thread.end(_CLOSE_SECONDS)

    def _run(self) -> None:
        while not self._closing.is_set():
            self._news.clear()
            try:
                keep_disk_free(self._services)
                empty(self._services, self._closing.is_set)
            except Exception:
                if self._closing.is_set():  # the database may be closed
                    return
                log.exception("the bin is emptied at the next turn: this one failed")
            self._news.wait(_LONGEST_SLEEP)
