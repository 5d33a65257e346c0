"""What runners have reported and the queue's thread has not recorded yet."""

import queue
import threading
from collections import Counter
from contextlib import suppress

from backend import wire

# The session, the number of its start, the event.
Message = tuple[int, int, wire.ReportedEvent]


class Inbox:
    """Filled by any thread, emptied by one.

    Of the batches of a session only the last is taken: of hundreds of sessions each reports two a
    second, and they say nothing but how far it is.
    """

    def __init__(self) -> None:
        self._messages: queue.Queue[Message | None] = queue.Queue()
        self._lock = threading.Lock()
        self._batches: Counter[tuple[int, int]] = Counter()  # not taken, by session and start

    def put(self, session_id: int, start: int, event: wire.ReportedEvent) -> None:
        """Add a message."""
        if isinstance(event, wire.Batch):
            with self._lock:
                self._batches[session_id, start] += 1
        self._messages.put((session_id, start, event))

    def wake(self) -> None:
        """Let `take` return without a message."""
        self._messages.put(None)

    def take(self, seconds: float) -> Message | None:
        """The next message, within some seconds; None: there is none, or `wake` was called."""
        with suppress(queue.Empty):
            message = self._messages.get(timeout=seconds)
            return message if message is None or self._is_wanted(message) else self.take_waiting()
        return None

    def take_waiting(self) -> Message | None:
        """The next message that is there already; None: there is none."""
        with suppress(queue.Empty):
            while True:
                message = self._messages.get_nowait()
                if message is not None and self._is_wanted(message):
                    return message
        return None

    def _is_wanted(self, message: Message) -> bool:
        session_id, start, event = message
        if not isinstance(event, wire.Batch):
            return True
        with self._lock:
            self._batches[session_id, start] -= 1
            is_last = not self._batches[session_id, start]
            if is_last:
                del self._batches[session_id, start]
        return is_last
