"""A child's side of its pipes: lines of JSON in, lines of JSON out, until its parent is gone."""

import ctypes
import os
import signal
import sys
import threading
from collections.abc import Iterator

from backend.wire.lines import HasJson, encode

_PR_SET_PDEATHSIG = 1


class Output:
    """The pipe to the parent; what else this process prints goes to the log."""

    def __init__(self) -> None:
        # Libraries print to file descriptor 1: events keep the pipe, the rest goes to the log.
        # Unbuffered: Python aborts where a thread that it ends holds the lock of a buffer.
        self._events = os.fdopen(os.dup(1), "wb", buffering=0)
        os.dup2(2, 1)
        self._lock = threading.Lock()

    def send(self, event: HasJson) -> None:
        """Send an event to the parent, from any thread; if the parent is gone, end the process."""
        line = encode(event)
        with self._lock:
            try:
                while line:
                    line = line[self._events.write(line) :]
            except BrokenPipeError:
                os._exit(1)


def lines() -> Iterator[bytes]:
    """What the parent writes, until it closes the pipe or is gone."""
    # A reader of this thread's own: at its end Python closes `sys.stdin`, and aborts where a
    # thread waits on it.
    for line in os.fdopen(os.dup(0), "rb"):
        if not line.endswith(b"\n"):
            return  # a server that was killed may leave half a line
        yield line


def end_with_parent(parent: int) -> None:
    """Let this process be killed with its parent, whose process id this is."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)
