"""The child process: trains one session, or answers predictions; the only one with TensorFlow.

It speaks the JSON lines of `backend.wire`: commands come on standard input, events go to what was
standard output. The first command is `Train` or `ServePredictions`. When the input closes, the
parent is gone, and the worker ends itself.
"""

import argparse
import contextlib
import logging
import os
import queue
import threading
from pathlib import Path
from typing import NoReturn

from backend import log_format, wire
from backend.storage.layout import Storage
from backend.wire.pipes import Output, end_with_parent, lines
from backend.worker.heartbeat import Heartbeat

_MEMORY_CHECK_SECONDS = 0.5
_EXIT_MALFORMED = 2

log = logging.getLogger("worker")


def main() -> None:
    """Run one worker until its job is done or its parent is gone."""
    arguments = _parse_arguments()
    log_format.set_up("worker %(process)d: %(message)s")
    channel = _Channel()
    end_with_parent(arguments.parent)
    _lower_priority()
    if arguments.memory_mb:
        _watch_memory(arguments.memory_mb, channel)
    from backend.worker import jobs  # here TensorFlow is imported

    channel.send(wire.Ready())
    storage = Storage(arguments.data_dir)
    with Heartbeat(channel.send, lambda: channel.requests_asked) as heartbeat:
        prepared = jobs.prepare_while_waiting(channel.commands.empty)
        match channel.commands.get():
            case wire.Train() as job:
                jobs.train_session(job, storage, channel.send, channel.request, prepared)
            case wire.ServePredictions():
                heartbeat.stop()  # each question to it has a limit of its own
                jobs.answer_predictions(storage, channel.next_request, channel.send)
            case other:
                _end(f"Expected train or predict as the first command, received {other!r}")


class _Channel:
    """The two pipes to the parent."""

    def __init__(self) -> None:
        self.send = Output().send
        self._request: wire.RequestedEnd | None = None
        self.requests_asked = 0  # how often the session has asked for its request
        self.commands: queue.Queue[wire.Command] = queue.Queue()
        threading.Thread(target=self._listen, name="commands", daemon=True).start()

    def request(self) -> wire.RequestedEnd | None:
        """The parent's request to the current session: stop, or None."""
        self.requests_asked += 1
        return self._request

    def next_request(self) -> wire.PredictionRequest:
        """Wait for rows to predict."""
        command = self.commands.get()
        if not isinstance(command, wire.PredictionRequest):
            _end(f"Expected rows to predict, received {command!r}")
        return command

    def _listen(self) -> None:
        for line in lines():
            try:
                command = wire.decode_command(line)
            except wire.Malformed as error:
                _end(str(error))
            if isinstance(command, wire.Stop):
                self._request = "stop"
            else:
                self.commands.put(command)
        os._exit(1)


def _end(why: str) -> NoReturn:
    """End the process from any thread, saying why in the last line of the log."""
    log.error("ends because of a command that it does not understand. %s", why)
    os._exit(_EXIT_MALFORMED)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True, help="process id of the server")
    parser.add_argument("--memory-mb", type=int, default=0, help="end above this; 0: no limit")
    return parser.parse_args()


def _lower_priority() -> None:
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
        channel.send(wire.Failed(reason="out_of_memory", message=message))
        os._exit(1)

    threading.Thread(target=watch, name="memory", daemon=True).start()


if __name__ == "__main__":
    main()
