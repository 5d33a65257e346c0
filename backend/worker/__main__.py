"""The child process: trains one session, or answers predictions; the only one with TensorFlow.

It speaks JSON lines: commands come on standard input, events go to what was standard output. The
first command is a job, `{"kind": "train", …}` or `{"kind": "predict"}`. When the input closes,
the parent is gone, and the worker ends itself.
"""

import argparse
import contextlib
import ctypes
import json
import logging
import os
import queue
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from backend.storage.layout import Storage

Message = dict[str, Any]

_MEMORY_CHECK_SECONDS = 0.5
_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Run one worker until its job is done or its parent is gone."""
    arguments = _parse_arguments()
    logging.basicConfig(level=logging.INFO, format="worker %(process)d: %(message)s")
    channel = _Channel()
    _end_with_parent(arguments.parent)
    _be_considerate()
    if arguments.memory_mb:
        _watch_memory(arguments.memory_mb, channel)
    from backend.worker import jobs  # here TensorFlow is imported

    channel.send({"event": "ready"})
    storage = Storage(arguments.data_dir)
    job = channel.commands.get()
    if job["kind"] == "predict":
        jobs.answer_predictions(storage, channel.commands.get, channel.send)
    else:
        jobs.run_training(job, storage, channel.send, channel.request)


class _Channel:
    """The two pipes to the parent."""

    def __init__(self) -> None:
        # Libraries print to file descriptor 1: events keep the pipe, the rest goes to the log.
        self._events = os.fdopen(os.dup(1), "w", encoding="utf-8")
        os.dup2(2, 1)
        self._lock = threading.Lock()
        self._request: str | None = None
        self.commands: queue.Queue[Message] = queue.Queue()
        threading.Thread(target=self._listen, name="commands", daemon=True).start()

    def send(self, event: Message) -> None:
        """Tell the parent; a parent that is gone ends the worker."""
        line = json.dumps(event, allow_nan=False)
        with self._lock:
            try:
                print(line, file=self._events, flush=True)
            except BrokenPipeError:
                os._exit(1)

    def request(self) -> str | None:
        """What the parent asks of the training under way: stop, or nothing."""
        return self._request

    def _listen(self) -> None:
        for line in sys.stdin:
            message = json.loads(line)
            if "request" in message:
                self._request = message["request"]
            else:
                self.commands.put(message)
        os._exit(1)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True, help="process id of the server")
    parser.add_argument("--memory-mb", type=int, default=0, help="end above this; 0: no limit")
    return parser.parse_args()


def _end_with_parent(parent: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the line above
        os._exit(1)


def _be_considerate() -> None:
    # The server must answer while every core trains, and must be the last to be killed when the
    # machine runs out of memory.
    os.nice(5)
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("500")


def _watch_memory(limit_mb: int, channel: _Channel) -> None:
    from backend.worker.memory import over_limit_message, resident_mb

    def watch() -> None:
        while resident_mb() <= limit_mb:
            threading.Event().wait(_MEMORY_CHECK_SECONDS)
        message = over_limit_message(limit_mb)
        channel.send({"event": "failed", "reason": "out_of_memory", "message": message})
        os._exit(1)

    threading.Thread(target=watch, name="memory", daemon=True).start()


if __name__ == "__main__":
    main()
