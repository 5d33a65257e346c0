"""Tells the server every two seconds that this process runs, and whether its session gets on."""

import threading
import time
from collections.abc import Callable
from types import TracebackType

from backend import wire

BEAT_SECONDS = 2.0

# A beat may wait for a server that does not read.
_STOP_SECONDS = 1.0


class Heartbeat:
    """A thread that sends `Alive`, from the entry of a `with` block until `stop` or its end.

    Args:
        send: takes the events; may wait.
        progress: a number that grows whenever the session gets on.
    """

    def __init__(self, send: Callable[[wire.Alive], None], progress: Callable[[], int]) -> None:
        self._send = send
        self._progress = progress
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        """Send no more."""
        self._stopped.set()
        self._thread.join(_STOP_SECONDS)

    def _beat(self) -> None:
        while not self._stopped.wait(BEAT_SECONDS):
            # Its own work must not look like the session's.
            used = time.process_time() - time.thread_time()
            self._send(wire.Alive(processor_seconds=max(0.0, used), progress=self._progress()))
