"""A thread of the server's that works until the end, and is started again if it has ended."""

import logging
import threading
from collections.abc import Callable

log = logging.getLogger(__name__)


class LastingThread:
    """Runs a function that returns when `closing` is set."""

    def __init__(
        self, name: str, what: str, run: Callable[[], None], closing: threading.Event
    ) -> None:
        """Prepare only.

        Args:
            name: of the thread.
            what: it does, for the log: "that empties the bin".
            run: what it does.
            closing: set before `end`.
        """
        self._name = name
        self._what = what
        self._run = run
        self._closing = closing
        self._thread = self._new_thread()

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it works."""
        return self._thread.is_alive()

    def check(self, when_ended: Callable[[], None] = lambda: None) -> None:
        """Do nothing while it works; else call `when_ended`, and start it again."""
        if self.is_alive() or self._closing.is_set():
            return
        when_ended()
        log.error("the thread %s has ended; it is started again", self._what)
        thread = self._new_thread()
        try:
            thread.start()
        except RuntimeError as error:  # none can be had: the next check tries again
            log.error("it cannot be started: %s", error)
        else:
            self._thread = thread

    def end(self, seconds: float) -> None:
        """Wait for its end, but no longer."""
        if self.is_alive():
            self._thread.join(seconds)

    def _new_thread(self) -> threading.Thread:
        return threading.Thread(target=self._run, name=self._name, daemon=True)
